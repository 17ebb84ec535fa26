/**
 * Picture: what the player shows, as far as its events have told, and the commands that change it. (A port of
 * hangd/engine/follower/picture.py.)
 *
 *     EMPTY --load--> LOADING --Settled--> SETTLED --resume--> STARTING --Started--> RUNNING
 *                        ^                  ^    |                                    |  |  |
 *                        |                  |  seek                                   |  | Ended--> ENDED
 *                        |                  |    v                                    |  v
 *                      load          Settled+- SEEKING <-------------seek-------------+ PAUSING --Settled--> SETTLED
 *
 * A command leads to a state that only an event of the player leaves: while the picture is LOADING, SEEKING or PAUSING,
 * `Follower` waits for it to settle. Positions are seconds of media, times are local times.
 *
 * @typedef {import("./effects.js").FollowerEffect} FollowerEffect
 * @typedef {"empty" | "loading" | "standing" | "starting" | "running" | "pausing" | "seeking" | "ended"} MotionName
 *
 * @typedef {object} PicturePolicy  Seconds.
 * @property {number} position_tolerance  Positions closer than this are the same.
 * @property {number} end_margin  No seek goes closer to the end than this: a player ends there instead of settling.
 * @property {number} seek_cost  Expected duration of a seek until one has been measured.
 *
 * @typedef {object} PictureState  What a `Picture` knows.
 * @property {MotionName} motion
 * @property {string | null} path  The file that is loaded, or that a Stop unloaded.
 * @property {number} entry  The id of the playlist's entry that `path` belongs to.
 * @property {number | null} duration
 * @property {number} generation  The number of the newest load. Events of other generations are outdated.
 * @property {boolean} stalled
 * @property {number | null} seek_cost  Measured duration of seeks; null before the first one.
 * @property {number | null} resume_at  When a picture that is STARTING leaves its pause.
 * @property {number} position  At the time `at`; where the picture is SEEKING or LOADING, the target.
 * @property {number} at
 * @property {boolean} looked  The player has looked which picture it shows, since it settled.
 * @property {number | null} shown  The position of that picture; null: not known, or not yet.
 * @property {number} rate  The rate of the newest sample.
 * @property {number | null} commanded_rate  The rate of the newest SetRate since the load.
 * @property {number | null} target  The target of the newest seek or load, until the picture moves on from there.
 * @property {number | null} seek_began_at
 */

import { assert } from "../invariant.js";

/** The states of a picture, and their values in snapshots. */
export const Motion = Object.freeze({
  EMPTY: /** @type {const} */ ("empty"),
  LOADING: /** @type {const} */ ("loading"),
  SETTLED: /** @type {const} */ ("standing"),
  STARTING: /** @type {const} */ ("starting"),
  RUNNING: /** @type {const} */ ("running"),
  PAUSING: /** @type {const} */ ("pausing"),
  SEEKING: /** @type {const} */ ("seeking"),
  ENDED: /** @type {const} */ ("ended"),
});

/** @type {Readonly<Record<MotionName, import("./effects.js").ReportedState>>} */
const REPORTED_STATES = Object.freeze({
  [Motion.EMPTY]: "idle",
  [Motion.LOADING]: "buffering",
  [Motion.SEEKING]: "seeking",
  [Motion.PAUSING]: "seeking",
  [Motion.SETTLED]: "paused",
  [Motion.STARTING]: "paused",
  [Motion.RUNNING]: "playing",
  [Motion.ENDED]: "ended",
});

/** The numbers for VLC 3. @type {Readonly<PicturePolicy>} */
export const PICTURE_POLICY = Object.freeze({ position_tolerance: 0.002, end_margin: 0.05, seek_cost: 0.25 });

/** @returns {PictureState} */
export function newPictureState() {
  return {
    motion: Motion.EMPTY,
    path: null,
    entry: 0,
    duration: null,
    generation: 0,
    stalled: false,
    seek_cost: null,
    resume_at: null,
    position: 0,
    at: 0,
    looked: false,
    shown: null,
    rate: 1,
    commanded_rate: null,
    target: null,
    seek_began_at: null,
  };
}

/** The methods that command return what to send to the player. */
export class Picture {
  #policy;

  /**
   * @param {Readonly<PicturePolicy>} [policy]
   * @param {PictureState} [state]
   */
  constructor(policy = PICTURE_POLICY, state = newPictureState()) {
    this.#policy = policy;
    this.state = state;
  }

  // ---- commands -----------------------------------------------------------------------------------------------------

  /**
   * Load a file and pause at `start`.
   *
   * @param {string} path
   * @param {number} start
   * @returns {FollowerEffect[]}
   */
  load(path, start) {
    const state = this.state;
    state.path = path;
    state.generation += 1;
    this.#enter(Motion.LOADING);
    state.position = start;
    state.commanded_rate = null;
    state.target = start;
    return [{ type: "Load", path, generation: state.generation, start, entry: state.entry }];
  }

  /**
   * Unload the file. Its path stays known, so that it can be loaded again.
   *
   * @returns {FollowerEffect[]}
   */
  unload() {
    if (this.state.motion === Motion.EMPTY) return [];
    this.#enter(Motion.EMPTY);
    return [{ type: "Unload" }];
  }

  /**
   * Unload the file and forget it.
   *
   * @returns {FollowerEffect[]}
   */
  close() {
    const commands = this.unload();
    this.state.path = this.state.duration = null;
    return commands;
  }

  /**
   * Seek and pause at `position`, which the caller has clamped.
   *
   * @param {number} position
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  seek(position, now) {
    this.#enter(Motion.SEEKING);
    this.state.position = this.state.target = position;
    this.state.seek_began_at = now;
    return [{ type: "SeekTo", position }];
  }

  /**
   * Leave the pause at the local time `at`, or now.
   *
   * @param {number | null} at
   * @param {number} now
   * @param {number} rate
   * @returns {FollowerEffect[]}
   */
  resume(at, now, rate) {
    this.#enter(Motion.STARTING);
    this.state.resume_at = at ?? now;
    return [...this.setRate(rate), { type: "Resume", at }];
  }

  /**
   * Pause at once.
   *
   * @returns {FollowerEffect[]}
   */
  pause() {
    this.#enter(Motion.PAUSING);
    return [{ type: "PauseNow" }];
  }

  /**
   * Play at `rate`; no command if the player has that rate already.
   *
   * @param {number} rate
   * @returns {FollowerEffect[]}
   */
  setRate(rate) {
    const commanded = this.state.commanded_rate;
    if (commanded !== null && Math.abs(rate - commanded) <= 1e-9 * Math.max(1, rate, commanded)) return [];
    this.state.commanded_rate = rate;
    return [{ type: "SetRate", rate }];
  }

  // ---- events -------------------------------------------------------------------------------------------------------

  /**
   * Take an event of the player's. Return false if it is outdated: of an older load, or from before a command.
   *
   * @param {import("./inputs.js").FollowedEvent} event
   * @returns {boolean}
   */
  update(event) {
    const state = this.state;
    if (event.generation !== state.generation) return false;
    switch (event.type) {
      case "Loaded":
      case "DurationChanged":
        state.duration = event.duration;
        return true;
      case "LoadFailed":
      case "PlayerDied":
        state.path = state.duration = null;
        this.#enter(Motion.EMPTY);
        return true;
    }
    if (state.motion === Motion.EMPTY) return false;
    switch (event.type) {
      case "Sampled":
        if (state.motion !== Motion.RUNNING) return false;
        state.position = event.position;
        state.at = event.at;
        state.rate = event.rate;
        return true;
      case "Settled":
        if (state.motion === Motion.SEEKING && state.seek_began_at !== null) {
          // The duration depends on where the key frames are, so the newest one counts for half.
          state.seek_cost = (this.seekCost + Math.max(0, event.at - state.seek_began_at)) / 2;
        } else if (state.motion !== Motion.LOADING) {
          state.target = null;
        }
        this.#enter(Motion.SETTLED);
        break;
      case "Shown":
        if (state.motion !== Motion.SETTLED) return false;
        state.looked = true;
        state.shown = event.position;
        // No seek led here: the film continues from what is shown.
        if (event.position !== null && state.target === null) state.position = event.position;
        return true;
      case "Started":
        // A pause or a seek was commanded later; its Settled is still to come.
        if (state.motion !== Motion.STARTING && state.motion !== Motion.SETTLED) return false;
        this.#enter(Motion.RUNNING);
        state.rate = state.commanded_rate || 1;
        state.target = null;
        break;
      case "Stalled":
        state.stalled = event.stalled && state.motion === Motion.RUNNING;
        return true;
      case "Ended":
        this.#enter(Motion.ENDED);
        break;
      default:
        return true;
    }
    state.position = event.position;
    state.at = event.at;
    return true;
  }

  /** @param {MotionName} motion */
  #enter(motion) {
    const state = this.state;
    state.motion = motion;
    state.resume_at = state.shown = null;
    state.stalled = state.looked = false;
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** @returns {string | null} The file that is loaded or being loaded. */
  get openPath() {
    return this.state.motion === Motion.EMPTY ? null : this.state.path;
  }

  /** @returns {number} How long a seek is expected to take, in seconds. */
  get seekCost() {
    return this.state.seek_cost ?? this.#policy.seek_cost;
  }

  /** @returns {import("./effects.js").ReportedState} The state as it is reported to a room. */
  get reportedState() {
    return this.state.stalled ? "buffering" : REPORTED_STATES[this.state.motion];
  }

  /**
   * Return the position: extrapolated from the newest sample if RUNNING, the target if SEEKING or LOADING.
   *
   * @param {number} now
   * @returns {number}
   */
  position(now) {
    const state = this.state;
    if (state.motion !== Motion.RUNNING) return state.position;
    return this.clamp(state.position + Math.max(0, now - state.at) * state.rate);
  }

  /**
   * Return the nearest position at which a player can settle.
   *
   * @param {number} position
   * @returns {number}
   */
  clamp(position) {
    const least = Math.max(0, position);
    if (this.state.duration === null) return least;
    const last = this.state.duration - this.#policy.end_margin;
    return least <= last ? least : Math.max(0, last);
  }

  /**
   * Return whether at most `within` seconds remain after `position`, or twice the end margin if that is more.
   *
   * Where the duration is unknown, the end is known once the picture has ENDED.
   *
   * @param {number} position
   * @param {number} [within]
   * @returns {boolean}
   */
  isAtEnd(position, within = 0) {
    const { duration, motion, position: own } = this.state;
    const end = duration === null && motion === Motion.ENDED ? own : duration;
    return end !== null && position >= end - Math.max(within, 2 * this.#policy.end_margin);
  }

  /**
   * Return whether the picture is settled on the frame of `position`.
   *
   * That is so if a seek or a load to this position led there: the player may then name the time of the frame instead of
   * the target. Without `bySeek` it is also so if the picture's own position is the same.
   *
   * @param {number} position
   * @param {{bySeek?: boolean}} [options]
   * @returns {boolean}
   */
  isSettledAt(position, { bySeek = false } = {}) {
    const { motion, position: own, target } = this.state;
    const tolerance = this.#policy.position_tolerance;
    if (motion !== Motion.SETTLED) return false;
    const clamped = this.clamp(position);
    if (!bySeek && Math.abs(own - clamped) <= tolerance) return true;
    return target !== null && Math.abs(target - clamped) <= tolerance;
  }

  /** Assert the invariants. */
  check() {
    const state = this.state;
    assert(state.path !== null || state.motion === Motion.EMPTY, "a picture without a file is empty");
    assert(state.resume_at === null || state.motion === Motion.STARTING, "only a picture that starts will resume");
    assert(state.position >= 0, "no picture is before the beginning");
  }
}
