/** Frames: which picture of the film is on the screen, and how long pictures last, from requestVideoFrameCallback. */

import { now } from "../engine/local_time.js";

/** How many durations of pictures are kept. */
const KEPT = 15;
/** Seconds by which times of pictures are rounded in files, twice: Matroska has milliseconds. */
const ROUNDED = 0.0015;
/** A film is steady if so many of its pictures last as long as the median: some are left out by busy machines. */
const STEADY = 0.8;
/** Of a steady film on a busy machine so many are seen, if the file's header tells how long they last. */
const THINNED = 0.3;
/** A picture this far from the element's position belongs to another place, in seconds. */
export const ELSEWHERE = 0.25;

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
  /**
   * @param {HTMLVideoElement} video
   * @param {boolean} [seekTells]  A picture that a seek led to is told with its own time, and not with the target's.
   */
  constructor(video, seekTells = true) {
    this.#video = video;
    this.seekTells = seekTells;
    /** Whether this browser tells of pictures. */
    this.known = typeof video.requestVideoFrameCallback === "function";
    this.#ask();
  }

  /** @type {Frame | null} The newest picture since `forget`. */
  last = null;
  /** @type {Frame[]} The pictures of the last second or so, oldest first; empty after each jump. */
  recent = [];

  #video;
  #handle = 0;
  /** @type {number | null} By the file's header, which may be wrong, or a mean. */
  #header = null;
  /** @type {number | null} The time of a picture that was shown while the film played. */
  #played = null;
  /** @type {number[]} */
  #durations = [];
  /** @type {number[]} Where the film was when it was moved, since a seek has ended last. */
  #left = [];
  /** @type {Set<(frame: Frame | null) => void>} */
  #waiters = new Set();

  /** Whether a picture that is shown now is told. Nothing is painted in a page that nobody sees. */
  get tells() {
    return this.known && this.#video.videoWidth > 0 && document.visibilityState !== "hidden";
  }

  /** Seconds that most pictures last; null: unknown so far. */
  get duration() {
    return this.#durations.length < 3 ? this.#header : median(this.#durations);
  }

  /** Whether all pictures last equally long, as far as they were seen. */
  get isSteady() {
    if (this.#durations.length < 3) return false;
    const usual = median(this.#durations);
    const lasts = this.#header ?? usual;
    // A screen that shows every second picture only makes them look twice as long.
    return (this.#share(usual) >= STEADY && usual < 1.2 * lasts) || this.#isThinned(lasts);
  }

  /** @param {number} lasted */
  #share(lasted) {
    const same = this.#durations.filter((duration) => Math.abs(duration - lasted) < ROUNDED);
    return same.length / this.#durations.length;
  }

  /** @param {number} lasts  What a picture lasts by the header. */
  #isThinned(lasts) {
    if (this.#header === null || this.#share(lasts) < THINNED) return false;
    return this.#durations.every((lasted) => Math.abs(lasted - Math.round(lasted / lasts) * lasts) < ROUNDED);
  }

  /**
   * Take the rate of the pictures from the file's header.
   *
   * @param {number | null} rate  Pictures a second; null: it does not say.
   */
  expect(rate) {
    this.#header = rate === null ? null : 1 / exactRate(rate);
  }

  /**
   * Note how long a picture lasts that stood still.
   *
   * @param {number} seconds
   */
  learn(seconds) {
    this.#durations.push(seconds);
    this.#durations.splice(0, this.#durations.length - KEPT);
  }

  /**
   * Return the time of the picture at `position`, where pictures last equally long; `position` if that is not known.
   *
   * @param {number} position
   */
  beginOf(position) {
    const duration = this.#header ?? this.duration;
    if (duration === null) return position;
    const first = (this.#played ?? 0) % duration;
    return Math.max(0, first + Math.floor((position - first + ROUNDED / 3) / duration) * duration);
  }

  /** Forget what is shown: another film. */
  forget() {
    this.last = null;
    this.recent = [];
    this.#durations = [];
    this.#left = [];
    this.#header = this.#played = null;
  }

  /** Forget the series of pictures, because the film jumps or stands. */
  jump() {
    this.recent = [];
  }

  /** Note that the film is moved away from where it is now. */
  leave() {
    this.#left.push(this.#video.currentTime);
  }

  /**
   * Wait for the picture that a seek to the position `there` has led to.
   *
   * One of before may be told afterwards, where the machine is busy, and even be given to the screen after the seek began.
   * So one from where the film was before (`leave`) is not taken, though it may be the one: a slide that began long ago.
   * The right one may never be told: Chromium tells of a picture only if it was asked before, and while it tells of one
   * it was not asked for the next. Another seek to the same place answers both: it has the picture told once more, and
   * what is given to the screen after it began is of that place.
   *
   * @param {number} there
   * @param {number} since  The local time at which the seek began.
   * @param {AbortSignal} signal
   * @param {number} seconds  The most to wait.
   * @returns {Promise<Frame | null>}  null: none came that is certain.
   */
  shownAt(there, since, signal, seconds) {
    if (!this.known || signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      /** @param {Frame | null} frame */
      const told = (frame) => {
        if (frame === null) end(null);
        else if (frame.at >= since && !this.#isLeft(frame, there)) end(frame);
      };
      /** @param {Frame | null} frame */
      const end = (frame) => {
        clearTimeout(timer);
        this.#waiters.delete(told);
        signal.removeEventListener("abort", aborted);
        // A seek that was aborted shows its picture later, if it does.
        if (!signal.aborted) this.#left = [];
        resolve(frame);
      };
      const aborted = () => end(null);
      const timer = setTimeout(aborted, seconds * 1000);
      signal.addEventListener("abort", aborted);
      this.#waiters.add(told);
      if (this.last !== null) told(this.last);
    });
  }

  /**
   * Whether a picture may be one of before the seek to `there`.
   *
   * @param {Frame} frame
   * @param {number} there
   */
  #isLeft({ position }, there) {
    const lasts = this.isSteady ? (this.duration ?? ELSEWHERE) : ELSEWHERE;
    if (position - ROUNDED < there && there < position + lasts + ROUNDED) return false;
    return this.#left.some((left) => Math.abs(position - left) < ELSEWHERE);
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
      if (lasted > 0.002 && lasted < 0.2 && !this.#video.paused) {
        this.learn(lasted);
        this.#played = frame.position;
      }
    }
    this.last = frame;
    this.recent.push(frame);
    const since = now() - 1.2;
    while (this.recent.length > 0 && this.recent[0].at < since) this.recent.shift();
    for (const end of [...this.#waiters]) end(frame);
  }
}

/**
 * Return the rate that is meant by a rounded one: 29.97 means 30000 / 1001, which two hours make a difference of.
 *
 * @param {number} rate  Pictures a second.
 */
function exactRate(rate) {
  const ntsc = Math.round(rate * 1.001) / 1.001;
  return Math.abs(rate - ntsc) < 0.001 ? ntsc : rate;
}

/** @param {readonly number[]} values  At least one. */
function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1];
}
