/** What the list of members says of each. Pure: everything is given. */

import { t } from "../texts/texts.js";
import { clock, drift } from "./clock.js";

/** @typedef {import("../../protocol/types.js").Member} Member */

/**
 * Seconds. A member reports every 2 s, and every 30 s while its player is at rest; who has not been heard for so long is
 * shown so.
 */
const SILENT_AFTER = 8;
const SILENT_AT_REST_AFTER = 45;

/**
 * Returns what this member does, in a few words.
 *
 * @param {Member} member
 * @param {number | null} server  The server's time, seconds; null: not known.
 */
export function doing(member, server) {
  const silence = silentFor(member, server);
  if (member.state === "away") {
    return t("member.away");
  }
  if (silence !== null) {
    return t("member.silent", { count: silence });
  }
  if (!member.film) {
    return t("member.noFilm");
  }
  if (member.apart) {
    return t("member.apart");
  }
  return member.verifying ? t("member.verifying") : t(`member.${member.state}`);
}

/**
 * Returns since when nothing was heard of a member, in whole seconds; null: it was heard lately.
 *
 * @param {Member} member
 * @param {number | null} server
 */
export function silentFor(member, server) {
  if (server === null || member.heard_at === null || member.heard_at === undefined || member.state === "away") {
    return null;
  }
  const seconds = Math.round(server - member.heard_at);
  const atRest = !member.apart && (member.state === "paused" || member.state === "ended" || member.state === "idle");
  return seconds >= (atRest ? SILENT_AT_REST_AFTER : SILENT_AFTER) ? seconds : null;
}

/**
 * Returns how far its picture is from the room: "+3 ms ±1"; "": not known, or it does not matter now.
 *
 * @param {Member} member
 */
export function distance(member) {
  if (member.state !== "playing" || member.error === null || member.error === undefined || !member.film) {
    return "";
  }
  return drift(member.error, member.clock_error ?? null);
}

/**
 * Returns whether a member's picture is near the room's, so near that nobody sees it.
 *
 * @param {Member} member
 * @returns {"near" | "off" | "unknown"}
 */
export function nearness(member) {
  if (distance(member) === "") {
    return "unknown";
  }
  return Math.abs(member.error ?? 0) <= 0.08 ? "near" : "off";
}

/**
 * Returns where a member is in the film: "at 12:30"; "": not known.
 *
 * @param {number | null} position
 */
export function where(position) {
  return position === null ? "" : t("member.at", { position: clock(position) });
}
