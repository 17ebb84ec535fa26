/**
 * This browser's copy of the film that is shown: its hashes, and what the room is told of it.
 *
 * A film is known by the hash of its whole file, which can take minutes to read. Meanwhile its quick hash lets a member
 * in, and the whole one follows. A room that compares durations is told of a copy once the player has opened it.
 *
 * @typedef {import("../../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../base.js").CopyState} CopyState
 *
 * @typedef {object} Told  A copy that the room was told of, or will be.
 * @property {File} file
 * @property {FileInfo} info
 * @property {string | null} entry  The entry that the room showed then: its film is what this is a copy of.
 * @property {boolean} brought  Whether the film came into the room from here: the room takes its whole hash from here.
 * @property {number | null} duration  The duration that the room was told.
 *
 * @typedef {object} CopyParts  What this uses of the session.
 * @property {import("../viewer.js").Viewer} viewer
 * @property {import("../connection.js").Connection} connection
 * @property {import("../driver.js").Driver} driver
 * @property {import("../base.js").LocalFiles} files
 * @property {import("../changes.js").Changes} changes
 */

import { t } from "../../page/texts/texts.js";
import { isSame, sharedName } from "./comparing.js";

export class LocalCopy {
  #parts;
  /** @type {WeakMap<File, Promise<FileInfo | null>>} */
  #quick = new WeakMap();
  /** @type {Told | null} */
  #told = null;
  /** @type {AbortController | null} */
  #proving = null;

  /** The hash of the whole file that is shown; null until it is known. @type {string | null} */
  hash = null;
  /** The file that was picked last, also if it is refused or cannot be played. @type {File | null} */
  file = null;
  /** @type {FileInfo | null} */
  info = null;
  /** @type {CopyState["phase"]} */
  phase = "none";
  /** @type {string | null} */
  problem = null;
  /** The share that has been read of a file that is being hashed. @type {number | null} */
  hashed = null;

  /** @param {CopyParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Returns what a room is told of a file, its duration apart. null: it cannot be read.
   *
   * @param {File} file
   * @returns {Promise<FileInfo | null>}
   */
  quick(file) {
    let known = this.#quick.get(file);
    if (known === undefined) {
      known = this.#parts.files.quickHash(file).then(
        (quick_hash) => ({ size: file.size, name: sharedName(file.name), quick_hash }),
        () => {
          this.#quick.delete(file); // It may be there again later.
          return null;
        },
      );
      this.#quick.set(file, known);
    }
    return known;
  }

  /**
   * Returns the hash of the whole file if it was made before.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @returns {Promise<string | null>}
   */
  known(file, info) {
    return this.#parts.files.knownHash(file, info.quick_hash ?? "").catch(() => null);
  }

  /**
   * Reads a whole file and returns its hash; null: it cannot be read, or `signal` says stop.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @param {AbortSignal} signal
   */
  async whole(file, info, signal) {
    const { files, changes } = this.#parts;
    const known = await this.known(file, info);
    if (known !== null || signal.aborted) return known;
    this.#progressed(0);
    try {
      const hash = await files.hashWhole(file, (share) => this.#progressed(signal.aborted ? null : share), signal);
      files.keepHash(file, info.quick_hash ?? "", hash).catch(() => {});
      return hash;
    } catch (error) {
      if (!signal.aborted) console.warn("the file could not be hashed", error);
      return null;
    } finally {
      if (!signal.aborted) this.#progressed(null);
      changes.announce();
    }
  }

  /** @param {number | null} share */
  #progressed(share) {
    this.hashed = share;
    this.#parts.changes.announce();
  }

  /**
   * Shows how it stands with the copy.
   *
   * @param {CopyState["phase"]} phase
   * @param {{file?: File | null, info?: FileInfo | null, problem?: string | null}} [more]
   */
  is(phase, { file = this.file, info = this.info, problem = null } = {}) {
    this.phase = phase;
    this.file = file;
    this.info = info;
    this.problem = problem;
    this.#parts.changes.announce();
  }

  /** Nothing is shown, or nothing that the room knows of. */
  forget() {
    this.#stopProving();
    this.#told = null;
    this.hash = null;
    this.is("none", { file: null, info: null });
  }

  /**
   * Tells the room that this is the copy here of the film that it shows.
   *
   * If its whole hash is not known (null), it is read now and told then.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @param {string | null} hash
   * @param {{brought?: boolean}} [options]
   */
  tell(file, info, hash, { brought = false } = {}) {
    this.told(file, info, hash, { brought });
    const told = this.#told;
    const { viewer, connection } = this.#parts;
    if (told === null || viewer.room === null || !connection.isUp) return;
    told.duration = this.#duration(file);
    if (told.duration !== null || viewer.room.room.policy.match !== "duration") this.#send(told);
  }

  /**
   * The room knows of this copy already. If its whole hash is not known (null), it is read now and told then.
   *
   * @param {File} file
   * @param {FileInfo} info
   * @param {string | null} hash
   * @param {{brought?: boolean, duration?: number | null}} [options]
   */
  told(file, info, hash, { brought = false, duration = null } = {}) {
    this.#stopProving();
    this.hash = hash;
    this.#told = null;
    const view = this.#parts.viewer.room;
    if (view === null) return;
    const { room } = view;
    const told = { file, info, entry: room.queue.current, brought, duration };
    this.#told = told;
    // Other encodings need not be proven. The film itself is, so that others find it by its hash.
    const isFilm = room.file_hash === null && isSame(null, info, null, room.file);
    if (hash === null && (room.policy.match === "hash" || isFilm)) this.#prove(told);
  }

  /** The film that was opened stands ready: tells the room how long it is, if that was not known before. */
  filmReady() {
    const told = this.#told;
    if (told === null || told.duration !== null || !this.#parts.connection.isUp) return;
    told.duration = this.#duration(told.file);
    if (told.duration !== null) this.#send(told);
  }

  /**
   * Returns what the room may be told of a file.
   *
   * @param {FileInfo} info
   * @param {number | null} duration
   * @returns {FileInfo}
   */
  shared(info, duration) {
    return duration === null ? info : { ...info, duration };
  }

  /** @param {File} file */
  #duration(file) {
    const { driver } = this.#parts;
    return driver.file === file ? driver.follower.picture.state.duration : null;
  }

  /** @param {Told} told */
  #send(told) {
    const file = this.shared(told.info, told.duration);
    this.#parts.connection.send({ type: "SetFile", payload: { file, file_hash: this.hash, entry: told.entry } });
  }

  #stopProving() {
    this.#proving?.abort();
    this.#proving = null;
    this.hashed = null;
  }

  /**
   * Reads the whole file and tells the room its hash: the room knows it by the quick hash alone.
   *
   * @param {Told} told
   */
  async #prove(told) {
    const { viewer, connection, changes } = this.#parts;
    const view = viewer.room;
    const proving = new AbortController();
    this.#proving = proving;
    const hash = await this.whole(told.file, told.info, proving.signal);
    if (hash === null) return;
    // The connection may be down now. A member that comes back is still to be verified.
    await changes.until(() => proving.signal.aborted || viewer.room !== view || connection.isUp);
    if (proving.signal.aborted || view === null || viewer.room !== view || view.room.queue.current !== told.entry)
      return;
    this.hash = hash;
    if (told.brought && told.entry !== null && view.room.file_hash === null && view.mayControl) {
      connection.send({ type: "SetEntry", payload: { id: told.entry, file_hash: hash } });
    }
    told.duration ??= this.#duration(told.file);
    this.#send(told);
    changes.announce();
  }

  /** What a copy that the room refuses is shown with. */
  get mismatch() {
    return t("copy.mismatch");
  }
}
