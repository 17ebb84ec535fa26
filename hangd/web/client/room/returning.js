/**
 * Coming back into a room after an absence, of the connection or of the page.
 *
 * A server that kept this member's place says so in its Welcome. Otherwise the room is asked to let this viewer in
 * again, with the password and the secrets of before. What passes (a full room, a server that is still starting) is
 * tried again; a refusal that does not pass means that the room is lost. A page that is loaded anew comes back the same
 * way: its tab keeps the place.
 *
 * @typedef {import("../../protocol/types.js").ServerMessage} ServerMessage
 * @typedef {import("../../protocol/types.js").Room} Room
 * @typedef {import("../connection.js").Answer} Answer
 * @typedef {import("../kept.js").Place} Place
 *
 * @typedef {object} Secrets
 * @property {string | null} password
 * @property {string | null} host_secret
 * @property {string | null} return_secret
 * @property {boolean} [isSecond]  Another tab of this browser is in the room, and what is kept for it belongs to that.
 *
 * @typedef {object} ReturningPort  What it has the membership do.
 * @property {import("../membership.js").Membership["askToEnter"]} ask
 * @property {(room: Room, clientId: string, at: number, copy: null, secrets: Secrets) => void} enter
 * @property {(room: Room, clientId: string, at: number) => void} enterAgain
 * @property {(view: import("./room_view.js").RoomView) => void} keepKeys
 * @property {(why: string, at: number) => void} leave
 * @property {() => void} leaveAgain  The server let the viewer in who had left already.
 */

import { now } from "../../engine/local_time.js";
import { t } from "../../page/texts/texts.js";
import { errorText } from "../refusals.js";

/** Seconds between tries to get back into a room that refuses for now. */
const REJOIN_PAUSES = [0.2, 0.5, 1, 2];

export class Returning {
  #parts;
  #port;
  /** Where this tab was before it was loaded anew, until it is back there. @type {Place | null} */
  #place = null;

  /**
   * @param {import("../membership.js").MembershipParts} parts
   * @param {ReturningPort} port
   */
  constructor(parts, port) {
    this.#parts = parts;
    this.#port = port;
  }

  /** @returns {Place | null} */
  get place() {
    return this.#place;
  }

  /** The viewer is in a room: there is nowhere to go back to. */
  arrived() {
    this.#place = null;
  }

  /**
   * Goes back to where this tab was before the page was loaded anew.
   *
   * @param {Place} place
   */
  goBack(place) {
    this.#place = place;
    this.#parts.connection.want(place.server, { client_id: place.client_id, secret: place.secret });
  }

  /** Gives up going back: the viewer wants something else. */
  stayHere() {
    this.#place = null;
  }

  /** Keeps where this tab is: the page may be about to go. */
  keepPlace() {
    const { viewer, connection, kept } = this.#parts;
    const { resume, url } = connection;
    const view = viewer.room;
    if (this.#place !== null) {
      kept.keepPlace(this.#place);
    } else if (view !== null && resume !== null && url !== null) {
      const { client_id, secret } = resume;
      const { roomId: room_id, name, password, isSecond } = view;
      kept.keepPlace({ server: url, room_id, name, password, client_id, secret, isSecond });
    }
  }

  /** @param {Place} place */
  secretsOf(place) {
    const isSecond = place.isSecond ?? false;
    const keys = isSecond ? null : this.#parts.kept.keys(place.server, place.room_id);
    return {
      isSecond,
      password: place.password,
      host_secret: keys?.host_secret ?? null,
      return_secret: keys?.return_secret ?? null,
    };
  }

  /** @param {Place} place */
  async joinAgain(place) {
    const { viewer } = this.#parts;
    const { isSecond, ...keys } = this.secretsOf(place);
    const answer = await this.#patiently(
      () => this.#place === place && viewer.room === null,
      () => ({ room_id: place.room_id, ...keys }),
      (message, at) => {
        const { room, client_id, return_secret } = message.payload;
        this.#port.enter(room, client_id, at, null, { ...keys, return_secret, isSecond });
      },
    );
    if (answer.ok || answer.code === "NotConnected" || this.#place !== place) return;
    this.#place = null;
    viewer.left = outBecause(answer);
    this.#parts.changes.announce();
  }

  /** Gets back into the room after an absence for which the server did not keep this member's place. */
  async rejoin() {
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
        this.#port.enterAgain(message.payload.room, message.payload.client_id, at);
        this.#port.keepKeys(view);
      },
    );
    if (answer.ok || answer.code === "NotConnected" || viewer.room !== view) return;
    this.#port.leave(outBecause(answer), now());
  }

  /**
   * Joins a room, and tries again for a while where it refuses for now.
   *
   * @param {(last: (Answer & {ok: false}) | null) => boolean} goesOn  Whether it is still wanted.
   * @param {() => import("../../protocol/types.js").JoinRoom} asks
   * @param {(message: ServerMessage & {type: "RoomJoined"}, at: number) => void} joined
   * @returns {Promise<Answer>}
   */
  async #patiently(goesOn, asks, joined) {
    await this.#parts.account.settled(); // The room may let in nobody else than who has an account.
    /** @type {(Answer & {ok: false}) | null} */
    let last = null;
    for (const pause of [...REJOIN_PAUSES, null]) {
      if (!goesOn(last)) break;
      const answer = await this.#port.ask({ type: "JoinRoom", payload: asks() }, (message, at) => {
        if (message.type !== "RoomJoined") return;
        if (goesOn(null)) joined(message, at);
        else this.#port.leaveAgain(); // The viewer has left it meanwhile.
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
}

/**
 * @param {Answer & {ok: false}} answer
 * @returns {string}
 */
function outBecause({ code, said }) {
  return t("out.lost", { why: errorText(code, said) });
}
