/** Writing WebVTT: cues, and the markup that survives in them. */

export const HEADER = "WEBVTT\n\n";

/** Where a browser shows a cue, by the numbers of {\an8}: bottom, middle or top, and left, centre or right. */
const ROWS = ["", "line:50%", "line:0"];

/** Characters of one text: several screens of them, and few enough to be shown at once. */
const TEXT_MAX = 16_384;

/**
 * A mark in braces, in SubRip as in Substation Alpha. What is in it is looked for in a second step (lastIn): one regular
 * expression for both would look for the end of a mark that has none from each such thing on.
 */
export const MARK = /\{[^{}]*\}/g;

/**
 * Returns what the group of `thing` has found last in a mark; null: there is no such thing.
 *
 * @param {string} mark
 * @param {RegExp} thing  With "g".
 */
export function lastIn(mark, thing) {
  return Array.from(mark.matchAll(thing)).at(-1)?.[1] ?? null;
}

/**
 * Returns the lines of a text, whatever ends them, without a byte order mark.
 * @param {string} text
 * @returns {string[]}
 */
export function plainLines(text) {
  return text
    .replace(/^\ufeff/, "")
    .replaceAll("\0", "\ufffd")
    .split(/\r\n|\n|\r/);
}

/**
 * Returns a cue with an empty line behind it; "" where nothing is left to show.
 *
 * Italics, bold and underlines stay; other tags (fonts, colours) go, and what is in braces with a backslash. Blank
 * lines go as well, because they would end the cue.
 *
 * @param {number} start  Seconds.
 * @param {number} end
 * @param {string} text
 * @returns {string}
 */
export function cue(start, end, text) {
  const part = text.slice(0, TEXT_MAX);
  const places = (part.match(MARK) ?? []).map((mark) => lastIn(mark, /\\an([1-9])/g)).filter((place) => place !== null);
  const settings = places.length === 0 ? "" : ROWS[Math.floor((Number(places[0]) - 1) / 3)];
  const shown = markup(part)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n");
  return shown === "" ? "" : `${stamp(start)} --> ${stamp(end)}${settings && ` ${settings}`}\n${shown}\n`;
}

/**
 * @param {string} text
 * @returns {string}
 */
function markup(text) {
  return text
    .replace(/\{[^{}\n\\]*\\[^{}\n]*\}/g, "")
    .replace(/\\[Nn]/g, "\n")
    .replace(/\\h/g, "\u00a0")
    .replace(/&(?!(?:amp|lt|gt|nbsp|lrm|rlm|quot|#\d{1,6});)/g, "&amp;")
    .split(/(<[^<>\n]{1,200}>)/)
    .map((part, at) => (at % 2 === 1 ? tag(part) : part.replaceAll("<", "&lt;").replaceAll(">", "&gt;")))
    .join("");
}

/**
 * Returns a tag that WebVTT has, nothing for one of other formats, and text for what is no tag.
 * @param {string} text
 */
function tag(text) {
  const [, slash, name] = /^<(\/?)([A-Za-z]+)\b[^<>]*>$/.exec(text) ?? [];
  if (name === undefined) {
    return text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  }
  return /^[biu]$/i.test(name) ? `<${slash}${name.toLowerCase()}>` : "";
}

/** @param {number} seconds */
function stamp(seconds) {
  const thousandths = Math.max(0, Math.round(seconds * 1000));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const minutes = Math.floor(thousandths / 60_000);
  const rest = String(thousandths % 1000).padStart(3, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(Math.floor(thousandths / 1000) % 60)}.${rest}`;
}
