/**
 * What the viewer asks of the room beside playing: each is a request of the protocol, and its outcome for the page.
 *
 * @typedef {import("../base.js").Outcome} Outcome
 * @typedef {import("../../protocol/types.js").ClientMessage} ClientMessage
 * @typedef {import("../../protocol/types.js").ServerMessage} ServerMessage
 *
 * @typedef {object} RequestsParts  What this uses of the session.
 * @property {import("../viewer.js").Viewer} viewer
 * @property {import("../connection.js").Connection} connection
 * @property {import("../driver.js").Driver} driver
 * @property {import("../films/copy.js").LocalCopy} copy
 * @property {import("../films/films.js").Films} films
 */

import { insert } from "../films/queue.js";
import { outcomeOf, refusal } from "../refusals.js";

export class Requests {
  #parts;

  /** @param {RequestsParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Asks the server for something.
   *
   * @param {ClientMessage} message
   * @returns {Promise<Outcome>}
   */
  async ask(message) {
    const answer = await this.#parts.connection.request(message);
    return answer.ok ? { ok: true, told: answer.message.payload } : outcomeOf(answer);
  }

  /**
   * Asks the room for something.
   *
   * @param {ClientMessage} message
   * @param {(message: ServerMessage) => void} [arrived]
   * @returns {Promise<Outcome>}
   */
  async #ask(message, arrived) {
    if (this.#parts.viewer.room === null) return refusal("NotInRoom");
    return outcomeOf(await this.#parts.connection.request(message, arrived));
  }

  startNow() {
    const timeline = this.#parts.viewer.room?.room.timeline;
    if (timeline === undefined) return Promise.resolve(refusal("NotInRoom"));
    if (timeline.playing) return Promise.resolve(/** @type {Outcome} */ ({ ok: true }));
    return this.#ask({ type: "SyncCommand", payload: { action: "Play", timestamp: timeline.position, force: true } });
  }

  /**
   * @param {boolean} ready
   * @param {string} [member]
   */
  setReady(ready, member) {
    return this.#ask({ type: "SetReady", payload: { ready, client_id: member ?? null } });
  }

  /** @param {string} text */
  say(text) {
    const line = text.replace(/\p{Cc}+/gu, " ").trim();
    if (line === "") return Promise.resolve(/** @type {Outcome} */ ({ ok: true }));
    return this.#ask({ type: "Say", payload: { text: line } });
  }

  /** @param {object} change */
  setPolicy(change) {
    return this.#ask({ type: "SetPolicy", payload: change });
  }

  /**
   * @param {string} member
   * @param {"host" | "controller" | "viewer"} role
   */
  setRole(member, role) {
    return this.#ask({ type: "SetRole", payload: { client_id: member, role } });
  }

  /**
   * @param {string} member
   * @param {{ban?: boolean, reason?: string}} [options]
   */
  kick(member, { ban = false, reason } = {}) {
    return this.#ask({ type: "Kick", payload: { client_id: member, ban, reason: reason?.trim() || null } });
  }

  /**
   * @param {File[]} files
   * @param {string | null} [after]
   */
  queueInsert(files, after) {
    return insert({ ...this.#parts, ask: this.#ask.bind(this) }, files, after);
  }

  /** @param {string[]} ids */
  queueRemove(ids) {
    return this.#ask({ type: "QueueRemove", payload: { ids } });
  }

  /**
   * @param {string[]} ids
   * @param {string | null} after
   */
  queueMove(ids, after) {
    return this.#ask({ type: "QueueMove", payload: { ids, after } });
  }

  /**
   * Moves the room on to this entry. What plays there plays on.
   *
   * @param {string} id
   */
  showEntry(id) {
    const { viewer, driver } = this.#parts;
    const isPlaying = (viewer.room?.room.start ?? null) !== null || !driver.follower.paused;
    return this.#ask({ type: "SetMedia", payload: { entry: id, play: isPlaying } });
  }
}
