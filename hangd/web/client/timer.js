/** A timer that is set to a local time (engine/local_time.js), over and over. */

import { now } from "../engine/local_time.js";

/** setTimeout takes no longer delays. */
const LONGEST_MS = 2 ** 31 - 1;

export class DeadlineTimer {
  #due;
  /** @type {number | null} */
  #deadline = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #handle = undefined;

  /** @param {(now: number) => void} due  Called with the local time when the deadline has come. */
  constructor(due) {
    this.#due = due;
  }

  /** @param {number | null} deadline  Seconds; null: never. */
  arm(deadline) {
    if (deadline === this.#deadline) return;
    clearTimeout(this.#handle);
    this.#deadline = deadline;
    if (deadline !== null) this.#wait(deadline);
  }

  /** @param {number} deadline */
  #wait(deadline) {
    const delay = Math.min(Math.max(0, Math.ceil((deadline - now()) * 1000)), LONGEST_MS);
    this.#handle = setTimeout(() => this.#fired(deadline), delay);
  }

  /** @param {number} deadline */
  #fired(deadline) {
    const at = now();
    if (at < deadline) {
      this.#wait(deadline); // Timers of browsers may be a moment early.
      return;
    }
    this.#deadline = null;
    this.#due(at);
  }
}
