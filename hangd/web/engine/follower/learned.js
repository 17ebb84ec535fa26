/**
 * Timings that are learned by playing files of one kind: the duration of a seek, and the error that a start leaves. (A
 * port of hangd/engine/follower/learned.py.)
 *
 * A player leaves its pause at the time that it was told, and still the picture may be a constant few milliseconds off,
 * depending on how the container and its codecs begin. The next start is made earlier or later by the median of the
 * errors after several starts: a few starts that were late because the machine was busy do not change a median. (How late
 * `play()` of a browser is, tens of milliseconds, the player learns by itself: player/base.js.)
 *
 * @typedef {object} LearnedTimings  Timings of one container on one machine, in seconds.
 * @property {"LearnedTimings"} type
 * @property {number} seek_cost
 * @property {number} start_bias  How far ahead a start leaves the picture.
 *
 * @typedef {object} StartBiasState
 * @property {number} bias  Seconds by which starts are made late, so that the picture is not ahead.
 * @property {number[]} errors  The errors that the newest starts would have left without a bias.
 * @property {number | null} applied  The bias of a start whose first error is still to come.
 */

/** The median of five is right even if two of the starts were late. */
const STARTS_NEEDED = 5;

/** The median of nine is right even if four were late. Older starts are forgotten: a player may be updated. */
const STARTS_KEPT = 9;

/** Seconds. Samples are no more exact. */
const NEGLIGIBLE = 0.001;

/** Seconds. A larger error is a delay of that one start. */
const BIAS_MAX = 0.02;

/** @returns {StartBiasState} */
export function newStartBiasState() {
  return { bias: 0, errors: [], applied: null };
}

/** Learns from the first error after each start how far ahead starts leave the picture. */
export class StartBias {
  /** @param {StartBiasState} [state] */
  constructor(state = newStartBiasState()) {
    this.state = state;
  }

  /**
   * Continue with a bias that was learned before.
   *
   * @param {number} bias  Seconds.
   */
  restore(bias) {
    this.state.bias = Math.max(-BIAS_MAX, Math.min(bias, BIAS_MAX));
    this.state.errors.length = 0;
  }

  /** Note that a start is made on time, with the present bias. The next error tells how exact it was. */
  begin() {
    this.state.applied = this.state.bias;
  }

  /** Ignore the start that was begun: it was not on time, or something else happened before its first error. */
  discard() {
    this.state.applied = null;
  }

  /**
   * Take an error. Only the first one after a start is used.
   *
   * @param {number} error  Seconds, positive ahead.
   */
  observe(error) {
    const state = this.state;
    if (state.applied === null) return;
    const unbiased = error + state.applied;
    state.applied = null;
    if (Math.abs(unbiased) > BIAS_MAX) return;
    state.errors.push(unbiased);
    if (state.errors.length > STARTS_KEPT) state.errors.splice(0, state.errors.length - STARTS_KEPT);
    if (state.errors.length >= STARTS_NEEDED) {
      const ranked = [...state.errors].sort((one, other) => one - other);
      const median = ranked[Math.floor(ranked.length / 2)];
      state.bias = Math.abs(median) > NEGLIGIBLE ? median : 0;
    }
  }
}
