/** A timer that is set to a local time (engine/local_time.js), over and over. */

import { now } from "../engine/local_time.js";

/** setTimeout takes no longer delays. */
const LONGEST_MS = 2 ** 31 - 1;

export class DeadlineTimer {
  /** @param {(now: number) => void} due  Called with the local time when the deadline has come. */
  constructor(due) {
    this._due = due;
    /** @type {number | null} */
    this._deadline = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._handle = undefined;
  }

  /** @param {number | null} deadline  Seconds; null: never. */
  arm(deadline) {
    if (deadline === this._deadline) return;
    clearTimeout(this._handle);
    this._deadline = deadline;
    if (deadline !== null) this._wait(deadline);
  }

  /** @param {number} deadline */
  _wait(deadline) {
    const delay = Math.min(Math.max(0, Math.ceil((deadline - now()) * 1000)), LONGEST_MS);
    this._handle = setTimeout(() => this._fired(deadline), delay);
  }

  /** @param {number} deadline */
  _fired(deadline) {
    const at = now();
    if (at < deadline) {
      this._wait(deadline); // Timers of browsers may be a moment early.
      return;
    }
    this._deadline = null;
    this._due(at);
  }
}
