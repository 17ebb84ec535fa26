/** Starting: makes a film pass a place at a time, and finds out when it did. */

import { now } from "../engine/local_time.js";
import { StartLatency } from "./latency.js";
import { nextEvent, sleep, until } from "./tasks.js";

/** A film has started when it is this far from where it stood, in seconds. */
const MOVED = 0.015;
/** The longest to wait for the pictures that tell where the line is, in seconds. */
const PICTURES = 0.4;
/** Two points of the line of a start, this many seconds apart, agree to `AGREE`: then it is a line. */
const APART = 0.04;
const AGREE = 0.002;

/**
 * @typedef {import("./line.js").Point} Point
 *
 * @typedef {object} Start
 * @property {number} position  Which the film has to pass, in seconds,
 * @property {number | null} at  at this local time; null: as soon as possible.
 * @property {number} rate
 * @property {string} container
 * @property {(at: number) => void} called  `play()` is called now.
 * @property {() => void} refused  The browser plays only after a tap.
 * @property {() => void} ended  The film is at its end, and there is nothing to play.
 */

export class Starter {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./line.js").Line} line
   * @param {StartLatency} latency
   */
  constructor(video, line, latency) {
    this.#video = video;
    this.#line = line;
    this.#latency = latency;
  }

  #video;
  #line;
  #latency;

  /** When the film stopped playing last; -Infinity: not since it was loaded. */
  stoodAt = -Infinity;
  /** The film was moved since it played. */
  sought = true;

  /**
   * Start the film, and wait until it plays evenly.
   *
   * @param {Start} start
   * @param {AbortSignal} signal
   * @returns {Promise<Point | null>}  A point of its line; null: aborted, not allowed, or at the end.
   */
  async start(start, signal) {
    const video = this.#video;
    const key = StartLatency.key("default", start.container, this.sought, now() - this.stoodAt);
    const stood = video.currentTime;
    // A film that stands a little further on than where it is said to stand starts so much later.
    const ahead = (stood - start.position) / start.rate;
    if (start.at !== null) await until(start.at - this.#latency.expected(key) + ahead, signal);
    else await Promise.resolve(); // Not inside `do`, and still in the call of a tap.
    if (signal.aborted) return null;
    this.#line.begin();
    this.sought = false;
    const called = now();
    start.called(called);
    if (video.ended) {
      // `play()` would begin the film anew. It is so too where a seek led behind the end of an incomplete file.
      start.ended();
      return null;
    }
    video.play().catch((reason) => {
      if (!signal.aborted && reason?.name === "NotAllowedError") start.refused();
    });
    const point = await this.#firstPoint(stood, start.rate, signal);
    if (point === null) return null;
    this.#latency.learn(key, point.at - (point.position - start.position) / start.rate - called + ahead);
    return point;
  }

  /**
   * Wait until the film moves from where it stood, evenly.
   *
   * @param {number} stood
   * @param {number} rate
   * @param {AbortSignal} signal
   */
  async #firstPoint(stood, rate, signal) {
    const video = this.#video;
    while (!signal.aborted && video.currentTime < stood + MOVED * rate) {
      // A film that the browser does not let play is not looked at two hundred times a second.
      if (video.paused) await nextEvent(video, ["play"], signal);
      await sleep(0.005, signal);
    }
    const end = now() + PICTURES;
    while (!signal.aborted && video.videoWidth > 0 && !this.#line.isReadable && now() < end) await sleep(0.01, signal);
    /** @type {Point | null} */
    let before = null;
    while (!signal.aborted) {
      const point = await this.#line.read(signal);
      if (point !== null && before !== null) {
        const moved = (point.position - before.position) / rate;
        if (Math.abs(moved - (point.at - before.at)) < AGREE) return point;
      }
      before = point;
      await sleep(APART, signal);
    }
    return null;
  }
}
