/**
 * The connection to the room server.
 *
 * Theory of operation. The state machine `Link` decides when to dial, greet, hang up and dial again; this module carries
 * its effects out with a WebSocket. While the connection is up, messages go to the listener in the task that received
 * them, with the local time at which they came. `PingSchedule` decides when a Ping is sent.
 *
 * A request is answered by the message that carries its id back. What has to be done before the next message is handled
 * (being in a room whose timeline may follow at once) is given as `arrived`. No request rejects: see `Answer`.
 *
 * A failure in handling a message ends the connection, and the link dials again after a pause: the server's next
 * snapshot of the room puts right what the failed message left half done.
 *
 * @typedef {import("../protocol/types.js").ServerMessage} ServerMessage
 * @typedef {import("../protocol/types.js").ClientMessage} ClientMessage
 * @typedef {import("../protocol/types.js").RequestId} RequestId
 * @typedef {import("../protocol/types.js").Resume} Resume
 * @typedef {import("../protocol/types.js").Welcome} Welcome
 * @typedef {import("../protocol/types.js").Pong} Pong
 * @typedef {import("../engine/link/link.js").State} State
 *
 * @typedef {{ok: true, message: ServerMessage} | {ok: false, code: string, retry: boolean, said: string | null}} Answer
 *   `code` is one of the protocol's, or NotConnected or TimedOut; `said` is the server's sentence.
 *
 * @typedef {(url: string) => Promise<import("./trust/account.js").Greeting>} GreetingOf
 *   Tells what Hello says of this browser to the server at this URL.
 *
 * @typedef {object} ConnectionListener  What is told of a connection. `now` is the local time in seconds.
 * @property {(welcome: Welcome, now: number) => void} welcomed  The connection is up, for the first time or again.
 * @property {(message: ServerMessage, now: number) => void} received
 *   A message came. An answer comes here too, after its request has been told.
 * @property {(state: State) => void} linkChanged
 * @property {(pong: Pong, now: number) => void} ponged
 * @property {(now: number) => void} clockReplaced  The server's clock is another one: forget what was learned of it.
 */

import { Link, LinkState } from "../engine/link/link.js";
import { PingSchedule } from "../engine/link/pings.js";
import { now } from "../engine/local_time.js";
import { t } from "../page/texts/texts.js";
import { decode } from "../protocol/decode.js";
import { BANNED, BROKE_OFF, closedBecause, errorText, REFUSED, UNAUTHORIZED } from "./refusals.js";
import { DeadlineTimer } from "./timer.js";
import { whyUnreached } from "./unreached.js";

const PROTOCOL = 1;
/** Seconds to dial, and to wait for an answer. */
const ANSWER_TIMEOUT = 8;
/** Seconds to wait for the state of a room, which is large. Whether the server still speaks, pings tell sooner. */
const STATE_TIMEOUT = 60;
const ASKS_STATE = ["JoinRoom", "GetRoom"];
const IS_STATE = ["RoomJoined", "RoomState", "Error"];
/** Seconds, at least, before the link dials again after a message whose handling failed: it may come again. */
const FAULT_PAUSE = 5;

/** Errors after which a server closes the connection, where they answer no request. */
const LAST_WORDS = ["Unauthorized", "Banned"];
/** The codes with which it closes then. */
const SHUT_OUT = [UNAUTHORIZED, BANNED];

export class Connection {
  #listener;
  #client;
  #link = new Link();
  #pings = new PingSchedule();
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = new DeadlineTimer((at) => this.#carryOut(this.#link.expire(at)));
  #pingTimer = new DeadlineTimer((at) => this.#ping(at));
  #dialTimer = new DeadlineTimer(() => this.#end(BROKE_OFF, t("link.silent")));
  /** @type {Map<RequestId, {done: (answer: Answer) => void, arrived: (message: ServerMessage, now: number) => void}>} */
  #requests = new Map();
  #requestsMade = 0;
  /** Seconds that this connection's server asked for in its Goodbye. @type {number | null} */
  #retryAfter = null;
  /** @type {string | null} */
  #clockId = null;
  #greetingOf;

  /** This member's name, as the others are to see it. Counts from the next connection on. */
  name = "";
  /** What proves to this server that another connection is this client's. @type {Resume | null} */
  resume = null;
  /** @type {Welcome | null} */
  welcome = null;
  /** The name that the last Hello told. */
  toldName = "";
  /** Whether the server has a password of its own, and was told none or another one. */
  needsPassword = false;
  /** Why the server is about to close this connection, or has closed it, as a sentence. @type {string | null} */
  farewell = null;
  /** How the last connection was closed. @type {number | null} */
  closedWith = null;

  /**
   * @param {ConnectionListener} listener
   * @param {string} client  This program and its version, for the server's log.
   * @param {GreetingOf} greetingOf
   */
  constructor(listener, client, greetingOf) {
    this.#listener = listener;
    this.#client = client;
    this.#greetingOf = greetingOf;
    addEventListener("online", () => this.hurry());
  }

  /** @returns {State} */
  get state() {
    return this.#link.state;
  }

  get isUp() {
    return this.#link.state === LinkState.UP;
  }

  /** Why there is no connection, as a sentence. @returns {string | null} */
  get reason() {
    return this.#link.reason;
  }

  /** Local time at which it is dialed again. @returns {number | null} */
  get retryAt() {
    return this.#link.retryAt;
  }

  /** @returns {string | null} */
  get url() {
    return this.#link.url;
  }

  /**
   * Connects to the server at `url`, and keeps the connection up. Another server's connection is closed.
   *
   * @param {string} url
   * @param {Resume | null} [resume]  Be this client there, which an earlier page was.
   */
  want(url, resume = null) {
    if (url !== this.#link.url) this.resume = resume;
    this.#feed({ type: "Wanted", url });
  }

  /** Disconnects, and stays disconnected until `want` is called. */
  unwant() {
    this.resume = null;
    this.#feed({ type: "Unwanted" });
  }

  /** Dials now, if the link waits to dial again and the server has not asked for a pause. */
  hurry() {
    const { state, url } = this.#link;
    if (state === LinkState.WAITING && url !== null && this.#retryAfter === null) this.#feed({ type: "Wanted", url });
  }

  /**
   * Sends a message now.
   *
   * @param {ClientMessage} message
   * @returns {boolean}  Whether there is a connection to send it over.
   */
  send(message) {
    if (!this.isUp) return false;
    this.#write(message);
    if (ASKS_STATE.includes(message.type)) this.#feedPings({ type: "StateAsked" }, now());
    return true;
  }

  /**
   * Sends a message and waits for its answer.
   *
   * @param {ClientMessage} message
   * @param {(message: ServerMessage, now: number) => void} [arrived]
   *   Called with the answer, if it is no Error, before any later message is handled.
   * @returns {Promise<Answer>}
   */
  request(message, arrived = () => {}) {
    const id = `r${++this.#requestsMade}`;
    if (!this.send({ ...message, id })) return Promise.resolve(refused("NotConnected", this.reason));
    return new Promise((resolve) => {
      const timeout = ASKS_STATE.includes(message.type) ? STATE_TIMEOUT : ANSWER_TIMEOUT;
      const late = setTimeout(() => done(refused("TimedOut")), timeout * 1000);
      const done = (/** @type {Answer} */ answer) => {
        clearTimeout(late);
        this.#requests.delete(id);
        resolve(answer);
      };
      this.#requests.set(id, { done, arrived });
    });
  }

  /** Starts a burst of pings, to learn the server's clock anew. */
  askTheTime() {
    if (!this.isUp) return;
    this.#feedPings({ type: "Started" }, now());
  }

  /**
   * @param {import("../engine/link/pings.js").PingInput} input
   * @param {number} at
   */
  #feedPings(input, at) {
    this.#pings.handle(input, at);
    this.#pingTimer.arm(this.#pings.deadline());
  }

  // ---- the link's effects -------------------------------------------------------------------------------------------

  /** @param {import("../engine/link/link.js").LinkInput} input */
  #feed(input) {
    this.#carryOut(this.#link.handle(input, now(), Math.random()));
  }

  /** @param {import("../engine/link/link.js").LinkEffect[]} effects */
  #carryOut(effects) {
    for (const effect of effects) {
      switch (effect.type) {
        case "Dial":
          this.#dial(effect.url, effect.attempt);
          break;
        case "SendHello":
          void this.#greet(effect.attempt);
          break;
        case "HangUp":
          this.#hangUp();
          break;
        case "StateChanged":
          if (effect.state !== LinkState.UP) this.#wentDown();
          this.#listener.linkChanged(effect.state);
      }
    }
    this.#timer.arm(this.#link.deadline());
  }

  /** @param {number} attempt */
  async #greet(attempt) {
    const { url } = this.#link;
    if (url === null) return;
    const greeting = await this.#greetingOf(url);
    if (attempt !== this.#link.attempt || this.#link.state !== LinkState.GREETING) return;
    const { name, resume } = this;
    this.toldName = name;
    const payload = { protocol: PROTOCOL, name, client: this.#client, features: [], resume, ...greeting };
    this.#write({ type: "Hello", id: "hello", payload });
  }

  /**
   * @param {string} url
   * @param {number} attempt
   */
  #dial(url, attempt) {
    let socket;
    try {
      socket = new WebSocket(url);
    } catch {
      this.#feed({ type: "DialFailed", attempt, reason: t("link.unreachable") });
      return;
    }
    this.#socket = socket;
    this.#retryAfter = this.farewell = this.closedWith = null;
    let opened = false;
    this.#dialTimer.arm(now() + ANSWER_TIMEOUT);
    socket.onopen = () => {
      opened = true;
      if (this.resume !== null) this.#dialTimer.arm(now() + STATE_TIMEOUT); // Its Welcome may have a room's state.
      this.#feed({ type: "Dialed", attempt });
    };
    socket.onmessage = (event) => {
      const at = now(); // First of all: it tells the server's clock.
      this.#frameReceived(event.data, at);
    };
    socket.onclose = ({ code, reason }) => {
      forget(socket);
      this.#socket = null;
      this.#dialTimer.arm(null);
      if (!opened) void this.#unreached(url, attempt);
      else this.#lost(attempt, code, (SHUT_OUT.includes(code) ? this.farewell : null) ?? closedBecause(code, reason));
    };
  }

  /**
   * Lets the link go on after a failed dial. Only after the first one is it asked why: each time would be a burden for a
   * server that restarts.
   *
   * @param {string} url
   * @param {number} attempt
   */
  async #unreached(url, attempt) {
    const { failures, reason } = this.#link;
    const why = failures === 0 ? await whyUnreached(url) : (reason ?? t("link.unreachable"));
    this.#feed({ type: "DialFailed", attempt, reason: why });
  }

  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    this.#dialTimer.arm(null);
    if (socket === null) return;
    forget(socket);
    socket.close();
  }

  #wentDown() {
    this.#pings.handle({ type: "Stopped" }, now());
    this.#pingTimer.arm(null);
    for (const request of [...this.#requests.values()]) request.done(refused("NotConnected", this.reason));
  }

  /**
   * Ends the connection for a reason of ours, and lets the link decide what follows.
   *
   * @param {number} code
   * @param {string} reason
   * @param {number | null} [retryAfter]
   */
  #end(code, reason, retryAfter = null) {
    const { attempt, state } = this.#link;
    this.#hangUp();
    if (state === LinkState.DIALING) this.#feed({ type: "DialFailed", attempt, reason });
    else this.#lost(attempt, code, reason, retryAfter);
  }

  /**
   * @param {number} attempt
   * @param {number} code
   * @param {string} reason
   * @param {number | null} [retryAfter]
   */
  #lost(attempt, code, reason, retryAfter = null) {
    this.closedWith = code;
    this.#feed({ type: "Lost", attempt, close_code: code, reason, retry_after: this.#retryAfter ?? retryAfter });
  }

  /** @param {ClientMessage} message */
  #write(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  // ---- what arrives -------------------------------------------------------------------------------------------------

  /**
   * @param {unknown} data
   * @param {number} at
   */
  #frameReceived(data, at) {
    const { attempt } = this.#link;
    try {
      const message = decode(data);
      if (message !== null) this.#received(message, at);
    } catch (error) {
      console.error("handling what the server said failed", error);
      if (attempt === this.#link.attempt) this.#end(BROKE_OFF, t("link.protocol"), FAULT_PAUSE);
    }
  }

  /**
   * @param {ServerMessage} message
   * @param {number} at
   */
  #received(message, at) {
    const greeting = this.#link.state === LinkState.GREETING;
    if (message.type === "Goodbye") this.#retryAfter = message.payload.retry_after;
    if (message.type === "Welcome" && greeting) {
      this.#welcomed(message.payload, at);
      return;
    }
    if (message.type === "Error" && message.re === undefined && LAST_WORDS.includes(message.payload.code)) {
      this.farewell = errorText(message.payload.code, message.payload.message);
    } else if (message.type !== "RoomLeft" && message.type !== "Pong") {
      this.farewell = null; // The connection goes on: that was the answer to something that has no id.
    }
    if (message.type === "Error" && message.re === "hello" && greeting) {
      const { code, message: said, retry, details } = message.payload;
      this.needsPassword = details?.need === "password";
      // The server closes after this. The reason is the Error's, and it says whether dialing again may help.
      const wait = details?.retry_after;
      this.#end(retry ? BROKE_OFF : REFUSED, errorText(code, said), typeof wait === "number" ? wait : null);
      return;
    }
    if (!this.isUp) return; // Before its Welcome, a server has nothing else to say.
    if (IS_STATE.includes(message.type)) this.#feedPings({ type: "StateCame" }, at);
    if (message.type === "Pong") {
      this.#feedPings({ type: "Ponged" }, at);
      this.#listener.ponged(message.payload, at);
      return;
    }
    const request = message.re === undefined ? undefined : this.#requests.get(message.re);
    if (request !== undefined) {
      if (message.type === "Error") {
        const { code, retry, message: said } = message.payload;
        request.done({ ok: false, code, retry, said });
      } else {
        request.arrived(message, at);
        request.done({ ok: true, message });
      }
    }
    this.#listener.received(message, at);
  }

  /**
   * @param {Welcome} welcome
   * @param {number} at
   */
  #welcomed(welcome, at) {
    this.#dialTimer.arm(null);
    this.needsPassword = false;
    this.welcome = welcome;
    this.resume = { client_id: welcome.client_id, secret: welcome.resume_secret };
    if (welcome.clock_id !== this.#clockId) {
      this.#clockId = welcome.clock_id;
      this.#listener.clockReplaced(at);
    }
    this.#feed({ type: "Welcomed", attempt: this.#link.attempt });
    this.askTheTime();
    this.#listener.welcomed(welcome, at);
  }

  /** @param {number} at */
  #ping(at) {
    for (const effect of this.#pings.expire(at)) {
      if (effect.type === "GiveUp") this.#end(BROKE_OFF, t("link.silent"));
      else this.#write({ type: "Ping", payload: { t0: now() } });
    }
    this.#pingTimer.arm(this.#pings.deadline());
  }
}

/**
 * @param {string} code
 * @param {string | null} [said]
 * @returns {Answer}
 */
function refused(code, said = null) {
  return { ok: false, code, retry: true, said };
}

/** @param {WebSocket} socket */
function forget(socket) {
  socket.onopen = socket.onmessage = socket.onclose = null;
}
