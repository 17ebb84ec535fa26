/** What the room waits for, as one sentence on the picture. Pure: everything is given. */

import { listed, t } from "../texts/texts.js";
import { clock } from "./clock.js";

/**
 * @typedef {import("../../client/base.js").SessionState} SessionState
 * @typedef {import("../../protocol/types.js").Room} Room
 * @typedef {import("../../protocol/types.js").Member} Member
 *
 * @typedef {object} Condition
 * @property {"link" | "start" | "countdown" | "gate" | "own"} kind
 * @property {string} text
 * @property {number | null} count  Seconds left, to be shown large; null: no countdown.
 * @property {boolean} startNow  Whether a button starts it without those that are waited for.
 */

/**
 * Returns what the room, or this viewer alone, waits for; null: nothing.
 *
 * @param {SessionState} state
 * @param {{local: number, server: number | null}} time  The local and the server's time now, in seconds.
 * @returns {Condition | null}
 */
export function roomState(state, time) {
  const { room } = state;
  if (room === null) {
    return null;
  }
  return (
    linkState(state, time.local) ?? startState(state, room, time.server) ?? gateState(state, room) ?? own(state, room)
  );
}

/**
 * Returns what is wrong with the connection, as a sentence; null: nothing.
 *
 * @param {SessionState} state
 * @param {number} local
 * @returns {Condition | null}
 */
export function linkState({ link }, local) {
  switch (link.phase) {
    case "waiting": {
      const seconds = link.retryAt === null ? 0 : Math.max(0, Math.ceil(link.retryAt - local));
      return condition("link", seconds > 0 ? t("link.waiting", { count: seconds }) : t("link.again"));
    }
    case "connecting":
      return condition("link", t("link.again"));
    case "refused":
      return condition("link", link.problem ?? t("link.refused"));
    default:
      return null;
  }
}

/**
 * @param {SessionState} state
 * @param {Room} room
 * @param {number | null} server
 * @returns {Condition | null}
 */
function startState(state, room, server) {
  const { start } = room;
  if (start === null) {
    return null;
  }
  if (start.missing === 0) {
    const left = start.at === null || server === null ? null : Math.ceil(start.at - server);
    return left === null ? condition("countdown", t("wait.soon")) : countdown(left);
  }
  const names = start.waiting_for.map((id) => nameOf(state, room, id));
  return { ...condition("start", startSentence(room, names, start.missing)), startNow: state.isHost };
}

/** @param {number} left */
function countdown(left) {
  const seconds = Math.max(0, left);
  return { ...condition("countdown", t("wait.soon")), count: seconds };
}

/**
 * @param {Room} room
 * @param {readonly string[]} names
 * @param {number} missing
 */
function startSentence(room, names, missing) {
  if (room.policy.start === "ready" || missing === names.length) {
    return names.length === 0 ? t("wait.nobody") : t("wait.waiting", { names: listed(names) });
  }
  return missing < names.length
    ? t("wait.some", { names: listed(names), missing })
    : t("wait.more", { count: missing });
}

/**
 * @param {SessionState} state
 * @param {Room} room
 * @returns {Condition | null}
 */
function gateState(state, room) {
  const { gate, position } = room.timeline;
  if (gate === "seeking") {
    return condition("gate", t("gate.seeking", { position: clock(position) }));
  }
  if (gate === "buffering") {
    const stalled = room.members
      .filter((member) => member.state === "buffering")
      .map((one) => nameOf(state, room, one.client_id));
    return condition("gate", stalled.length > 0 ? t("gate.buffering", { names: listed(stalled) }) : t("gate.somebody"));
  }
  return null;
}

/**
 * @param {SessionState} state
 * @param {Room} room
 * @returns {Condition | null}
 */
function own(state, room) {
  const me = room.members.find((member) => member.client_id === state.me);
  if (me?.apart) {
    return condition("own", t("own.apart"));
  }
  if (state.copy.phase === "open" && state.playing.stalled) {
    return condition("own", t("own.stalled"));
  }
  return null;
}

/**
 * Returns how this member is called in a sentence: its name, or "you".
 *
 * @param {SessionState} state
 * @param {Room} room
 * @param {string} id
 */
export function nameOf(state, room, id) {
  if (id === state.me) {
    return t("you");
  }
  return room.members.find((member) => member.client_id === id)?.name ?? t("somebody");
}

/**
 * @param {Condition["kind"]} kind
 * @param {string} text
 * @returns {Condition}
 */
function condition(kind, text) {
  return { kind, text, count: null, startNow: false };
}
