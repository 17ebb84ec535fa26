/**
 * The parts of a session as session.js joins them, and a server that is written down: no browser, no real connection.
 *
 * The player plays nothing: a film that is loaded stands ready at once.
 */

import { Changes } from "../../../../hangd/web/client/changes.js";
import { Connection } from "../../../../hangd/web/client/connection.js";
import { Driver } from "../../../../hangd/web/client/driver.js";
import { Entering } from "../../../../hangd/web/client/entering.js";
import { LocalCopy } from "../../../../hangd/web/client/films/copy.js";
import { Films } from "../../../../hangd/web/client/films/films.js";
import { Kept } from "../../../../hangd/web/client/kept.js";
import { Membership } from "../../../../hangd/web/client/membership.js";
import { Account } from "../../../../hangd/web/client/trust/account.js";
import { now } from "../../../../hangd/web/engine/local_time.js";
import { CHROMIUM } from "../../../../hangd/web/engine/policies.js";

export const URL = "wss://films.example.org/ws";

/** @typedef {{type: string, id?: string, payload: any}} Said */

/** What the client's sockets lead to. It greets whoever comes; a test answers the rest, with `hear` and `say`. */
export class Server {
  /** Whether it can be reached. */
  isThere = true;
  /** What every Welcome has beside the rest. @type {Record<string, unknown>} */
  welcome = {};
  /** All that was said to it, but for Hello and pings. @type {Said[]} */
  heard = [];
  /** Answers what it hears by itself: the type and the payload, or null. @type {(said: Said) => [string, any] | null} */
  answers = () => null;
  /** @type {Socket | null} */
  #socket = null;
  #read = 0;

  /** @param {Socket} socket */
  dialed(socket) {
    if (!this.isThere) return socket.closed();
    this.#socket = socket;
    socket.readyState = 1;
    socket.onopen?.();
  }

  /** @param {Said} said */
  received(said) {
    if (said.type === "Ping") return;
    if (said.type === "Hello") {
      const known = { client_id: "me", resume_secret: "s", protocol: 1, server: "test", clock_id: "k", features: [] };
      this.say("Welcome", { ...known, limits: {}, resumed: false, ...this.welcome }, said.id);
      return;
    }
    this.heard.push(said);
    const answer = this.answers(said);
    if (answer !== null) this.say(...answer, said.id);
  }

  /**
   * @param {string} type
   * @param {any} payload
   * @param {string} [re]
   */
  say(type, payload, re) {
    const socket = this.#socket;
    const data = JSON.stringify({ type, payload, re });
    setImmediate(() => socket?.onmessage?.({ data }));
  }

  breaksOff() {
    this.#socket?.closed();
    this.#socket = null;
  }

  /** Waits until it hears something more, which is of this type. @param {string} type */
  async hear(type) {
    await until(() => this.heard.length > this.#read);
    const said = this.heard[this.#read++];
    if (said.type !== type) throw new Error(`${said.type} was said in place of ${type}`);
    return said;
  }

  /** The types of what it has heard and no test has read. */
  get unread() {
    return this.heard.slice(this.#read).map(({ type }) => type);
  }
}

/** A WebSocket to the newest server. */
class Socket {
  static OPEN = 1;
  /** @type {Server} */
  static server;
  readyState = 0;
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: {data: string}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number, reason: string}) => void) | null} */
  onclose = null;
  #server = Socket.server;

  constructor() {
    setImmediate(() => this.#server.dialed(this));
  }

  /** @param {string} text */
  send(text) {
    this.#server.received(JSON.parse(text));
  }

  closed() {
    this.readyState = 3;
    this.onclose?.({ code: 1006, reason: "" });
  }

  close() {
    this.readyState = 3;
  }
}

/**
 * Returns a client of this server, which is in no room.
 *
 * @param {Server} server
 * @param {any} [logins]
 */
export function clientOf(server, logins = null) {
  Socket.server = server;
  const fetch = () => Promise.reject(new TypeError("there is no network"));
  Object.assign(globalThis, { WebSocket: Socket, addEventListener: () => undefined, fetch });
  const [kept, changes] = [new Kept(null, null), new Changes(() => undefined)];
  /** @type {import("../../../../hangd/web/client/viewer.js").Viewer} */
  const viewer = { room: null, left: null };
  /** @type {import("../../../../hangd/web/client/base.js").LocalFiles} */
  const files = {
    quickHash: async (file) => file.name.padEnd(64, "0"),
    knownHash: async () => null,
    keepHash: async () => undefined,
    hashWhole: () => new Promise(() => undefined),
    findCopy: async (film, mine) => mine.find(({ name }) => name === film.name) ?? null,
    recall: async () => null,
  };
  /** @type {string[]} */
  const told = [];
  const tell = (/** @type {{text: string}} */ { text }) => void told.push(text);
  /** @type {any} */
  let parts = null;
  const connection = new Connection(
    {
      welcomed: (welcome, at) => {
        parts.account.welcomed(welcome);
        parts.membership.welcomed(welcome, at);
      },
      received: (message, at) => parts.membership.received(message, at),
      linkChanged: (state) => {
        parts.account.linkChanged(state);
        parts.membership.linkChanged(state);
      },
      ponged: () => undefined,
      clockReplaced: () => undefined,
    },
    "test",
    (url) => parts.account.greeting(url),
  );
  const driver = new Driver(
    {
      sendRequest: (command) => parts.membership.sendRequest(command),
      sendReport: () => undefined,
      filmReady: () => {
        if (parts.copy.phase === "opening") parts.copy.is("open", { file: driver.file });
        parts.copy.filmReady();
      },
      filmFailed: () => undefined,
      changed: () => changes.announce(),
    },
    ({ emit }) => ({
      do(command) {
        if (command.type !== "Load") return;
        const { generation } = command;
        setImmediate(() => {
          emit({ type: "Loaded", generation, duration: 100 });
          emit({ type: "Settled", generation, position: 0, at: now() });
        });
      },
      close: () => undefined,
    }),
    CHROMIUM,
    kept,
  );
  parts = { viewer, changes, kept, files, connection, driver, tell, logins, server: () => URL, said: () => undefined };
  parts.tabs = { areIn: async () => false };
  parts.reach = () => parts.entering.reached();
  parts.account = new Account(parts);
  parts.copy = new LocalCopy(parts);
  parts.films = new Films(parts);
  parts.membership = new Membership(parts);
  parts.entering = new Entering(parts);
  /** @type {Account} */
  const account = parts.account;
  /** @type {Entering} */
  const entering = parts.entering;
  /** @type {LocalCopy} */
  const copy = parts.copy;
  /** @type {Films} */
  const films = parts.films;
  /** @type {Membership} */
  const membership = parts.membership;
  const close = () => {
    connection.unwant();
    account.close();
  };
  return { viewer, connection, driver, account, entering, copy, films, files, membership, kept, told, close };
}

/**
 * Returns a room that shows this film, as the server tells of it.
 *
 * @param {string} id
 * @param {any} [file]
 */
export function room(id, file = null) {
  const policy = {
    control: "everyone",
    match: "hash",
    wait: "nobody",
    capacity: 5,
    locked: false,
    has_password: false,
  };
  const timeline = { epoch: "e", rev: 1, playing: false, position: 0, rate: 1, at: 0, gate: null };
  return { room_id: id, name: null, file_hash: null, file, policy, members: [], timeline };
}

/**
 * Returns what RoomJoined and RoomCreated tell of a room.
 *
 * @param {string} id
 * @param {any} [file]
 */
export function letIn(id, file = null) {
  return { room_id: id, room: room(id, file), client_id: "me", is_host: true, host_secret: "h", return_secret: null };
}

/** @param {() => boolean} holds */
export async function until(holds) {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    await new Promise((done) => setTimeout(done, 1));
  }
}
