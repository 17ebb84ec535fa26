/** Seeks that end on the picture of their target. */

import { now } from "../engine/local_time.js";

/**
 * Added to a target, in seconds: a browser that rounds the time down would show the picture before.
 * A quarter of a picture is the most, for films with very many of them.
 */
const INTO_FRAME = 0.001;
/** Times of pictures in files are rounded, to a millisecond in Matroska. */
const ROUNDED = 0.0015;
/** A picture that begins this much after the target is the one that is meant: its time was rounded down. */
const MEANT = 0.0006;
/**
 * Seconds to wait for the picture after `seeked`, at each of the seeks that are made until it is told. It is mostly there
 * by then, and late on a busy machine.
 */
const PICTURE = [0.3, 1, 2];
/** By so much later is each of these seeks, in seconds: to where it stands already, Chromium seeks without a picture. */
const ASIDE = 0.00001;
/** No seek goes closer to the end: the film would end there. */
const END = 0.001;

/**
 * @typedef {object} Sought
 * @property {import("./frames.js").Frame | null} frame  The picture that is shown; null: it is not known.
 */

/**
 * Seek, paused, to the picture of `target` (seconds).
 *
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 * @param {number} target
 * @param {AbortSignal} signal
 * @param {number} seconds  The most to wait for each seek.
 * @returns {Promise<Sought | null>}  null: aborted, or the browser does not come to the place in this time.
 */
export async function seekExactly(video, frames, target, signal, seconds) {
  if (!frames.seekTells && frames.duration !== null) {
    const begin = frames.beginOf(target);
    const middle = begin + frames.duration / 2;
    return await showPicture(video, frames, middle, signal, seconds);
  }
  const first = await showPicture(video, frames, target + intoFrame(frames), signal, seconds);
  if (first === null || first.frame === null || !frames.seekTells) return first;
  // The target is in the last millisecond of the picture before.
  if (first.frame.position > target + MEANT) return await showPicture(video, frames, target, signal, seconds);
  const aside = framesAside(first.frame.position, target, frames.duration);
  if (aside === 0) return first;
  // The middle of the picture is safe from every rounding, and is needed only where the beginning was not.
  const second = await showPicture(video, frames, target + (frames.duration ?? 0) / 2, signal, seconds);
  if (second === null || second.frame === null || second.frame.position <= target + MEANT) return second;
  // Pictures do not last equally long, and that was the next one.
  return await showPicture(video, frames, target + intoFrame(frames), signal, seconds);
}

/**
 * How far into its picture a seek aims, in seconds.
 *
 * @param {import("./frames.js").Frames} frames
 */
export function intoFrame(frames) {
  return Math.min(INTO_FRAME, (frames.duration ?? 0.04) / 4);
}

/**
 * Return how many pictures the one at `position` is beside that of `target`: 0, or 1 if it is an earlier one.
 *
 * @param {number} position
 * @param {number} target
 * @param {number | null} duration  Of a picture.
 * @returns {0 | 1}
 */
export function framesAside(position, target, duration) {
  if (duration === null) return 0;
  return position + duration <= target + ROUNDED && position + 1.9 * duration > target ? 1 : 0;
}

/**
 * Seek, paused, to the time `aim`, and find out which picture is shown there: by further seeks to it if that is not told.
 *
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 * @param {number} aim
 * @param {AbortSignal} signal
 * @param {number} seconds  The most to wait for each seek.
 * @returns {Promise<Sought | null>}  null: aborted, or the browser does not come to the place in this time.
 */
export async function showPicture(video, frames, aim, signal, seconds) {
  const end = Number.isFinite(video.duration) ? Math.max(0, video.duration - END) : Infinity;
  let there = Math.min(Math.max(0, aim), end);
  for (const patience of PICTURE) {
    const since = now();
    frames.leave();
    video.currentTime = there;
    if (!(await seeked(video, signal, seconds))) return null;
    if (!frames.tells) break;
    const frame = await frames.shownAt(there, since, signal, patience);
    if (signal.aborted) return null;
    if (frame !== null) return { frame: frames.seekTells ? frame : { ...frame, position: frames.beginOf(there) } };
    there += ASIDE;
  }
  return { frame: null };
}

/**
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @param {number} seconds
 * @returns {Promise<boolean>}
 */
function seeked(video, signal, seconds) {
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ result) => {
      clearTimeout(timer);
      video.removeEventListener("seeked", came);
      signal.removeEventListener("abort", aborted);
      resolve(result);
    };
    // The event of a seek that this one has replaced may come first.
    const came = () => {
      if (!video.seeking) end(true);
    };
    const aborted = () => end(false);
    const timer = setTimeout(aborted, seconds * 1000);
    video.addEventListener("seeked", came);
    signal.addEventListener("abort", aborted);
  });
}
