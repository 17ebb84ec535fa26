/**
 * Follower: keeps one player at the position of a timeline, and turns the viewer's actions into requests to the room. (A
 * port of hangd/engine/follower/follower.py, held to the same golden traces. What the viewer asks for, and what happens
 * where the room does not answer, is in requests.js.)
 *
 * Theory of operation. There is a *timeline*, which says where the media has to be, and a `Picture`, which says where it
 * is. `Steering` is the one place that compares the two and gives the next command. It runs after every input, and gives
 * no command while the player is still working on the last one (LOADING, SEEKING, PAUSING). So in whatever order inputs
 * arrive, the player is always on its way to what the timeline says now.
 *
 * *Starts are scheduled.* The room names a future time, and every member resumes at it. A player that is late (a member
 * that joined, a slow seek) seeks to where the room will be when the seek is done, by the duration that seeks have had
 * here, and resumes when the room is at that position.
 *
 * *The viewer's actions.* A pause takes effect at once, and the request to the room names the frame on which it stopped;
 * until the room has answered, the timeline does not control the player (pending_input.js). A pause, a start or a frame
 * step that no command of the follower explains was made by the viewer at the player itself (by a media key, or in the
 * window of picture in picture). All else is requested, and takes effect when the room's timeline says so.
 *
 * *In no room* the follower has a timeline of its own, in local time (local_timeline.js), and adjusts it to the player.
 * Entering or leaving a room only replaces the timeline. So does what the viewer does while the room cannot be asked or
 * does not answer (on_own.js).
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 * @typedef {import("./effects.js").FollowerEffect} FollowerEffect
 * @typedef {import("./effects.js").SyncCommand} SyncCommand
 * @typedef {import("./picture.js").MotionName} MotionName
 */

import { assert } from "../invariant.js";
import { earliest, isNewer, isRunning } from "../timeline.js";
import { ClockFilter } from "./clock.js";
import { DriftController } from "./drift.js";
import { StartBias } from "./learned.js";
import { initial } from "./local_timeline.js";
import { OnOwn } from "./on_own.js";
import { PendingInput } from "./pending_input.js";
import { Motion, Picture } from "./picture.js";
import { Reporting } from "./reporting.js";
import { Requests } from "./requests.js";
import { follows, isPaused, newFollowerState, POLICIES, rateOf } from "./state.js";
import { Steering } from "./steering.js";

/** See the module's description. `now` is always the local monotonic time in seconds. */
export class Follower {
  #policy;
  #drift;
  #pendingInput;
  #startBias;
  #steering;
  #requests;
  #reporting;

  /**
   * @param {Readonly<import("./state.js").Policies>} [policies]
   * @param {import("./state.js").FollowerState} [state]  Another follower's `snapshot`, to continue from there.
   */
  constructor(policies = POLICIES, state = newFollowerState()) {
    this.policies = policies;
    this.state = state;
    this.#policy = policies.follower;
    this.clock = new ClockFilter(policies.clock, state.clock);
    this.picture = new Picture(policies.picture, state.picture);
    this.onOwn = new OnOwn(state.on_own);
    this.#drift = new DriftController(policies.drift, state.drift);
    this.#pendingInput = new PendingInput(policies.pending_input, state.pending_input);
    this.#startBias = new StartBias(state.start_bias);
    this.#steering = new Steering(this.#policy, state, {
      clock: this.clock,
      picture: this.picture,
      drift: this.#drift,
      pendingInput: this.#pendingInput,
      startBias: this.#startBias,
    });
    this.#reporting = new Reporting(this.#policy, state, this.clock, this.picture);
    this.#requests = new Requests(state, {
      picture: this.picture,
      pendingInput: this.#pendingInput,
      onOwn: this.onOwn,
      steering: this.#steering,
      setTimeline: (timeline, now) => this.#setTimeline(timeline, now),
    });
  }

  /**
   * Take one input and return the effects to carry out, in order. Throws nothing.
   *
   * @param {import("./inputs.js").FollowerInput} input
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  handle(input, now) {
    const state = this.state;
    /** @type {FollowerEffect[]} */
    let effects = [];
    switch (input.type) {
      case "PlayerSaid": {
        const before = state.picture.motion;
        if (!this.picture.update(input.event)) return [];
        effects = this.#playerSaid(input.event, before, now);
        break;
      }
      case "DeadlineReached":
        return this.expire(now);
      case "Pinged":
        effects = this.#pinged(input, now);
        break;
      case "TimelineReceived": {
        const taken = this.#timelineReceived(input, now);
        if (taken === null) return [];
        effects = taken;
        break;
      }
      case "FileOpened":
        effects = this.#fileOpened(input.path, input.start ?? 0, input.entry ?? 0, now);
        break;
      case "FileClosed":
        this.#pendingInput.clearWanted();
        this.#pendingInput.forgetMerged();
        effects = this.picture.close();
        break;
      case "LeftRoom":
        if (!state.in_room) return [];
        this.#requests.leaveRoom(now);
        break;
      case "RoomRefused": // The timeline controls the player again, so a pause is undone.
        this.#pendingInput.clear();
        if (state.on_own.link === "silent" && state.on_own.room !== null) {
          this.onOwn.reach();
          effects = this.#requests.followAgain(state.on_own.room, now);
        }
        break;
      case "LinkLost":
        if (!state.in_room || state.on_own.link === "down") return [];
        effects = this.#requests.loseLink("down", now);
        break;
      case "ClockFlushed":
        this.clock.flush();
        return [];
      case "AbsenceEnded":
        // The local clock may have stood still. Where the picture is, only the next sample can tell.
        this.clock.flush(now);
        this.#drift.restart(now);
        state.absence_unchecked = true;
        break;
      case "PauseRequested":
        effects = this.#requests.pauseRequested(input.paused, now);
        break;
      case "SeekRequested": {
        const position = this.picture.clamp(input.position);
        if (this.#pendingInput.merge(position, now)) return [];
        effects = this.#requests.requestSeek(position, now);
        break;
      }
      case "SpeedRequested":
        effects = this.#requests.request({ action: "Speed", rate: input.rate }, now);
        break;
      case "StopRequested":
        effects = this.#requests.request({ action: "Stop" }, now);
        break;
      case "TimingsRecalled":
        state.picture.seek_cost = input.timings.seek_cost;
        this.#startBias.restore(input.timings.start_bias);
        return [];
      case "OffsetSet":
        state.video_offset = input.seconds;
        return [];
    }
    return [...effects, ...this.#steerAndReport(now)];
  }

  /** @returns {number | null} The local time at which to call `expire`; null: no need to. */
  deadline() {
    const state = this.state;
    return earliest(
      this.#drift.deadline(),
      this.#pendingInput.deadline(),
      state.in_room ? state.report_due : null,
      state.scheduled === null ? null : this.clock.toLocal(state.scheduled.at),
    );
  }

  /**
   * Do what is due by `now`.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  expire(now) {
    const state = this.state;
    /** @type {FollowerEffect[]} */
    const effects = [];
    if (state.scheduled !== null && this.clock.toLocal(state.scheduled.at) <= now) {
      effects.push(...this.#setTimeline(state.scheduled, now));
    }
    if (this.#pendingInput.isOverdue(now)) effects.push(...this.#requests.answerMissing(now));
    this.#drift.expire(now);
    const position = this.#pendingInput.expire(now);
    if (position !== null) effects.push(...this.#requests.requestSeek(position, now));
    // `Reporting` makes a report again, with the error of now.
    if (state.report_due !== null && state.report_due <= now) state.reported = state.report_due = null;
    return [...effects, ...this.#steerAndReport(now)];
  }

  /** @returns {import("./state.js").FollowerState} A copy, from which another follower with the same policies continues. */
  snapshot() {
    return structuredClone(this.state);
  }

  /** Assert the invariants. */
  check() {
    const state = this.state;
    const own = state.on_own;
    this.picture.check();
    this.#pendingInput.check();
    assert(state.drift.trim === null || state.picture.motion === Motion.RUNNING, "only a running picture is trimmed");
    this.onOwn.check();
    assert(state.in_room || (own.link === "up" && own.room === null), "in no room nothing is left or lost");
    assert(state.scheduled === null || (follows(state) && isRunning(state.scheduled)), "only motion is scheduled");
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** @returns {boolean} Whether the player goes by the room's timeline. */
  get follows() {
    return follows(this.state);
  }

  /** @returns {number} The speed, including a change that takes effect in a moment. */
  get rate() {
    return rateOf(this.state);
  }

  /** @returns {boolean} Whether the media has to be paused. At a gate it has not: the room goes on by itself. */
  get paused() {
    return isPaused(this.state);
  }

  /**
   * Return the picture's position in seconds, in no room the one that it is on its way to; null: no file.
   *
   * @param {number} now
   * @returns {number | null}
   */
  position(now) {
    if (this.state.picture.motion === Motion.EMPTY) return null;
    return this.follows ? this.picture.position(now) : this.requestedPosition(now);
  }

  /**
   * Return the position that a relative seek starts from: the one requested last, or else the picture's.
   *
   * @param {number} now
   * @returns {number | null}
   */
  requestedPosition(now) {
    const requested = this.#pendingInput.seekPosition;
    if (requested !== null) return requested;
    switch (this.state.picture.motion) {
      case Motion.LOADING:
      case Motion.SEEKING: // The timeline may have moved on since that was commanded.
        return this.#steering.timelinePosition(now);
      case Motion.EMPTY:
        return null;
      default:
        return this.picture.position(now);
    }
  }

  /** @returns {number | null} Seconds, positive ahead, from samples or from the picture shown at rest; null: unknown. */
  get error() {
    const { timeline, picture, error } = this.state;
    if (!this.follows) return null;
    if (picture.motion === Motion.SETTLED && !isRunning(timeline)) return this.#errorAtRest();
    return picture.motion === Motion.RUNNING ? (this.#drift.error ?? error) : null;
  }

  /** @returns {number | null} */
  #errorAtRest() {
    const { shown, position } = this.state.picture;
    const wanted = this.state.timeline.position;
    if (shown === null) return null;
    // The player may name the time of the frame instead of the target: that is no error.
    return this.picture.isSettledAt(wanted) ? shown - position : shown - wanted;
  }

  /** @returns {boolean} Whether a request is to come: for a pause that is not done yet, or a seek that may be merged. */
  get hasUnsentRequest() {
    return this.state.picture.motion === Motion.PAUSING || this.state.pending_input.merged !== null;
  }

  // ---- the file, the room and the clock -----------------------------------------------------------------------------

  /**
   * @param {string} path
   * @param {number} start
   * @param {number} entry
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #fileOpened(path, start, entry, now) {
    const state = this.state;
    if (!this.follows) state.timeline = initial(now, start, { rate: state.timeline.rate });
    if (path !== state.picture.path || entry !== state.picture.entry) this.#pendingInput.forgetMerged();
    state.picture.duration = null;
    state.picture.entry = entry;
    return this.#steering.load(path, now);
  }

  /**
   * @param {import("./inputs.js").Pinged} pinged
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #pinged({ t0, t1, t2, t3 }, now) {
    const state = this.state;
    /** @type {FollowerEffect[]} */
    let effects = [];
    this.clock.add(t0, t1, t2, t3);
    if (state.absence_unchecked && this.follows && this.clock.locked) {
      state.absence_unchecked = false;
      effects = this.#steering.seekIfFar(now);
    }
    const requestedAt = state.on_own.requested_at;
    // The server speaks, so it has to answer as well.
    if (requestedAt !== null && t0 > requestedAt) this.#pendingInput.awaitAnswer(now);
    return effects;
  }

  /**
   * Take in what a timeline answers, schedules or changes. Return what follows at once; null: nothing.
   *
   * @param {import("./inputs.js").TimelineReceived} received
   * @param {number} now
   * @returns {FollowerEffect[] | null}
   */
  #timelineReceived({ timeline, entering = false, stop = false, answer = false }, now) {
    const state = this.state;
    const own = state.on_own;
    const known = own.room ?? state.scheduled ?? state.timeline;
    const newer = entering || isNewer(timeline, known);
    if (!entering && !(state.in_room && (newer || answer))) return null;
    const reached = entering || own.link !== "silent";
    const stays = reached && this.onOwn.stands(newer || own.room === null ? timeline : own.room);
    if (entering || timeline.epoch !== known.epoch) {
      // Reports belong to a connection, and to a run of the room: it has forgotten those of earlier ones.
      state.in_room = true;
      state.reported = null;
    }
    if (entering || own.link === "silent") this.onOwn.reach();
    this.#pendingInput.answered({ keepWanted: state.picture.motion === Motion.PAUSING });
    if (stays) {
      if (newer) own.room = timeline;
      return [];
    }
    if (own.room !== null) return this.#requests.followAgain(newer ? timeline : own.room, now);
    if (!newer) return [];
    const changesSpeed = isRunning(timeline) && isRunning(state.timeline) && !entering;
    if (changesSpeed && this.clock.locked) {
      const server = this.clock.toServer(now);
      if (state.timeline.at <= server && server < timeline.at) {
        state.scheduled = timeline; // Until then the room moves as before.
        return null;
      }
    }
    return [...(stop ? this.picture.unload() : []), ...this.#setTimeline(timeline, now)];
  }

  /**
   * @param {Timeline} timeline
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #setTimeline(timeline, now) {
    const state = this.state;
    state.timeline = timeline;
    state.scheduled = state.pending_input.requested = null;
    // A scheduled Resume is for the old timeline: `Steering` gives another one.
    state.picture.resume_at = null;
    state.seeks = 0;
    this.#startBias.discard();
    this.#drift.restart(now);
    return this.#steering.seekIfFar(now);
  }

  // ---- the player's events ------------------------------------------------------------------------------------------

  /**
   * Take an event that the picture accepted; `before` is the motion before it.
   *
   * @param {import("./inputs.js").FollowedEvent} event
   * @param {MotionName} before
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #playerSaid(event, before, now) {
    const state = this.state;
    switch (event.type) {
      case "Sampled": {
        const error = this.#steering.errorAt(event.position, event.at);
        if (error === null || state.picture.stalled) return [];
        this.#startBias.observe(error);
        return this.#steering.correct(error, event.at, now);
      }
      case "Shown":
        this.#shown(now);
        return [];
      case "Settled":
        return this.#requests.settled(before, this.picture.clamp(event.position), now);
      case "Started":
        return this.#started(before, event.position, event.at, now);
      case "Ended":
        // In a room it is the room that decides when the film has ended.
        if (!this.follows) {
          state.timeline = initial(now, this.picture.clamp(event.position), { rate: state.timeline.rate });
        }
        return [];
      case "OutputStale": {
        const { path } = state.picture;
        return path !== null && before !== Motion.ENDED ? this.#steering.load(path, now) : [];
      }
      default:
        return [];
    }
  }

  /**
   * Take what the player has seen: where no seek led there, the film goes on from this picture.
   *
   * @param {number} now
   */
  #shown(now) {
    const state = this.state;
    state.reported = null; // What the room was told of the error did not count with it.
    if (!this.follows && state.picture.target === null) {
      state.timeline = { ...state.timeline, position: this.picture.clamp(state.picture.position), at: now };
    }
  }

  /**
   * @param {MotionName} before
   * @param {number} position
   * @param {number} at
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #started(before, position, at, now) {
    const state = this.state;
    state.seeks = 0;
    state.error = null;
    this.#drift.restart(now);
    if (before === Motion.SETTLED) return this.#requests.started(position, now);
    // If the player resumed late and knows it, the error is known before the first sample.
    const error = this.#steering.errorAt(position, at);
    const late = error === null ? 0 : -error - state.start_bias.bias;
    if (late <= this.policies.drift.threshold_fresh || late > this.#policy.late_start_max) return [];
    this.#startBias.discard();
    return this.#steering.correct(-late, at, now);
  }

  // ---- steering -----------------------------------------------------------------------------------------------------

  /**
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #steerAndReport(now) {
    const effects = this.#steering.steer(now);
    if (this.state.picture.motion !== Motion.RUNNING) this.#drift.cancel();
    if (!this.#reporting.isWanted) return effects;
    return [...effects, ...this.#reporting.report(this.position(now) ?? 0, this.error, now)];
  }
}
