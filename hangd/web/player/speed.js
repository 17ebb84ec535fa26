/** Speed: writes the rate of the film, and keeps the pitch of the sound where it would be heard to change. */

import { now } from "../engine/local_time.js";
import { Pace } from "./pace.js";

export class Speed {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./policy.js").PlayerPolicy} policy
   */
  constructor(video, policy) {
    this.#video = video;
    this.#policy = policy;
  }

  #video;
  #policy;
  #pace = new Pace();

  /** The rate that is wanted. What is written may differ by a little, see pace.js. */
  rate = 1;

  /** Write the rate: after a change of `rate`, and into an element that has another film. */
  apply() {
    const video = this.#video;
    const keeps = Math.abs(this.rate - 1) > this.#policy.pitchWithin;
    const written = keeps ? this.#pace.written(this.rate) : this.rate;
    // Written only where it changes: each write makes the sound's path anew.
    if (video.preservesPitch !== keeps) video.preservesPitch = keeps;
    if (video.playbackRate !== written) video.playbackRate = written;
    this.interrupted();
  }

  /** The film does not go on as before. */
  interrupted() {
    this.#pace.begin(now());
  }

  /**
   * Take a point of the line of the film, and write a better rate if it tells one.
   *
   * @param {import("./line.js").Point} point
   */
  observe(point) {
    if (this.#video.preservesPitch && this.#pace.observe(this.rate, point)) this.apply();
  }
}
