/**
 * What this client knows of the room that it is in. The membership gives it the server's messages; it sends nothing.
 *
 * `room` is never changed: each message that tells something new makes another object, whose other parts are the same.
 *
 * @typedef {import("../../protocol/types.js").Room} Room
 * @typedef {import("../../protocol/types.js").Member} Member
 * @typedef {import("../../protocol/types.js").Report} Report
 * @typedef {import("../../protocol/types.js").ServerMessage} ServerMessage
 * @typedef {import("../base.js").Notice} Notice
 */

import { applied } from "../../engine/queue.js";
import * as acts from "./notices.js";

export class RoomView {
  /**
   * @param {Room} room
   * @param {string} clientId
   */
  constructor(room, clientId) {
    this.room = room;
    this.clientId = clientId;
    /** @type {string | null} */
    this.password = null;
    /** @type {string | null} */
    this.hostSecret = null;
    /** @type {string | null} Proves to the room, after an absence of any length, that this viewer was a member. */
    this.returnSecret = null;
    /** Whether another tab of this browser was in the room first: that is who the secrets that are kept belong to. */
    this.isSecond = false;
    /** Whether a change of the queue was missed: the room has to be asked for its state (GetRoom). */
    this.isBehind = false;
  }

  get roomId() {
    return this.room.room_id;
  }

  get name() {
    return this.room.name;
  }

  /** @returns {Member | null}  This client's member. */
  get own() {
    return this.member(this.clientId);
  }

  /** @returns {"host" | "controller" | "viewer"} */
  get role() {
    return this.own?.role ?? "viewer";
  }

  /** Whether this member may play, pause and seek. */
  get mayControl() {
    return this.roleMayControl(this.role);
  }

  /** @param {"host" | "controller" | "viewer"} role */
  roleMayControl(role) {
    const { control } = this.room.policy;
    return control === "everyone" || role === "host" || (control === "controllers" && role === "controller");
  }

  /**
   * @param {string} clientId
   * @returns {Member | null}
   */
  member(clientId) {
    return this.room.members.find((each) => each.client_id === clientId) ?? null;
  }

  /** @param {string} clientId */
  nameOf(clientId) {
    return this.member(clientId)?.name ?? acts.somebody();
  }

  /** How members are called now: who leaves afterwards keeps its name in what was said of it. @returns {acts.Names} */
  get names() {
    const { members } = this.room;
    const of = (/** @type {string} */ id) => members.find((each) => each.client_id === id)?.name ?? acts.somebody();
    return { own: this.clientId, of };
  }

  /** Whether the rule `start` would let the paused room start now, but nobody has asked for that. */
  get awaitsPlay() {
    const { policy, start, timeline, members } = this.room;
    if (policy.start === "anyone" || start !== null || timeline.playing) return false;
    const awaited = members.filter((member) => member.film);
    const ready = awaited.filter((member) => member.ready).length;
    return ready > 0 && ready >= (policy.start === "ready" ? awaited.length : policy.start);
  }

  /**
   * Replaces all that is known by this snapshot of the room.
   *
   * @param {Room} room
   * @param {string} clientId
   */
  enter(room, clientId) {
    this.room = room;
    this.isBehind = false;
    this.clientId = clientId;
  }

  /**
   * Takes over this member's own report: the room tells it to the others only.
   *
   * @param {Report} report
   */
  reported(report) {
    const own = this.own;
    if (own === null) return;
    this.#setMember({
      ...own,
      state: report.state,
      position: report.position,
      error: report.error ?? null,
      clock_error: report.clock_error ?? null,
      film: own.file !== null || report.state !== "idle",
      apart: report.apart ?? false,
      heard_at: report.at,
    });
  }

  /**
   * Takes one message of the server.
   *
   * @param {ServerMessage} message
   * @returns {Notice[]}  What people are told because of it.
   */
  learn(message) {
    const before = this.room;
    const names = this.names;
    switch (message.type) {
      case "RoomState":
        this.enter(message.payload.room, this.clientId);
        return [];
      case "SyncBroadcast": {
        this.#change({ timeline: message.payload.timeline });
        const changed = !sameTimeline(before.timeline, message.payload.timeline);
        return changed ? acts.commanded(names, message.payload, before.timeline, before.policy.start) : [];
      }
      case "StartChanged": {
        const { start } = message.payload;
        this.#change({ start });
        return start === null ? [] : [acts.startChanged(names, start, before.start, before.policy.start)];
      }
      case "MemberJoined":
        this.#setMember(message.payload.member);
        return [acts.joined(this.names, message.payload.member)];
      case "MemberChanged":
        return this.#memberChanged(message.payload.member);
      case "MembersReported":
        return message.payload.reports.flatMap((report) => {
          const known = report.client_id === this.clientId ? null : this.member(report.client_id);
          return known === null ? [] : this.#memberChanged({ ...known, ...report });
        });
      case "MemberLeft": {
        const { client_id, reason } = message.payload;
        this.#change({ members: before.members.filter((each) => each.client_id !== client_id) });
        return [acts.left(names, client_id, reason)];
      }
      case "PolicyChanged": {
        const { policy, by } = message.payload;
        this.#change({ policy });
        return by === null ? [] : [acts.policyChanged(names, by, before.policy, policy)];
      }
      case "MediaChanged":
        this.#changeFilm(message.payload);
        return [acts.filmChanged(names, message.payload.by, message.payload.file)];
      case "QueueChanged": {
        const { change, by } = message.payload;
        this.#changeQueue(change);
        return by === null ? [] : acts.queueChanged(names, by, before.queue, change);
      }
      case "FilmDescribed": {
        const { file_hash, file } = message.payload;
        this.#change({ file_hash, file });
        return [];
      }
      case "EntryChanged": {
        const { entry } = message.payload;
        const entries = before.queue.entries.map((each) => (each.id === entry.id ? entry : each));
        this.#change({ queue: { ...before.queue, entries } });
        if (entry.id === before.queue.current) this.#change({ file_hash: entry.file_hash, file: entry.file });
        return [];
      }
      default:
        return [];
    }
  }

  /** @param {import("../../protocol/types.js").MediaChanged} message */
  #changeFilm({ file_hash, file, timeline, change, copies, verifying }) {
    this.#changeQueue(change);
    // Where changes are missing, what is shown is not known to be one of these entries.
    if (this.isBehind) this.#change({ queue: { ...this.room.queue, current: null } });
    const members = this.room.members.map((member) => ({
      ...member,
      ready: false,
      film: true,
      file: copies.includes(member.client_id) ? member.file : null,
      verifying: verifying.includes(member.client_id),
    }));
    this.#change({ file_hash, file, timeline, start: null, members });
  }

  /** @param {import("../../protocol/types.js").QueueChange} change */
  #changeQueue(change) {
    const queue = applied(this.room.queue, change);
    if (queue === null) this.isBehind = true;
    else this.#change({ queue });
  }

  /** @param {Member} member */
  #memberChanged(member) {
    const known = this.member(member.client_id);
    this.#setMember(member);
    if (known === null) return [];
    const notices = [];
    if (known.ready !== member.ready) {
      notices.push(acts.readied(this.names, member, member.ready && this.awaitsPlay));
    }
    if (known.role !== member.role) {
      const may = [known.role, member.role].map((role) => this.roleMayControl(role));
      notices.push(acts.roleChanged(this.names, member, may[0], may[1]));
    }
    if (member.given_up && !known.given_up) notices.push(acts.givenUp(this.names, member.client_id));
    if (known.film && !member.film && member.client_id !== this.clientId) {
      notices.push(acts.filmMissing(this.names, member.client_id));
    }
    return notices;
  }

  /** @param {Member} member */
  #setMember(member) {
    const members = this.room.members.slice();
    const at = members.findIndex((each) => each.client_id === member.client_id);
    if (at === -1) members.push(member);
    else members[at] = member;
    this.#change({ members });
  }

  /** @param {Partial<Room>} change */
  #change(change) {
    this.room = { ...this.room, ...change };
  }
}

/**
 * @param {import("../../protocol/types.js").Timeline} one
 * @param {import("../../protocol/types.js").Timeline} other
 */
function sameTimeline(one, other) {
  return (
    one.epoch === other.epoch &&
    one.rev === other.rev &&
    one.playing === other.playing &&
    one.position === other.position &&
    one.rate === other.rate &&
    one.at === other.at &&
    one.gate === other.gate
  );
}
