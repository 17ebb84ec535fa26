/**
 * Builds what the page is shown of the session, as one object. Parts that are the same as before are the same objects.
 *
 * @typedef {import("./base.js").SessionState} SessionState
 *
 * @typedef {object} StateParts
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./connection.js").Connection} connection
 * @property {import("./driver.js").Driver} driver
 * @property {import("./films/copy.js").LocalCopy} copy
 * @property {import("./trust/account.js").Account} account
 */

import { Motion } from "../engine/follower/picture.js";
import { LinkState } from "../engine/link/link.js";
import { now } from "../engine/local_time.js";
import { inviteTo } from "./invites.js";

/** @type {Record<string, import("./base.js").PlayingState["motion"]>} */
const MOTIONS = {
  [Motion.EMPTY]: "empty",
  [Motion.LOADING]: "loading",
  [Motion.SETTLED]: "paused",
  [Motion.STARTING]: "paused",
  [Motion.RUNNING]: "playing",
  [Motion.PAUSING]: "paused",
  [Motion.SEEKING]: "seeking",
  [Motion.ENDED]: "ended",
};

export class StateBuilder {
  #parts;
  #needsTap = false;
  /** @type {SessionState | null} */
  #last = null;

  /** @param {StateParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {boolean} needed  Whether the browser plays only after a tap.
   * @param {import("./changes.js").Changes} changes
   */
  tapNeeded(needed, changes) {
    this.#needsTap = needed;
    changes.announce();
  }

  /**
   * Returns the state of now: the same object as before if nothing has changed.
   *
   * @param {SessionState["chat"]} chat
   * @returns {SessionState}
   */
  build(chat) {
    const { viewer, connection, driver, account } = this.#parts;
    const { welcome } = connection;
    const view = viewer.room;
    const last = this.#last;
    /** @type {SessionState} */
    const state = {
      link: same(last?.link, this.#link()),
      server: welcome?.server ?? null,
      features: welcome?.features ?? none,
      pushKey: welcome?.push_key ?? null,
      motd: welcome?.motd ?? null,
      account: account.name,
      wants: connection.needsPassword ? "password" : account.isLacking ? "account" : null,
      me: view?.clientId ?? null,
      room: view?.room ?? null,
      invite: view === null ? null : inviteTo(document.baseURI, view.name ?? view.roomId, welcome?.public_url ?? null),
      left: viewer.left,
      copy: same(last?.copy, this.#copy()),
      playing: same(last?.playing, this.#playing()),
      chat,
      mayControl: view === null || driver.follower.onOwn.obeysViewer || view.mayControl,
      isHost: view?.role === "host",
    };
    this.#last = same(last, state);
    return this.#last;
  }

  /** @returns {SessionState["link"]} */
  #link() {
    const { state, reason, retryAt } = this.#parts.connection;
    const phases = /** @type {const} */ ({
      [LinkState.DOWN]: reason === null ? "off" : "refused",
      [LinkState.WAITING]: "waiting",
      [LinkState.DIALING]: "connecting",
      [LinkState.GREETING]: "connecting",
      [LinkState.UP]: "up",
    });
    return { phase: phases[state], retryAt, problem: reason };
  }

  /** @returns {SessionState["copy"]} */
  #copy() {
    const { copy, viewer, driver } = this.#parts;
    const { phase, info, problem, hashed } = copy;
    const duration = driver.file !== null && driver.file === copy.file ? driver.follower.picture.state.duration : null;
    return {
      phase,
      info: info === null ? null : same(this.#last?.copy.info, copy.shared(info, duration)),
      problem,
      hashed,
      verifying: viewer.room?.own?.verifying ?? false,
      needsTap: this.#needsTap && phase === "open",
    };
  }

  /** @returns {SessionState["playing"]} */
  #playing() {
    const { follower } = this.#parts.driver;
    const { state } = follower.picture;
    const inRoom = this.#parts.viewer.room !== null && follower.clock.locked;
    return {
      motion: MOTIONS[state.motion],
      stalled: state.stalled,
      paused: follower.paused,
      rate: follower.rate,
      duration: state.duration ?? this.#parts.viewer.room?.room.file?.duration ?? null,
      error: follower.error,
      bound: inRoom ? follower.clock.bound(now()) : null,
      correcting: follower.state.drift.trim !== null,
    };
  }
}

/** @type {readonly string[]} */
const none = [];

/**
 * Returns `before` if `after` has the same values.
 *
 * @template {object | null | undefined} T
 * @param {T | null | undefined} before
 * @param {NonNullable<T>} after
 * @returns {NonNullable<T>}
 */
function same(before, after) {
  if (!before) return after;
  const known = /** @type {Record<string, unknown>} */ (before);
  const isSame = Object.entries(after).every(([name, value]) => Object.is(known[name], value));
  return isSame ? /** @type {NonNullable<T>} */ (before) : after;
}
