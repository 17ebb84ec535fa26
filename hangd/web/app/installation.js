/** The service worker, the button that installs the page, and films that the system opens with the installed page. */

/** @typedef {Event & {prompt: () => Promise<{outcome: string}>}} InstallPrompt */

/**
 * Register the page's service worker. null: there is none here, as over plain http.
 *
 * @returns {Promise<ServiceWorkerRegistration | null>}
 */
export async function registerWorker() {
  if (!("serviceWorker" in navigator)) return null;
  const url = new URL("../service_worker.js", import.meta.url).href;
  try {
    return await navigator.serviceWorker.register(trustedUrl(url), { updateViaCache: "none" });
  } catch (error) {
    console.warn("the page works, but not without a connection:", error);
    return null;
  }
}

/**
 * The URL in the form that `require-trusted-types-for 'script'` wants, where the browser knows of it.
 * @param {string} url
 * @returns {string}
 */
function trustedUrl(url) {
  // TypeScript's types of the DOM do not know Trusted Types.
  const types = /** @type {any} */ (globalThis).trustedTypes;
  if (types === undefined) return url;
  const policy = types.createPolicy("hang-app", { createScriptURL: (/** @type {string} */ own) => own });
  return policy.createScriptURL(url);
}

/** Whether the page runs in a window of its own. */
export function isInstalled() {
  return ["standalone", "minimal-ui", "window-controls-overlay"].some(
    (mode) => matchMedia(`(display-mode: ${mode})`).matches,
  );
}

/**
 * Name the manifest. From then on the browser may say that the page can be installed, and it says so once: where the
 * document itself names the manifest, that is often before the modules have come, and nobody hears it.
 */
function linkManifest() {
  const link = document.createElement("link");
  link.rel = "manifest";
  link.href = new URL("../manifest.webmanifest", import.meta.url).href;
  document.head.append(link);
}

/** What the browser says of installing. */
export class Installation {
  /** @param {() => void} changed */
  constructor(changed) {
    /** @type {InstallPrompt | null} */
    this.prompt = null;
    this.changed = changed;
    this.isInstalled = isInstalled();
    addEventListener("beforeinstallprompt", this);
    addEventListener("appinstalled", this);
    linkManifest();
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (event.type === "appinstalled") {
      this.prompt = null;
    } else {
      event.preventDefault(); // The page has a button for it, and no bar of the browser covers the film.
      this.prompt = /** @type {InstallPrompt} */ (event);
    }
    this.changed();
  }

  /** Ask the viewer whether to install. The browser lets a prompt be used once. */
  async install() {
    const prompt = this.prompt;
    this.prompt = null;
    this.changed();
    await prompt?.prompt();
  }

  close() {
    removeEventListener("beforeinstallprompt", this);
    removeEventListener("appinstalled", this);
  }
}

/**
 * Give the films that the system opens with the installed page to `open`.
 *
 * @param {(files: File[]) => void} open
 */
export function takeLaunchedFiles(open) {
  /** @typedef {{files?: readonly FileSystemFileHandle[]}} LaunchParams */
  const queue = /** @type {{setConsumer: (consumer: (launch: LaunchParams) => void) => void} | undefined} */ (
    /** @type {any} */ (globalThis).launchQueue // TypeScript does not know it.
  );
  queue?.setConsumer(async (launch) => {
    const files = await Promise.all((launch.files ?? []).map((handle) => handle.getFile()));
    if (files.length > 0) open(files);
  });
}
