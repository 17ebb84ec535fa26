/**
 * What leads into a room: connecting, opening the film, creating and joining.
 *
 * @typedef {import("./base.js").Outcome} Outcome
 * @typedef {import("./base.js").RoomOptions} RoomOptions
 *
 * @typedef {object} EnteringParts  What this uses of the session.
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./connection.js").Connection} connection
 * @property {import("./driver.js").Driver} driver
 * @property {import("./films/copy.js").LocalCopy} copy
 * @property {import("./films/films.js").Films} films
 * @property {import("./membership.js").Membership} membership
 * @property {import("./trust/account.js").Account} account
 * @property {import("./kept.js").Kept} kept
 * @property {import("./changes.js").Changes} changes
 * @property {import("./room/other_tabs.js").OtherTabs} tabs
 * @property {(notice: import("./base.js").Notice) => void} tell
 * @property {() => string} server  The URL of the server beside the page.
 */

import { LinkState } from "../engine/link/link.js";
import { t } from "../page/texts/texts.js";
import { isCopy } from "./films/comparing.js";
import { sameRoom } from "./invites.js";
import { refusal } from "./refusals.js";

/** @type {readonly string[]} */
const TRYING = [LinkState.DIALING, LinkState.GREETING];

/** Pages of the server's list of rooms: some 10,000 rooms, and fewer requests than a server grants in a minute. */
const PAGES_MAX = 50;

export class Entering {
  #parts;

  /** @param {EnteringParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Waits for a connection on which rooms may be asked for.
   *
   * @returns {Promise<Outcome>}
   */
  async connected() {
    const { account } = this.#parts;
    const up = await this.reached();
    if (!up.ok) return up;
    await account.settled();
    return account.isLacking ? { ok: false, code: "NeedsAccount", text: t("error.NeedsAccount") } : up;
  }

  /**
   * Waits for a connection: the one that is there, or another one.
   *
   * @returns {Promise<Outcome>}
   */
  async reached() {
    const { connection, changes, viewer, server } = this.#parts;
    const url = server();
    if (connection.isUp && connection.url === url && this.#isNamed) return { ok: true };
    if (connection.isUp && !this.#isNamed) connection.unwant();
    if (connection.state === LinkState.DOWN || connection.state === LinkState.WAITING) connection.want(url);
    // Another request may make another connection in its place before this goes on.
    while (TRYING.includes(connection.state)) await changes.until(() => !TRYING.includes(connection.state));
    if (connection.isUp) return this.#isNamed ? { ok: true } : this.reached();
    const text = connection.reason ?? t("error.NotConnected");
    if (viewer.room === null && connection.state !== LinkState.DOWN) connection.unwant();
    return { ok: false, code: "NotConnected", text };
  }

  /** In no room yet, the viewer may have changed their name: a connection has the one that it was made with. */
  get #isNamed() {
    const { connection, viewer } = this.#parts;
    return viewer.room !== null || connection.toldName === connection.name;
  }

  /**
   * Opens the viewer's copy of the room's film, or in no room the film to create one with.
   *
   * @param {File} file
   * @returns {Promise<Outcome>}
   */
  async openFile(file) {
    const { viewer, driver, copy, films } = this.#parts;
    films.picked(file);
    if (viewer.room === null || driver.file === null) copy.is("opening", { file, info: null });
    const info = await copy.quick(file);
    if (info === null) {
      const text = t("error.Unreadable");
      if (driver.file === null) copy.is("failed", { file, info: null, problem: text });
      return { ok: false, code: "Unreadable", text };
    }
    if (viewer.room !== null) return films.take(file, info);
    copy.is("opening", { file, info });
    driver.openFile(file, films.newNumber());
    const opened = await driver.opened;
    return opened.ok ? { ok: true } : { ok: false, code: opened.code, text: opened.text };
  }

  /** What is open in no room, or is being opened, once it stands ready. */
  async #open() {
    const { driver, copy } = this.#parts;
    if (copy.file === null || copy.phase === "refused") return null;
    await this.#parts.changes.until(() => copy.phase !== "opening");
    const { file, info } = copy;
    if (file === null || info === null || driver.file !== file) return null;
    return {
      file,
      info: copy.shared(info, driver.follower.picture.state.duration),
      whole: await copy.known(file, info),
    };
  }

  /**
   * Returns this copy, which was open when the server was asked, as what is open in the room that it leads into. null:
   * it is not, because the viewer has picked another file meanwhile.
   *
   * @param {{file: File, info: import("./base.js").FileInfo}} copy
   * @param {boolean} brought
   */
  #stillOpen({ file, info }, brought) {
    const { driver, copy } = this.#parts;
    if (driver.file !== file) return null;
    if (copy.file !== file) copy.is("open", { file, info }); // What is being picked is still to be compared with the film.
    return { file, info, brought, number: driver.entry };
  }

  /**
   * @param {RoomOptions} options
   * @returns {Promise<Outcome>}
   */
  async create({ name = "", password = "", policy = {} }) {
    const { viewer, copy, films, membership } = this.#parts;
    if (viewer.room !== null) return refusal("AlreadyInRoom");
    membership.returning.stayHere();
    const open = await this.#open();
    if (open === null) return { ok: false, code: "NoFile", text: copy.problem ?? t("error.NoFile") };
    const up = await this.connected();
    if (!up.ok) return up;
    const { file, info, whole } = open;
    const payload = {
      file_hash: whole,
      file: info,
      name: name.trim() || null,
      password: password || null,
      policy,
    };
    const answer = await membership.askToEnter({ type: "CreateRoom", payload }, (message, at) => {
      if (message.type !== "RoomCreated") return;
      const { room, client_id, host_secret, return_secret } = message.payload;
      const secrets = { password: payload.password, host_secret, return_secret };
      const mine = this.#stillOpen(open, true);
      if (room.queue.current !== null) films.found(room.queue.current, { file, info, brought: true });
      membership.enter(room, client_id, at, mine, secrets);
      if (mine !== null) copy.told(file, info, whole, { brought: true, duration: info.duration ?? null });
    });
    return answer.ok ? { ok: true } : refusal(answer.code, answer.said);
  }

  /** Returns the rooms of the server; null: it does not tell. */
  async list() {
    const rooms = [];
    let after = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      /** @type {import("../protocol/types.js").ListRooms} */
      const payload = after === null ? {} : { after };
      const answer = await this.#parts.connection.request({ type: "ListRooms", payload });
      if (!answer.ok || answer.message.type !== "Rooms") return null;
      rooms.push(...answer.message.payload.rooms);
      after = answer.message.payload.next;
      if (after === null) break;
    }
    return rooms;
  }

  /**
   * Returns the name of the film that a room shows, if the server publishes its rooms.
   *
   * @param {string} name  The room's name or id.
   */
  async #filmOf(name) {
    const rooms = (await this.list()) ?? [];
    return rooms.find((room) => room.room_id === name || sameRoom(name, room.name))?.media ?? null;
  }

  /**
   * @param {string} name  The room's name or id.
   * @param {{password?: string, invite?: string | null}} [options]
   * @returns {Promise<Outcome>}
   */
  async join(name, { password = "", invite = null } = {}) {
    const { viewer, driver, copy, membership, kept, tabs, tell, server } = this.#parts;
    if (viewer.room !== null) return refusal("AlreadyInRoom");
    membership.returning.stayHere();
    const open = await this.#open();
    const up = await this.connected();
    if (!up.ok) return up;
    const known = kept.keys(server(), name);
    const isSecond = known !== null && (await tabs.areIn(server(), known.room_id));
    const keys = isSecond ? null : known;
    const payload = {
      room_id: name,
      file_hash: open?.whole ?? null,
      file: open?.info ?? null,
      password: password || null,
      host_secret: keys?.host_secret ?? null,
      return_secret: keys?.return_secret ?? null,
      invite,
    };
    const answer = await membership.askToEnter({ type: "JoinRoom", payload }, (message, at) => {
      if (message.type !== "RoomJoined") return;
      const { room, client_id, return_secret } = message.payload;
      const host_secret = keys?.room_id === room.room_id ? keys.host_secret : null;
      const fits =
        open !== null && isCopy(room.policy.match, room.file_hash, room.file, open.whole, open.info) !== false;
      const mine = fits ? this.#stillOpen(open, false) : null;
      const secrets = { password: payload.password, host_secret, return_secret, isSecond };
      membership.enter(room, client_id, at, mine, secrets);
      if (isSecond) tell({ kind: "problem", text: t("tabs.second"), about: null });
      if (fits && mine !== null) copy.told(mine.file, mine.info, open.whole, { duration: mine.info.duration ?? null });
    });
    if (answer.ok) return { ok: true };
    if (answer.code === "FileHashMismatch") {
      if (driver.file === open?.file) {
        driver.closeFile();
        copy.is("refused", { problem: copy.mismatch });
      }
      const film = await this.#filmOf(name);
      if (film !== null) {
        return { ok: false, code: answer.code, text: t("error.FileHashMismatch.named", { film }), film };
      }
    }
    const isAsking = answer.code === "WrongPassword" && password === "";
    return isAsking
      ? { ok: false, code: "WrongPassword", text: t("error.PasswordNeeded") }
      : refusal(answer.code, answer.said);
  }
}
