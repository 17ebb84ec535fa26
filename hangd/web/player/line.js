/**
 * The line of a film that plays: where it is at which time. Read in the way that is exact in this browser.
 *
 * Chromium computes `currentTime` from the clock of the sound, afresh in each task. Several readings, each in a task of
 * its own, lie on a line to a few tenths of a millisecond; one that had to wait between its two halves lies beside it.
 *
 * Firefox moves `currentTime` in steps of some 40 ms. There the pictures tell: one can be shown late, and never early,
 * so that the earliest of a second of them, compared with the rate, is on the line.
 */

import { now } from "../engine/local_time.js";
import { nextTask } from "./tasks.js";

/** Readings for one point of the line. */
const READINGS = 5;
/** Readings that are further apart than this, in seconds, are made again. */
const SPREAD = 0.003;
const TRIES = 3;
/** Pictures for one point of the line. */
const FRAMES_NEEDED = 4;

/**
 * @typedef {object} Point
 * @property {number} position  Seconds into the film.
 * @property {number} at  Local time, seconds.
 */

/**
 * Read one point of the line from `currentTime`.
 *
 * @param {HTMLMediaElement} video
 * @param {AbortSignal} signal
 * @returns {Promise<Point | null>}  null: aborted, or this machine is too busy to read.
 */
export async function readClock(video, signal) {
  for (let tries = 0; tries < TRIES; tries++) {
    const rate = video.playbackRate;
    /** @type {number[]} */
    const readings = [];
    let at = 0;
    for (let index = 0; index < READINGS; index++) {
      await nextTask();
      if (signal.aborted) return null;
      const position = video.currentTime;
      at = now();
      readings.push(position - rate * at);
    }
    readings.sort((one, other) => one - other);
    const middle = readings[READINGS >> 1];
    // Two of five may be beside the line.
    if (readings[3] - readings[1] < SPREAD) return { position: middle + rate * at, at };
  }
  return null;
}

/**
 * Compute one point of the line from the pictures that were shown since the last jump.
 *
 * @param {readonly import("./frames.js").Frame[]} frames
 * @param {number} rate
 * @returns {Point | null}  null: too few pictures.
 */
export function readFrames(frames, rate) {
  if (frames.length < FRAMES_NEEDED) return null;
  const at = frames[frames.length - 1].at;
  const intercept = Math.max(...frames.map((frame) => frame.position - rate * frame.at));
  return { position: intercept + rate * at, at };
}
