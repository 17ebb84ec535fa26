/** What a film shows that stands still: the last picture before a pause, and the next one of a step. */

import { seekExactly } from "./seeking.js";
import { nextEvent } from "./tasks.js";

/** A picture this far from the element's position belongs to another place, in seconds. */
const ELSEWHERE = 0.25;
/** Where it is not known how long a picture lasts, the next one is felt for in steps of this many seconds, */
const FEEL = 1 / 60;
/** and so many of them. */
const FEELS = 10;

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

/**
 * Show the next picture, or the one before.
 *
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 * @param {boolean} back
 * @param {AbortSignal} signal
 * @param {number} seconds  The most to wait for each seek.
 * @returns {Promise<number>}  The position of the picture that is shown then.
 */
export async function step(video, frames, back, signal, seconds) {
  const shown = pictureShown(video, frames) ?? video.currentTime;
  const duration = frames.duration;
  for (let tries = 1; tries <= FEELS && !signal.aborted; tries++) {
    const target = back ? shown - 0.002 : shown + (duration ?? tries * FEEL);
    const sought = await seekExactly(video, frames, Math.max(0, target), signal, seconds);
    if (sought === null) break;
    const position = sought.frame?.position ?? target;
    if (back || duration !== null || position > shown) return position;
  }
  return shown;
}

/** @param {AbortSignal} signal */
async function repainted(signal) {
  const painted = new EventTarget();
  const handle = requestAnimationFrame(() => painted.dispatchEvent(new Event("painted")));
  // A page that is not seen is not painted.
  await nextEvent(painted, ["painted"], signal, 0.05);
  cancelAnimationFrame(handle);
}
