/** A `<video>` for tests, whose seeks end, and whose pictures are told, when the test says so. */

import { Frames } from "../../../../hangd/web/player/frames.js";

export class Element extends EventTarget {
  duration = 60;
  videoWidth = 320;
  seeking = false;
  paused = true;
  /** @type {number[]} Where it was told to seek, oldest first. */
  sought = [];

  #position = 0;
  /** @type {((at: number, metadata: object) => void) | null} */
  #asked = null;

  get currentTime() {
    return this.#position;
  }

  set currentTime(position) {
    this.#position = position;
    this.sought.push(position);
  }

  /** @param {(at: number, metadata: object) => void} callback */
  requestVideoFrameCallback(callback) {
    this.#asked = callback;
    return 1;
  }

  cancelVideoFrameCallback() {}

  /** @param {number} position */
  tells(position) {
    const asked = this.#asked;
    this.#asked = null;
    asked?.(0, { mediaTime: position, presentationTime: performance.now() });
  }
}

/** Shows films whose pictures begin at given times, and tells each at once. */
export class Shows extends Element {
  #begins;

  /** @param {readonly number[]} begins  When pictures begin, in seconds. */
  constructor(begins) {
    super();
    this.#begins = begins;
  }

  /** The time of the picture that is shown. */
  get shown() {
    return this.#begins.findLast((begin) => begin <= super.currentTime) ?? 0;
  }

  get currentTime() {
    return super.currentTime;
  }

  set currentTime(position) {
    super.currentTime = position;
    setImmediate(() => {
      this.dispatchEvent(new Event("seeked"));
      setImmediate(() => this.tells(this.shown));
    });
  }
}

/**
 * Return an element, with its frames, in a page that is seen.
 *
 * @template {Element} T
 * @param {T} element
 */
export function watched(element) {
  Object.assign(globalThis, { document: { visibilityState: "visible" } });
  return { element, frames: new Frames(/** @type {any} */ (element)) };
}

export function film() {
  return watched(new Element());
}
