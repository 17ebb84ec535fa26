/** Frames: which picture of the film is on the screen, and how long pictures last, from requestVideoFrameCallback. */

import { now } from "../engine/local_time.js";

/** How many durations of pictures are kept. */
const KEPT = 15;

/**
 * @typedef {object} Frame  One picture that was shown.
 * @property {number} position  Its own time in the film, in seconds.
 * @property {number} at  The local time at which it was given to the screen, in seconds. `expectedDisplayTime` is some
 *   time after that, which in Chromium the screen does not keep.
 * @property {number} clock  The element's `currentTime` when the picture was told,
 * @property {number} clockAt  and the local time then.
 */

/** Watches the pictures of one element for as long as it lives. Without frame callbacks nothing is known. */
export class Frames {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    /** Whether this browser tells of pictures. */
    this.known = typeof video.requestVideoFrameCallback === "function";
    this.#ask();
  }

  /** @type {Frame | null} The newest picture since `forget`. */
  last = null;
  /** How many pictures were shown. */
  count = 0;
  /** @type {Frame[]} The pictures of the last second or so, oldest first; empty after each jump. */
  recent = [];

  #video;
  #handle = 0;
  /** @type {number[]} */
  #durations = [];
  /** @type {Set<(frame: Frame | null) => void>} */
  #waiters = new Set();

  /** Seconds that a picture lasts; null: unknown so far. */
  get duration() {
    if (this.#durations.length < 3) return null;
    const sorted = [...this.#durations].sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** Forget what is shown: another film. */
  forget() {
    this.last = null;
    this.recent = [];
    this.#durations = [];
  }

  /** Forget the series of pictures, because the film jumps or stands. */
  jump() {
    this.recent = [];
  }

  /**
   * Wait for the next picture, from now on. Ask before the film is moved: a picture that is there already is not told.
   *
   * @param {AbortSignal} signal
   * @param {number} seconds  The most to wait.
   * @returns {Promise<Frame | null>}  null: none came.
   */
  next(signal, seconds) {
    if (!this.known || signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      /** @param {Frame | null} frame */
      const end = (frame) => {
        clearTimeout(timer);
        this.#waiters.delete(end);
        signal.removeEventListener("abort", aborted);
        resolve(frame);
      };
      const aborted = () => end(null);
      const timer = setTimeout(() => end(null), seconds * 1000);
      signal.addEventListener("abort", aborted);
      this.#waiters.add(end);
    });
  }

  close() {
    if (this.known) this.#video.cancelVideoFrameCallback(this.#handle);
    for (const end of [...this.#waiters]) end(null);
    this.known = false;
  }

  #ask() {
    if (!this.known) return;
    this.#handle = this.#video.requestVideoFrameCallback((_, metadata) => {
      this.#ask();
      const clock = this.#video.currentTime;
      this.#shown({ position: metadata.mediaTime, at: metadata.presentationTime / 1000, clock, clockAt: now() });
    });
  }

  /** @param {Frame} frame */
  #shown(frame) {
    const before = this.recent.at(-1);
    if (before !== undefined) {
      const lasted = frame.position - before.position;
      // Pictures that were left out make one look twice as long; the median does not mind a few.
      if (lasted > 0.002 && lasted < 0.2) {
        this.#durations.push(lasted);
        this.#durations.splice(0, this.#durations.length - KEPT);
      }
    }
    this.last = frame;
    this.count++;
    this.recent.push(frame);
    const since = now() - 1.2;
    while (this.recent.length > 0 && this.recent[0].at < since) this.recent.shift();
    for (const end of [...this.#waiters]) end(frame);
  }
}
