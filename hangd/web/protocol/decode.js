/**
 * Reads messages of the server.
 *
 * Fields that a message leaves out get their value here, so the rest of the page finds every field of its types.
 *
 * @typedef {import("./types.js").ServerMessage} ServerMessage
 */

import { DEFAULTS, KINDS, WITHIN } from "./defaults.js";

/**
 * The types of messages that a server sends. A newer server may send others, which are passed over.
 *
 * @type {Readonly<Record<ServerMessage["type"], true>>}  So that none is forgotten.
 */
const TYPES = {
  Welcome: true,
  Pong: true,
  Rooms: true,
  Done: true,
  Error: true,
  Goodbye: true,
  Notice: true,
  RoomCreated: true,
  RoomJoined: true,
  RoomLeft: true,
  RoomState: true,
  MemberJoined: true,
  MemberChanged: true,
  MembersReported: true,
  MemberLeft: true,
  SyncBroadcast: true,
  StartChanged: true,
  PolicyChanged: true,
  MediaChanged: true,
  QueueChanged: true,
  EntryChanged: true,
  FilmDescribed: true,
  Said: true,
  Tokens: true,
  Authenticated: true,
  PairCode: true,
  InviteCreated: true,
  Invites: true,
  Bans: true,
};

/**
 * Returns the message in a text frame; null: of a type that this page does not know.
 *
 * Throws SyntaxError or TypeError for what is no message, also where a field has a value of another kind than it should:
 * the page would fail later, when it draws it, and each time.
 *
 * @param {unknown} data
 * @returns {ServerMessage | null}
 */
export function decode(data) {
  if (typeof data !== "string") throw new TypeError("a frame that is not text");
  const frame = JSON.parse(data);
  if (typeof frame !== "object" || frame === null || typeof frame.type !== "string") {
    throw new TypeError("a frame that is no message");
  }
  if (!Object.hasOwn(TYPES, frame.type)) return null;
  return { ...frame, payload: completed(frame.type, frame.payload ?? {}) };
}

/**
 * Returns `value`, an object of the type `name`, with all its fields.
 *
 * @param {string} name
 * @param {any} value  What came over the wire.
 * @returns {any}  An object of that type.
 */
export function completed(name, value) {
  if (typeof value !== "object" || value === null) throw new TypeError(`a ${name} that is no object`);
  const complete = { ...DEFAULTS[name], ...value };
  for (const [field, kinds] of Object.entries(KINDS[name] ?? {})) {
    if (!fits(complete[field], kinds)) throw new TypeError(`a ${name} whose ${field} is no ${kinds}`);
  }
  for (const [field, type] of Object.entries(WITHIN[name] ?? {})) {
    const part = complete[field];
    if (Array.isArray(part)) complete[field] = part.map((each) => completed(type, each));
    else if (part !== null && part !== undefined) complete[field] = completed(type, part);
  }
  return complete;
}

/**
 * @param {unknown} value
 * @param {string} kinds
 */
function fits(value, kinds) {
  if (kinds === "strings") return Array.isArray(value) && value.every((each) => typeof each === "string");
  if (value === null) return kinds.includes("null");
  if (typeof value === "number") return kinds.includes("number") && Number.isFinite(value);
  return kinds.includes(Array.isArray(value) ? "array" : typeof value);
}
