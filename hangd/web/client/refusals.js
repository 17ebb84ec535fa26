/** Why something was refused, or a connection has ended, as a sentence in the page's language. */

import { t } from "../page/texts/texts.js";

/** The close code of a connection that broke off (RFC 6455, section 7.4.1). */
export const BROKE_OFF = 1006;

const CLOSES = /** @type {Record<number, string>} */ ({
  1013: "error.ServerFull",
  4001: "link.going-down",
  4002: "link.too-slow",
  4003: "link.idle",
  4500: "link.protocol",
  4501: "link.unauthorized",
  4502: "link.banned",
  4503: "link.rate-limited",
  4504: "link.replaced",
});

/** Refusals of which the page has a sentence of its own. */
const KNOWN = new Set(
  "FileHashMismatch RoomNotFound RoomFull RoomLocked WrongPassword Banned NotInRoom AlreadyInRoom Forbidden Unauthorized "
    .concat("RateLimited UnsupportedProtocol NameTaken NoSuchEntry TooLarge ServerFull Internal NotConnected TimedOut")
    .split(" "),
);

/**
 * Returns a refusal as a sentence in the page's language, or in the server's words where the page has none for it.
 *
 * @param {string} code
 * @param {string | null} said
 */
export function errorText(code, said) {
  return KNOWN.has(code) ? t(`error.${code}`) : (said ?? t("error.Internal"));
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
