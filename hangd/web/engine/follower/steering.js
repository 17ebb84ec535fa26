/**
 * Steering: compares the picture with the timeline, and returns the next command on the way from the one to the other. (A
 * port of hangd/engine/follower/steering.py.)
 *
 * It gives no command while the player is still working on the last one (LOADING, SEEKING, PAUSING). A start is made at
 * the time that the timeline names; a late player seeks ahead first. `Follower` calls it after every input.
 *
 * @typedef {import("./effects.js").FollowerEffect} FollowerEffect
 */

import { isRunning, positionAt, timeOf } from "../timeline.js";
import { Motion } from "./picture.js";
import { follows } from "./state.js";

/** See the module's description. Its state is the follower's. */
export class Steering {
  #policy;
  #state;
  #clock;
  #picture;
  #drift;
  #pendingInput;
  #startBias;

  /**
   * @param {Readonly<import("./state.js").FollowerPolicy>} policy
   * @param {import("./state.js").FollowerState} state
   * @param {object} parts
   * @param {import("./clock.js").ClockFilter} parts.clock
   * @param {import("./picture.js").Picture} parts.picture
   * @param {import("./drift.js").DriftController} parts.drift
   * @param {import("./pending_input.js").PendingInput} parts.pendingInput
   * @param {import("./learned.js").StartBias} parts.startBias
   */
  constructor(policy, state, { clock, picture, drift, pendingInput, startBias }) {
    this.#policy = policy;
    this.#state = state;
    this.#clock = clock;
    this.#picture = picture;
    this.#drift = drift;
    this.#pendingInput = pendingInput;
    this.#startBias = startBias;
  }

  /**
   * Return the error of a picture that was at `position` at the local time `at`; null if it is unknown.
   *
   * By its own timeline a player has no error, because the timeline is adjusted to the picture.
   *
   * @param {number} position
   * @param {number} at
   * @returns {number | null}
   */
  errorAt(position, at) {
    const state = this.#state;
    const timeline = state.timeline;
    if (!isRunning(timeline)) return null;
    if (!follows(state)) {
      state.timeline = { ...timeline, position, at };
      return null;
    }
    const server = this.#clock.toServer(at);
    if (!this.#clock.locked || server < timeline.at) return null;
    return position - state.video_offset - positionAt(timeline, server);
  }

  /**
   * Make the correction that the drift controller finds necessary, if any.
   *
   * @param {number} error
   * @param {number} at
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  correct(error, at, now) {
    this.#state.error = error;
    const correction = this.#drift.observe(error, at, this.#state.timeline.rate);
    if (correction === null) return [];
    /** @type {FollowerEffect} */
    const announcement = { type: "AnnounceCorrection", correction };
    switch (correction.type) {
      case "Trim": // `steer` sets the rate, now and after each sample.
        return [announcement];
      case "Hold":
        return [announcement, { type: "PauseFor", seconds: correction.seconds }];
      case "Resync":
        return [announcement, ...this.#seekAhead(now)];
    }
  }

  /**
   * Return the next command on the way from the picture to the timeline; none if it is on its way.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  steer(now) {
    const state = this.#state;
    const picture = this.#picture;
    const timeline = state.timeline;
    const inStep = follows(state);
    const running = isRunning(timeline);
    if (state.pending_input.wanted !== null) return [];
    // Without a clock nobody knows where a running room is.
    if (inStep && running && !this.#clock.locked) return [];
    switch (state.picture.motion) {
      case Motion.LOADING:
      case Motion.SEEKING:
      case Motion.PAUSING:
        return [];
      case Motion.EMPTY: {
        // After a Stop the path is still known: the file is loaded again when the timeline moves.
        const { path } = state.picture;
        return path !== null && (timeline.playing || timeline.position > 0) ? this.load(path, now) : [];
      }
      case Motion.RUNNING:
        if (running) return picture.setRate(this.#drift.rate ?? timeline.rate);
        break;
      case Motion.STARTING:
        if (running) return state.picture.resume_at === null ? this.#start(now) : [];
        break;
      case Motion.SETTLED:
        if (running) return this.#start(now);
        // In a room every member seeks to the frame of a pause, also the one that paused: the picture may have stopped a
        // frame or more beside the one that it named.
        if (picture.isSettledAt(timeline.position, { bySeek: inStep })) {
          if (inStep || !timeline.gate) return [];
          state.timeline = {
            ...timeline,
            rev: timeline.rev + 1,
            position: picture.position(now),
            at: now,
            gate: null,
          };
          return this.#start(now);
        }
        break;
      case Motion.ENDED:
        // A picture may end a little before the duration of its file: then nothing is left to show.
        if (running) {
          const ended = picture.isAtEnd(this.timelinePosition(now), this.#policy.end_tolerance);
          return ended ? [] : this.#seekAhead(now);
        }
        if (picture.isAtEnd(timeline.position)) return [];
        break;
    }
    return this.#seek(timeline.position, now);
  }

  /**
   * Resume a settled picture when the room is at its position, or seek if that is too far off.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #start(now) {
    const state = this.#state;
    const timeline = state.timeline;
    if (!follows(state)) return this.#picture.resume(null, now, timeline.rate);
    const server = this.#clock.toServer(now);
    if (this.#picture.isAtEnd(positionAt(timeline, server))) return [];
    const start = timeOf(timeline, this.#picture.position(now) - state.video_offset);
    const late = server - start;
    if (-this.#policy.wait_max <= late && late <= 0) {
      this.#startBias.begin(); // Only starts on time tell how exact starts are.
    } else {
      const soon = late < this.#policy.late_start_max || state.seeks >= this.#policy.late_seeks_max;
      if (late < 0 || !soon) return this.#seekAhead(now);
    }
    // The time may have just passed: a player that is able to then continues as if it had started in time.
    const at = this.#clock.toLocal(start) + state.start_bias.bias / timeline.rate;
    return this.#picture.resume(at, now, timeline.rate);
  }

  /**
   * Seek if the running picture is so far from the timeline that it cannot have drifted there.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  seekIfFar(now) {
    const state = this.#state;
    if (state.picture.motion !== Motion.RUNNING || !isRunning(state.timeline) || !this.#clock.locked) return [];
    const distance = Math.abs(this.#picture.position(now) - state.video_offset - this.timelinePosition(now));
    return distance > this.#policy.seek_threshold ? this.#seekAhead(now) : [];
  }

  /**
   * Seek to where the timeline will be when the seek is done.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #seekAhead(now) {
    const done = now + this.#picture.seekCost + this.#policy.seek_margin;
    return this.#seek(this.timelinePosition(done) + this.#state.video_offset, now);
  }

  /**
   * @param {number} wanted
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #seek(wanted, now) {
    const position = this.#picture.clamp(wanted);
    this.#state.seeks += 1;
    return [{ type: "AnnounceSeek", position }, ...this.#picture.seek(position, now)];
  }

  /**
   * Load a file, paused where the timeline is.
   *
   * @param {string} path
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  load(path, now) {
    this.#state.seeks = 0;
    this.#state.error = null;
    this.#pendingInput.clearWanted();
    return this.#picture.load(path, this.timelinePosition(now));
  }

  /**
   * Return the timeline's position at the local time `now`, limited to where a player can settle.
   *
   * @param {number} now
   * @returns {number}
   */
  timelinePosition(now) {
    const state = this.#state;
    const timeline = state.timeline;
    const inStep = follows(state);
    // Without a clock the start of the motion is the best guess. `steer` waits for the clock, and then corrects it.
    if (inStep && isRunning(timeline) && !this.#clock.locked) return this.#picture.clamp(timeline.position);
    return this.#picture.clamp(positionAt(timeline, inStep ? this.#clock.toServer(now) : now));
  }
}
