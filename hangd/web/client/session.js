/**
 * The session: this page as a client of its server. See base.js for what it offers.
 *
 * It makes the parts and joins them, builds the state that the page shows, and passes on what the viewer asks for.
 *
 * @typedef {import("./base.js").SessionState} SessionState
 * @typedef {import("./base.js").SessionPort} SessionPort
 * @typedef {import("./base.js").Outcome} Outcome
 * @typedef {import("./base.js").Notice} Notice
 * @typedef {import("../protocol/types.js").ClientMessage} ClientMessage
 * @typedef {import("../protocol/types.js").ServerMessage} ServerMessage
 */

import { now } from "../engine/local_time.js";
import { positionAt } from "../engine/timeline.js";
import { t } from "../page/texts/texts.js";
import { watchForAbsence } from "./absence.js";
import { Changes } from "./changes.js";
import { Connection } from "./connection.js";
import { Driver } from "./driver.js";
import { Entering, refusal } from "./entering.js";
import { LocalCopy } from "./films/copy.js";
import { Films } from "./films/films.js";
import * as queue from "./films/queue.js";
import { roomIn, sameRoom, serverOf } from "./invites.js";
import { Kept } from "./kept.js";
import { Membership } from "./membership.js";
import { StateBuilder } from "./state.js";

const CLIENT = "hang web";
const CHAT_MAX = 500;
/** Milliseconds, at least, from one "change" to the next: a large room tells hundreds of things a second. */
const CHANGE_MS = 30;
/** Seconds. After so long in the background, what is known of the server's clock, and of the connection, is old. */
const LONG_HIDDEN = 10;
const RATES = { min: 0.25, max: 2 };

/** @implements {SessionPort} */
export class Session extends EventTarget {
  /** @type {import("./viewer.js").Viewer} */
  #viewer = { room: null, left: null };
  #kept;
  #changes = new Changes(() => this.#changed());
  #connection;
  #driver;
  #copy;
  #films;
  #membership;
  #entering;
  #builder;
  /** @type {readonly import("./base.js").ChatLine[]} */
  #chat = [];
  /** The room in which that was said. @type {string | null} */
  #chatRoom = null;
  /** Whether a change is still to be told. */
  #isChanged = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** The state that was told last. @type {SessionState | null} */
  #told = null;
  #explain;

  /** @param {import("./base.js").SessionOptions} options */
  constructor({ makePlayer, policies, files, kept = Kept.ofBrowser() }) {
    super();
    this.#kept = kept;
    this.#explain = files.explain;
    const parts = { viewer: this.#viewer, changes: this.#changes, kept, files };
    const tell = (/** @type {Notice} */ notice) => this.#tell(notice);
    /** @type {Membership} */
    let membership;
    const connection = new Connection(
      {
        welcomed: (welcome, at) => membership.welcomed(welcome, at),
        received: (message, at) => membership.received(message, at),
        linkChanged: (state) => membership.linkChanged(state),
        ponged: (pong, at) => membership.ponged(pong, at),
        clockReplaced: (at) => membership.clockReplaced(at),
      },
      CLIENT,
    );
    const driver = new Driver(
      {
        sendRequest: (command) => membership.sendRequest(command),
        sendReport: (report) => membership.sendReport(report),
        filmReady: () => this.#filmReady(),
        filmFailed: (_code, text) => this.#copy.is("failed", { problem: text }),
        changed: () => this.#changes.announce(),
      },
      makePlayer,
      policies,
      kept,
    );
    const copy = new LocalCopy({ ...parts, connection, driver });
    const films = new Films({ ...parts, driver, copy, tell });
    const said = (/** @type {import("../protocol/types.js").Said} */ message) => this.#said(message);
    membership = new Membership({ ...parts, connection, driver, copy, films, tell, said });
    this.#connection = connection;
    this.#driver = driver;
    this.#copy = copy;
    this.#films = films;
    this.#membership = membership;
    const server = () => serverOf(document.baseURI);
    this.#entering = new Entering({ ...parts, connection, driver, copy, films, membership, server });
    this.#builder = new StateBuilder({ viewer: this.#viewer, connection, driver, copy });
    connection.name = this.ownName() || t("member.guest");
    driver.tell({ type: "OffsetSet", seconds: kept.setting("offset", 0) });
    this.#hearPlayer();
    this.#told = this.state;
  }

  /** As of now, also where that is still to be told. @returns {SessionState} */
  get state() {
    return this.#builder.build(this.#chat);
  }

  /** Goes back into the room in which this tab was before the page was loaded anew, if the address still names it. */
  begin() {
    const kept = this.#kept;
    watchForAbsence((at) => this.#membership.woke(at));
    window.addEventListener("pagehide", () => this.#membership.keepPlace());
    let hiddenAt = now();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") {
        hiddenAt = now();
        this.#membership.keepPlace();
      } else {
        kept.keepPlace(null);
        this.#connection.hurry();
        if (now() - hiddenAt > LONG_HIDDEN) this.#connection.askTheTime();
      }
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) kept.keepPlace(null);
    });
    const place = kept.takePlace();
    const named = roomIn(location.hash);
    if (place === null || place.server !== serverOf(document.baseURI)) return;
    if (named !== null && named !== place.room_id && !sameRoom(named, place.name)) return;
    this.#membership.goBack(place);
  }

  // ---- what has changed ---------------------------------------------------------------------------------------------

  #changed() {
    if (this.#isChanged) return;
    this.#isChanged = true;
    const wait = this.#toldAt + CHANGE_MS - performance.now();
    if (wait > 0) setTimeout(() => this.#tellChange(), wait);
    else queueMicrotask(() => this.#tellChange());
  }

  #tellChange() {
    this.#isChanged = false;
    this.#toldAt = performance.now();
    const { state } = this;
    if (state === this.#told) return;
    this.#told = state;
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** @param {Notice} notice */
  #tell(notice) {
    this.dispatchEvent(new CustomEvent("notice", { detail: notice }));
  }

  /** @param {import("../protocol/types.js").Said} message */
  #said({ from_client: from, text }) {
    const view = this.#viewer.room;
    if (view === null) return;
    const name = view.nameOf(from);
    const line = { from, name, text, at: new Date(), own: from === view.clientId };
    const before = this.#chatRoom === view.roomId ? this.#chat : [];
    this.#chatRoom = view.roomId;
    this.#chat = [...before, line].slice(-CHAT_MAX);
    this.#tell({ kind: "said", text: t("act.said", { name, text }), about: from });
  }

  #filmReady() {
    const { file } = this.#driver;
    if (this.#copy.phase === "opening" || this.#copy.phase === "failed") this.#copy.is("open", { file });
    this.#copy.filmReady();
  }

  #hearPlayer() {
    const { player } = this.#driver;
    if (!(player instanceof EventTarget)) return;
    player.addEventListener("needs-tap", () => this.#builder.tapNeeded(true, this.#changes));
    player.addEventListener("tapped", () => this.#builder.tapNeeded(false, this.#changes));
    for (const kind of ["silent", "no-picture"]) {
      player.addEventListener(kind, () => void this.#leftOut(t(`copy.${kind}`)));
    }
  }

  /** @param {string} problem  What the film is shown without. Its header may tell more. */
  async #leftOut(problem) {
    const copy = this.#copy;
    const { file } = copy;
    copy.is(copy.phase, { problem });
    const more = file === null ? null : await this.#explain?.(file).catch(() => null);
    if (more != null && copy.file === file && copy.problem === problem) copy.is(copy.phase, { problem: more });
  }

  // ---- entering and leaving -----------------------------------------------------------------------------------------

  ownName() {
    return this.#kept.setting("name", "");
  }

  /** @param {string} name */
  setName(name) {
    const plain = name.replace(/\p{Cc}/gu, " ").trim();
    const short = [...plain].slice(0, 32).join("").trim();
    this.#kept.keepSetting("name", short);
    this.#connection.name = short || t("member.guest");
  }

  /** @param {File} file */
  openFile(file) {
    return this.#entering.openFile(file);
  }

  closeFile() {
    this.#driver.closeFile();
    this.#copy.forget();
  }

  /** @param {File[]} files */
  offerFiles(files) {
    this.#films.offer(files);
  }

  /** @param {import("./base.js").RoomOptions} options */
  create(options) {
    this.#forgetChat();
    return this.#entering.create(options);
  }

  /**
   * @param {string} room
   * @param {{password?: string}} [options]
   */
  join(room, options) {
    this.#forgetChat();
    return this.#entering.join(room, options);
  }

  /** @returns {Promise<Outcome>} */
  async leave() {
    this.#membership.leave(null, now());
    this.#forgetChat();
    return { ok: true };
  }

  /** What was said in the room of before is shown until another one is entered, and when the viewer has left it. */
  #forgetChat() {
    if (this.#viewer.room !== null || this.#chat.length === 0) return;
    this.#chat = [];
    this.#changed();
  }

  async listRooms() {
    if (!(await this.#entering.connected()).ok) return null;
    const answer = await this.#connection.request({ type: "ListRooms", payload: {} });
    return answer.ok && answer.message.type === "Rooms" ? [...answer.message.payload.rooms] : null;
  }

  // ---- playing ------------------------------------------------------------------------------------------------------

  togglePause() {
    this.setPaused(!this.#driver.follower.paused);
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    if (this.#mayControl()) this.#driver.tell({ type: "PauseRequested", paused });
  }

  /** @param {number} position */
  seek(position) {
    if (this.#mayControl()) this.#driver.tell({ type: "SeekRequested", position });
  }

  /** @param {number} seconds */
  seekBy(seconds) {
    const from = this.#driver.follower.requestedPosition(now()) ?? this.roomPosition();
    if (from !== null) this.seek(Math.max(0, from + seconds));
  }

  /** @param {number} rate */
  setSpeed(rate) {
    const within = Math.min(Math.max(rate, RATES.min), RATES.max);
    if (this.#mayControl()) this.#driver.tell({ type: "SpeedRequested", rate: within });
  }

  /** @param {-1 | 1} frames */
  step(frames) {
    if (!this.#mayControl()) return;
    if (!this.#driver.follower.paused) this.setPaused(true);
    else this.#driver.player.do({ type: "StepFrame", back: frames < 0 });
  }

  /** Whether this viewer may control what plays here. Says why not, if not. */
  #mayControl() {
    const view = this.#viewer.room;
    if (view === null || view.mayControl || this.#driver.follower.onOwn.obeysViewer) return true;
    const key = view.room.policy.control === "host" ? "error.OnlyHost" : "error.OnlyControllers";
    this.#tell({ kind: "refused", text: t(key), about: null });
    return false;
  }

  /** @param {number} seconds */
  setOffset(seconds) {
    this.#kept.keepSetting("offset", seconds);
    this.#driver.tell({ type: "OffsetSet", seconds });
  }

  tapped() {
    /** @type {{tapped?: () => void}} */ (this.#driver.player).tapped?.();
  }

  position() {
    return this.#driver.follower.position(now());
  }

  roomPosition() {
    const view = this.#viewer.room;
    const at = this.serverNow();
    return view === null || at === null ? null : positionAt(view.room.timeline, at);
  }

  /** @param {string} clientId */
  memberPosition(clientId) {
    const view = this.#viewer.room;
    const member = view?.member(clientId) ?? null;
    if (view === null || member === null || member.position === null) return null;
    if (clientId === view.clientId) return this.position();
    const at = this.serverNow();
    if (member.state !== "playing" || member.heard_at === null || at === null) return member.position;
    const end = view.room.file?.duration ?? Number.POSITIVE_INFINITY;
    return Math.min(end, member.position + Math.max(0, at - member.heard_at) * view.room.timeline.rate);
  }

  serverNow() {
    const { clock } = this.#driver.follower;
    return clock.locked ? clock.toServer(now()) : null;
  }

  dumpTrace() {
    return this.#driver.dumpTrace();
  }

  // ---- requests to the room -----------------------------------------------------------------------------------------

  startNow() {
    const timeline = this.#viewer.room?.room.timeline;
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
    return queue.insert(this.#queueParts, files, after);
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

  /** @param {string} id */
  showEntry(id) {
    return queue.show(this.#queueParts, id);
  }

  get #queueParts() {
    return {
      viewer: this.#viewer,
      driver: this.#driver,
      copy: this.#copy,
      films: this.#films,
      ask: this.#ask.bind(this),
    };
  }

  /**
   * @param {string} type
   * @param {object} payload
   * @returns {Promise<Outcome>}
   */
  async ask(type, payload) {
    const up = await this.#entering.connected();
    if (!up.ok) return up;
    return outcome(await this.#connection.request(/** @type {ClientMessage} */ ({ type, payload })));
  }

  /**
   * Asks the room for something.
   *
   * @param {ClientMessage} message
   * @param {(message: ServerMessage) => void} [arrived]
   * @returns {Promise<Outcome>}
   */
  async #ask(message, arrived) {
    if (this.#viewer.room === null) return refusal("NotInRoom");
    return outcome(await this.#connection.request(message, arrived));
  }
}

/**
 * @param {import("./connection.js").Answer} answer
 * @returns {Outcome}
 */
function outcome(answer) {
  return answer.ok ? { ok: true } : refusal(answer.code, answer.said);
}
