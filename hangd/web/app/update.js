/** Notices that the server has another version of the page than the one that runs here. */

/** @typedef {import("../client/base.js").SessionPort} SessionPort */

/**
 * Compare the server's version of the page with the one at the start, whenever the connection has come back.
 *
 * A server that was updated was started again, and so the connection broke.
 *
 * @param {SessionPort} session
 * @param {() => void} outdated  Called once.
 * @returns {() => void} Stops it.
 */
export function watchForUpdates(session, outdated) {
  /** @type {string | null} */
  let running = null;
  let wasUp = false;
  const changed = async () => {
    const isUp = session.state.link.phase === "up";
    const cameUp = isUp && !wasUp;
    wasUp = isUp;
    if (!cameUp) return;
    const version = await serverVersion();
    if (version === null) return;
    running ??= version;
    if (version === running) return;
    session.removeEventListener("change", changed);
    outdated();
  };
  session.addEventListener("change", changed);
  changed();
  return () => session.removeEventListener("change", changed);
}

/** @returns {Promise<string | null>} null: it does not say. */
async function serverVersion() {
  try {
    const response = await fetch(new URL("../files.json", import.meta.url), { cache: "no-store" });
    if (!response.ok) return null;
    const version = (await response.json()).version;
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
