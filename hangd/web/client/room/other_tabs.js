/**
 * Other tabs of this browser in the same room.
 *
 * All tabs of a browser keep the secrets of its rooms together. The secret of a host would take that role away from the
 * first tab when a second one joins the room: so a tab asks the others before it shows what is kept.
 *
 * @typedef {{server: string, room_id: string, name: string | null}} Where
 * @typedef {{ask: string, server: string, room: string}} Question
 */

import { sameRoom } from "../invites.js";

const CHANNEL = "hang.tabs";
/** Milliseconds within which another tab answers. One that is held still does not, and counts as gone. */
const ANSWERED_WITHIN = 300;

export class OtherTabs {
  #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);
  #asked = 0;
  /** What is asked here, and by no other tab. */
  #own = `${Date.now()} ${Math.random()}`;
  /** @type {Map<string, (isIn: boolean) => void>} */
  #waiting = new Map();

  /** @param {() => Where | null} where  The room in which this tab is; null: in none. */
  constructor(where) {
    this.#channel?.addEventListener("message", ({ data }) => {
      if (isQuestion(data)) {
        const here = where();
        const isHere = here !== null && here.server === data.server;
        if (isHere && (here.room_id === data.room || sameRoom(data.room, here.name))) {
          this.#channel?.postMessage({ answer: data.ask });
        }
      } else {
        this.#waiting.get(data?.answer)?.(true);
      }
    });
  }

  /**
   * Tells whether another tab of this browser is in this room now.
   *
   * @param {string} server
   * @param {string} room  Its name or id.
   * @returns {Promise<boolean>}
   */
  async areIn(server, room) {
    if (this.#channel === null) return false;
    const ask = `${this.#own} ${++this.#asked}`;
    const isIn = await new Promise((/** @type {(isIn: boolean) => void} */ done) => {
      this.#waiting.set(ask, done);
      this.#channel?.postMessage({ ask, server, room });
      setTimeout(done, ANSWERED_WITHIN, false);
    });
    this.#waiting.delete(ask);
    return isIn;
  }

  /** Neither asks nor answers any more. */
  close() {
    this.#channel?.close();
  }
}

/**
 * @param {any} data  Whatever came: another version of the page may be open in another tab.
 * @returns {data is Question}
 */
function isQuestion(data) {
  return [data?.ask, data?.server, data?.room].every((each) => typeof each === "string");
}
