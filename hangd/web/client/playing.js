/**
 * What the viewer does with the film: in a room it is asked of the room, and takes effect for everybody.
 *
 * @typedef {object} PlayingParts  What this uses of the session.
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./driver.js").Driver} driver
 * @property {import("./kept.js").Kept} kept
 * @property {(notice: import("./base.js").Notice) => void} tell
 */

import { now } from "../engine/local_time.js";
import { positionAt, RATE_MAX, RATE_MIN } from "../engine/timeline.js";
import { t } from "../page/texts/texts.js";

export class Playing {
  #parts;

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
    if (!this.#parts.driver.follower.paused) this.setPaused(true);
    else this.#parts.driver.player.do({ type: "StepFrame", back: frames < 0 });
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
