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
 */

import { now } from "../engine/local_time.js";
import { t } from "../page/texts/texts.js";
import { watchForAbsence } from "./absence.js";
import { Changes } from "./changes.js";
import { Connection } from "./connection.js";
import { Driver } from "./driver.js";
import { Entering } from "./entering.js";
import { LocalCopy } from "./films/copy.js";
import { Films } from "./films/films.js";
import { roomIn, sameRoom, serverOf } from "./invites.js";
import { Kept } from "./kept.js";
import { Membership } from "./membership.js";
import { Playing } from "./playing.js";
import { OtherTabs } from "./room/other_tabs.js";
import { Requests } from "./room/requests.js";
import { StateBuilder } from "./state.js";
import { Account } from "./trust/account.js";
import { Logins } from "./trust/logins.js";

const CLIENT = "hang web";
const CHAT_MAX = 500;
/** Milliseconds, at least, from one "change" to the next: a large room tells hundreds of things a second. */
const CHANGE_MS = 30;
/** Seconds. After so long in the background, what is known of the server's clock, and of the connection, is old. */
const LONG_HIDDEN = 10;

/** @implements {SessionPort} */
export class Session extends EventTarget {
  /** Who this browser is to the server: logging in and out. @type {Account} */
  account;
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
  #playing;
  #requests;
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
    /** @type {Account} */
    let account;
    const connection = new Connection(
      {
        welcomed: (welcome, at) => {
          account.welcomed(welcome);
          membership.welcomed(welcome, at);
        },
        received: (message, at) => membership.received(message, at),
        linkChanged: (state) => {
          account.linkChanged(state);
          membership.linkChanged(state);
        },
        ponged: (pong, at) => membership.ponged(pong, at),
        clockReplaced: (at) => membership.clockReplaced(at),
      },
      CLIENT,
      (url) => account.greeting(url),
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
    // Locks are given to pages of https and of this computer alone: over others, a password could be read on its way.
    const logins = "locks" in navigator ? new Logins() : null;
    const reach = () => this.#entering.reached();
    const server = () => serverOf(document.baseURI);
    account = new Account({ ...parts, connection, tell, server, reach, logins });
    this.account = account;
    membership = new Membership({ ...parts, connection, driver, copy, films, account, tell, said });
    this.#connection = connection;
    this.#driver = driver;
    this.#copy = copy;
    this.#films = films;
    this.#membership = membership;
    const tabs = new OtherTabs(() => {
      const view = this.#viewer.room;
      return view === null ? null : { server: connection.url ?? "", room_id: view.roomId, name: view.name };
    });
    this.#entering = new Entering({
      ...parts,
      connection,
      driver,
      copy,
      films,
      membership,
      account,
      tabs,
      tell,
      server,
    });
    this.#playing = new Playing({ ...parts, driver, tell });
    this.#requests = new Requests({ ...parts, connection, driver, copy, films });
    this.#builder = new StateBuilder({ viewer: this.#viewer, connection, driver, copy, account });
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
    window.addEventListener("pagehide", () => this.#membership.returning.keepPlace());
    let hiddenAt = now();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") {
        hiddenAt = now();
        this.#membership.returning.keepPlace();
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
    this.#membership.returning.goBack(place);
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
   * @param {{password?: string, invite?: string | null}} [options]
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

  /** Connects to the server, if nothing else did: what it wants of whoever comes is known then. */
  async meet() {
    if (this.#connection.url === null) await this.#entering.connected();
  }

  async listRooms() {
    if (!(await this.#entering.connected()).ok) return null;
    return this.#entering.list();
  }

  // ---- playing ------------------------------------------------------------------------------------------------------

  togglePause = () => this.#playing.togglePause();

  /** @type {SessionPort["setPaused"]} */
  setPaused = (paused) => this.#playing.setPaused(paused);

  /** @type {SessionPort["seek"]} */
  seek = (position) => this.#playing.seek(position);

  /** @type {SessionPort["seekBy"]} */
  seekBy = (seconds) => this.#playing.seekBy(seconds);

  /** @type {SessionPort["setSpeed"]} */
  setSpeed = (rate) => this.#playing.setSpeed(rate);

  /** @type {SessionPort["step"]} */
  step = (frames) => this.#playing.step(frames);

  /** @type {SessionPort["setOffset"]} */
  setOffset = (seconds) => this.#playing.setOffset(seconds);

  tapped = () => this.#playing.tapped();

  position = () => this.#playing.position();

  roomPosition = () => this.#playing.roomPosition();

  /** @type {SessionPort["memberPosition"]} */
  memberPosition = (member) => this.#playing.memberPosition(member);

  serverNow = () => this.#playing.serverNow();

  dumpTrace() {
    return this.#driver.dumpTrace();
  }

  // ---- requests -----------------------------------------------------------------------------------------------------

  startNow = () => this.#requests.startNow();

  /** @type {SessionPort["setReady"]} */
  setReady = (ready, member) => this.#requests.setReady(ready, member);

  /** @type {SessionPort["say"]} */
  say = (text) => this.#requests.say(text);

  /** @type {SessionPort["setPolicy"]} */
  setPolicy = (change) => this.#requests.setPolicy(change);

  /** @type {SessionPort["setRole"]} */
  setRole = (member, role) => this.#requests.setRole(member, role);

  /** @type {SessionPort["kick"]} */
  kick = (member, options) => this.#requests.kick(member, options);

  /** @type {SessionPort["queueInsert"]} */
  queueInsert = (files, after) => this.#requests.queueInsert(files, after);

  /** @type {SessionPort["queueRemove"]} */
  queueRemove = (ids) => this.#requests.queueRemove(ids);

  /** @type {SessionPort["queueMove"]} */
  queueMove = (ids, after) => this.#requests.queueMove(ids, after);

  /** @type {SessionPort["showEntry"]} */
  showEntry = (id) => this.#requests.showEntry(id);

  /** @type {SessionPort["ask"]} */
  ask = async (type, payload) => {
    const up = await this.#entering.connected();
    return up.ok ? this.#requests.ask(/** @type {ClientMessage} */ ({ type, payload })) : up;
  };
}
