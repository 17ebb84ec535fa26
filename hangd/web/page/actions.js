/** What buttons and keys do. What moves the film goes to the room; the rest stays here: local_actions.js. */

import { LocalActions } from "./local_actions.js";
import { t } from "./texts/texts.js";
import { clock, drift, lengthAndSize } from "./words/clock.js";

/**
 * @typedef {import("../client/base.js").SessionPort} SessionPort
 * @typedef {import("../client/base.js").Outcome} Outcome
 * @typedef {import("./preferences.js").Preferences} Preferences
 * @typedef {import("./copies.js").Copies} Copies
 */

/** Seconds of rest after which the seeks of a key that is held down are sent as one. */
const SEEK_REST = 0.3;
/** Speeds of a room: the protocol's. */
const [SLOWEST, FASTEST] = [0.25, 2];

export class Actions extends LocalActions {
  #session;
  /** Where the film was before the last seek of this viewer. @type {number | null} */
  #before = null;
  /** Where a held key wants to go. @type {number | null} */
  #wanted = null;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {SessionPort} session
   * @param {Preferences} preferences
   * @param {Copies} copies
   */
  constructor(session, preferences, copies) {
    super(preferences, copies);
    this.#session = session;
  }

  /**
   * Waits for the answer to a request, and writes on the picture why it was refused.
   *
   * @param {Promise<Outcome>} request
   * @returns {Promise<boolean>} Whether it was granted.
   */
  async ask(request) {
    const outcome = await request;
    if (!outcome.ok) {
      this.toast(outcome.text, "problem");
    }
    return outcome.ok;
  }

  /** @returns {number | null} Seconds; of this viewer's copy, or of the room's film. */
  get duration() {
    const { playing, room } = this.#session.state;
    return playing.duration ?? room?.file?.duration ?? null;
  }

  /** @returns {number} Where the film is for this viewer, in seconds. */
  get position() {
    return this.#wanted ?? this.#session.position() ?? this.#session.roomPosition() ?? 0;
  }

  /** @returns {string} How a picture that is saved now is called: the film, and where in it. */
  get pictureName() {
    const film = (this.#session.state.copy.info?.name ?? "hang").replace(/\.\w+$/, "");
    return `${film} ${clock(this.position).replaceAll(":", ".")}`;
  }

  /** Whether this viewer may control the room; if not, says so. */
  mayControl() {
    const may = this.#session.state.mayControl;
    if (!may) {
      this.toast(t("refused.control"), "refused");
    }
    return may;
  }

  togglePause() {
    if (this.mayControl()) {
      this.#session.togglePause();
    }
  }

  /** @param {number} position  Seconds. */
  seek(position) {
    if (this.mayControl()) {
      this.#before = this.position;
      this.#session.seek(Math.max(0, Math.min(position, this.duration ?? position)));
    }
  }

  /**
   * @param {number} seconds
   * @param {boolean} [held]  The key is held down: one seek when it rests.
   */
  seekBy(seconds, held = false) {
    if (!this.mayControl()) {
      return;
    }
    const target = Math.max(0, Math.min(this.position + seconds, this.duration ?? Number.POSITIVE_INFINITY));
    this.toast(clock(target));
    if (!held && this.#wanted === null) {
      this.#before = this.position;
      this.#session.seekBy(seconds);
      return;
    }
    this.#wanted = target;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#seekWanted(), SEEK_REST * 1000);
  }

  #seekWanted() {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted !== null) {
      this.seek(wanted);
    }
  }

  /** Goes back to before the last seek of this viewer; again: forward. */
  undoSeek() {
    if (this.#before === null) {
      this.toast(t("undo.nothing"));
    } else {
      this.seek(this.#before);
    }
  }

  /** Pauses for everybody, and goes back to the start. */
  stop() {
    if (this.mayControl()) {
      this.#session.setPaused(true);
      this.seek(0);
    }
  }

  /** @param {number} rate */
  setSpeed(rate) {
    if (this.mayControl()) {
      const within = Math.max(SLOWEST, Math.min(rate, FASTEST));
      this.#session.setSpeed(within);
      this.toast(t("speed.is", { rate: Number(within.toFixed(2)) }));
    }
  }

  /** @param {number} factor */
  multiplySpeed(factor) {
    this.setSpeed((this.#session.state.room?.timeline.rate ?? 1) * factor);
  }

  /** @param {-1 | 1} frames */
  step(frames) {
    if (this.mayControl()) {
      this.#session.step(frames);
    }
  }

  /** Repeats the film at its end, or does not. */
  toggleLoop() {
    const loop = this.#session.state.room?.policy.loop === "film" ? "off" : "film";
    void this.ask(this.#session.setPolicy({ loop }));
  }

  /**
   * Moves the room on to the film after this one, or to the one before.
   *
   * @param {-1 | 1} by
   */
  moveOn(by) {
    const queue = this.#session.state.room?.queue;
    const at = queue?.entries.findIndex((entry) => entry.id === queue.current) ?? -1;
    const entry = queue?.entries[at + by];
    if (entry === undefined) {
      this.toast(t(by > 0 ? "queue.noNext" : "queue.noPrevious"));
    } else if (this.mayControl()) {
      void this.ask(this.#session.showEntry(entry.id));
    }
  }

  toggleReady() {
    const { copy, room, me } = this.#session.state;
    const own = room?.members.find((member) => member.client_id === me);
    if (own?.ready !== true && copy.phase !== "open") {
      this.toast(t("ready.noFilm"), "refused"); // The room would start, and this viewer would see nothing.
      return;
    }
    void this.ask(this.#session.setReady(!own?.ready));
  }

  /**
   * Writes on the picture what the film is, and how far this viewer is from the room.
   *
   * @param {HTMLVideoElement} video
   */
  tellFilm(video) {
    const { copy, playing } = this.#session.state;
    if (copy.info === null) {
      this.toast(t("card.none"));
      return;
    }
    const picture = video.videoWidth > 0 ? [`${video.videoWidth}×${video.videoHeight}`] : [];
    const apart = playing.error === null ? [] : [t("film.apart", { drift: drift(playing.error, playing.bound) })];
    this.toast([copy.info.name ?? t("film.noName"), lengthAndSize(copy.info), ...picture, ...apart].join(", "));
  }

  /** Writes on the picture where the film is. */
  tellPosition() {
    const { duration, position } = this;
    const now = clock(position);
    this.toast(duration === null ? now : t("timeline.of", { position: now, duration: clock(duration) }));
  }
}
