/**
 * A session without a server: what the page asks for, it does at once, as a room of scripted members would.
 *
 * Tests of the page set its state with `set`, and read what was asked for in `asked`.
 */

/**
 * @typedef {import("../../../hangd/web/client/base.js").SessionPort} SessionPort
 * @typedef {import("../../../hangd/web/client/base.js").SessionState} SessionState
 * @typedef {import("../../../hangd/web/client/base.js").Outcome} Outcome
 * @typedef {import("../../../hangd/web/protocol/types.js").Member} Member
 * @typedef {import("../../../hangd/web/protocol/types.js").Room} Room
 */

const now = () => performance.now() / 1000;

/** @type {Outcome} */
const OK = { ok: true };

/**
 * @param {string} client_id
 * @param {string} name
 * @param {Partial<Member>} [more]
 * @returns {Member}
 */
export function member(client_id, name, more = {}) {
  return {
    client_id,
    name,
    role: "viewer",
    state: "paused",
    ready: false,
    verifying: false,
    position: 754,
    error: null,
    clock_error: 0.001,
    rtt: 0.03,
    file: null,
    film: true,
    apart: false,
    heard_at: now(),
    account: null,
    given_up: false,
    ...more,
  };
}

const FILM = { size: 1_437_204_480, duration: 6130, name: "Night of the Long Trains.mkv", quick_hash: "a".repeat(64) };

/** @returns {Room} */
export function room() {
  return {
    room_id: "8f6f1c0e-1111-4222-8333-444455556666",
    name: "friday",
    file_hash: null,
    file: FILM,
    policy: {
      control: "everyone",
      match: "hash",
      wait: "everyone",
      capacity: 50,
      locked: false,
      has_password: false,
      start: "anyone",
      stall: "go-on",
      leave: "go-on",
      loop: "off",
      access: "anyone",
      history: true,
    },
    members: [
      member("me", "Ada", { role: "host", ready: true }),
      member("bob", "Bob", { role: "controller", ready: true }),
      member("cem", "Cem Şahin", { state: "buffering" }),
      member("noa", "נועה", { film: false, state: "idle" }),
    ],
    timeline: { epoch: "e", rev: 4, playing: false, position: 754, rate: 1, at: now(), gate: null },
    queue: {
      rev: 1,
      current: "q1",
      entries: [
        { id: "q1", file: FILM, file_hash: null },
        {
          id: "q2",
          file: { size: 912_000_000, duration: 5402, name: "The Second Lighthouse.mp4", quick_hash: null },
          file_hash: null,
        },
        {
          id: "q3",
          file: { size: 2_204_000_000, duration: null, name: "A Winter in Trieste.mkv", quick_hash: null },
          file_hash: null,
        },
      ],
    },
    start: null,
  };
}

/** @implements {SessionPort} */
export class FakeSession extends EventTarget {
  /** @type {SessionState} */
  state = {
    link: { phase: "up", retryAt: null, problem: null },
    server: "hang 1.0",
    features: [],
    pushKey: null,
    motd: null,
    account: null,
    wants: null,
    me: "me",
    room: null,
    invite: "https://films.example/#friday",
    left: null,
    copy: { phase: "none", info: null, problem: null, hashed: null, verifying: false, needsTap: false },
    playing: {
      motion: "empty",
      stalled: false,
      paused: true,
      rate: 1,
      duration: null,
      error: null,
      bound: null,
      correcting: false,
    },
    chat: [],
    mayControl: true,
    isHost: true,
  };
  /** What was asked for: a method's name and its arguments. @type {unknown[][]} */
  asked = [];
  /** What the next request is answered. @type {Outcome} */
  answer = OK;
  name = "";

  /** @param {Partial<SessionState>} change */
  set(change) {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Partial<Room>} change */
  setRoom(change) {
    if (this.state.room !== null) {
      this.set({ room: { ...this.state.room, ...change } });
    }
  }

  /**
   * @param {string} kind
   * @param {string} text
   * @param {string | null} [about]
   */
  notice(kind, text, about = null) {
    this.dispatchEvent(new CustomEvent("notice", { detail: { kind, text, about } }));
  }

  /**
   * @param {string} method
   * @param {...unknown} values
   * @returns {Outcome}
   */
  #ask(method, ...values) {
    this.asked.push([method, ...values]);
    const { answer } = this;
    this.answer = OK;
    return answer;
  }

  /** What the next requests of these types are told. @type {Record<string, object>} */
  told = {};

  /**
   * @param {string} type
   * @param {object} payload
   * @returns {Promise<Outcome>}
   */
  async ask(type, payload) {
    const outcome = this.#ask("ask", type, payload);
    return outcome.ok ? { ok: true, told: this.told[type] ?? {} } : outcome;
  }

  async meet() {}

  account = {
    mayLogIn: true,
    logIn: async (/** @type {object} */ by) => this.#entered("logIn", by),
    register: async (/** @type {(string | null)[]} */ ...words) => this.#entered("register", ...words),
    logOut: async (/** @type {boolean} */ everywhere) => {
      const outcome = this.#ask("logOut", everywhere);
      if (outcome.ok) this.set({ account: null });
      return outcome;
    },
    givePassword: async (/** @type {string} */ password) => {
      const outcome = this.#ask("givePassword", password);
      if (outcome.ok) this.set({ wants: null });
      return outcome;
    },
  };

  /**
   * @param {string} method
   * @param {...unknown} values
   */
  #entered(method, ...values) {
    const outcome = this.#ask(method, ...values);
    if (outcome.ok) this.set({ account: "ada", wants: null });
    return outcome;
  }

  /** @param {string} name */
  setName(name) {
    this.asked.push(["setName", name]);
    this.name = name;
  }

  ownName() {
    return this.name;
  }

  /** @param {File} file */
  async openFile(file) {
    const outcome = this.#ask("openFile", file.name);
    if (outcome.ok) {
      this.set({
        copy: {
          ...this.state.copy,
          phase: "open",
          info: { size: file.size, duration: 6130, name: file.name, quick_hash: null },
        },
        playing: { ...this.state.playing, motion: "paused", duration: 6130 },
      });
    }
    return outcome;
  }

  closeFile() {}

  /** @param {File[]} files */
  offerFiles(files) {
    this.asked.push(["offerFiles", files.length]);
  }

  async listRooms() {
    return [
      { room_id: "r1", name: "sunday", members: 3, locked: false, has_password: false, media: "Old Harbour.mkv" },
    ];
  }

  /** @param {import("../../../hangd/web/client/base.js").RoomOptions} options */
  async create(options) {
    const outcome = this.#ask("create", options);
    if (outcome.ok) {
      this.set({ room: { ...room(), name: options.name ?? null } });
    }
    return outcome;
  }

  /**
   * @param {string} name
   * @param {{password?: string, invite?: string | null}} [options]
   */
  async join(name, options) {
    const outcome = this.#ask("join", name, options);
    if (outcome.ok) {
      this.set({ room: { ...room(), name } });
    }
    return outcome;
  }

  async leave() {
    this.set({ room: null });
    return this.#ask("leave");
  }

  togglePause() {
    this.setPaused(this.state.room?.timeline.playing ?? false);
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    this.#ask("setPaused", paused);
    this.#timeline({ playing: !paused });
    this.set({ playing: { ...this.state.playing, paused, motion: paused ? "paused" : "playing" } });
  }

  /** @param {Partial<import("../../../hangd/web/protocol/types.js").Timeline>} change */
  #timeline(change) {
    if (this.state.room !== null) {
      const { timeline } = this.state.room;
      const position = this.roomPosition() ?? 0;
      this.setRoom({ timeline: { ...timeline, position, at: now(), rev: timeline.rev + 1, ...change } });
    }
  }

  /** @param {number} position */
  seek(position) {
    this.#ask("seek", Math.round(position));
    this.#timeline({ position });
  }

  /** @param {number} seconds */
  seekBy(seconds) {
    this.#ask("seekBy", seconds);
    this.#timeline({ position: Math.max(0, (this.roomPosition() ?? 0) + seconds) });
  }

  /** @param {number} rate */
  setSpeed(rate) {
    this.#ask("setSpeed", rate);
    this.#timeline({ rate });
  }

  /** @param {-1 | 1} frames */
  step(frames) {
    this.#ask("step", frames);
  }

  async startNow() {
    this.setRoom({ start: null });
    this.setPaused(false);
    return this.#ask("startNow");
  }

  /**
   * @param {boolean} ready
   * @param {string} [id]
   */
  async setReady(ready, id = "me") {
    const outcome = this.#ask("setReady", ready, id);
    this.#member(id, { ready });
    return outcome;
  }

  /**
   * @param {string} id
   * @param {Partial<Member>} change
   */
  #member(id, change) {
    const members = this.state.room?.members ?? [];
    this.setRoom({ members: members.map((one) => (one.client_id === id ? { ...one, ...change } : one)) });
  }

  /** @param {string} text */
  async say(text) {
    const outcome = this.#ask("say", text);
    if (outcome.ok) {
      this.hear("me", "Ada", text);
    }
    return outcome;
  }

  /**
   * @param {string} from
   * @param {string} name
   * @param {string} text
   */
  hear(from, name, text) {
    const line = { from, name, text, at: new Date(), own: from === "me" };
    this.set({ chat: [...this.state.chat, line].slice(-500) });
  }

  /** @param {object} change */
  async setPolicy(change) {
    const outcome = this.#ask("setPolicy", change);
    if (outcome.ok && this.state.room !== null) {
      this.setRoom({ policy: { ...this.state.room.policy, ...change } });
    }
    return outcome;
  }

  /**
   * @param {string} id
   * @param {Member["role"]} role
   */
  async setRole(id, role) {
    this.#member(id, { role });
    return this.#ask("setRole", id, role);
  }

  /**
   * @param {string} id
   * @param {{ban?: boolean, reason?: string}} [options]
   */
  async kick(id, options) {
    this.setRoom({ members: (this.state.room?.members ?? []).filter((one) => one.client_id !== id) });
    return this.#ask("kick", id, options);
  }

  /** @param {File[]} files */
  async queueInsert(files) {
    const added = files.map((file, index) => ({
      id: `n${this.asked.length}${index}`,
      file: { size: file.size, duration: null, name: file.name, quick_hash: null },
      file_hash: null,
    }));
    this.#queue((entries) => [...entries, ...added]);
    return this.#ask("queueInsert", files.length);
  }

  /** @param {(entries: Room["queue"]["entries"]) => Room["queue"]["entries"]} edit */
  #queue(edit) {
    if (this.state.room !== null) {
      const { queue } = this.state.room;
      this.setRoom({ queue: { ...queue, rev: queue.rev + 1, entries: edit(queue.entries) } });
    }
  }

  /** @param {string[]} ids */
  async queueRemove(ids) {
    this.#queue((entries) => entries.filter((entry) => !ids.includes(entry.id)));
    return this.#ask("queueRemove", ids);
  }

  /**
   * @param {string[]} ids
   * @param {string | null} after
   */
  async queueMove(ids, after) {
    this.#queue((entries) => {
      const moved = entries.filter((entry) => ids.includes(entry.id));
      const rest = entries.filter((entry) => !ids.includes(entry.id));
      const at = after === null ? 0 : rest.findIndex((entry) => entry.id === after) + 1;
      return [...rest.slice(0, at), ...moved, ...rest.slice(at)];
    });
    return this.#ask("queueMove", ids, after);
  }

  /** @param {string} id */
  async showEntry(id) {
    if (this.state.room !== null) {
      this.setRoom({ queue: { ...this.state.room.queue, current: id } });
    }
    return this.#ask("showEntry", id);
  }

  /** @param {number} seconds */
  setOffset(seconds) {
    this.asked.push(["setOffset", seconds]);
  }

  position() {
    return this.state.copy.phase === "open" ? this.roomPosition() : null;
  }

  roomPosition() {
    const timeline = this.state.room?.timeline;
    if (timeline === undefined) {
      return null;
    }
    return timeline.position + (timeline.playing ? (now() - timeline.at) * timeline.rate : 0);
  }

  /** @param {string} id */
  memberPosition(id) {
    const at = this.state.room?.members.findIndex((one) => one.client_id === id) ?? -1;
    return at < 0 || this.state.room?.members[at]?.film === false ? null : (this.roomPosition() ?? 0) + (at % 5) * 20;
  }

  serverNow() {
    return now();
  }

  tapped() {
    this.#ask("tapped");
    this.set({ copy: { ...this.state.copy, needsTap: false } });
  }

  dumpTrace() {
    return "{}\n";
  }
}
