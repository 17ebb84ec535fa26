/**
 * Reporting: when the room is told what this player does, and what it is told. (A port of
 * hangd/engine/follower/reporting.py.)
 *
 * It is told at once when the state of the player changes, when the room's timeline does, and when it has forgotten the
 * last report. Beyond that a report comes every two seconds while the film plays, because pictures drift, and seldom
 * while nothing moves: a room that is paused all night costs phones and the server little. A picture at rest that changes
 * its place all the same (a frame step) is told with the next report of the short interval. `Follower` asks after every
 * input.
 *
 * @typedef {import("./effects.js").ReportedState} ReportedState
 */

import { positionAt } from "../timeline.js";

/** See the module's description. Its state is the follower's. */
export class Reporting {
  #policy;
  #state;
  #clock;
  #picture;

  /**
   * @param {Readonly<import("./state.js").FollowerPolicy>} policy
   * @param {import("./state.js").FollowerState} state
   * @param {import("./clock.js").ClockFilter} clock
   * @param {import("./picture.js").Picture} picture
   */
  constructor(policy, state, clock, picture) {
    this.#policy = policy;
    this.#state = state;
    this.#clock = clock;
    this.#picture = picture;
  }

  /** Whether `report` has to be called: the room may have to be told something, or when next has to be judged. */
  get isWanted() {
    if (!this.#state.in_room || !this.#clock.locked) return false;
    const { reported } = this.#now();
    return reported === "paused" || reported === "ended" || reported === "idle" || !this.#isTold();
  }

  /**
   * Return a report if the room has not got one of this state and rev. Otherwise judge when the next one is due.
   *
   * @param {number} position  Of the picture, in seconds.
   * @param {number | null} error
   *   Of the picture, in seconds, as far as the player follows the room; null: unknown.
   * @param {number} now  Local time.
   * @returns {{type: "SendReport", report: import("./effects.js").Report}[]}
   */
  report(position, error, now) {
    const state = this.#state;
    const room = state.on_own.room;
    const { reported, rev } = this.#now();
    const isTold = this.#isTold();
    if (!isTold) {
      state.reported = [reported, rev];
      state.reported_at = now;
      state.reported_position = position;
    }
    const rests = this.#rests(reported) && position === state.reported_position;
    state.report_due = state.reported_at + (rests ? this.#policy.rest_interval : this.#policy.report_interval);
    if (isTold) return [];
    const at = this.#clock.toServer(now);
    const off = room === null ? error : position - positionAt(room, at);
    /** @type {import("./effects.js").Report} */
    const report = {
      state: reported,
      position,
      at,
      ...(off === null ? {} : { error: off }),
      clock_error: this.#clock.bound(now),
      rev,
      ...(room === null ? {} : { apart: true }),
    };
    return [{ type: "SendReport", report }];
  }

  /** Return the state of the player, and the rev of the room's timeline. */
  #now() {
    const { on_own: own, timeline } = this.#state;
    return { reported: this.#picture.reportedState, rev: (own.room ?? timeline).rev };
  }

  #isTold() {
    const told = this.#state.reported;
    const { reported, rev } = this.#now();
    return told !== null && told[0] === reported && told[1] === rev;
  }

  /**
   * Tell whether nothing moves of what a report tells. From who is apart, the room moves away.
   *
   * @param {ReportedState} reported
   */
  #rests(reported) {
    const { timeline, on_own: own } = this.#state;
    if (own.room !== null) return false;
    const stands = !timeline.playing && !timeline.gate;
    return reported === "idle" || (stands && (reported === "paused" || reported === "ended"));
  }
}
