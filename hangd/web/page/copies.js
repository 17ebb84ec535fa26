/** Picking: this viewer's copy of the film, films for the queue, and subtitles; and what becomes of what was picked. */

import { notAFilm } from "../client/refusals.js";
import { filesOf } from "../files/dropping.js";
import { findCopy } from "../files/find.js";
import { recall, remember, remembered } from "../files/handles.js";
import { isFilm, kindOf } from "../files/names.js";
import { pickFiles, pickFolder } from "../files/picking.js";

/**
 * @typedef {import("../client/base.js").SessionPort} SessionPort
 * @typedef {import("../client/base.js").SessionState} SessionState
 * @typedef {import("../client/base.js").Outcome} Outcome
 * @typedef {import("../files/base.js").PickedFile} PickedFile
 * @typedef {import("../files/base.js").SubtitleTrack} SubtitleTrack
 */

/** Dispatches "subtitles" when there are other subtitles, or others are chosen, and "added" when the viewer gave some. */
export class Copies extends EventTarget {
  #session;
  /** What was picked in one go, with the subtitles in it. @type {readonly PickedFile[]} */
  #picked = [];
  /** The film whose subtitles these are: its name and size. */
  #film = "";
  /** @type {readonly SubtitleTrack[]} */
  tracks = [];
  /** Which of the tracks; null: none of them. @type {number | null} */
  chosen = null;

  /** What the viewer picked last, where it was another film than the room's. @type {File | null} */
  refused = null;

  /** @param {SessionPort} session */
  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("change", () => void this.#filmChanged(session.state));
  }

  /** @returns {SubtitleTrack | null} The subtitles that are chosen. */
  get track() {
    return this.chosen === null ? null : (this.tracks[this.chosen] ?? null);
  }

  /** Whether a copy is open, which subtitles could be for. */
  get hasFilm() {
    return this.#session.state.copy.phase === "open";
  }

  /** @param {number | null} index */
  choose(index) {
    this.chosen = index;
    this.dispatchEvent(new Event("subtitles"));
  }

  /** Chooses the next subtitles; after the last ones: none. @returns {SubtitleTrack | null} */
  cycle() {
    const next = this.chosen === null ? 0 : this.chosen + 1;
    this.choose(next < this.tracks.length ? next : null);
    return this.track;
  }

  /**
   * Asks the viewer for their copy, and opens it. Call it while a click is handled.
   *
   * @returns {Promise<Outcome | null>} null: nothing was picked.
   */
  async pick() {
    return this.use(await pickFiles());
  }

  /**
   * Asks the viewer for a folder, and opens their copy of the room's film that is in it.
   *
   * The films of the queue are looked for in it later.
   *
   * @returns {Promise<Outcome | null>}
   */
  async pickFolder() {
    return this.use(await pickFolder());
  }

  /**
   * Asks the viewer for films for the room's queue.
   *
   * @returns {Promise<File[]>}
   */
  async pickForQueue() {
    const picked = await pickFiles({ multiple: true });
    await Promise.all(picked.filter(({ file }) => isFilm(file)).map((one) => remember(one)));
    return picked.map(({ file }) => file);
  }

  /**
   * Asks the viewer for subtitles of the film that is open.
   *
   * @returns {Promise<string | null>} What is wrong with them, one sentence; null: nothing, or none were picked.
   */
  async pickSubtitles() {
    const [picked] = await pickFiles({ kind: "subtitles" });
    return picked === undefined ? null : this.#addSubtitles(picked.file);
  }

  /**
   * Opens what was dropped on the page: films, folders, subtitles.
   *
   * @param {DataTransfer} data
   * @returns {Promise<Outcome | null>}
   */
  async drop(data) {
    const picked = await filesOf(data);
    return this.use(picked);
  }

  /**
   * Returns the name of this viewer's copy that was opened in an earlier visit; null: there is none.
   *
   * @param {import("../client/base.js").FileInfo} film
   */
  async remembered(film) {
    return (await remembered(film))?.name ?? null;
  }

  /**
   * Opens the copy of an earlier visit. The browser may ask the viewer: call it while a click is handled.
   *
   * @param {import("../client/base.js").FileInfo} film
   * @returns {Promise<Outcome | null>}
   */
  async recall(film) {
    const picked = await recall(film, { ask: true });
    return picked === null ? null : this.use([picked]);
  }

  /**
   * Opens the viewer's copy among these files, and keeps the others for later.
   *
   * @param {readonly PickedFile[]} picked
   * @returns {Promise<Outcome | null>}
   */
  async use(picked) {
    const films = picked.filter(({ file }) => isFilm(file));
    const [other] = picked;
    if (films[0] === undefined) {
      return other === undefined ? null : this.#useOther(other.file);
    }
    this.#picked = picked;
    this.#film = "";
    const files = films.map(({ file }) => file);
    if (files.length > 1) {
      this.#session.offerFiles(files);
    }
    const { room } = this.#session.state;
    const copy = room?.file && files.length > 1 ? await findCopy(room.file, files, room.policy.match) : null;
    const film = films.find(({ file }) => file === copy) ?? films[0];
    const outcome = await this.#session.openFile(film.file);
    this.refused = !outcome.ok && outcome.code === "FileHashMismatch" ? film.file : null;
    if (outcome.ok) {
      await remember(film, this.#session.state.copy.info?.quick_hash ?? undefined);
    }
    return outcome;
  }

  /**
   * Takes what was picked where a film was asked for and is none: subtitles of the film that is open, or a mistake.
   *
   * @param {File} file
   * @returns {Promise<Outcome | null>}
   */
  async #useOther(file) {
    if (kindOf(file.name) !== "subtitles" || !this.hasFilm) {
      return notAFilm(file);
    }
    const problem = await this.#addSubtitles(file);
    return problem === null ? null : { ok: false, code: "Subtitles", text: problem };
  }

  /** @param {SessionState} state */
  async #filmChanged({ copy }) {
    const { info } = copy;
    const film = copy.phase === "open" && info !== null ? `${info.size} ${info.name}` : this.#film;
    if (film === this.#film) {
      return;
    }
    this.#film = film;
    const picked = this.#picked.find(({ file }) => file.size === info?.size && file.name === info.name);
    const hasOthers = picked !== undefined && this.#picked.some(({ file }) => kindOf(file.name) === "subtitles");
    const tracks = hasOthers ? await (await import("../files/subtitles.js")).subtitlesFor(picked, this.#picked) : [];
    if (film === this.#film) {
      this.tracks = tracks;
      this.choose(tracks.length > 0 ? preferred(tracks) : null);
    }
  }

  /** @param {File} file */
  async #addSubtitles(file) {
    const { readSubtitles } = await import("../files/subtitles.js");
    const read = await readSubtitles(file, this.#session.state.copy.info?.name ?? "");
    if ("problem" in read) {
      return read.problem;
    }
    this.tracks = [...this.tracks, read];
    this.choose(this.tracks.length - 1);
    this.dispatchEvent(new Event("added"));
    return null;
  }
}

/**
 * Returns which subtitles a viewer wants to read: those in a language of theirs, else the first.
 *
 * @param {readonly SubtitleTrack[]} tracks
 */
function preferred(tracks) {
  const languages = navigator.languages.map((one) => one.slice(0, 2));
  const own = tracks.findIndex(({ language }) => language !== "" && languages.includes(language.slice(0, 2)));
  return Math.max(0, own);
}
