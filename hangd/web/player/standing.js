/**
 * What a film shows that stands still: the last picture before a pause, and the next one of a step.
 *
 * Where all pictures last equally long, the next one begins so much later. Elsewhere it is searched for: by seeks further
 * and further on until another picture is shown, and by one to just before that, as there may be another between. The
 * picture before is the one that is shown just before this one begins, however long it lasts.
 *
 * Chromium cannot seek to each picture of an uneven mp4 whose pictures are stored in another order than they are shown in:
 * it takes the one before for longer than it is. Such a picture is left out.
 */

import { ELSEWHERE } from "./frames.js";
import { seekExactly, showPicture } from "./seeking.js";
import { nextEvent } from "./tasks.js";

/** Where it is not known how long a picture lasts, the first distance to look at, in seconds. */
const FEEL = 1 / 30;
/** Distances are doubled so often at most: a picture of a series of slides stands for minutes. */
const DOUBLED = 12;
/** Pictures that are looked for between this one and one that was found. */
const BETWEEN = 8;
/** Just before a picture, in seconds: times in files are rounded to milliseconds. */
const BEFORE = 0.002;

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
 * @typedef {object} Film
 * @property {HTMLVideoElement} video
 * @property {import("./frames.js").Frames} frames
 * @property {AbortSignal} signal
 * @property {number} seconds  The most to wait for each seek.
 */

/**
 * @typedef {object} Stepped
 * @property {number} position  Where the film stands, in seconds: the time of the picture that is shown, if that is known.
 * @property {number | null} shown  The time of the picture that is shown; null: not known.
 */

/**
 * Show the next picture, or the one before. At the end, or the beginning, the one that is shown remains.
 *
 * @param {Film} film
 * @param {number | null} shown  The time of the picture that is shown now; null: not known.
 * @param {boolean} back
 * @returns {Promise<Stepped>}
 */
export async function step(film, shown, back) {
  const { frames, video } = film;
  const from = shown ?? (await look(film, video.currentTime)) ?? video.currentTime;
  if (back && frames.seekTells && frames.tells) return await before(film, from);
  const { duration } = frames;
  if (duration !== null && (frames.isSteady || !frames.seekTells || !frames.tells)) {
    const target = Math.max(0, from + (back ? -duration : duration));
    const reached = await look(film, target, seekExactly);
    if (reached === null || back || reached > from) return { position: reached ?? target, shown: reached };
  }
  return back ? await before(film, from) : await after(film, from);
}

/**
 * @param {Film} film
 * @param {number} shown
 * @returns {Promise<Stepped>}
 */
async function before(film, shown) {
  const aim = Math.max(0, shown - BEFORE);
  const found = await look(film, aim);
  return { position: found ?? aim, shown: found };
}

/**
 * @param {Film} film
 * @param {number} shown
 * @returns {Promise<Stepped>}
 */
async function after(film, shown) {
  const { frames, signal, video } = film;
  let found = shown;
  let distance = Math.min(frames.duration ?? FEEL, FEEL);
  for (let doubled = 0; found <= shown && doubled <= DOUBLED; doubled++, distance *= 2) {
    const seen = await look(film, shown + distance + BEFORE);
    if (seen === null || signal.aborted) return { position: shown + distance, shown: null };
    found = seen;
    if (shown + distance > video.duration) break;
  }
  for (let between = 0; found - shown > 2 * BEFORE && between < BETWEEN; between++) {
    const seen = await look(film, found - BEFORE);
    if (seen === null || signal.aborted) return { position: found, shown: null };
    if (seen <= shown || seen >= found) break;
    found = seen;
  }
  if (found > shown) frames.learn(found - shown);
  const reached = await look(film, found, seekExactly);
  return { position: reached ?? found, shown: reached };
}

/**
 * Return the time of the picture that is shown after a seek; null: it is not told.
 *
 * @param {Film} film
 * @param {number} aim
 * @param {typeof showPicture} [seek]
 */
async function look({ video, frames, signal, seconds }, aim, seek = showPicture) {
  return (await seek(video, frames, aim, signal, seconds))?.frame?.position ?? null;
}

/** @param {AbortSignal} signal */
async function repainted(signal) {
  const painted = new EventTarget();
  const handle = requestAnimationFrame(() => painted.dispatchEvent(new Event("painted")));
  // A page that is not seen is not painted.
  await nextEvent(painted, ["painted"], signal, 0.05);
  cancelAnimationFrame(handle);
}
