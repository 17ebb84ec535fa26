/**
 * The films of the room: which of them is shown here, and the copies of it that this browser has.
 *
 * A browser shows a page only the files that the viewer has picked for it. When the room shows another film, its copy is
 * looked for among those, and among files that were picked on earlier visits where the browser lets them be remembered.
 *
 * @typedef {import("../../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../../protocol/types.js").Timeline} Timeline
 * @typedef {{file: File, info: FileInfo, brought: boolean}} Copy
 *
 * @typedef {object} FilmsParts  What this uses of the session.
 * @property {import("../viewer.js").Viewer} viewer
 * @property {import("../driver.js").Driver} driver
 * @property {import("./copy.js").LocalCopy} copy
 * @property {import("../base.js").LocalFiles} files
 * @property {import("../changes.js").Changes} changes
 * @property {(notice: import("../base.js").Notice) => void} tell
 */

import { t } from "../../page/texts/texts.js";
import { filmMissing } from "../room/notices.js";
import { isCopy } from "./comparing.js";

export class Films {
  #parts;
  /** Copies by the id of the queue's entry. @type {Map<string, Copy>} */
  #copies = new Map();
  /** Numbers of entries, as the player's commands name them. @type {Map<string, number>} */
  #numbers = new Map();
  #numbered = 0;
  /** @type {File[]} */
  #offered = [];
  /** @type {Set<File>} */
  #picked = new Set();
  /** Aborted when what is looked for is wanted no more. */
  #search = new AbortController();

  /** Whether files are being compared with the room's film, and nothing is open meanwhile: no report is sent then. */
  isSearching = false;
  /** Whether there is no copy of the room's film here. */
  isMissing = false;

  /** @param {FilmsParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Returns a number for an entry that is in no room. */
  newNumber() {
    return ++this.#numbered;
  }

  /** The viewer is in no room any more. */
  leave() {
    this.#cancel();
    this.#copies.clear();
    this.isMissing = false;
  }

  /**
   * Files that were picked as a whole, in place of those of before.
   *
   * @param {File[]} files
   */
  offer(files) {
    this.#offered = files;
    this.#searchAgain();
  }

  /**
   * A file that was picked by itself: for now, or for a film that comes later.
   *
   * @param {File} file
   */
  picked(file) {
    this.#picked.add(file);
  }

  /**
   * This file is a copy of an entry of the queue.
   *
   * @param {string} id
   * @param {Copy} copy
   */
  found(id, copy) {
    this.#copies.set(id, copy);
  }

  /**
   * More is known of an entry: a copy may be found by that which was not found before.
   *
   * @param {string | null} id  null: the film is no entry of the queue.
   */
  learned(id) {
    if (id === (this.#parts.viewer.room?.room.queue.current ?? null)) this.#searchAgain();
  }

  #searchAgain() {
    if (this.isMissing && this.#parts.viewer.room !== null) this.#begin();
  }

  // ---- the film that is shown ---------------------------------------------------------------------------------------

  /**
   * The room shows a film, from this timeline on: opens the copy that is here, or looks for one.
   *
   * @param {Timeline | null} timeline
   */
  show(timeline) {
    const { viewer, driver, copy } = this.#parts;
    this.#cancel();
    this.isMissing = false;
    const current = viewer.room?.room.queue.current ?? null;
    const known = current === null ? undefined : this.#copies.get(current);
    if (known !== undefined && this.#fits(known.info) !== false) {
      this.#open(known, timeline);
      return;
    }
    copy.forget();
    this.isSearching = true;
    driver.changeFilm(null, this.#number(), timeline);
    this.#begin();
  }

  /** The viewer is back in the room: shows its film, unless that is what stands here. */
  catchUp() {
    const { driver } = this.#parts;
    if (driver.entry !== this.#number() || driver.file === null) this.show(null);
  }

  /**
   * This file, which is open or will be opened at once, is this browser's copy of the film that is shown.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @param {{brought?: boolean}} [options]  `brought`: the film has come into the room from here.
   * @returns {number}  The number of the entry.
   */
  bind(file, info, { brought = false } = {}) {
    this.#cancel();
    this.isMissing = false;
    const current = this.#parts.viewer.room?.room.queue.current ?? null;
    if (current !== null) this.#copies.set(current, { file, info, brought });
    return this.#number();
  }

  /**
   * The film that is open is the room's, under the number that it has here already.
   *
   * @param {number} number
   */
  keepNumber(number) {
    this.#numbers.set(this.#key(), number);
  }

  /**
   * Opens a file that the viewer picked as the copy of the film that is shown.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @returns {Promise<import("../base.js").Outcome>}
   */
  async take(file, info) {
    const { viewer, driver, copy } = this.#parts;
    const view = viewer.room;
    const fits = this.#fits(info);
    if (fits === false) return this.#refuse(file, info);
    this.#cancel();
    this.isMissing = false;
    this.isSearching = fits === null; // What stands there is not to be reported before it is known to be a copy.
    copy.is("opening", { file, info });
    driver.changeFilm(file, this.#number(), null);
    const opened = await driver.opened;
    this.isSearching = false;
    if (!opened.ok) return { ok: false, code: opened.code, text: opened.text };
    if (viewer.room !== view || driver.file !== file) return { ok: false, code: "replaced", text: "" };
    if (fits === null && !this.#fits({ ...info, duration: opened.duration })) {
      driver.changeFilm(null, this.#number(), null);
      return this.#refuse(file, info);
    }
    this.bind(file, info);
    copy.tell(file, info, await copy.known(file, info));
    return { ok: true };
  }

  /**
   * @param {File} file
   * @param {FileInfo} info
   * @returns {import("../base.js").Outcome}
   */
  #refuse(file, info) {
    const { copy, driver } = this.#parts;
    const text = t("error.OtherFilm");
    if (driver.file === null) copy.is("refused", { file, info, problem: text });
    return { ok: false, code: "FileHashMismatch", text };
  }

  /**
   * @param {Copy} found
   * @param {Timeline | null} timeline
   */
  async #open({ file, info, brought }, timeline) {
    const { copy, driver } = this.#parts;
    const number = this.bind(file, info, { brought });
    copy.is("opening", { file, info });
    // The room is told first, so that it waits for this member while the player opens the film.
    copy.tell(file, info, null, { brought });
    driver.changeFilm(file, number, timeline);
  }

  /**
   * Tells whether a file is a copy of the film that is shown. null: its duration says.
   *
   * @param {FileInfo} info
   */
  #fits(info) {
    const room = this.#parts.viewer.room?.room;
    if (room === undefined) return false;
    return isCopy(room.policy.match, room.file_hash, room.file, null, info);
  }

  /** The number of the entry that is shown. */
  #number() {
    const key = this.#key();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.newNumber();
      this.#numbers.set(key, number);
    }
    return number;
  }

  #key() {
    const room = this.#parts.viewer.room?.room;
    if (room === undefined) return "";
    return `${room.room_id} ${room.queue.current ?? JSON.stringify([room.file?.size, room.file?.quick_hash, room.file_hash])}`;
  }

  // ---- looking for copies -------------------------------------------------------------------------------------------

  #cancel() {
    this.#search.abort();
    this.isSearching = false;
  }

  async #begin() {
    this.#search.abort();
    const search = new AbortController();
    this.#search = search;
    this.isSearching = true;
    const found = await this.#find(search.signal).catch((error) => {
      console.error("looking for a copy failed", error);
      return null;
    });
    if (search.signal.aborted) return;
    this.isSearching = false;
    if (found !== null) this.#open(found, null);
    else this.#lack();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Copy | null>}
   */
  async #find(signal) {
    const { viewer, files } = this.#parts;
    const room = viewer.room?.room;
    if (room === undefined || room.file === null) return null;
    const { file: film, policy } = room;
    // Where every file is a copy, one that is the copy of another film is not meant.
    const others = new Set([...this.#copies].flatMap(([id, { file }]) => (id === room.queue.current ? [] : [file])));
    const mine = [...this.#picked, ...this.#offered];
    const same = (await files.findCopy(film, mine)) ?? (await files.recall(film));
    if (signal.aborted) return null;
    if (same !== null) return this.#tried(same, signal);
    if (policy.match === "hash") return null;
    const free = mine.filter((file) => !others.has(file));
    const like = await files.findCopy(film, free, policy.match);
    return like === null || signal.aborted ? null : this.#tried(like, signal);
  }

  /**
   * Returns this file if it is a copy of the film that is shown. Where durations are compared, it is opened for that.
   *
   * @param {File} file
   * @param {AbortSignal} signal
   * @returns {Promise<Copy | null>}
   */
  async #tried(file, signal) {
    const { driver, copy } = this.#parts;
    const info = await copy.quick(file);
    if (info === null || signal.aborted) return null;
    let fits = this.#fits(info);
    if (fits === null) {
      driver.changeFilm(file, this.#number(), null);
      const opened = await driver.opened;
      fits = opened.ok && this.#fits({ ...info, duration: opened.duration });
    }
    return fits && !signal.aborted ? { file, info, brought: false } : null;
  }

  #lack() {
    const { viewer, driver, copy, changes, tell } = this.#parts;
    const isNews = !this.isMissing;
    this.isMissing = true;
    copy.forget();
    driver.changeFilm(null, this.#number(), null);
    if (isNews && viewer.room !== null) tell(filmMissing(viewer.room.names, viewer.room.clientId));
    changes.announce();
  }
}
