/**
 * OnOwn: whether the room can be asked, and whether the player goes by a timeline of its own meanwhile. (A port of
 * hangd/engine/follower/on_own.py.)
 *
 * The link to the room is *up*; *silent* if it is up, but the room has not answered a request in time; or *down*. While it
 * is not up, the first thing that the viewer does puts the player *on its own*: it leaves the room's timeline, and obeys
 * the viewer at once, as in no room. The room's newest timeline is kept here, and the way back leads to it:
 *
 *               a request is not answered             the connection is lost
 *       up  ------------------------------>  silent  ------------------------>  down
 *        ^  ------------------------------------------------------------------>  |
 *        |          the room answers            |                                |
 *        +--------------------------------------+        back in the room        |
 *        +-----------------------------------------------------------------------+
 *
 * One case stays on its own though the link is up: the viewer paused while the link was down, and the room plays. Then the
 * player is *apart*: it stands until the viewer plays, or the room is paused.
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 *
 * @typedef {object} OnOwnState  What an `OnOwn` knows. Times are local times.
 * @property {"up" | "silent" | "down"} link
 * @property {number | null} since  When the link was found to be silent or down. Null: it is up.
 * @property {Timeline | null} room  The room's newest timeline, while the player is on its own. Null: it is not.
 * @property {boolean} paused  Whether the viewer has paused or stopped the player since it is on its own.
 * @property {number | null} requested_at  When the room was asked last, while the link is silent.
 */

import { assert } from "../invariant.js";

/** @returns {OnOwnState} */
export function newOnOwnState() {
  return { link: "up", since: null, room: null, paused: false, requested_at: null };
}

/** See the module's description. */
export class OnOwn {
  /** @param {OnOwnState} [state] */
  constructor(state = newOnOwnState()) {
    this.state = state;
  }

  /** @returns {boolean} Whether the room can be asked and, as far as it is known, answers. True in no room. */
  get reachesRoom() {
    return this.state.link === "up";
  }

  /** @returns {boolean} Whether what the viewer does concerns this player only, and so needs no permission. */
  get obeysViewer() {
    return this.state.link !== "up" || this.state.room !== null;
  }

  /** @returns {Timeline | null} That of the room that goes on without this player, and could be asked. */
  get left() {
    return this.state.link === "up" ? this.state.room : null;
  }

  /**
   * Note that the room cannot be asked.
   *
   * @param {"silent" | "down"} link
   * @param {number} now
   */
  lose(link, now) {
    this.state.link = link;
    this.state.requested_at = link === "silent" ? now : null;
    this.state.since ??= now;
  }

  /** Note that the room can be asked again. */
  reach() {
    this.state.link = "up";
    this.state.since = this.state.requested_at = null;
  }

  /**
   * Be on its own from now on.
   *
   * @param {Timeline} room  The timeline that is left.
   */
  begin(room) {
    this.state.room = room;
    this.state.paused = false;
  }

  /** Follow the room again. */
  end() {
    this.state.room = null;
    this.state.paused = false;
  }

  /** Be in no room. */
  forget() {
    this.end();
    this.reach();
  }

  /**
   * Return whether the player stays on its own in a room that can be asked again and has this timeline.
   *
   * @param {Timeline} room
   * @returns {boolean}
   */
  stands(room) {
    return this.state.room !== null && this.state.paused && room.playing;
  }

  /**
   * Note that the player does this on its own.
   *
   * @param {import("./effects.js").SyncCommand} command
   */
  obeyed(command) {
    if (command.action === "Pause" || command.action === "Stop") this.state.paused = true;
    else if (command.action === "Play") this.state.paused = false;
  }

  /** Assert the invariants. */
  check() {
    const state = this.state;
    assert((state.since === null) === (state.link === "up"), "a link that is not up is so since some time");
    assert(state.link !== "silent" || state.room !== null, "in a silent room the player is on its own");
    assert(!state.paused || state.room !== null, "only a player on its own is paused so");
    const left = this.left;
    assert(left === null || this.stands(left), "a player on its own in a room that answers stands");
    assert((state.requested_at !== null) === (state.link === "silent"), "only a silent room was asked in vain");
  }
}
