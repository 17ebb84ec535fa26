/** The styles of the room and of the dialogs: the start, which a new viewer waits for, does without them. */

/** In the order of the cascade. */
const SHEETS = ["room", "stage", "controls", "panel", "dialogs"];

/** @type {Promise<unknown> | null} */
let loading = null;

/** Adds them to the page. Resolves when they apply; rejects where one cannot be loaded, and may be called again then. */
export function roomStyles() {
  loading ??= Promise.all(SHEETS.map(add)).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @param {string} name */
function add(name) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(`style/${name}.css`, import.meta.url).href;
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(link.href));
    });
    document.head.append(link);
  });
}
