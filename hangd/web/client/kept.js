/**
 * What this browser keeps between visits: the viewer's name, the secrets of rooms, and where this tab was.
 *
 * Storage may be absent (private windows, settings), full, or hold what another version wrote. Then what is kept lasts
 * as long as the page, and nothing else changes.
 *
 * @typedef {object} RoomKeys  The secrets by which a room knows this viewer again.
 * @property {string} server
 * @property {string} room_id
 * @property {string | null} name
 * @property {string | null} host_secret
 * @property {string | null} return_secret
 *
 * @typedef {object} Place  The room that this tab is in, and what it needs to go back there when it is loaded anew.
 * @property {string} server
 * @property {string} room_id
 * @property {string | null} name
 * @property {string | null} password
 * @property {string} client_id
 * @property {string} secret  Of the connection: `Hello {resume}`.
 * @property {boolean} [isSecond]  Another tab of this browser was in the room first.
 */

import { sameRoom } from "./invites.js";

const PREFIX = "hang.";
/** Rooms whose secrets are kept: those of the last months, for somebody who opens one each day. */
const ROOMS_MAX = 64;

export class Kept {
  #lasting;
  #ofTab;
  /** What could not be stored. @type {Map<string, string>} */
  #memory = new Map();

  /**
   * @param {Storage | null} lasting  `localStorage`
   * @param {Storage | null} ofTab  `sessionStorage`
   */
  constructor(lasting, ofTab) {
    this.#lasting = lasting;
    this.#ofTab = ofTab;
  }

  /** What the browser offers. @returns {Kept} */
  static ofBrowser() {
    return new Kept(
      storage(() => window.localStorage),
      storage(() => window.sessionStorage),
    );
  }

  /**
   * Returns a setting that was kept under this name, or `otherwise` if none was, or one of another type.
   *
   * @template {string | number | boolean} T
   * @param {string} name
   * @param {T} otherwise
   * @returns {T}
   */
  setting(name, otherwise) {
    const value = this.#read(this.#lasting, `setting.${name}`);
    return typeof value === typeof otherwise ? /** @type {T} */ (value) : otherwise;
  }

  /**
   * @param {string} name
   * @param {string | number | boolean} value
   */
  keepSetting(name, value) {
    this.#write(this.#lasting, `setting.${name}`, value);
  }

  /**
   * Returns the secrets for the room of this id at this server; else for the one used last that has this name.
   *
   * @param {string} server
   * @param {string} room
   * @returns {RoomKeys | null}
   */
  keys(server, room) {
    const known = this.#rooms().filter((keys) => keys.server === server);
    return known.find((keys) => keys.room_id === room) ?? known.find((keys) => sameRoom(room, keys.name)) ?? null;
  }

  /** @param {RoomKeys} keys */
  keepKeys(keys) {
    const others = this.#rooms().filter((each) => each.server !== keys.server || each.room_id !== keys.room_id);
    this.#write(this.#lasting, "rooms", [keys, ...others].slice(0, ROOMS_MAX));
  }

  /** @returns {RoomKeys[]}  Those used last are first. */
  #rooms() {
    const rooms = this.#read(this.#lasting, "rooms");
    return Array.isArray(rooms) ? rooms.filter(isKeys) : [];
  }

  /**
   * Takes out where this tab was. A tab that is duplicated while this one lives must not find it: the two would put one
   * another out of the room.
   *
   * @returns {Place | null}
   */
  takePlace() {
    const place = this.#read(this.#ofTab, "place");
    this.keepPlace(null);
    return isPlace(place) ? place : null;
  }

  /** @param {Place | null} place */
  keepPlace(place) {
    this.#write(this.#ofTab, "place", place);
  }

  /**
   * @param {Storage | null} where
   * @param {string} name
   * @returns {unknown}
   */
  #read(where, name) {
    let text = this.#memory.get(name) ?? null;
    try {
      text ??= where?.getItem(PREFIX + name) ?? null;
      return text === null ? null : JSON.parse(text);
    } catch {
      return null;
    }
  }

  /**
   * @param {Storage | null} where
   * @param {string} name
   * @param {unknown} value
   */
  #write(where, name, value) {
    const text = JSON.stringify(value);
    this.#memory.delete(name);
    try {
      if (where === null) throw new TypeError("there is no storage");
      if (value === null) where.removeItem(PREFIX + name);
      else where.setItem(PREFIX + name, text);
    } catch {
      this.#memory.set(name, text);
    }
  }
}

/**
 * @param {() => Storage} open
 * @returns {Storage | null}
 */
function storage(open) {
  try {
    return open();
  } catch {
    return null; // The browser forbids it, and says so by an exception.
  }
}

/**
 * @param {any} value  Whatever was stored.
 * @returns {value is RoomKeys}
 */
function isKeys(value) {
  return (
    typeof value?.server === "string" &&
    typeof value.room_id === "string" &&
    [value.name, value.host_secret, value.return_secret].every((each) => each === null || typeof each === "string")
  );
}

/**
 * @param {any} value  Whatever was stored.
 * @returns {value is Place}
 */
function isPlace(value) {
  return (
    [value?.server, value?.room_id, value?.client_id, value?.secret].every((each) => typeof each === "string") &&
    [value.name, value.password].every((each) => each === null || typeof each === "string")
  );
}
