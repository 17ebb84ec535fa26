/** What a film shows that stands still: the last picture before a pause. */

import { nextEvent } from "./tasks.js";

/** A picture this far from the element's position belongs to another place, in seconds. */
const ELSEWHERE = 0.25;

/**
 * Wait, after `pause()`, until the picture that is shown is the last one.
 *
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 * @param {number} repaints  Of the screen, to wait for.
 * @param {AbortSignal} signal
 * @returns {Promise<number | null>}  Its position; null: this browser does not tell, or it was not shown.
 */
export async function lastPicture(video, frames, repaints, signal) {
  for (let count = 0; count < repaints && !signal.aborted; count++) await repainted(signal);
  return pictureShown(video, frames);
}

/**
 * Return the position of the picture that is shown; null: not known.
 *
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 */
export function pictureShown(video, frames) {
  const last = frames.last;
  return last !== null && Math.abs(last.position - video.currentTime) < ELSEWHERE ? last.position : null;
}

/** @param {AbortSignal} signal */
async function repainted(signal) {
  const painted = new EventTarget();
  const handle = requestAnimationFrame(() => painted.dispatchEvent(new Event("painted")));
  // A page that is not seen is not painted.
  await nextEvent(painted, ["painted"], signal, 0.05);
  cancelAnimationFrame(handle);
}
