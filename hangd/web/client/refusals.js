/** Why something was refused, or a connection has ended, as a sentence in the page's language. */

import { t } from "../page/texts/texts.js";

/** The close code of a connection that broke off (RFC 6455, section 7.4.1). */
export const BROKE_OFF = 1006;
/** The protocol's, of a connection that was refused: dialing again is no use. */
export const REFUSED = 4500;
/** The protocol's, of connections that may not go on: for want of a login, and because of a ban. */
export const UNAUTHORIZED = 4501;
export const BANNED = 4502;

const CLOSES = /** @type {Record<number, string>} */ ({
  1013: "error.ServerFull",
  4001: "link.going-down",
  4002: "link.too-slow",
  4003: "link.idle",
  [REFUSED]: "link.protocol",
  [UNAUTHORIZED]: "link.unauthorized",
  [BANNED]: "link.banned",
  4503: "link.rate-limited",
  4504: "link.replaced",
  4505: "link.removed",
});

/** Refusals of which the page has a sentence of its own. */
const KNOWN = new Set(
  "FileHashMismatch RoomNotFound RoomFull RoomLocked WrongPassword Banned InvalidInvite NotInRoom AlreadyInRoom Forbidden Unauthorized "
    .concat("RateLimited UnsupportedProtocol NameTaken NoSuchEntry TooLarge ServerFull Internal NotConnected TimedOut")
    .split(" "),
);

/** Refusals of which only the server's sentence says why, and what would help: for how long to wait. */
const SAID = new Set(["Banned", "Unauthorized", "InvalidInvite", "RateLimited"]);

/**
 * Returns a refusal as a sentence in the page's language, or in the server's words where those say more.
 *
 * @param {string} code
 * @param {string | null} said
 */
export function errorText(code, said) {
  return SAID.has(code) || !KNOWN.has(code) ? saidOr(said, code) : t(`error.${code}`);
}

/**
 * Returns what the server said as a sentence; where it said nothing, the page's own.
 *
 * @param {string | null} said
 * @param {string} code
 */
export function saidOr(said, code) {
  const text = (said ?? "").trim();
  if (text === "") return t(`error.${KNOWN.has(code) ? code : "Internal"}`);
  const whole = ended(text);
  return t("said", { text: whole[0].toUpperCase() + whole.slice(1) });
}

/**
 * Returns a sentence with its full stop.
 *
 * @param {string} sentence
 */
export function ended(sentence) {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

/**
 * Returns why a connection has ended.
 *
 * @param {number} code
 * @param {string} reason
 */
export function closedBecause(code, reason) {
  const key = CLOSES[code];
  if (key !== undefined) return t(key);
  return code === BROKE_OFF ? t("link.broke-off") : reason || t("link.closed", { code });
}

/**
 * @param {string} code
 * @param {string | null} [said]
 * @returns {import("./base.js").Outcome & {ok: false}}
 */
export function refusal(code, said = null) {
  return { ok: false, code, text: errorText(code, said) };
}

/**
 * @param {import("./connection.js").Answer} answer
 * @returns {import("./base.js").Outcome}
 */
export function outcomeOf(answer) {
  return answer.ok ? { ok: true } : refusal(answer.code, answer.said);
}

/**
 * Returns the refusal of a file that was picked as a film and is none.
 *
 * @param {File} file
 * @returns {import("./base.js").Outcome & {ok: false}}
 */
export function notAFilm({ name }) {
  return { ok: false, code: "NotAFilm", text: t("error.NotAFilm", { name }) };
}
