/**
 * This viewer as a member of a room, or of none.
 *
 * It listens to the connection: what the server says goes into the room view, to the follower as inputs, and to the
 * room's films. It enters rooms, leaves them, and comes back after an absence.
 *
 * @typedef {import("../protocol/types.js").ServerMessage} ServerMessage
 * @typedef {import("../protocol/types.js").Welcome} Welcome
 * @typedef {import("../protocol/types.js").Pong} Pong
 * @typedef {import("../protocol/types.js").Room} Room
 * @typedef {import("../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../protocol/types.js").Report} Report
 * @typedef {import("../engine/follower/effects.js").SyncCommand} SyncCommand
 *
 * @typedef {object} MembershipParts  What this uses of the session.
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./connection.js").Connection} connection
 * @property {import("./driver.js").Driver} driver
 * @property {import("./films/copy.js").LocalCopy} copy
 * @property {import("./films/films.js").Films} films
 * @property {import("./trust/account.js").Account} account
 * @property {import("./kept.js").Kept} kept
 * @property {import("./changes.js").Changes} changes
 * @property {(notice: import("./base.js").Notice) => void} tell
 * @property {(message: import("../protocol/types.js").Said) => void} said
 */

import { LinkState } from "../engine/link/link.js";
import { now } from "../engine/local_time.js";
import { t } from "../page/texts/texts.js";
import { ended, errorText } from "./refusals.js";
import { Returning } from "./room/returning.js";
import { RoomView } from "./room/room_view.js";

/** Seconds after a refusal until the room is asked for its state again, while a change of its queue is missing. */
const ASK_AGAIN = 2;

/** With these a server says that this viewer is in a room now. */
const LETS_IN = ["RoomJoined", "RoomCreated"];

/** Seconds after a report that could not be sent until it is tried again. */
const REPORT_AGAIN = 2;

export class Membership {
  #parts;
  #returning;
  /** Ids of the follower's requests to the room. @type {Set<string | number>} */
  #unanswered = new Set();
  /** Epoch and rev of the timeline for which the room was asked last, because they were not known. */
  #caughtUp = "";
  /** Whether the room is being asked for its state, because a change of its queue is missing here. */
  #asksForRoom = false;
  /** The message of the day that was told last. */
  #motd = "";
  /** Requests to be let into a room that have no answer yet. */
  #asking = 0;
  /** Resolves once the server has answered the last LeaveRoom: it lets nobody in who is still in a room for it. */
  #leaving = /** @type {Promise<unknown>} */ (Promise.resolve());
  /** Tries a report that could not be sent again. @type {ReturnType<typeof setTimeout> | undefined} */
  #unsentReport;

  /** @param {MembershipParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#returning = new Returning(parts, {
      ask: (...asked) => this.askToEnter(...asked),
      enter: (...entered) => this.enter(...entered),
      enterAgain: (...entered) => this.#enterAgain(...entered),
      keepKeys: (view) => this.#keepKeys(view),
      leave: (why, at) => this.leave(why, at),
      leaveAgain: () => void this.#leaveRoom(),
    });
  }

  /** @returns {Returning}  What leads back into the room. */
  get returning() {
    return this.#returning;
  }

  // ---- what the follower orders -------------------------------------------------------------------------------------

  /**
   * Asks the room for this.
   *
   * @param {SyncCommand} command
   * @returns {boolean}  Whether there is a connection.
   */
  sendRequest(command) {
    const id = command.command_id ?? undefined;
    if (!this.#parts.connection.send({ type: "SyncCommand", payload: command, id })) return false;
    if (id !== undefined) this.#unanswered.add(id);
    return true;
  }

  /**
   * Tells the room where this member's picture is, once it is known whether there is one to show.
   *
   * What cannot be told now is told some seconds later: the follower believes that the room knows it, and of a player at
   * rest it makes no other report for half a minute.
   *
   * @param {Report} report
   */
  sendReport(report) {
    const { viewer, films, connection, driver } = this.#parts;
    const room = viewer.room;
    clearTimeout(this.#unsentReport);
    if (room === null) return;
    if (!films.isSearching) {
      room.reported(report);
      if (!connection.isUp) return; // With the next connection the follower reports anew.
      if (driver.follower.onOwn.reachesRoom) {
        connection.send({ type: "Report", payload: report });
        return;
      }
    }
    this.#unsentReport = setTimeout(() => {
      if (viewer.room === room) this.sendReport(report);
    }, REPORT_AGAIN * 1000);
  }

  // ---- entering and leaving -----------------------------------------------------------------------------------------

  /**
   * Asks to be let into a room. The server may have this viewer in one by an earlier request, whose answer came too late
   * or not at all: nothing here is in that room, so it is left, and the server is asked once more.
   *
   * @param {import("../protocol/types.js").ClientMessage} message  JoinRoom or CreateRoom.
   * @param {(message: ServerMessage, at: number) => void} arrived  As of Connection.request.
   * @returns {Promise<import("./connection.js").Answer>}
   */
  async askToEnter(message, arrived) {
    const { viewer, connection } = this.#parts;
    this.#asking += 1;
    try {
      await this.#leaving;
      const before = viewer.room;
      const answer = await connection.request(message, arrived);
      if (answer.ok || answer.code !== "AlreadyInRoom" || viewer.room !== before) return answer;
      await this.#leaveRoom();
      return await connection.request(message, arrived);
    } finally {
      this.#asking -= 1;
    }
  }

  /** Has the server take this viewer out of the room in which it has them, if there is a connection. */
  #leaveRoom() {
    this.#leaving = this.#parts.connection.request({ type: "LeaveRoom", payload: {} });
    return this.#leaving;
  }

  /**
   * Be a member of this room from now on.
   *
   * @param {Room} room
   * @param {string} clientId
   * @param {number} at
   * @param {{file: File, info: FileInfo, brought: boolean, number: number} | null} copy
   *   This browser's copy of the room's film, if it is open already.
   * @param {import("./room/returning.js").Secrets} secrets
   */
  enter(room, clientId, at, copy, secrets) {
    const { viewer, films, driver } = this.#parts;
    if (copy === null) driver.closeFile(); // What is open is another film, and must not follow this room.
    const view = new RoomView(room, clientId);
    view.password = secrets.password;
    view.hostSecret = secrets.host_secret;
    view.returnSecret = secrets.return_secret;
    view.isSecond = secrets.isSecond ?? false;
    viewer.room = view;
    viewer.left = null;
    this.#returning.arrived();
    if (copy !== null) films.keepNumber(copy.number);
    driver.tell({ type: "TimelineReceived", timeline: room.timeline, entering: true }, at);
    if (copy === null) films.show(null);
    else films.bind(copy.file, copy.info, { brought: copy.brought });
    this.#keepKeys(view);
  }

  /**
   * Be back in the room of before, after an absence.
   *
   * @param {Room} room
   * @param {string} clientId
   * @param {number} at
   */
  #enterAgain(room, clientId, at) {
    const { viewer, films, driver } = this.#parts;
    if (viewer.room === null) return;
    viewer.room.enter(room, clientId);
    driver.tell({ type: "TimelineReceived", timeline: room.timeline, entering: true }, at);
    films.catchUp();
  }

  /** @param {RoomView} view */
  #keepKeys(view) {
    const { connection, kept } = this.#parts;
    if (view.isSecond) return; // What is kept is the other tab's.
    kept.keepKeys({
      server: connection.url ?? "",
      room_id: view.roomId,
      name: view.name,
      host_secret: view.hostSecret,
      return_secret: view.returnSecret,
    });
  }

  /**
   * Be in no room from now on. The film goes on, alone; if it is not the room's film it is paused.
   *
   * @param {string | null} why  One sentence; null: the viewer wanted it.
   * @param {number} at
   * @param {{isMismatch?: boolean}} [options]
   */
  leave(why, at, { isMismatch = false } = {}) {
    const { viewer, films, copy, driver, kept, changes, tell } = this.#parts;
    this.#returning.stayHere();
    kept.keepPlace(null);
    if (viewer.room === null) return;
    // Where there is no connection, the next one's Welcome leads to it.
    if (why === null) void this.#leaveRoom();
    viewer.room = null;
    viewer.left = why;
    this.#unanswered.clear();
    driver.tell({ type: "LeftRoom" }, at);
    films.leave();
    if (isMismatch) {
      driver.tell({ type: "PauseRequested", paused: true }, at);
      copy.is("refused", { problem: copy.mismatch });
    }
    if (why !== null) tell({ kind: "problem", text: why, about: null });
    changes.announce();
  }

  // ---- what the connection tells ------------------------------------------------------------------------------------

  /**
   * @param {Welcome} welcome
   * @param {number} at
   */
  welcomed(welcome, at) {
    const { viewer } = this.#parts;
    if (welcome.motd !== null) this.#tellMotd(welcome.motd);
    const { room } = welcome;
    const returning = this.#returning;
    const { place } = returning;
    const wanted = viewer.room?.roomId ?? place?.room_id ?? null;
    // The server could not be told when the viewer left, or let them in and its answer got lost.
    if (room !== null && room.room_id !== wanted) void this.#leaveRoom();
    if (viewer.room !== null) {
      if (room?.room_id === wanted) this.#enterAgain(room, welcome.client_id, at);
      else returning.rejoin();
    } else if (place !== null) {
      if (room?.room_id === wanted) this.enter(room, welcome.client_id, at, null, returning.secretsOf(place));
      else returning.joinAgain(place);
    }
    this.#parts.changes.announce();
  }

  /**
   * Tells what the server says to people, unless that has been told already.
   *
   * @param {string} text
   */
  #tellMotd(text) {
    if (text === this.#motd) return;
    this.#motd = text;
    this.#parts.tell({ kind: "server", text: t("motd", { text }), about: null });
  }

  /**
   * @param {ServerMessage} message
   * @param {number} at
   */
  received(message, at) {
    const { viewer, driver, films, tell, said, changes } = this.#parts;
    const isAnswer = message.re !== undefined && this.#unanswered.delete(message.re);
    if (isAnswer && message.type === "Error") {
      tell({ kind: "refused", text: errorText(message.payload.code, message.payload.message), about: null });
      driver.tell({ type: "RoomRefused" }, at);
    }
    if (message.type === "Notice") this.#tellMotd(message.payload.text);
    const view = viewer.room;
    if (view === null) {
      // Its request has been given up, or the viewer. Where there is a newer one, its answer says what becomes of this.
      if (LETS_IN.includes(message.type) && this.#asking === 0) void this.#leaveRoom();
      return;
    }
    if (message.type === "Error") {
      const { code } = message.payload;
      if (code === "FileHashMismatch" && message.re === undefined && view.role === "host") {
        tell({ kind: "refused", text: t("copy.mismatch"), about: null }); // Others are put out, and hear of that.
      }
      return;
    }
    const shown = view.room.queue.current;
    for (const notice of view.learn(message)) tell(notice);
    if (view.isBehind && !this.#asksForRoom) void this.#askWhatIsMissing(view);
    switch (message.type) {
      case "SyncBroadcast": {
        const { command, timeline } = message.payload;
        const answer = isAnswer && this.#unanswered.size === 0;
        driver.tell({ type: "TimelineReceived", timeline, stop: command.action === "Stop", answer }, at);
        break;
      }
      case "RoomState":
        driver.tell({ type: "TimelineReceived", timeline: view.room.timeline }, at);
        if (view.room.queue.current !== shown) films.catchUp(); // A change to another film was missed.
        break;
      case "RoomLeft": {
        const { room_id, reason, detail } = message.payload;
        if (room_id !== view.roomId) break;
        // The server says first why it puts somebody out of everything: then it was not the room's host.
        const { farewell } = this.#parts.connection;
        const why =
          farewell === null
            ? outFor(reason, detail, this.#parts.account.name !== null, view.room.policy.access)
            : t("out.lost", { why: farewell });
        this.leave(reason === "left" && detail == null ? null : why, at, { isMismatch: reason === "mismatch" });
        break;
      }
      case "MediaChanged":
        films.show(message.payload.timeline);
        break;
      case "EntryChanged":
        films.learned(message.payload.entry.id);
        break;
      case "FilmDescribed":
        films.learned(view.room.queue.current);
        break;
      case "PolicyChanged":
        films.learned(view.room.queue.current); // The room may take other encodings now.
        break;
      case "Said":
        said(message.payload);
        break;
    }
    changes.announce();
  }

  /**
   * Asks for the room's state until no change of its queue is missing here.
   *
   * @param {RoomView} view
   */
  async #askWhatIsMissing(view) {
    const { viewer, connection } = this.#parts;
    this.#asksForRoom = true;
    while (viewer.room === view && view.isBehind && connection.isUp) {
      const answer = await connection.request({ type: "GetRoom", payload: {} });
      if (!answer.ok) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN * 1000));
    }
    this.#asksForRoom = false;
  }

  /** @param {import("../engine/link/link.js").State} state */
  linkChanged(state) {
    const { viewer, driver, connection, changes } = this.#parts;
    if (state !== LinkState.UP) {
      this.#unanswered.clear();
      if (viewer.room !== null) driver.tell({ type: "LinkLost" });
    }
    if (state === LinkState.DOWN && viewer.room !== null) {
      this.leave(t("out.lost", { why: connection.reason ?? t("out.unreached") }), now());
    }
    if (state === LinkState.DOWN) this.#returning.stayHere();
    changes.announce();
  }

  /**
   * @param {Pong} pong
   * @param {number} at
   */
  ponged({ t0, t1, t2, epoch, rev }, at) {
    const { viewer, driver, connection } = this.#parts;
    driver.tell({ type: "Pinged", t0, t1, t2, t3: at }, at);
    if (viewer.room === null || epoch === null || rev === null) return;
    const known = viewer.room.room.timeline;
    const newest = `${epoch} ${rev}`;
    if (newest === this.#caughtUp || (epoch === known.epoch && rev <= known.rev)) return;
    this.#caughtUp = newest;
    connection.send({ type: "GetRoom", payload: {} });
  }

  /** @param {number} at */
  clockReplaced(at) {
    this.#parts.driver.tell({ type: "ClockFlushed" }, at);
  }

  /** @param {number} at  The device slept, or the page was held still. */
  woke(at) {
    const { driver, connection } = this.#parts;
    driver.tell({ type: "AbsenceEnded" }, at);
    connection.askTheTime();
    connection.hurry();
  }
}

/**
 * @param {import("../protocol/types.js").RoomLeft["reason"]} reason
 * @param {string | null} said
 * @param {boolean} hasAccount  A ban holds the account then, in place of the network.
 * @param {Room["policy"]["access"]} access  Who may join the room.
 */
function outFor(reason, said, hasAccount, access) {
  switch (reason) {
    case "kicked":
      if (said) return t("out.kicked.said", { said });
      return t(access === "invited" ? "out.kicked.invited" : "out.kicked");
    case "banned": {
      const what = said?.trim() ? t("out.banned.said", { said: ended(said.trim()) }) : t("out.banned");
      return t(hasAccount ? "out.banned.lastsAccount" : "out.banned.lasts", { what });
    }
    case "removed":
      return said ? t("out.removed.said", { said }) : t("out.removed");
    case "closed":
      return said ? t("out.closed.said", { said }) : t("out.closed");
    case "mismatch":
      return t(`out.${reason}`);
    default:
      return t("out.lost", { why: said ?? t("out.unreached") });
  }
}
