/**
 * This viewer as a member of a room, or of none.
 *
 * It listens to the connection: what the server says goes into the room view, to the follower as inputs, and to the
 * room's films. It enters rooms, leaves them, and comes back after an absence.
 *
 * Coming back. A server that kept this member's place says so in its Welcome. Otherwise `#rejoin` asks to be let in
 * again, with the password and the secrets of before. What passes (a full room, a server that is still starting) is
 * tried again; a refusal that does not pass means that the room is lost. A page that is loaded anew comes back the same
 * way: its tab keeps the place.
 *
 * @typedef {import("../protocol/types.js").ServerMessage} ServerMessage
 * @typedef {import("../protocol/types.js").Welcome} Welcome
 * @typedef {import("../protocol/types.js").Pong} Pong
 * @typedef {import("../protocol/types.js").Room} Room
 * @typedef {import("../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../protocol/types.js").Report} Report
 * @typedef {import("../engine/follower/effects.js").SyncCommand} SyncCommand
 * @typedef {import("./connection.js").Answer} Answer
 * @typedef {import("./base.js").Outcome} Outcome
 *
 * @typedef {object} MembershipParts  What this uses of the session.
 * @property {import("./viewer.js").Viewer} viewer
 * @property {import("./connection.js").Connection} connection
 * @property {import("./driver.js").Driver} driver
 * @property {import("./films/copy.js").LocalCopy} copy
 * @property {import("./films/films.js").Films} films
 * @property {import("./kept.js").Kept} kept
 * @property {import("./changes.js").Changes} changes
 * @property {(notice: import("./base.js").Notice) => void} tell
 * @property {(message: import("../protocol/types.js").Said) => void} said
 *
 * @typedef {object} Secrets
 * @property {string | null} password
 * @property {string | null} host_secret
 * @property {string | null} return_secret
 */

import { LinkState } from "../engine/link/link.js";
import { now } from "../engine/local_time.js";
import { t } from "../page/texts/texts.js";
import { errorText } from "./connection.js";
import { RoomView } from "./room/room_view.js";

/** Seconds between tries to get back into a room that refuses for now. */
const REJOIN_PAUSES = [0.2, 0.5, 1, 2];

export class Membership {
  #parts;
  /** Ids of the follower's requests to the room. @type {Set<string | number>} */
  #unanswered = new Set();
  /** Epoch and rev of the timeline for which the room was asked last, because they were not known. */
  #caughtUp = "";
  /** The room that the viewer left while the server could not be told. @type {string | null} */
  #leftUntold = null;
  /** Where this tab was before it was loaded anew, until it is back there. @type {import("./kept.js").Place | null} */
  #returning = null;
  /** The message of the day that was told last. */
  #motd = "";

  /** @param {MembershipParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get isReturning() {
    return this.#returning !== null;
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
   * Tells the room where this member's picture is, unless it is not known yet whether there is one to show.
   *
   * @param {Report} report
   */
  sendReport(report) {
    const { viewer, films, connection, driver } = this.#parts;
    if (viewer.room === null || films.isSearching) return;
    viewer.room.reported(report);
    if (driver.follower.onOwn.reachesRoom) connection.send({ type: "Report", payload: report });
  }

  // ---- entering and leaving -----------------------------------------------------------------------------------------

  /**
   * Be a member of this room from now on.
   *
   * @param {Room} room
   * @param {string} clientId
   * @param {number} at
   * @param {{file: File, info: FileInfo, brought: boolean, number: number} | null} copy
   *   This browser's copy of the room's film, if it is open already.
   * @param {Secrets} secrets
   */
  enter(room, clientId, at, copy, secrets) {
    const { viewer, films, driver } = this.#parts;
    if (copy === null) driver.closeFile(); // What is open is another film, and must not follow this room.
    const view = new RoomView(room, clientId);
    view.password = secrets.password;
    view.hostSecret = secrets.host_secret;
    view.returnSecret = secrets.return_secret;
    viewer.room = view;
    viewer.left = null;
    this.#leftUntold = this.#returning = null;
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
    const { viewer, films, copy, driver, connection, kept, changes, tell } = this.#parts;
    this.#returning = null;
    kept.keepPlace(null);
    if (viewer.room === null) return;
    const untold = why === null && !connection.send({ type: "LeaveRoom", payload: {} });
    this.#leftUntold = untold ? viewer.room.roomId : null;
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

  // ---- coming back --------------------------------------------------------------------------------------------------

  /**
   * Goes back to where this tab was before the page was loaded anew.
   *
   * @param {import("./kept.js").Place} place
   */
  goBack(place) {
    this.#returning = place;
    this.#parts.connection.want(place.server, { client_id: place.client_id, secret: place.secret });
  }

  /** Gives up going back: the viewer wants something else. */
  stayHere() {
    this.#returning = null;
  }

  /** Keeps where this tab is: the page may be about to go. */
  keepPlace() {
    const { viewer, connection, kept } = this.#parts;
    const { resume, url } = connection;
    const view = viewer.room;
    if (this.#returning !== null) {
      kept.keepPlace(this.#returning);
    } else if (view !== null && resume !== null && url !== null) {
      const { client_id, secret } = resume;
      const { roomId: room_id, name, password } = view;
      kept.keepPlace({ server: url, room_id, name, password, client_id, secret });
    }
  }

  /** @param {import("./kept.js").Place} place */
  #secrets(place) {
    const keys = this.#parts.kept.keys(place.server, place.room_id);
    return {
      password: place.password,
      host_secret: keys?.host_secret ?? null,
      return_secret: keys?.return_secret ?? null,
    };
  }

  /** @param {import("./kept.js").Place} place */
  async #joinAgain(place) {
    const { viewer } = this.#parts;
    const secrets = this.#secrets(place);
    const answer = await this.#patiently(
      () => this.#returning === place && viewer.room === null,
      () => ({ room_id: place.room_id, ...secrets }),
      (message, at) => {
        const { room, client_id, return_secret } = message.payload;
        this.enter(room, client_id, at, null, { ...secrets, return_secret });
      },
    );
    if (answer.ok || answer.code === "NotConnected" || this.#returning !== place) return;
    this.#returning = null;
    viewer.left = outBecause(answer);
    this.#parts.changes.announce();
  }

  /** Gets back into the room after an absence for which the server did not keep this member's place. */
  async #rejoin() {
    const { viewer, driver, copy } = this.#parts;
    const view = viewer.room;
    if (view === null) return;
    const { file } = driver;
    let info = file === null ? null : await copy.quick(file);
    if (info !== null) info = copy.shared(info, driver.follower.picture.state.duration);
    const answer = await this.#patiently(
      (last) => {
        // The room may have moved on to another film. Its copy is looked for once it is known.
        if (last?.code === "FileHashMismatch" && info !== null) info = null;
        return viewer.room === view;
      },
      () => ({
        room_id: view.roomId,
        file_hash: info === null ? null : copy.hash,
        file: info,
        password: view.password,
        host_secret: view.hostSecret,
        return_secret: view.returnSecret,
      }),
      (message, at) => {
        view.returnSecret = message.payload.return_secret;
        this.#enterAgain(message.payload.room, message.payload.client_id, at);
        this.#keepKeys(view);
      },
    );
    if (answer.ok || answer.code === "NotConnected" || viewer.room !== view) return;
    this.leave(outBecause(answer), now());
  }

  /**
   * Joins a room, and tries again for a while where it refuses for now.
   *
   * @param {(last: (Answer & {ok: false}) | null) => boolean} goesOn  Whether it is still wanted.
   * @param {() => import("../protocol/types.js").JoinRoom} asks
   * @param {(message: ServerMessage & {type: "RoomJoined"}, at: number) => void} joined
   * @returns {Promise<Answer>}
   */
  async #patiently(goesOn, asks, joined) {
    /** @type {(Answer & {ok: false}) | null} */
    let last = null;
    for (const pause of [...REJOIN_PAUSES, null]) {
      if (!goesOn(last)) break;
      const answer = await this.#parts.connection.request({ type: "JoinRoom", payload: asks() }, (message, at) => {
        if (message.type !== "RoomJoined") return;
        if (goesOn(null)) joined(message, at);
        else this.#parts.connection.send({ type: "LeaveRoom", payload: {} }); // The viewer has left it meanwhile.
      });
      if (answer.ok || answer.code === "NotConnected") return answer;
      const isMismatch = answer.code === "FileHashMismatch" && last?.code !== answer.code;
      last = answer;
      if (isMismatch) continue;
      if (pause === null || !answer.retry) return answer;
      await new Promise((done) => setTimeout(done, pause * 1000));
    }
    return last ?? { ok: false, code: "NotConnected", retry: false, said: null };
  }

  // ---- what the connection tells ------------------------------------------------------------------------------------

  /**
   * @param {Welcome} welcome
   * @param {number} at
   */
  welcomed(welcome, at) {
    const { viewer, connection, tell } = this.#parts;
    if (welcome.motd !== null && welcome.motd !== this.#motd) {
      this.#motd = welcome.motd;
      tell({ kind: "problem", text: t("motd", { text: welcome.motd }), about: null });
    }
    const { room } = welcome;
    if (viewer.room !== null) {
      if (room !== null && room.room_id === viewer.room.roomId) this.#enterAgain(room, welcome.client_id, at);
      else this.#rejoin();
    } else if (this.#returning !== null) {
      const place = this.#returning;
      if (room?.room_id === place.room_id) this.enter(room, welcome.client_id, at, null, this.#secrets(place));
      else this.#joinAgain(place);
    } else if (room !== null && room.room_id === this.#leftUntold) {
      connection.send({ type: "LeaveRoom", payload: {} }); // The server could not be told when the viewer left.
    }
    this.#parts.changes.announce();
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
    const view = viewer.room;
    if (view === null || message.type === "Error") return;
    for (const notice of view.learn(message)) tell(notice);
    switch (message.type) {
      case "SyncBroadcast": {
        const { command, timeline } = message.payload;
        const answer = isAnswer && this.#unanswered.size === 0;
        driver.tell({ type: "TimelineReceived", timeline, stop: command.action === "Stop", answer }, at);
        break;
      }
      case "RoomState":
        driver.tell({ type: "TimelineReceived", timeline: view.room.timeline }, at);
        break;
      case "RoomLeft": {
        const { room_id, reason, detail } = message.payload;
        if (room_id !== view.roomId) break;
        this.leave(reason === "left" ? null : outFor(reason, detail), at, { isMismatch: reason === "mismatch" });
        break;
      }
      case "MediaChanged":
        films.show(message.payload.timeline);
        break;
      case "EntryChanged":
        films.learned(message.payload.entry.id);
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
    if (state === LinkState.DOWN) this.#returning = null;
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
 * @param {Answer & {ok: false}} answer
 * @returns {string}
 */
function outBecause({ code, said }) {
  return t("out.lost", { why: errorText(code, said) });
}

/**
 * @param {import("../protocol/types.js").RoomLeft["reason"]} reason
 * @param {string | null} said
 */
function outFor(reason, said) {
  switch (reason) {
    case "kicked":
    case "banned":
      return said ? t(`out.${reason}.said`, { said }) : t(`out.${reason}`);
    case "closed":
    case "mismatch":
      return t(`out.${reason}`);
    default:
      return t("out.lost", { why: said ?? t("out.unreached") });
  }
}
