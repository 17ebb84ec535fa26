/**
 * DriftController: decides from a series of errors which correction to make, the gentlest one that is sufficient. (A port
 * of hangd/engine/follower/drift.py.)
 *
 * An error is the position of the picture minus the position of the timeline, in seconds; positive is ahead. A single
 * sample proves little: one that had to wait has a late time, so that the picture looks further behind than it is, and
 * never further ahead. Of the last four errors the second largest is used. Every correction disturbs the viewer, so
 * errors below a threshold are left alone, and for a while after a correction no error is used.
 *
 * - A *trim* plays a little faster or slower until the error is gone, then at the room's rate again.
 * - A *hold* pauses for as long as the room needs to catch up. For pictures that are ahead.
 * - A *resync* seeks to where the room will be. For errors too large for the others. Each one that follows closely on
 *   another makes the least time to the next one longer.
 *
 * The rate of a trim follows the error from sample to sample: d = -error / (read_ahead + sample_interval / 2). The policy
 * says why a player that reads ahead needs that, and policies.js what a browser does with it.
 *
 * @typedef {"start" | "drift"} Reason
 *   Where the error comes from: left over from a start or a seek, or accumulated since.
 *
 * @typedef {object} DriftPolicy  Thresholds, in seconds if not stated otherwise.
 * @property {number} threshold  Errors up to this are left alone.
 * @property {number} threshold_fresh  The same within `fresh` of a start.
 * @property {number} fresh
 * @property {number} trim_behind  Behind by more than this: resync.
 * @property {number} trim_ahead  Ahead by more than this: hold.
 * @property {number} hold_max  Ahead by more than this: resync.
 * @property {number} limit  Largest change of the rate by a trim, as a share of it.
 * @property {number} limit_large  The same for errors above `large_error`.
 * @property {number} large_error
 * @property {number} limit_fresh  The same just after a start.
 * @property {number} trim_done  A trim ends at this error.
 * @property {number} trim_overtime  A trim ends this long after the time that it should need.
 * @property {number} read_ahead  A change of the rate by d moves the picture by d times this at once, and back at its end.
 * @property {number} sample_interval  Average time between two samples.
 * @property {number} ignore_after  Samples are ignored for this long after a correction.
 * @property {number} resync_interval  Least time between two resyncs. It doubles with each that follows closely.
 * @property {number} resync_interval_max
 * @property {number} window  Number of errors that are judged together.
 *
 * @typedef {{type: "Trim", rate: number, seconds: number, error: number, reason: Reason}} Trim
 *   Play at `rate`, after each sample at the new `DriftController.rate`, for about `seconds`.
 * @typedef {{type: "Hold", seconds: number, error: number, reason: Reason}} Hold
 *   Pause for exactly `seconds`. They are seconds of time; `error` is in seconds of media.
 * @typedef {{type: "Resync", error: number, reason: Reason}} Resync  Seek to where the room will be.
 * @typedef {Trim | Hold | Resync} Correction
 *
 * @typedef {object} TrimState  A trim that has begun.
 * @property {number} limit  Largest change of the rate, as a share of it.
 * @property {number} until  When it ends even if no sample shows that it is done.
 * @property {number} error  The error at `at`, as far as it is believed.
 * @property {number} at
 * @property {number} rate
 * @property {number | null} sample  The error of the newest sample, which was at `at`; null before the first one.
 *
 * @typedef {object} DriftState  What a `DriftController` knows.
 * @property {TrimState | null} trim
 * @property {number[]} errors  The newest errors, the last one last.
 * @property {number} fresh_until
 * @property {number} ignore_until
 * @property {number | null} resynced_at
 * @property {number} resync_interval  Least time from `resynced_at` to the next resync.
 */

import { PERIOD_BASE, ratePeriod } from "../timeline.js";

/** The numbers for VLC 3 (docs/sync.md). @type {Readonly<DriftPolicy>} */
export const DRIFT_POLICY = Object.freeze({
  threshold: 0.01,
  threshold_fresh: 0.004,
  fresh: 1.0,
  trim_behind: 0.15,
  trim_ahead: 0.04,
  hold_max: 2.0,
  limit: 0.005,
  limit_large: 0.02,
  large_error: 0.06,
  limit_fresh: 0.03,
  trim_done: 0.0015,
  trim_overtime: 4.0,
  read_ahead: 1.0,
  sample_interval: 0.41,
  ignore_after: 1.5,
  resync_interval: 5.0,
  resync_interval_max: 60.0,
  window: 4,
});

/** @returns {DriftState} */
export function newDriftState() {
  return { trim: null, errors: [], fresh_until: 0, ignore_until: 0, resynced_at: null, resync_interval: 0 };
}

/**
 * Takes errors and returns corrections, which the caller carries out at once.
 *
 * Call `restart` when the player has started or has another timeline to follow, `observe` for each sample, and `cancel`
 * when the player does not play any more.
 */
export class DriftController {
  #policy;

  /**
   * @param {Readonly<DriftPolicy>} [policy]
   * @param {DriftState} [state]
   */
  constructor(policy = DRIFT_POLICY, state = newDriftState()) {
    this.#policy = policy;
    this.state = state;
  }

  /**
   * Forget the errors: the picture moves from a new position.
   *
   * @param {number} now
   */
  restart(now) {
    const state = this.state;
    state.trim = null;
    state.errors.length = 0;
    state.fresh_until = now + this.#policy.fresh;
    state.ignore_until = now;
  }

  /** End a trim, because the player is paused or seeks. */
  cancel() {
    this.state.trim = null;
  }

  /**
   * Judge the error of a sample.
   *
   * @param {number} error  Seconds, positive ahead.
   * @param {number} now
   * @param {number} rate  The room's.
   * @returns {Correction | null}
   */
  observe(error, now, rate) {
    const { state } = this;
    const policy = this.#policy;
    const trim = state.trim;
    if (trim !== null) {
      this.#continueTrim(trim, error, now, rate);
      if (state.trim === null || !this.#isBeyondTrim(trim.error)) return null;
      // Something happened during the trim, for example the player was stopped: a trim cannot correct that.
      return this.#correct(trim.error, now, rate, false);
    }
    if (now < state.ignore_until) return null;
    const errors = state.errors;
    errors.push(error);
    if (errors.length > policy.window) errors.splice(0, errors.length - policy.window);
    const fresh = now < state.fresh_until;
    if (!fresh && errors.length < policy.window) return null;
    const judged = this.#judge();
    if (Math.abs(judged) <= (fresh ? policy.threshold_fresh : policy.threshold)) return null;
    return this.#correct(judged, now, rate, fresh);
  }

  /** @returns {number | null} The error as judged from the samples so far, in seconds; null without samples. */
  get error() {
    const { trim, errors } = this.state;
    if (trim !== null) return trim.error;
    return errors.length > 0 ? this.#judge() : null;
  }

  /** @returns {number | null} The rate at which the player has to play instead of the room's; null: the room's. */
  get rate() {
    return this.state.trim?.rate ?? null;
  }

  /** @returns {number | null} When a trim ends even if no sample shows that it is done. */
  deadline() {
    return this.state.trim?.until ?? null;
  }

  /**
   * End a trim whose time is over.
   *
   * @param {number} now
   */
  expire(now) {
    const trim = this.state.trim;
    if (trim !== null && trim.until <= now) this.#endTrim(now);
  }

  /**
   * @param {TrimState} trim
   * @param {number} error
   * @param {number} now
   * @param {number} rate
   */
  #continueTrim(trim, error, now, rate) {
    // The previous sample and the rate since then tell how far behind the picture can be. If this sample is further
    // behind, its time is late, unless the next one shows the same. Before the first sample the error is what was known
    // of a late start, which may be a part of it.
    const previous = trim.sample ?? trim.error;
    trim.error = Math.max(error, previous + (trim.rate - rate) * (now - trim.at));
    trim.sample = error;
    trim.at = now;
    if (Math.abs(trim.error) <= this.#policy.trim_done || now >= trim.until) this.#endTrim(now);
    else trim.rate = this.#trimmedRate(trim.error, rate, trim.limit);
  }

  /** @param {number} now */
  #endTrim(now) {
    this.state.trim = null;
    this.state.ignore_until = now + this.#policy.ignore_after;
  }

  /** @returns {number} The lower quartile of lateness: the second largest of four errors, the largest of fewer. */
  #judge() {
    const ranked = [...this.state.errors].sort((one, other) => one - other);
    return ranked[ranked.length - 1 - Math.floor(ranked.length / 4)];
  }

  /** @param {number} error */
  #isBeyondTrim(error) {
    return error < -this.#policy.trim_behind || error > this.#policy.trim_ahead;
  }

  /**
   * Choose a correction and begin it; null if resyncs are rationed at the moment.
   *
   * @param {number} error
   * @param {number} now
   * @param {number} rate
   * @param {boolean} fresh
   * @returns {Correction | null}
   */
  #correct(error, now, rate, fresh) {
    const state = this.state;
    state.trim = null;
    const correction = this.#choose(error, now, rate, fresh);
    if (correction !== null) {
      state.errors.length = 0;
      state.fresh_until = 0;
      if (correction.type !== "Trim") {
        const duration = correction.type === "Hold" ? correction.seconds : 0;
        state.ignore_until = now + duration + this.#policy.ignore_after;
      }
    }
    return correction;
  }

  /**
   * @param {number} error
   * @param {number} now
   * @param {number} rate
   * @param {boolean} fresh
   * @returns {Correction | null}
   */
  #choose(error, now, rate, fresh) {
    const policy = this.#policy;
    const reason = fresh ? "start" : "drift";
    if (this.#isBeyondTrim(error)) {
      if (0 < error && error <= policy.hold_max) return { type: "Hold", seconds: error / rate, error, reason };
      return this.#resync(error, now, reason);
    }
    const large = Math.abs(error) > policy.large_error;
    const limit = fresh ? policy.limit_fresh : large ? policy.limit_large : policy.limit;
    const seconds = Math.abs(error) / (limit * rate) + 3 * policy.read_ahead;
    const trimmed = this.#trimmedRate(error, rate, limit);
    this.state.trim = {
      limit,
      until: now + seconds + policy.trim_overtime,
      error,
      at: now,
      rate: trimmed,
      sample: null,
    };
    return { type: "Trim", rate: trimmed, seconds, error, reason };
  }

  /**
   * Return the playable rate that reduces `error`; it differs from `rate` by at most the share `limit`.
   *
   * @param {number} error
   * @param {number} rate
   * @param {number} limit
   * @returns {number}
   */
  #trimmedRate(error, rate, limit) {
    const { read_ahead: readAhead, sample_interval: interval } = this.#policy;
    const change = Math.min(Math.abs(error) / (readAhead + interval / 2) / rate, limit);
    const period = ratePeriod(rate);
    const steps = Math.max(roundHalfEven(period * change), 1);
    return PERIOD_BASE / (error > 0 ? period + steps : period - steps);
  }

  /**
   * @param {number} error
   * @param {number} now
   * @param {Reason} reason
   * @returns {Resync | null}
   */
  #resync(error, now, reason) {
    const policy = this.#policy;
    const state = this.state;
    if (state.resynced_at === null) {
      state.resync_interval = policy.resync_interval;
    } else {
      const since = now - state.resynced_at;
      if (since < state.resync_interval) return null;
      // Four times the interval without a resync means that the trouble is over.
      const calm = since > 4 * state.resync_interval;
      state.resync_interval = calm
        ? policy.resync_interval
        : Math.min(2 * state.resync_interval, policy.resync_interval_max);
    }
    state.resynced_at = now;
    return { type: "Resync", error, reason };
  }
}

/**
 * Round to the nearest integer, and from the middle between two to the even one, as Python does: traces have to agree.
 *
 * @param {number} value
 * @returns {number}
 */
function roundHalfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}
