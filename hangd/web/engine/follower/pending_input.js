/**
 * PendingInput: what the viewer did or asked for and the room has not answered yet. (A port of
 * hangd/engine/follower/pending_input.py.)
 *
 * While the viewer's own pause or start is unanswered, the timeline does not control the player. A request that has no
 * answer after `answer_timeout` is overdue: the room is silent (on_own.js). A pause is carried out at once and requested
 * when the picture has settled, because the request names the frame on which it stopped. Seeks that follow one another
 * closely are merged: the first one is requested at once, and of the others only the last, when `merge_interval` is over.
 *
 * @typedef {object} PendingInputPolicy  Seconds.
 * @property {number} answer_timeout  Longer than a round trip on nearly any usable network, short enough to wait for.
 * @property {number} merge_interval  A key that is held down requests so many seeks a second, whatever its repeat rate.
 *
 * @typedef {object} PendingInputState  What a `PendingInput` knows. Positions in seconds of media, times local.
 * @property {"paused" | "playing" | null} wanted
 *   What the viewer made the player do. Null: nothing, or the room has answered.
 * @property {number} wanted_at_rev  The timeline's rev when the viewer did it.
 * @property {import("./effects.js").SyncCommand[]} unanswered
 *   What was requested and has no answer yet, oldest first.
 * @property {number | null} answer_due  When to stop waiting for an answer.
 * @property {number | null} requested  The position of the last seek that was requested and has no answer yet.
 * @property {number | null} merged  The position of a later seek that is requested when the merge interval is over.
 * @property {number | null} merge_until
 */

import { assert } from "../invariant.js";
import { earliest } from "../timeline.js";

/** @type {Readonly<PendingInputPolicy>} */
export const PENDING_INPUT_POLICY = Object.freeze({ answer_timeout: 1.0, merge_interval: 0.1 });

/** @returns {PendingInputState} */
export function newPendingInputState() {
  return {
    wanted: null,
    wanted_at_rev: 0,
    unanswered: [],
    answer_due: null,
    requested: null,
    merged: null,
    merge_until: null,
  };
}

/** See the module's description. */
export class PendingInput {
  #policy;

  /**
   * @param {Readonly<PendingInputPolicy>} [policy]
   * @param {PendingInputState} [state]
   */
  constructor(policy = PENDING_INPUT_POLICY, state = newPendingInputState()) {
    this.#policy = policy;
    this.state = state;
  }

  /** @returns {number | null} The position that the viewer asked for last, if no answer of the room's has come since. */
  get seekPosition() {
    return this.state.merged ?? this.state.requested;
  }

  /**
   * Note that the viewer paused or started the player, at this rev of the timeline.
   *
   * @param {"paused" | "playing"} wanted
   * @param {number} rev
   * @param {number} now
   */
  want(wanted, rev, now) {
    this.state.wanted = wanted;
    this.state.wanted_at_rev = rev;
    this.awaitAnswer(now);
  }

  /**
   * Note that the room was asked for this.
   *
   * @param {import("./effects.js").SyncCommand} command
   * @param {number} now
   */
  asked(command, now) {
    this.state.unanswered.push(command);
    this.awaitAnswer(now);
  }

  /**
   * Expect an answer within the timeout, if none is expected already.
   *
   * @param {number} now
   */
  awaitAnswer(now) {
    this.state.answer_due ??= now + this.#policy.answer_timeout;
  }

  /**
   * Return whether an answer should have come by `now`.
   *
   * @param {number} now
   * @returns {boolean}
   */
  isOverdue(now) {
    return this.state.answer_due !== null && this.state.answer_due <= now;
  }

  /**
   * Let the timeline control the player again, and expect no answer.
   *
   * @param {{keepWanted?: boolean}} [options]  `keepWanted`: the viewer's pause is not done yet, so its request is still
   *   to come.
   */
  answered({ keepWanted = false } = {}) {
    this.state.unanswered = [];
    if (!keepWanted) this.state.wanted = this.state.answer_due = null;
  }

  /** Let the timeline control the player again. */
  clearWanted() {
    this.state.wanted = null;
    if (this.state.unanswered.length === 0) this.state.answer_due = null;
  }

  /** Forget what was requested: the room refused it, or there is no room any more. A merged seek stays. */
  clear() {
    this.answered();
    this.state.requested = null;
  }

  /**
   * Take a seek. Return true if `expire` will return it later; false if the caller has to request it now.
   *
   * @param {number} position
   * @param {number} now
   * @returns {boolean}
   */
  merge(position, now) {
    const state = this.state;
    if (state.merge_until !== null && now < state.merge_until) {
      state.merged = position;
      return true;
    }
    state.merge_until = now + this.#policy.merge_interval;
    return false;
  }

  /** Forget a merged seek: it was meant for a film that is open no more. */
  forgetMerged() {
    this.state.merged = null;
  }

  /** @returns {number | null} When to call `expire`; null if nothing is due at any time. */
  deadline() {
    const state = this.state;
    return earliest(state.answer_due, state.merged === null ? null : state.merge_until);
  }

  /**
   * Return the position of a merged seek that has to be requested now, or null.
   *
   * @param {number} now
   * @returns {number | null}
   */
  expire(now) {
    const state = this.state;
    const position = state.merged;
    if (position === null || (state.merge_until !== null && now < state.merge_until)) return null;
    state.merged = null;
    state.merge_until = now + this.#policy.merge_interval;
    return position;
  }

  /** Assert the invariants. */
  check() {
    const state = this.state;
    assert(
      state.answer_due !== null || (state.wanted === null && state.unanswered.length === 0),
      "an answer is due for what was asked",
    );
    assert(state.merged === null || state.merge_until !== null, "a merged seek is requested some time");
  }
}
