/**
 * The line of a film that plays: where its picture is at which time.
 *
 * Two things tell. In Chromium `currentTime` follows the clock of the sound and is computed afresh in each task: several
 * readings, each in a task of its own, lie on a line to a few tenths of a millisecond. The pictures are ahead of that
 * line, by another distance after each start, which frame callbacks tell: a picture of a 30 fps film is shown for two
 * refreshes of the screen, and whether it begins with this refresh or the next is luck. A change of the rate does not
 * move the pictures either: Chromium lets them drift by 17 to 33 ms, and then leaves one out. So within one start the
 * line is the clock's, at a height that most of the last starts had: whoever followed the pictures themselves would
 * correct for ever.
 *
 * Firefox moves `currentTime` in steps of some 40 ms, one at each picture. It is right just after a step, and behind
 * until the next one: the foremost of the readings at the pictures of a second is on the line, to a millisecond. Its
 * pictures are late by a constant, and each for itself by up to 30 ms more on a busy machine, so they do not tell.
 *
 * Safari moves `currentTime` backwards after a start. There the pictures alone tell.
 */

import { now } from "../engine/local_time.js";
import { nextTask } from "./tasks.js";

/** Readings of the clock for one point of the line. */
const READINGS = 5;
/** Readings that are further apart than this, in seconds, are made again. */
const SPREAD = 0.003;
const TRIES = 3;
/** Seconds without a point of the line after which readings that do not agree are better than none. */
const ROUGH = 2;
/** Pictures for one point of the line. The first ones after a start may be late. */
const FRAMES = 6;
/** A picture this far from most others, in seconds, was late by chance. */
const BESIDE = 0.02;
/** Distances of the pictures from the clock that are kept of one start, and how many of them tell anything. */
const KEPT = 30;
const ENOUGH = 3;
/** Starts that tell the height of the line: each is up to 8 ms beside it, evenly. */
const STARTS = 25;
/** For so many starts counts what is known of the browser, so that the first few do not decide alone. */
const KNOWN = 4;
/** The key under which they are kept. */
const AHEAD = "pictures-ahead";
/** A larger distance, in seconds, is a machine that could not follow. */
const FAR = 0.06;

/**
 * @typedef {object} Point
 * @property {number} position  Seconds into the film.
 * @property {number} at  Local time, seconds.
 */

export class Line {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./frames.js").Frames} frames
   * @param {import("./policy.js").PlayerPolicy} policy
   * @param {import("./latency.js").Store | null} store
   */
  constructor(video, frames, policy, store) {
    this.#video = video;
    this.#frames = frames;
    this.#policy = policy;
    this.#store = store;
    const kept = store?.get(AHEAD) ?? [];
    this.#starts = Array.isArray(kept) ? kept.filter((value) => Math.abs(value) < FAR).slice(-STARTS) : [];
    this.#ahead = this.#height();
  }

  #video;
  #frames;
  #policy;
  /** @type {number[]} By how much the pictures are ahead of the clock, since the last start. */
  #distances = [];

  /** @type {number[]} The same of the last starts, newest last. */
  #starts;
  /** Seconds by which the pictures are taken to be ahead of the clock, in the present start. */
  #ahead;
  #store;
  #rate = 1;
  /** The local time of the last point from the clock, or of the start. */
  #readAt = now();
  /** The local time since when the rate is the present one, as far as was looked. */
  #steadyFrom = -Infinity;

  /** There is a new start. */
  begin() {
    const last = this.#distances.length < ENOUGH ? null : median(this.#distances);
    if (last !== null && Math.abs(last) < FAR) {
      this.#starts = [...this.#starts, last].slice(-STARTS);
      this.#store?.set(AHEAD, this.#starts);
    }
    this.#distances = [];
    this.#ahead = this.#height();
    this.#readAt = now();
    this.#frames.jump();
  }

  #height() {
    const sorted = [...new Array(KNOWN).fill(this.#policy.pictureAhead), ...this.#starts].sort(
      (one, other) => one - other,
    );
    // The mean of the middle half: a start of a busy machine does not count.
    const middle = sorted.slice(sorted.length >> 2, sorted.length - (sorted.length >> 2));
    return middle.reduce((sum, distance) => sum + distance, 0) / middle.length;
  }

  /** Whether a point can be read now. */
  get isReadable() {
    return this.#policy.reading === "clock" || this.#frames.recent.length >= FRAMES;
  }

  /**
   * Return one point of the line.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Point | null>}  null: aborted, or nothing to read it from.
   */
  async read(signal) {
    const { reading, pictureDelay } = this.#policy;
    const rate = this.#video.playbackRate;
    const recent = [...this.#frames.recent]; // They may be forgotten meanwhile: the film stalls.
    const shown = readFrames(recent, rate);
    const told = reading === "frames" ? shown : reading === "steps" ? readSteps(recent, rate) : null;
    if (told !== null) return { position: told.position - pictureDelay * rate, at: told.at };
    // On a machine that is too busy to play evenly no readings agree, and a film far behind has to be noticed there too.
    const clock = await readClock(this.#video, signal, now() > this.#readAt + ROUGH);
    if (clock === null) return null;
    this.#readAt = clock.at;
    if (rate !== this.#rate) {
      this.#rate = rate;
      this.#steadyFrom = clock.at;
    }
    // Pictures of two rates do not lie on one line.
    if (shown !== null && reading === "clock" && recent[0].at > this.#steadyFrom) {
      this.#distances.push(shown.position - rate * shown.at - (clock.position - rate * clock.at));
      if (this.#distances.length > KEPT) this.#distances.shift();
    }
    return { position: clock.position + (this.#ahead - pictureDelay) * rate, at: clock.at };
  }
}

/**
 * Read one point of the clock's line.
 *
 * @param {HTMLMediaElement} video
 * @param {AbortSignal} signal
 * @param {boolean} [rough]  Return the median of readings that do not agree either.
 * @returns {Promise<Point | null>}  null: aborted, or this machine is too busy to read.
 */
export async function readClock(video, signal, rough = false) {
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
    // Two of five may be beside the line.
    const agree = readings[3] - readings[1] < SPREAD;
    if (agree || (rough && tries === TRIES - 1)) return { position: readings[2] + rate * at, at };
  }
  return null;
}

/**
 * Compute one point of the line from pictures that were shown one after the other.
 *
 * @param {readonly import("./frames.js").Frame[]} frames
 * @param {number} rate
 * @returns {Point | null}  null: too few pictures.
 */
export function readFrames(frames, rate) {
  if (frames.length < FRAMES) return null;
  const at = frames[frames.length - 1].at;
  const intercepts = frames.map((frame) => frame.position - rate * frame.at);
  const middle = median(intercepts);
  const close = intercepts.filter((intercept) => Math.abs(intercept - middle) < BESIDE);
  const mean = close.reduce((sum, intercept) => sum + intercept, 0) / close.length;
  return { position: mean + rate * at, at };
}

/**
 * Compute one point of the line of a clock that is right at pictures only, and behind otherwise.
 *
 * @param {readonly import("./frames.js").Frame[]} frames
 * @param {number} rate
 * @returns {Point | null}  null: too few pictures.
 */
export function readSteps(frames, rate) {
  if (frames.length < FRAMES) return null;
  const at = frames[frames.length - 1].clockAt;
  return { position: Math.max(...frames.map((frame) => frame.clock - rate * frame.clockAt)) + rate * at, at };
}

/**
 * @param {readonly number[]} values  At least one.
 * @returns {number}
 */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[(sorted.length - 1) >> 1];
}
