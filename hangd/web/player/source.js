/** The file that the element has: opening and closing it, what is known of it, and whether it is complete. */

import { containerOf, failureOf, open } from "./opening.js";

/** A film that ends by more than this before its duration is not complete, in seconds. Durations are not exact. */
const SHORT = 3;
/** A duration that has grown by less than this is the same, in seconds. */
const SAME = 0.001;

/** @typedef {import("./opening.js").Failure} Failure */

export class Source {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./contents.js").Contents} contents
   */
  constructor(video, contents) {
    this.#video = video;
    this.#contents = contents;
  }

  #video;
  #contents;
  #url = "";

  /** @type {File | null} The file that is open, or is being opened. */
  file = null;
  /** Whether it is open. */
  isOpen = false;
  /** @type {number | null} How long it is, in seconds; null: that is not known. */
  duration = null;

  /** The file's name; "" without one. */
  get name() {
    return this.file?.name ?? "";
  }

  /** What stands for its container: "mp4"; "" without one. */
  get container() {
    return containerOf(this.file);
  }

  /**
   * Open a file, after `close`.
   *
   * @param {File} file
   * @param {AbortSignal} signal
   * @returns {Promise<Failure | null>}  null: it is open, or `signal` aborted.
   */
  async open(file, signal) {
    const video = this.#video;
    this.file = file;
    this.#url = URL.createObjectURL(file);
    const failure = await open(video, this.#url, file, signal);
    if (signal.aborted || failure !== null) return failure;
    this.duration = Number.isFinite(video.duration) ? video.duration : null;
    this.isOpen = true;
    return null;
  }

  /** Take the file away from the element, if it has one. */
  close() {
    const video = this.#video;
    video.pause();
    if (this.#url !== "") {
      video.removeAttribute("src");
      video.load();
      URL.revokeObjectURL(this.#url);
    }
    this.#url = "";
    this.file = null;
    this.isOpen = false;
    this.duration = null;
  }

  /** Return why the browser has given up the file: for the element's "error" event, while a file is open. */
  async failure() {
    return this.file === null ? null : await failureOf(this.file, this.#video.error);
  }

  /**
   * Take the duration that the element names by now.
   *
   * @returns {boolean}  Whether the film has turned out to be longer than was known.
   */
  lengthen() {
    const { duration } = this.#video;
    // At the end of an incomplete file the browser finds that it is shorter; that is told otherwise.
    if (!Number.isFinite(duration) || (this.duration !== null && duration < this.duration + SAME)) return false;
    this.duration = duration;
    return true;
  }

  /**
   * Whether a film that ends at `reached` (seconds) is cut off.
   *
   * @param {number} reached
   */
  isCutOff(reached) {
    return this.duration !== null && reached < this.duration - SHORT;
  }

  /** Return how many pictures a second the header promises; null: it does not say. */
  async frameRate() {
    return this.file === null ? null : await this.#contents.frameRate(this.file);
  }

  /**
   * Return whether there may be a picture or sound in the file; false: also if it is another one by now.
   *
   * @param {"video" | "audio"} part
   */
  async mayHave(part) {
    const { file } = this;
    return file !== null && (await this.#contents.mayHave(file, part)) && file === this.file;
  }
}
