/** Times and sizes as people read them. */

import { t } from "../texts/texts.js";

/**
 * Returns a position as "1:02:03" or "2:03".
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Returns the seconds that somebody wrote: "1:02:03", "2:03", "90", "+10", "-10" or "50%".
 *
 * @param {string} text
 * @param {number} from  Where the film is, for "+10" and "-10".
 * @param {number | null} duration
 * @returns {number | null}  null: it is none of these.
 */
export function parsePosition(text, from, duration) {
  const found = /^([+-]?)(?:(\d+):)?(?:(\d{1,2}):)?(\d+(?:[.,]\d+)?)(%?)$/.exec(text.trim());
  if (found === null) {
    return null;
  }
  const [, sign, first, second, last, percent] = found;
  const [hours, minutes] = second === undefined ? ["0", first ?? "0"] : [first ?? "0", second];
  const number = Number(hours) * 3600 + Number(minutes) * 60 + Number(last.replace(",", "."));
  if (percent !== "") {
    return first !== undefined || duration === null ? null : inside((number / 100) * duration, duration);
  }
  const target = sign === "+" ? from + number : sign === "-" ? from - number : number;
  return inside(target, duration);
}

/**
 * @param {number} position
 * @param {number | null} duration
 */
function inside(position, duration) {
  return Math.max(0, Math.min(position, duration ?? Number.POSITIVE_INFINITY));
}

/**
 * Returns a size as "1.4 GB".
 *
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/**
 * Returns what is known of a film beside its name: "1:42:10, 1.4 GB".
 *
 * @param {import("../../client/base.js").FileInfo} file
 */
export function lengthAndSize(file) {
  const length = file.duration === null || file.duration === undefined ? [] : [clock(file.duration)];
  return [...length, size(file.size)].join(t("film.between"));
}

/**
 * Returns how far a picture is from the room, with how well that is known: "+3 ms ±1".
 *
 * @param {number} error  Signed seconds, positive ahead.
 * @param {number | null} bound  Seconds.
 */
export function drift(error, bound) {
  const sign = error < 0 ? "−" : "+";
  const number = Math.abs(error) < 1 ? `${Math.round(Math.abs(error) * 1000)} ms` : `${Math.abs(error).toFixed(1)} s`;
  return bound === null ? `${sign}${number}` : `${sign}${number} ±${Math.max(1, Math.round(bound * 1000))}`;
}
