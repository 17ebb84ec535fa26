/**
 * VideoPlayer: the port of base.js on a `<video>` element.
 *
 * ::
 *
 *     empty --Load--> loading --> settled --Resume--> starting --> running --> ended
 *                                    ^                               |  |
 *                                    +---- seeking, pausing <--------+  +--> delaying (PauseFor) --> running
 *
 * Each phase but `settled`, `ended` and `empty` has a job, an asynchronous function that does its work. A command that
 * changes the phase aborts the job of the one before; a job looks at its signal after every wait, and does nothing any
 * more once it is aborted. So no event of an older command follows a newer one. The ordering rules are those of
 * hangd.player.base.
 *
 * Positions that are told while the film plays are those of the picture on the screen, not the element's own (line.js).
 */

import { now } from "../engine/local_time.js";
import { t } from "../page/texts/texts.js";
import { Contents } from "./contents.js";
import { Frames } from "./frames.js";
import { StartLatency } from "./latency.js";
import { LeftOut } from "./left_out.js";
import { Line } from "./line.js";
import { Outside } from "./outside.js";
import { policyOfThisBrowser } from "./policy.js";
import { seekExactly } from "./seeking.js";
import { Source } from "./source.js";
import { Speed } from "./speed.js";
import { lastPicture, pictureShown, step } from "./standing.js";
import { Starter } from "./starting.js";
import { nextTask, sleep } from "./tasks.js";

/** Seconds that a seek may take before the file counts as one that cannot be read: a disk may have to start. */
const SEEK = 30;

/**
 * @typedef {import("./base.js").PlayerCommand} PlayerCommand
 * @typedef {import("./base.js").PlayerEvent} PlayerEvent
 * @typedef {import("./line.js").Point} Point
 * @typedef {"empty" | "loading" | "settled" | "starting" | "running" | "delaying" | "pausing" | "seeking" | "ended"} Phase
 */

/** See the module's comment. Dispatches the notices of base.js. */
export class VideoPlayer extends EventTarget {
  /** @param {import("./base.js").PlayerOptions} options */
  constructor({ video, files, emit, policy = policyOfThisBrowser(), store = null, inspect }) {
    super();
    this.#video = video;
    this.#files = files;
    this.#emit = emit;
    this.#policy = policy;
    this.#source = new Source(video, new Contents(inspect));
    this.#leftOut = new LeftOut(video, this.#source, (type) => {
      if (!this.#life.signal.aborted) this.dispatchEvent(new Event(type));
    });
    this.#frames = new Frames(video, policy.seekTells);
    this.#line = new Line(video, this.#frames, policy, store);
    const latency = new StartLatency(policy.startLatency, store);
    this.#starter = new Starter(video, this.#line, latency);
    this.#speed = new Speed(video, policy);
    video.preload = "auto";
    video.disableRemotePlayback = true;
    const { signal } = this.#life;
    video.addEventListener("ended", () => this.#ended(), { signal });
    video.addEventListener("error", () => this.#broke(), { signal });
    video.addEventListener("waiting", () => this.#stall(true), { signal });
    video.addEventListener("playing", () => this.#stall(false), { signal });
    video.addEventListener("durationchange", () => this.#durationChanged(), { signal });
    this.#outside = new Outside(video, signal, {
      phase: () => this.#phase,
      paused: () => void this.#settle(false, this.#begin("pausing")),
      played: () => void this.#start(null, this.#begin("starting")),
      seen: () => this.#frames.jump(),
    });
    navigator.mediaDevices?.addEventListener?.("devicechange", () => latency.doubt(), { signal });
  }

  #video;
  #files;
  #emit;
  #policy;
  #source;
  #leftOut;
  #frames;
  #line;
  #starter;
  #speed;
  #outside;
  #life = new AbortController();
  #job = new AbortController();
  /** @type {Phase} */
  #phase = "empty";
  #generation = 0;
  /** Where a load or a seek leads, and where the settled film goes on. */
  #position = 0;
  /** @type {number | null} The time of the picture that is shown, where the film stands; null: not known. */
  #shown = null;
  /** @type {import("./base.js").Resume | null} A Resume that waits for Settled. */
  #resume = null;
  /** @type {Point | null} The newest point of the line, by the element's own positions. */
  #point = null;
  #stalled = false;
  /** `play()` was called for the present phase. */
  #played = false;
  #needsTap = false;

  /** The name of the browser's policy. */
  get policy() {
    return this.#policy;
  }

  /** How long a picture of the film lasts, in seconds; null: not known so far. */
  get frameDuration() {
    return this.#frames.duration;
  }

  /**
   * Where the film is, by the element itself: for a display, and not to be compared with a room.
   *
   * @returns {number | null}  Seconds; null: no film is open.
   */
  get roughPosition() {
    return this.#phase === "empty" || this.#phase === "loading" ? null : this.#video.currentTime;
  }

  /** @param {PlayerCommand} command */
  do(command) {
    if (this.#life.signal.aborted) return;
    if (command.type === "Load") {
      this.#load(command);
      return;
    }
    if (this.#phase === "empty") return;
    switch (command.type) {
      case "Unload":
        this.#unload();
        break;
      case "Resume":
        this.#resumed(command);
        break;
      case "PauseNow":
        this.#pause();
        break;
      case "PauseFor":
        if (this.#phase === "running" && command.seconds > 0)
          void this.#delay(command.seconds, this.#begin("delaying"));
        break;
      case "SeekTo":
        this.#seekTo(command.position);
        break;
      case "SetRate":
        if (command.rate === this.#speed.rate) break;
        this.#speed.rate = command.rate;
        this.#speed.apply();
        this.#frames.jump();
        break;
      case "StepFrame":
        if (this.#phase === "settled") void this.#step(command.back, this.#begin("seeking"));
        else this.#pause();
        break;
    }
  }

  /** Try again what the browser refused, in the call of a tap. Also before any film plays: it may be allowed then. */
  tapped() {
    if (!this.#needsTap) return;
    this.#wantNoTap();
    if (this.#phase === "starting") void this.#start(null, this.#begin("starting"));
  }

  close() {
    if (this.#life.signal.aborted) return;
    this.#unload();
    this.#life.abort();
    this.#frames.close();
  }

  // ---- loading -----------------------------------------------------------------------------------------------------

  /** @param {import("./base.js").Load} command */
  #load(command) {
    this.#unload();
    const signal = this.#begin("loading");
    this.#generation = command.generation;
    this.#position = command.start;
    void this.#open(command.path, signal);
  }

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   */
  async #open(path, signal) {
    await nextTask();
    if (signal.aborted) return;
    const file = this.#files.get(path) ?? null;
    if (file === null) {
      this.#fail({ code: "not-found", message: t("player.not-found") });
      return;
    }
    const source = this.#source;
    const failure = await source.open(file, signal);
    if (signal.aborted) return;
    if (failure !== null) {
      this.#fail(failure);
      return;
    }
    this.#speed.apply();
    void source.frameRate().then((rate) => {
      if (source.file === file) this.#frames.expect(rate);
    });
    this.#tell({ type: "Loaded", generation: this.#generation, duration: source.duration });
    this.#leftOut.opened();
    // Commands that came meanwhile have left their target and their Resume.
    if (!signal.aborted) await this.#seek(signal);
  }

  #unload() {
    this.#begin("empty");
    this.#source.close();
    this.#speed.rate = 1;
    this.#starter.stoodAt = -Infinity;
    this.#frames.forget();
  }

  /** @param {import("./opening.js").Failure} failure */
  #fail(failure) {
    const generation = this.#generation;
    this.#unload();
    this.#tell({ type: "LoadFailed", generation, ...failure });
  }

  // ---- seeking and pausing -----------------------------------------------------------------------------------------

  /** @param {number} position */
  #seekTo(position) {
    this.#position = Math.max(0, position);
    this.#resume = null;
    // Before that the load leads there by itself.
    if (this.#phase !== "loading" || this.#source.isOpen) void this.#seek(this.#begin("seeking"));
  }

  /** @param {AbortSignal} signal */
  async #seek(signal) {
    this.#video.pause();
    await nextTask();
    if (signal.aborted) return;
    this.#starter.sought = true;
    const sought = await seekExactly(this.#video, this.#frames, this.#position, signal, SEEK);
    if (signal.aborted) return;
    if (sought === null) {
      this.#fail({ code: "unreadable", message: t("player.slow", { name: this.#source.name }) });
      return;
    }
    this.#stand(this.#position, sought.frame?.position ?? null);
  }

  #pause() {
    this.#resume = null;
    if (this.#phase === "loading" || this.#phase === "seeking" || this.#phase === "pausing") return;
    const stands =
      this.#phase === "settled" || this.#phase === "ended" || (this.#phase === "starting" && !this.#played);
    void this.#settle(stands, this.#begin("pausing"));
  }

  /**
   * @param {boolean} stands  It stands already, and nothing has to be found out.
   * @param {AbortSignal} signal
   */
  async #settle(stands, signal) {
    const video = this.#video;
    video.pause();
    await nextTask();
    const shown = stands ? this.#shown : await lastPicture(video, this.#frames, this.#policy.pauseFrames, signal);
    if (!signal.aborted) this.#stand(stands ? this.#position : (shown ?? video.currentTime), shown);
  }

  /**
   * @param {boolean} back
   * @param {AbortSignal} signal
   */
  async #step(back, signal) {
    this.#starter.sought = true;
    await nextTask();
    const film = { video: this.#video, frames: this.#frames, signal, seconds: SEEK };
    const stepped = await step(film, this.#shown, back);
    if (!signal.aborted) this.#stand(stepped.position, stepped.shown);
  }

  /**
   * @param {number} position
   * @param {number | null} shown  The position of the picture that is shown; null: not known.
   */
  #stand(position, shown) {
    const signal = this.#begin("settled", this.#resume);
    this.#position = position;
    this.#shown = shown;
    this.#tell({ type: "Settled", generation: this.#generation, position, at: now() });
    if (signal.aborted) return;
    this.#tell({ type: "Shown", generation: this.#generation, position: shown });
    if (!signal.aborted && this.#resume !== null) this.#resumed(this.#resume);
  }

  // ---- starting ----------------------------------------------------------------------------------------------------

  /** @param {import("./base.js").Resume} command */
  #resumed(command) {
    switch (this.#phase) {
      case "loading":
      case "seeking":
      case "pausing":
        this.#resume = command;
        break;
      case "ended":
        void this.#endAgain(this.#job.signal);
        break;
      case "settled":
        void this.#start(command.at, this.#begin("starting"));
        break;
      case "starting":
        if (!this.#played) void this.#start(command.at, this.#begin("starting"));
        break;
    }
  }

  /**
   * @param {number | null} at
   * @param {AbortSignal} signal
   */
  async #start(at, signal) {
    const position = this.#position;
    const point = await this.#play(position, at, signal);
    if (point === null) return;
    const running = this.#begin("running");
    const since = (point.position - position) / this.#speed.rate;
    this.#tell({ type: "Started", generation: this.#generation, position, at: point.at - since });
    // The point that told of the start was read before it was told, and a follower ignores such samples.
    await this.#run(running, await this.#line.read(running));
  }

  /** @param {AbortSignal} signal */
  async #endAgain(signal) {
    await nextTask();
    if (signal.aborted) return;
    const at = now();
    this.#tell({ type: "Started", generation: this.#generation, position: this.#position, at });
    if (!signal.aborted) this.#tell({ type: "Ended", generation: this.#generation, position: this.#position, at });
  }

  /**
   * Let the film pass `position` at the local time `at`, and wait until it plays.
   *
   * @param {number} position
   * @param {number | null} at
   * @param {AbortSignal} signal
   * @returns {Promise<Point | null>}  Of the picture, while it plays; null: aborted, at the end, or not allowed.
   */
  #play(position, at, signal) {
    const start = {
      position,
      at,
      rate: this.#speed.rate,
      container: this.#source.container,
      called: (/** @type {number} */ called) => {
        this.#played = true;
        this.#point = { position: this.#video.currentTime, at: called };
      },
      refused: () => this.#refusedToPlay(),
      ended: () => this.#ended(),
    };
    return this.#starter.start(start, signal);
  }

  #refusedToPlay() {
    if (this.#needsTap) return;
    this.#needsTap = true;
    this.#played = false;
    this.dispatchEvent(new Event("needs-tap"));
  }

  #wantNoTap() {
    if (!this.#needsTap) return;
    this.#needsTap = false;
    this.dispatchEvent(new Event("tapped"));
  }

  // ---- playing -----------------------------------------------------------------------------------------------------

  /**
   * Tell samples for as long as the film plays.
   *
   * @param {AbortSignal} signal
   * @param {Point | null} point  One that is known already.
   */
  async #run(signal, point) {
    this.#leftOut.started();
    while (!signal.aborted) {
      if (point !== null && !this.#stalled && !this.#video.ended) {
        this.#point = point;
        this.#speed.observe(point);
        this.#tell({ type: "Sampled", generation: this.#generation, ...point, rate: this.#speed.rate });
      }
      this.#leftOut.played();
      await sleep(this.#policy.sampleInterval, signal);
      if (!signal.aborted) point = await this.#line.read(signal);
    }
  }

  /**
   * @param {number} seconds
   * @param {AbortSignal} signal
   */
  async #delay(seconds, signal) {
    const point = this.#point;
    const rate = this.#speed.rate;
    const video = this.#video;
    video.pause();
    await nextTask();
    if (signal.aborted) return;
    const stands = video.currentTime;
    const passed = point === null ? now() : point.at + (stands - point.position) / rate;
    const next = await this.#play(stands, passed + seconds, signal);
    if (next === null) return;
    await this.#run(this.#begin("running"), next);
  }

  // ---- what the element says ---------------------------------------------------------------------------------------

  #ended() {
    if (this.#phase !== "running" && this.#phase !== "starting" && this.#phase !== "delaying") return;
    const position = this.#video.currentTime;
    this.#shown = pictureShown(this.#video, this.#frames);
    // Chromium names the duration also where the file was cut off: only the line knows how far the film has come.
    const point = this.#point;
    const reached = point === null ? position : point.position + (now() - point.at) * this.#speed.rate;
    if (this.#source.isCutOff(Math.min(position, reached))) {
      this.#fail({ code: "truncated", message: t("player.truncated", { name: this.#source.name }) });
      return;
    }
    const started = this.#phase === "starting";
    const signal = this.#begin("ended");
    const generation = this.#generation;
    if (started) this.#tell({ type: "Started", generation, position: this.#position, at: now() });
    this.#position = position;
    if (!signal.aborted) this.#tell({ type: "Ended", generation, position, at: now() });
  }

  #broke() {
    if (!this.#source.isOpen) return;
    const signal = this.#begin("loading");
    void this.#source.failure().then((failure) => {
      if (!signal.aborted && failure !== null) this.#fail(failure);
    });
  }

  /** @param {boolean} stalled */
  #stall(stalled) {
    if (this.#phase !== "running" || stalled === this.#stalled) return;
    this.#stalled = stalled;
    this.#frames.jump();
    this.#speed.interrupted();
    this.#tell({ type: "Stalled", generation: this.#generation, stalled, at: now() });
  }

  #durationChanged() {
    if (this.#phase === "empty" || this.#phase === "loading" || !this.#source.lengthen()) return;
    const duration = /** @type {number} */ (this.#source.duration);
    this.#tell({ type: "DurationChanged", generation: this.#generation, duration });
  }

  // ---- jobs --------------------------------------------------------------------------------------------------------

  /**
   * Enter a phase, which aborts what the one before was doing.
   *
   * @param {Phase} phase
   * @param {import("./base.js").Resume | null} [resume]  Still to be done.
   */
  #begin(phase, resume = null) {
    if (this.#phase === "running" || this.#phase === "delaying") this.#starter.stoodAt = now();
    this.#job.abort();
    this.#job = new AbortController();
    const { signal } = this.#job;
    this.#phase = phase;
    this.#resume = resume;
    this.#stalled = this.#played = false;
    this.#outside.begin();
    if (phase !== "running") this.#frames.jump();
    this.#speed.interrupted();
    if (phase !== "starting") this.#wantNoTap(); // Last: who hears of it may give the next command.
    return signal;
  }

  /** @param {PlayerEvent} event */
  #tell(event) {
    if (!this.#life.signal.aborted) this.#emit(event);
  }
}
