/** Notices that the server has another version of the page than the one that runs here. */

/** @typedef {import("../client/base.js").SessionPort} SessionPort */

/**
 * Compare the server's version of the page with the one that runs here, whenever the connection has come back.
 *
 * A server that was updated was started again, and so the connection broke.
 *
 * @param {SessionPort} session
 * @param {() => void} outdated  Called once.
 * @returns {() => void} Stops it.
 */
export function watchForUpdates(session, outdated) {
  // Where the service worker showed the page, it answers this from the version that it showed.
  const running = versionAt("../files.json?own");
  let wasUp = false;
  const changed = async () => {
    const isUp = session.state.link.phase === "up";
    const cameUp = isUp && !wasUp;
    wasUp = isUp;
    if (!cameUp) return;
    const [own, served] = await Promise.all([running, versionAt("../files.json")]);
    if (own === null || served === null || own === served) return;
    session.removeEventListener("change", changed);
    outdated();
  };
  session.addEventListener("change", changed);
  changed();
  return () => session.removeEventListener("change", changed);
}

/**
 * @param {string} path
 * @returns {Promise<string | null>} null: the server does not say.
 */
async function versionAt(path) {
  try {
    const response = await fetch(new URL(path, import.meta.url), { cache: "no-store" });
    if (!response.ok) return null;
    const version = (await response.json()).version;
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
