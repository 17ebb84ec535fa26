/**
 * Requests: what the viewer does is asked of the room, and done alone where there is none or it does not answer. (A port
 * of a part of hangd/engine/follower/follower.py: its sections about the viewer's requests and about the room that does
 * not answer, and what follows from a pause, a step or a start that the viewer made at the player itself.)
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 * @typedef {import("./effects.js").FollowerEffect} FollowerEffect
 * @typedef {import("./effects.js").SyncCommand} SyncCommand
 * @typedef {import("./picture.js").MotionName} MotionName
 */

import { applied, initial } from "./local_timeline.js";
import { Motion } from "./picture.js";
import { follows, isPaused, rateOf } from "./state.js";

/** See the module's description. Its state is the follower's. */
export class Requests {
  #state;
  #picture;
  #pendingInput;
  #onOwn;
  #steering;
  #setTimeline;

  /**
   * @param {import("./state.js").FollowerState} state
   * @param {object} parts
   * @param {import("./picture.js").Picture} parts.picture
   * @param {import("./pending_input.js").PendingInput} parts.pendingInput
   * @param {import("./on_own.js").OnOwn} parts.onOwn
   * @param {import("./steering.js").Steering} parts.steering
   * @param {(timeline: Timeline, now: number) => FollowerEffect[]} parts.setTimeline  Follows another timeline.
   */
  constructor(state, { picture, pendingInput, onOwn, steering, setTimeline }) {
    this.#state = state;
    this.#picture = picture;
    this.#pendingInput = pendingInput;
    this.#onOwn = onOwn;
    this.#steering = steering;
    this.#setTimeline = setTimeline;
  }

  /**
   * Continue in no room, from where the picture is.
   *
   * @param {number} now
   */
  leaveRoom(now) {
    if (follows(this.#state)) this.takeOwnTimeline(now);
    this.#state.in_room = false;
    this.#onOwn.forget();
    this.#pendingInput.clear();
  }

  /**
   * Go by a timeline of its own, from where the picture is.
   *
   * @param {number} now
   */
  takeOwnTimeline(now) {
    const state = this.#state;
    const motion = state.picture.motion;
    const moves = motion === Motion.RUNNING || motion === Motion.STARTING;
    const playing = moves || ((motion === Motion.LOADING || motion === Motion.SEEKING) && !isPaused(this.#state));
    state.timeline = initial(now, this.#picture.position(now), { playing, rate: rateOf(this.#state), waits: !moves });
    state.scheduled = null;
    state.pending_input.wanted_at_rev = state.timeline.rev;
  }

  // ---- the room that does not answer --------------------------------------------------------------------------------

  /**
   * Note that the room cannot be asked, and do alone what it was asked for.
   *
   * @param {"silent" | "down"} link
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  loseLink(link, now) {
    this.#onOwn.lose(link, now);
    const commands = this.#state.pending_input.unanswered;
    this.#pendingInput.answered({ keepWanted: this.#state.picture.motion === Motion.PAUSING });
    this.#state.pending_input.requested = null;
    if (commands.length > 0) this.#goOnOwn(now);
    return commands.flatMap((command) => [...this.#doAlone(command, now), ...this.#steering.steer(now)]);
  }

  /**
   * Find the room silent, because it has not answered in time.
   *
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  answerMissing(now) {
    const own = this.#state.on_own;
    if (own.room !== null && own.link === "silent") {
      // It has answered a later ping, so it will not answer the request.
      this.#onOwn.reach();
      this.#pendingInput.clear();
      return this.followAgain(own.room, now);
    }
    if (this.#state.pending_input.unanswered.length > 0) return this.loseLink("silent", now);
    this.#pendingInput.clearWanted();
    return [];
  }

  /** @param {number} now */
  #goOnOwn(now) {
    this.#onOwn.begin(this.#state.scheduled ?? this.#state.timeline);
    this.takeOwnTimeline(now);
  }

  /**
   * @param {Timeline} room
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  followAgain(room, now) {
    this.#onOwn.end();
    this.#state.reported = null;
    return this.#setTimeline(room, now);
  }

  // ---- the viewer's requests ----------------------------------------------------------------------------------------

  /**
   * @param {boolean} paused
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  pauseRequested(paused, now) {
    const { picture, pending_input: pending } = this.#state;
    if (picture.motion === Motion.PAUSING && pending.wanted !== null) {
      // Decided when the picture has settled. A pause that is taken back before then is never requested.
      pending.wanted = paused ? "paused" : "playing";
      return [];
    }
    const room = this.#onOwn.left;
    if (!paused && room !== null) return this.followAgain(room, now);
    // A seek that the room has not answered yet takes effect first. Another position would undo it.
    const requested = this.#pendingInput.seekPosition;
    let position = requested ?? this.#steering.timelinePosition(now);
    if (!paused) {
      // A pause that the room has not answered yet: the picture, not the timeline, knows where it goes on.
      if (pending.wanted === "paused" && requested === null) {
        position = this.#picture.clamp(this.#picture.position(now));
      }
      return this.request({ action: "Play", timestamp: position }, now);
    }
    if (picture.motion === Motion.RUNNING || picture.motion === Motion.STARTING) {
      this.#pendingInput.want("paused", this.#state.timeline.rev, now);
      return this.#picture.pause();
    }
    return this.request({ action: "Pause", timestamp: position }, now);
  }

  /**
   * @param {number} position
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  requestSeek(position, now) {
    const effects = this.request({ action: "Seek", timestamp: position }, now);
    if (follows(this.#state)) this.#state.pending_input.requested = position; // else it is done already
    return effects;
  }

  /**
   * Send a request to the room; do it alone in no room, and where the room does not answer or cannot be asked.
   *
   * @param {SyncCommand} command
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  request(command, now) {
    const own = this.#state.on_own;
    if (follows(this.#state) && own.link === "up") {
      this.#pendingInput.asked(command, now);
      return [this.#ask(command)];
    }
    if (follows(this.#state)) this.#goOnOwn(now);
    if (own.link !== "silent") return this.#doAlone(command, now);
    own.requested_at = now;
    return [this.#ask(command), ...this.#doAlone(command, now)];
  }

  /**
   * @param {SyncCommand} command
   * @returns {FollowerEffect}
   */
  #ask(command) {
    this.#state.requests += 1;
    return { type: "SendRequest", command: { ...command, command_id: String(this.#state.requests) } };
  }

  /**
   * @param {SyncCommand} command
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  #doAlone(command, now) {
    const state = this.#state;
    const motion = state.picture.motion;
    if (state.in_room) this.#onOwn.obeyed(command);
    this.#pendingInput.clearWanted();
    state.timeline = applied(state.timeline, command, now, {
      loaded: state.picture.path !== null,
      moves: motion === Motion.RUNNING || motion === Motion.STARTING,
      atEnd: command.action === "Play" && this.#picture.isAtEnd(command.timestamp),
    });
    return command.action === "Stop" ? this.#picture.unload() : [];
  }

  /**
   * @param {MotionName} before
   * @param {number} settled
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  settled(before, settled, now) {
    const { timeline, pending_input: pending } = this.#state;
    switch (before) {
      case Motion.PAUSING:
      case Motion.RUNNING:
      case Motion.STARTING: {
        if (before === Motion.PAUSING && pending.wanted === "playing") {
          // The room was not told of the pause, and need not be, unless it has paused meanwhile.
          this.#pendingInput.clearWanted();
          if (timeline.playing) return [];
          return this.request({ action: "Play", timestamp: this.#steering.timelinePosition(now) }, now);
        }
        // The viewer paused, through the follower or at the player itself. If the room's timeline has changed since, the
        // viewer wants a pause there.
        const changed = before === Motion.PAUSING && pending.wanted_at_rev !== timeline.rev;
        this.#pendingInput.want("paused", timeline.rev, now);
        const timestamp = changed ? this.#steering.timelinePosition(now) : settled;
        return this.request({ action: "Pause", timestamp }, now);
      }
      case Motion.SETTLED:
        if (this.#picture.isSettledAt(timeline.position)) return [];
        // A frame step at the player itself. In a room that is paused all members take it.
        this.#pendingInput.want("paused", timeline.rev, now);
        return this.request({ action: "Seek", timestamp: settled }, now);
      default:
        return [];
    }
  }

  /**
   * Take that the viewer started the player itself.
   *
   * @param {number} position
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  started(position, now) {
    const room = this.#onOwn.left;
    if (room !== null) return this.followAgain(room, now);
    this.#pendingInput.want("playing", this.#state.timeline.rev, now);
    return this.request({ action: "Play", timestamp: this.#picture.clamp(position) }, now);
  }
}
