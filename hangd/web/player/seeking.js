/** Seeks that end on the picture of their target. */

/**
 * Added to a target, in seconds: a browser that rounds the time down would show the picture before.
 * A quarter of a picture is the most, for films with very many of them.
 */
const INTO_FRAME = 0.001;
/** Times of pictures in files are rounded, to a millisecond in Matroska. */
const ROUNDED = 0.0015;
/** Seconds to wait for the picture after `seeked`. It is mostly there by then. */
const PICTURE = 0.5;
/** No seek goes closer to the end: the film would end there. */
const END = 0.001;

/**
 * @typedef {object} Sought
 * @property {import("./frames.js").Frame | null} frame  The picture that is shown; null: this browser does not tell.
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
  const first = await seekOnce(video, frames, target + intoFrame(frames), signal, seconds);
  if (first === null || first.frame === null) return first;
  const aside = framesAside(first.frame.position, target, frames.duration);
  if (aside === 0) return first;
  // The middle of the picture is safe from every rounding, and is needed only where the beginning was not.
  return await seekOnce(video, frames, target + (frames.duration ?? 0) / 2, signal, seconds);
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
 * @param {HTMLVideoElement} video
 * @param {import("./frames.js").Frames} frames
 * @param {number} aim
 * @param {AbortSignal} signal
 * @param {number} seconds
 * @returns {Promise<Sought | null>}
 */
async function seekOnce(video, frames, aim, signal, seconds) {
  const end = Number.isFinite(video.duration) ? Math.max(0, video.duration - END) : Infinity;
  const before = frames.count;
  video.currentTime = Math.min(Math.max(0, aim), end);
  if (!(await seeked(video, signal, seconds))) return null;
  if (!frames.known || video.videoWidth === 0 || document.visibilityState === "hidden") return { frame: null };
  // A picture of before the seek may still arrive after it was asked for, so the newest is taken, not the first.
  const frame = frames.count > before ? frames.last : await frames.next(signal, PICTURE);
  return signal.aborted ? null : { frame };
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
