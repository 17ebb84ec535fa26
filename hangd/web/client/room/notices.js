/**
 * Says who did what in the room: on the picture and in the page's log.
 *
 * The room view calls this with what the server said. It says "you" of this viewer. What the room does by itself it
 * says with the reason.
 *
 * @typedef {import("../../protocol/types.js").Member} Member
 * @typedef {import("../../protocol/types.js").Policy} Policy
 * @typedef {import("../../protocol/types.js").Queue} Queue
 * @typedef {import("../../protocol/types.js").PendingStart} PendingStart
 * @typedef {import("../../protocol/types.js").SyncBroadcast} SyncBroadcast
 * @typedef {import("../../protocol/types.js").Timeline} Timeline
 * @typedef {import("../base.js").Notice} Notice
 *
 * @typedef {object} Names  How members are called in a sentence.
 * @property {string} own  This viewer's client id.
 * @property {(clientId: string) => string} of
 */

import { listed, t } from "../../page/texts/texts.js";

/** The `from_client` of what a room does by itself. */
export const ROOM_ITSELF = "00000000-0000-0000-0000-000000000000";

/** Seconds. A change of a pause by less than this is a step of a frame or two. */
const STEP_MAX = 0.15;

export function somebody() {
  return t("member.somebody");
}

/**
 * Returns a time of a film as "1:02:03" or "1:23".
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.floor(Math.max(0, seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * Returns a notice about a member's act: the text `key`, or `key.you` where the member is this viewer.
 *
 * @param {Names} names
 * @param {string} by
 * @param {string} kind
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {Notice}
 */
function act(names, by, kind, key, values = {}) {
  if (by === ROOM_ITSELF) return { kind, text: t(`${key}.room`, values), about: null };
  if (by === names.own) return { kind, text: t(`${key}.you`, values), about: by };
  return { kind, text: t(key, { ...values, name: names.of(by) }), about: by };
}

/**
 * @param {Names} names
 * @param {SyncBroadcast} message
 * @param {Timeline} before  The timeline before it.
 * @param {Policy["start"]} start
 * @returns {Notice[]}  None for what is no news to people.
 */
export function commanded(names, message, before, start) {
  const { command, from_client: by } = message;
  if (by === ROOM_ITSELF) return byTheRoom(names, message, before, start);
  switch (command.action) {
    case "Play":
      return [act(names, by, "played", "act.play", { at: clock(command.timestamp) })];
    case "Pause":
      return [act(names, by, "paused", "act.pause", { at: clock(command.timestamp) })];
    case "Seek": {
      const stands = !before.playing && before.gate === null;
      const isStep = stands && Math.abs(command.timestamp - before.position) <= STEP_MAX;
      const part = isStep ? `.${String(Math.floor(command.timestamp * 100) % 100).padStart(2, "0")}` : "";
      return [act(names, by, "sought", isStep ? "act.step" : "act.seek", { at: clock(command.timestamp) + part })];
    }
    case "Speed":
      return [act(names, by, "speed", "act.speed", { rate: Number(command.rate.toPrecision(3)) })];
    case "Stop":
      return [act(names, by, "paused", "act.stop")];
  }
}

/**
 * @param {Names} names
 * @param {SyncBroadcast} message
 * @param {Timeline} before
 * @param {Policy["start"]} start
 * @returns {Notice[]}
 */
function byTheRoom(names, message, before, start) {
  const { command, timeline, reason, about } = message;
  const at = clock(timeline.position);
  const own = about === names.own;
  const name = about === null ? somebody() : names.of(about);
  switch (reason) {
    case "waiting":
      return []; // StartChanged says what it waits for.
    case "ready":
      return [room("played", start === "ready" ? "room.ready.all" : "room.ready.enough", { at })];
    case "stall": {
      const key = timeline.gate === null ? "room.stall.paused" : "room.stall.waiting";
      return [room(timeline.gate === null ? "paused" : "waiting", own ? `${key}.you` : key, { at, name })];
    }
    case "left":
      return [room("paused", "room.left", { at, name })];
    case "apart":
      return [room("paused", "room.apart", { at })];
    case "ended":
      return [
        room(command.action === "Seek" ? "sought" : "paused", command.action === "Seek" ? "room.again" : "room.end"),
      ];
    default:
      if (command.action === "Play") {
        // After a seek it is the second half of that, which has been told.
        return before.gate === "buffering" ? [room("played", "room.goes-on", { at })] : [];
      }
      if (command.action === "Pause" && before.gate === "seeking") return [room("paused", "room.nobody-has", { at })];
      return [room("sought", "room.changed", { at })];
  }
}

/**
 * @param {string} kind
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {Notice}
 */
function room(kind, key, values) {
  return { kind, text: t(key, values), about: null };
}

/**
 * The room does not wait for this member's stalls any more.
 *
 * @param {Names} names
 * @param {string} clientId
 */
export function givenUp(names, clientId) {
  return clientId === names.own
    ? room("played", "room.given-up.you")
    : room("played", "room.given-up", { name: names.of(clientId) });
}

/**
 * Returns what the room waits for before it starts, as a sentence.
 *
 * @param {Names} names
 * @param {PendingStart} start
 * @param {Policy["start"]} policy
 */
export function pending(names, start, policy) {
  if (!start.missing) return t("start.soon");
  const missing = start.waiting_for.map((id) => (id === names.own ? t("member.you") : names.of(id)));
  if (policy === "ready") {
    return missing.length ? t("start.waiting", { names: listed(missing) }) : t("start.waiting-film");
  }
  if (start.missing < missing.length) {
    return t("start.waiting-some", { count: start.missing, names: listed(missing) });
  }
  if (start.missing === missing.length) return t("start.waiting", { names: listed(missing) });
  return t("start.waiting-more", { count: start.missing });
}

/**
 * @param {Names} names
 * @param {PendingStart} start
 * @param {PendingStart | null} before  What the room waited for before; null: somebody has just asked for the start.
 * @param {Policy["start"]} policy
 * @returns {Notice}
 */
export function startChanged(names, start, before, policy) {
  if (!start.missing) return room("countdown", policy === "ready" ? "start.countdown.all" : "start.countdown");
  const what = pending(names, start, policy);
  if (before !== null || start.by === ROOM_ITSELF)
    return { kind: "waiting", text: what.charAt(0).toUpperCase() + what.slice(1), about: null };
  return act(names, start.by, "waiting", "act.start", { what });
}

/**
 * @param {Names} names
 * @param {Member} member
 * @param {boolean} awaitsPlay  The room waits for nobody else, and for somebody who plays.
 */
export function readied(names, member, awaitsPlay) {
  const key = member.ready ? (awaitsPlay ? "act.ready.last" : "act.ready") : "act.unready";
  return act(names, member.client_id, "ready", key);
}

/**
 * @param {Names} names
 * @param {Member} member
 * @param {boolean} could  Whether it could control the room.
 * @param {boolean} can  Whether it can now.
 */
export function roleChanged(names, member, could, can) {
  const key = member.role === "host" || could === can ? `act.role.${member.role}` : can ? "act.may" : "act.may-not";
  return act(names, member.client_id, "role", key);
}

/**
 * @param {Names} names
 * @param {Member} member
 */
export function joined(names, member) {
  return act(names, member.client_id, "joined", "act.joined");
}

/**
 * @param {Names} names
 * @param {string} clientId
 * @param {import("../../protocol/types.js").MemberLeft["reason"]} reason
 * @returns {Notice}
 */
export function left(names, clientId, reason) {
  const kind =
    reason === "kicked" || reason === "removed" || reason === "banned" || reason === "ended" ? "kicked" : "left";
  return { kind, text: t(`left.${reason}`, { name: names.of(clientId) }), about: clientId };
}

/**
 * @param {Names} names
 * @param {string} clientId
 * @returns {Notice}
 */
export function filmMissing(names, clientId) {
  return act(names, clientId, "media", "act.film-missing");
}

/**
 * @param {Names} names
 * @param {string | null} by
 * @param {import("../../protocol/types.js").FileInfo} file
 * @returns {Notice}
 */
export function filmChanged(names, by, file) {
  return act(names, by ?? ROOM_ITSELF, "media", "act.media", { film: file.name ?? t("film.unnamed") });
}

/**
 * @param {Names} names
 * @param {string} by
 * @param {Queue} before
 * @param {import("../../protocol/types.js").QueueChange} change
 * @returns {Notice[]}
 */
export function queueChanged(names, by, before, change) {
  if (change.inserted.length) {
    return [act(names, by, "queue", "act.queue.added", { films: films(change.inserted) })];
  }
  if (!change.removed.length) return [act(names, by, "queue", "act.queue.moved")];
  const old = new Map(before.entries.map((entry) => [entry.id, entry]));
  return [act(names, by, "queue", "act.queue.removed", { films: films(change.removed.map((id) => old.get(id))) })];
}

/** @param {readonly (import("../../protocol/types.js").QueueEntry | undefined)[]} entries */
function films(entries) {
  if (entries.length === 1) return entries[0]?.file.name ?? t("film.unnamed");
  return t("film.count", { count: entries.length });
}

/**
 * @param {Names} names
 * @param {string} by
 * @param {Policy} before
 * @param {Policy} after
 * @returns {Notice}
 */
export function policyChanged(names, by, before, after) {
  const changes = RULES.filter((rule) => after[rule] !== before[rule]).map((rule) => ruleInWords(rule, after[rule]));
  const key = changes.length ? "act.policy" : "act.policy.anew";
  return act(names, by, "policy", key, { changes: changes.join(", ") });
}

/** In the order in which people are told of them. @type {readonly (keyof Policy)[]} */
const RULES = [
  "control",
  "match",
  "wait",
  "capacity",
  "locked",
  "has_password",
  "access",
  "start",
  "stall",
  "leave",
  "loop",
  "history",
];

/**
 * @param {string} rule
 * @param {string | number | boolean} value
 */
function ruleInWords(rule, value) {
  if (typeof value === "number") return t(`rule.${rule}.number`, { count: value });
  return t(`rule.${rule}.${value}`);
}
