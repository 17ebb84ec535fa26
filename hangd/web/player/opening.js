/** Opening files, and saying why one cannot be played. */

import { t } from "../page/texts/texts.js";
import { nextEvent } from "./tasks.js";

/** Seconds that a file may take until the browser knows what it is. */
const OPEN = 5;

/**
 * @typedef {object} Failure
 * @property {string} code  As LoadFailed's.
 * @property {string} message  A sentence for the viewer.
 */

/**
 * Give the element a file.
 *
 * @param {HTMLVideoElement} video
 * @param {string} url  Of the file's blob.
 * @param {File} file
 * @param {AbortSignal} signal
 * @returns {Promise<Failure | null>}  null: it is open, or `signal` aborted.
 */
export async function open(video, url, file, signal) {
  if (file.size === 0) return { code: "empty", message: t("player.empty", { name: file.name }) };
  let came = nextEvent(video, ENDS, signal, OPEN);
  video.src = url;
  // Chromium opens no film in a page that nobody sees and that has played none: then it is opened later.
  while ((await came) === null && isUnseen(video) && !signal.aborted) came = nextEvent(video, ENDS, signal, OPEN);
  if (signal.aborted || video.readyState >= HTMLMediaElement.HAVE_METADATA) return null;
  return await failureOf(file, video.error);
}

const ENDS = ["loadedmetadata", "error"];

/**
 * Whether the film is not open yet, and may be as soon as the page is seen.
 *
 * @param {HTMLVideoElement} video
 */
function isUnseen(video) {
  const isWaiting = video.error === null && video.readyState < HTMLMediaElement.HAVE_METADATA;
  return isWaiting && document.visibilityState === "hidden";
}

/**
 * Find out why a film cannot be played, or not any further.
 *
 * @param {File} file
 * @param {MediaError | null} error
 * @returns {Promise<Failure>}
 */
export async function failureOf(file, error) {
  const name = file.name;
  try {
    // A file that was changed, moved or deleted since it was picked can be read no more, and only reading tells.
    await file.slice(0, 1).arrayBuffer();
  } catch {
    return { code: "vanished", message: t("player.vanished", { name }) };
  }
  if (error !== null && error.code === MediaError.MEDIA_ERR_DECODE) {
    return { code: "unrecognized", message: t("player.broken", { name }) };
  }
  const why = await explained(file);
  const message = why === null ? t("player.unrecognized", { name }) : t("player.explained", { name, why });
  return { code: "unrecognized", message };
}

/**
 * @param {File} file
 * @returns {Promise<string | null>}  What its header says of it; null: nothing, or there is no server to ask for more.
 */
async function explained(file) {
  try {
    return await (await import("../files/advice.js")).explain(file);
  } catch {
    return null;
  }
}

/**
 * @param {File | null} file
 * @returns {string}  The end of its name, which stands for its container: "mp4"; "" without one.
 */
export function containerOf(file) {
  const dot = file?.name.lastIndexOf(".") ?? -1;
  return file === null || dot < 0 ? "" : file.name.slice(dot + 1).toLowerCase();
}
