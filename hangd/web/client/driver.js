/**
 * Runs the follower: gives it its inputs with their times, carries out its effects, and wakes it at its deadline.
 *
 * The effects are commands for the player, and requests and reports for the room. What a player says while commands are
 * carried out waits until they all are, so the follower sees one thing after the other.
 *
 * @typedef {import("../engine/follower/inputs.js").FollowerInput} FollowerInput
 * @typedef {import("../engine/follower/effects.js").FollowerEffect} FollowerEffect
 * @typedef {import("../player/base.js").Player} Player
 * @typedef {import("../player/base.js").PlayerEvent} PlayerEvent
 * @typedef {import("../protocol/types.js").Report} Report
 * @typedef {import("../protocol/types.js").Timeline} Timeline
 * @typedef {import("../engine/follower/effects.js").SyncCommand} SyncCommand
 *
 * @typedef {{ok: true, duration: number | null} | {ok: false, code: string, text: string}} Opened
 *   `code` is the player's, or "replaced": another file was opened, or this one closed, before it stood ready.
 *
 * @typedef {object} DriverPort  What the driver uses.
 * @property {(command: SyncCommand) => boolean} sendRequest  Returns false where that cannot be done now.
 * @property {(report: Report) => void} sendReport
 * @property {() => void} filmReady  The film that was opened stands ready.
 * @property {(code: string, text: string) => void} filmFailed
 * @property {() => void} changed
 */

import { Follower } from "../engine/follower/follower.js";
import { now } from "../engine/local_time.js";
import { Recorder } from "../engine/trace/recorder.js";
import { LearnedStore } from "./films/learned_store.js";
import { DeadlineTimer } from "./timer.js";

/** @type {Opened} */
const REPLACED = { ok: false, code: "replaced", text: "" };

export class Driver {
  #port;
  #player;
  #learned;
  #recorder;
  #timer = new DeadlineTimer((at) => this.tell({ type: "DeadlineReached" }, at));
  /** @type {Map<string, File>} */
  #files = new Map();
  /** @type {WeakMap<File, string>} */
  #paths = new WeakMap();
  #filesSeen = 0;
  /** @type {{input: FollowerInput, at: number}[]} */
  #inputs = [];
  #isBusy = false;
  /** The load whose end is awaited. @type {{generation: number, done: (opened: Opened) => void} | null} */
  #loading = null;
  /** @type {Promise<Opened>} */
  #opened = Promise.resolve(REPLACED);

  /** The number of the queue's entry that was opened last. */
  entry = 0;

  /**
   * @param {DriverPort} port
   * @param {import("./base.js").MakePlayer} makePlayer
   * @param {import("../engine/follower/state.js").Policies} policies
   * @param {import("./kept.js").Kept} kept
   */
  constructor(port, makePlayer, policies, kept) {
    this.#port = port;
    this.follower = new Follower(policies);
    this.#recorder = new Recorder(this.follower);
    this.#learned = new LearnedStore(kept);
    this.#player = makePlayer({
      files: { get: (path) => this.#files.get(path) ?? null },
      emit: (event) => this.tell({ type: "PlayerSaid", event }),
    });
  }

  /** @returns {Player} */
  get player() {
    return this.#player;
  }

  /** The file that is open or being opened. @returns {File | null} */
  get file() {
    const path = this.follower.picture.openPath;
    return path === null ? null : (this.#files.get(path) ?? null);
  }

  /** Resolves when the newest load has ended, in success or not. */
  get opened() {
    return this.#opened;
  }

  /** The recorded inputs and effects of the last half hour, in the format of docs/traces.md. */
  dumpTrace() {
    return this.#recorder.dump({ hangd: "web", player: navigator.userAgent, date: new Date().toISOString() });
  }

  /**
   * Gives the follower an input of the local time `at`, and carries out the effects.
   *
   * @param {FollowerInput} input
   * @param {number} [at]
   */
  tell(input, at = now()) {
    this.#inputs.push({ input, at });
    if (!this.#isBusy) this.#work(() => {});
  }

  /**
   * Plays this file, in no room.
   *
   * @param {File} file
   * @param {number} entry
   */
  openFile(file, entry) {
    this.#prepare(file, entry);
    this.tell({ type: "FileOpened", path: this.#pathOf(file), start: 0, entry });
  }

  /** Plays nothing any more. */
  closeFile() {
    this.tell({ type: "FileClosed" });
    this.#loadEnded(REPLACED);
  }

  /**
   * Plays the film that the room has moved on to.
   *
   * All of it is one step: the player does not seek in the old film, is not stopped if it plays on, and the room gets
   * one report.
   *
   * @param {File | null} file  This browser's copy; null: there is none.
   * @param {number} entry
   * @param {Timeline | null} timeline  The room's, from now on; null: as it was.
   */
  changeFilm(file, entry, timeline) {
    const at = now();
    if (file !== null && file === this.file && entry === this.entry) {
      if (timeline !== null) this.tell({ type: "TimelineReceived", timeline }, at);
      return;
    }
    this.#work(() => {
      let effects = this.#decide({ type: "FileClosed" }, at);
      if (timeline !== null) effects.push(...this.#decide({ type: "TimelineReceived", timeline }, at));
      if (file === null) {
        this.#loadEnded(REPLACED);
      } else {
        this.#prepare(file, entry);
        effects.push(...this.#decide({ type: "FileOpened", path: this.#pathOf(file), start: 0, entry }, at));
        effects = asOneStep(effects);
      }
      this.entry = entry;
      this.#carryOut(effects);
    });
  }

  /**
   * @param {File} file
   * @param {number} entry
   */
  #prepare(file, entry) {
    this.entry = entry;
    const timings = this.#learned.opened(file.name);
    if (timings !== null) this.tell({ type: "TimingsRecalled", timings });
  }

  /** @param {File} file */
  #pathOf(file) {
    let path = this.#paths.get(file);
    if (path === undefined) {
      path = `file-${++this.#filesSeen}`;
      this.#paths.set(file, path);
      this.#files.set(path, file);
    }
    return path;
  }

  /**
   * Runs `first`, and then handles the inputs that wait.
   *
   * @param {() => void} first
   */
  #work(first) {
    const outermost = !this.#isBusy;
    this.#isBusy = true;
    try {
      first();
      if (!outermost) return;
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        this.#carryOut(this.#decide(next.input, next.at));
        if (next.input.type === "PlayerSaid") this.#heard(/** @type {PlayerEvent} */ (next.input.event));
      }
    } finally {
      if (outermost) this.#isBusy = false;
    }
    this.#timer.arm(this.follower.deadline());
    this.#port.changed();
  }

  /**
   * @param {FollowerInput} input
   * @param {number} at
   * @returns {FollowerEffect[]}
   */
  #decide(input, at) {
    return this.#recorder.handle(input, at);
  }

  /** @param {FollowerEffect[]} effects */
  #carryOut(effects) {
    for (const effect of effects) {
      switch (effect.type) {
        case "SendRequest":
          if (!this.#port.sendRequest(effect.command)) this.#inputs.push({ input: { type: "LinkLost" }, at: now() });
          break;
        case "SendReport":
          this.#port.sendReport(effect.report);
          break;
        case "AnnounceCorrection":
        case "AnnounceSeek":
          break;
        case "Load":
          this.#loadBegan(effect.generation);
          this.#player.do(effect);
          break;
        default:
          this.#player.do(effect);
      }
    }
  }

  /** @param {PlayerEvent} event */
  #heard(event) {
    if (event.generation !== this.#loading?.generation) {
      if (event.type === "LoadFailed" && event.generation === this.follower.picture.state.generation) {
        this.#port.filmFailed(event.code, event.message);
      }
      return;
    }
    if (event.type === "Settled") {
      this.#loadEnded({ ok: true, duration: this.follower.picture.state.duration });
      const { seekCost } = this.follower.picture;
      this.#learned.learned({ seek_cost: seekCost, start_bias: this.follower.state.start_bias.bias });
      this.#port.filmReady();
    } else if (event.type === "LoadFailed") {
      this.#loadEnded({ ok: false, code: event.code, text: event.message });
      this.#port.filmFailed(event.code, event.message);
    }
  }

  /** @param {number} generation */
  #loadBegan(generation) {
    this.#loadEnded(REPLACED);
    this.#opened = new Promise((done) => {
      this.#loading = { generation, done };
    });
  }

  /** @param {Opened} opened */
  #loadEnded(opened) {
    this.#loading?.done(opened);
    this.#loading = null;
  }
}

/**
 * Leaves out the Unload (a Load follows) and all reports but the last.
 *
 * @param {FollowerEffect[]} effects
 */
function asOneStep(effects) {
  const last = effects.findLastIndex((effect) => effect.type === "SendReport");
  return effects.filter((effect, at) => at === last || (effect.type !== "Unload" && effect.type !== "SendReport"));
}
