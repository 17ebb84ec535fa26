/**
 * What the viewer does with the film: in a room it is asked of the room, and takes effect for everybody.
 *
 * @typedef {object} PlayingParts  What this uses of the session.
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./driver.js").Driver} driver
 * @property {import("./kept.js").Kept} kept
 * @property {import("./changes.js").Changes} changes
 * @property {(notice: import("./base.js").Notice) => void} tell
 */

import { Motion } from "../engine/follower/picture.js";
import { now } from "../engine/local_time.js";
import { positionAt, RATE_MAX, RATE_MIN } from "../engine/timeline.js";
import { t } from "../page/texts/texts.js";

/** Steps that wait at most: a key that is held down asks for more than there can be. */
const STEPS_MAX = 3;

export class Playing {
  #parts;
  /** Steps that were asked for and are not done. */
  #steps = 0;
  /** @type {Promise<unknown>} */
  #stepped = Promise.resolve();

  /** @param {PlayingParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  togglePause() {
    this.setPaused(!this.#parts.driver.follower.paused);
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    if (this.#mayControl()) this.#parts.driver.tell({ type: "PauseRequested", paused });
  }

  /** @param {number} position */
  seek(position) {
    if (this.#mayControl()) this.#parts.driver.tell({ type: "SeekRequested", position });
  }

  /** @param {number} seconds */
  seekBy(seconds) {
    const from = this.#parts.driver.follower.requestedPosition(now()) ?? this.roomPosition();
    if (from !== null) this.seek(Math.max(0, from + seconds));
  }

  /** @param {number} rate */
  setSpeed(rate) {
    const within = Math.min(Math.max(rate, RATE_MIN), RATE_MAX);
    if (this.#mayControl()) this.#parts.driver.tell({ type: "SpeedRequested", rate: within });
  }

  /** @param {-1 | 1} frames */
  step(frames) {
    if (!this.#mayControl()) return;
    if (!this.#parts.driver.follower.paused) {
      this.setPaused(true);
    } else if (this.#steps < STEPS_MAX) {
      this.#steps++;
      this.#stepped = this.#stepped.then(() => this.#stepOnce(frames)).then(() => this.#steps--);
    }
  }

  /**
   * Steps once the picture stands where the room does, and waits until it has stepped.
   *
   * A player takes no step while it seeks, and the room's answer to the step before leads to a seek.
   *
   * @param {-1 | 1} frames
   */
  async #stepOnce(frames) {
    const { driver, changes } = this.#parts;
    const { picture, state } = driver.follower;
    const isOver = () => !driver.follower.paused || picture.state.motion === Motion.EMPTY;
    const isAnswered = () => state.pending_input.wanted === null && state.pending_input.unanswered.length === 0;
    await changes.until(() => isOver() || (isAnswered() && picture.isSettledAt(state.timeline.position)));
    if (isOver()) return;
    const { at } = picture.state;
    driver.player.do({ type: "StepFrame", back: frames < 0 });
    await changes.until(() => isOver() || picture.state.at !== at);
  }

  /** Whether this viewer may control what plays here. Says why not, if not. */
  #mayControl() {
    const view = this.#parts.viewer.room;
    if (view === null || view.mayControl || this.#parts.driver.follower.onOwn.obeysViewer) return true;
    const key = view.room.policy.control === "host" ? "error.OnlyHost" : "error.OnlyControllers";
    this.#parts.tell({ kind: "refused", text: t(key), about: null });
    return false;
  }

  /** @param {number} seconds */
  setOffset(seconds) {
    this.#parts.kept.keepSetting("offset", seconds);
    this.#parts.driver.tell({ type: "OffsetSet", seconds });
  }

  tapped() {
    /** @type {{tapped?: () => void}} */ (this.#parts.driver.player).tapped?.();
  }

  position() {
    return this.#parts.driver.follower.position(now());
  }

  roomPosition() {
    const view = this.#parts.viewer.room;
    const at = this.serverNow();
    return view === null || at === null ? null : positionAt(view.room.timeline, at);
  }

  /** @param {string} clientId */
  memberPosition(clientId) {
    const view = this.#parts.viewer.room;
    const member = view?.member(clientId) ?? null;
    if (view === null || member === null || member.position === null) return null;
    if (clientId === view.clientId) return this.position();
    const at = this.serverNow();
    if (member.state !== "playing" || member.heard_at === null || at === null) return member.position;
    const end = view.room.file?.duration ?? Number.POSITIVE_INFINITY;
    return Math.min(end, member.position + Math.max(0, at - member.heard_at) * view.room.timeline.rate);
  }

  serverNow() {
    const { clock } = this.#parts.driver.follower;
    return clock.locked ? clock.toServer(now()) : null;
  }
}
