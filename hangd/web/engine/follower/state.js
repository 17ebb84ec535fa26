/**
 * The constants and the state of a `Follower`, as data. A trace contains both, so that it can be replayed. (A port of
 * hangd/engine/follower/state.py. Fields are named as there, because traces have them.)
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 *
 * @typedef {object} FollowerPolicy  Constants of the follower itself, in seconds if not stated otherwise.
 * @property {number} late_start_max
 *   A start that is late by less is made at once and left to the drift controller; otherwise the player seeks first.
 * @property {number} wait_max
 *   A paused player that is ahead of a running room by less waits for it; otherwise it seeks back.
 * @property {number} seek_threshold
 *   A running picture that is further from a new timeline than this seeks at once, because that is no drift.
 * @property {number} late_seeks_max
 *   After this many seeks that took too long a start is made however late it is, because the file seeks slowly.
 * @property {number} seek_margin
 *   Added to the expected duration of a seek: to wait a little is better than to seek again.
 * @property {number} end_tolerance  A picture may end this much before the duration of its file.
 * @property {number} report_interval  The room gets a report at least this often, while the film plays.
 * @property {number} rest_interval
 *   The room gets a report at least this often, while nothing moves: neither the film, nor the picture.
 *
 * @typedef {object} Policies  The constants of a follower and its parts.
 * @property {Readonly<FollowerPolicy>} follower
 * @property {Readonly<import("./drift.js").DriftPolicy>} drift
 * @property {Readonly<import("./clock.js").ClockPolicy>} clock
 * @property {Readonly<import("./picture.js").PicturePolicy>} picture
 * @property {Readonly<import("./pending_input.js").PendingInputPolicy>} pending_input
 *
 * @typedef {object} FollowerState
 *   What a follower knows. Times are local times, but for those in timelines, which are server times in a room.
 * @property {Timeline} timeline
 *   Where the media has to be: the room's timeline, or the player's own in no room and on its own.
 * @property {Timeline | null} scheduled
 *   The room's next timeline, which replaces `timeline` when its `at` has come. Only for changes of speed.
 * @property {boolean} in_room
 * @property {import("./on_own.js").OnOwnState} on_own
 * @property {number} video_offset
 *   Seconds by which the screen shows later than the player believes. The player is kept ahead by as much.
 * @property {number | null} error  The newest error in seconds, positive ahead; null since the last start.
 * @property {number} seeks  Seeks since the last start or new timeline.
 * @property {boolean} absence_unchecked
 *   An absence ended, and the picture has not been compared with the timeline since.
 * @property {[import("./effects.js").ReportedState, number] | null} reported
 *   What the room was told last, and at which rev of the timeline.
 * @property {number} reported_at
 * @property {number} reported_position
 * @property {number | null} report_due
 * @property {number} requests  Number of requests so far. It makes the next request's id.
 * @property {import("./clock.js").ClockState} clock
 * @property {import("./drift.js").DriftState} drift
 * @property {import("./picture.js").PictureState} picture
 * @property {import("./learned.js").StartBiasState} start_bias
 * @property {import("./pending_input.js").PendingInputState} pending_input
 */

import { CLOCK_POLICY, newClockState } from "./clock.js";
import { DRIFT_POLICY, newDriftState } from "./drift.js";
import { newStartBiasState } from "./learned.js";
import { initial } from "./local_timeline.js";
import { newOnOwnState } from "./on_own.js";
import { newPendingInputState, PENDING_INPUT_POLICY } from "./pending_input.js";
import { newPictureState, PICTURE_POLICY } from "./picture.js";

/** @type {Readonly<FollowerPolicy>} */
export const FOLLOWER_POLICY = Object.freeze({
  late_start_max: 0.04,
  wait_max: 2.0,
  seek_threshold: 0.5,
  late_seeks_max: 2,
  seek_margin: 0.05,
  end_tolerance: 1.0,
  report_interval: 2.0,
  rest_interval: 30.0,
});

/** hangd's own numbers, for VLC 3. The page's are in policies.js. @type {Readonly<Policies>} */
export const POLICIES = Object.freeze({
  follower: FOLLOWER_POLICY,
  drift: DRIFT_POLICY,
  clock: CLOCK_POLICY,
  picture: PICTURE_POLICY,
  pending_input: PENDING_INPUT_POLICY,
});

/** @returns {FollowerState} */
export function newFollowerState() {
  return {
    timeline: initial(0),
    scheduled: null,
    in_room: false,
    on_own: newOnOwnState(),
    video_offset: 0,
    error: null,
    seeks: 0,
    absence_unchecked: false,
    reported: null,
    reported_at: 0,
    reported_position: 0,
    report_due: null,
    requests: 0,
    clock: newClockState(),
    drift: newDriftState(),
    picture: newPictureState(),
    start_bias: newStartBiasState(),
    pending_input: newPendingInputState(),
  };
}

/**
 * Return the speed, including a change that takes effect in a moment.
 *
 * @param {FollowerState} state
 */
export function rateOf(state) {
  return (state.scheduled ?? state.timeline).rate;
}

/**
 * Return whether the media has to be paused. At a gate it has not: the room goes on by itself.
 *
 * @param {FollowerState} state
 */
export function isPaused(state) {
  const wanted = state.pending_input.wanted;
  return wanted === null ? !(state.scheduled ?? state.timeline).playing : wanted === "paused";
}

/**
 * Return whether `timeline` is the room's.
 *
 * @param {FollowerState} state
 * @returns {boolean}
 */
export function follows(state) {
  return state.in_room && state.on_own.room === null;
}
