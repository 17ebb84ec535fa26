/** Substation Alpha (.ass, .ssa) as WebVTT: the text alone, without its fonts, places and effects. */

import { cue, HEADER, lastIn, MARK, plainLines } from "./webvtt.js";

const USUAL = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text";

/**
 * Returns the text of such a file as WebVTT. Drawings and comments are left out, and what is shown twice at once (as
 * shadow and letter, or in layers) is shown once.
 *
 * @param {string} text
 * @returns {string}
 */
export function assToVtt(text) {
  let columns = columnsOf(USUAL);
  let isInside = false;
  /** @type {Set<string>} */
  const cues = new Set();
  for (const line of plainLines(text)) {
    if (line.startsWith("[")) {
      isInside = /^\[events\]/i.test(line);
    } else if (isInside && /^format:/i.test(line)) {
      columns = columnsOf(line.slice("format:".length));
    } else if (isInside && /^dialogue:/i.test(line)) {
      cues.add(cueOf(line.slice("dialogue:".length), columns));
    }
  }
  return HEADER + Array.from(cues).filter(Boolean).join("\n");
}

/**
 * @param {string} line
 * @param {ReturnType<typeof columnsOf>} columns
 */
function cueOf(line, columns) {
  const values = line.split(",");
  const text = values.slice(columns.text).join(",");
  const start = seconds(values[columns.start]);
  const end = seconds(values[columns.end]);
  if (start === null || end === null || end <= start || /\\p[1-9]/.test(text)) {
    return "";
  }
  return cue(start, end, italics(text));
}

/**
 * Writes {\i1} and {\i0} as tags; other marks in braces are left out by `cue`.
 * @param {string} text
 */
function italics(text) {
  return text.replace(MARK, (mark) => {
    const on = lastIn(mark, /\\i([01])/g);
    return on === null ? mark : `${mark}${on === "1" ? "<i>" : "</i>"}`;
  });
}

/**
 * Returns where in a line its start, its end and its text are. The text comes last, and has commas of its own.
 *
 * @param {string} line
 */
function columnsOf(line) {
  const names = line.split(",").map((name) => name.trim().toLowerCase());
  return { start: names.indexOf("start"), end: names.indexOf("end"), text: names.length - 1 };
}

/** @param {string | undefined} text */
function seconds(text) {
  const found = /^\s*(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d{1,3})?)\s*$/.exec(text ?? "");
  return found === null ? null : Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
}
