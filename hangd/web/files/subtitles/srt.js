/** SubRip (.srt) as WebVTT, as people's files are: odd times, missing numbers, blank lines, tags of other formats. */

import { cue, HEADER, plainLines } from "./webvtt.js";

/**
 * One line of times. Players take what looks like one, with spaces, without hours, with a dot or a colon before the
 * thousandths. What follows (coordinates) is left out.
 */
const TIMES =
  /^\s*(?:(\d{1,3})\s*:\s*)?(\d{1,2})\s*:\s*(\d{1,2})(?:\s*[,.:]\s*(\d{1,6}))?\s*-{1,3}>\s*(?:(\d{1,3})\s*:\s*)?(\d{1,2})\s*:\s*(\d{1,2})(?:\s*[,.:]\s*(\d{1,6}))?(?!\d)/;

const NUMBER = /^\s*\d+\s*$/;

/** Seconds that a text is shown whose end is not after its beginning. */
const SHOWN = 3;

/**
 * Returns subtitles as WebVTT, and WebVTT as it is. Returns a file without cues for a text that is neither.
 *
 * @param {string} text
 * @returns {string}
 */
export function toVtt(text) {
  const lines = plainLines(text);
  if (/^WEBVTT(?:\s|$)/.test(lines[0] ?? "")) {
    return lines.join("\n");
  }
  return HEADER + cuesOf(lines).join("\n");
}

/**
 * @param {string[]} lines
 * @returns {string[]}
 */
function cuesOf(lines) {
  /** @type {{times: RegExpExecArray, from: number}[]} */
  const found = [];
  for (const [at, line] of lines.entries()) {
    const times = line.length < 200 ? TIMES.exec(line) : null;
    if (times !== null) {
      found.push({ times, from: at });
    }
  }
  const areNumbered = found.length > 0 && NUMBER.test(lines[found[0].from - 1] ?? "");
  return found.map(({ times, from }, at) => {
    let to = found[at + 1]?.from ?? lines.length;
    if (areNumbered && at + 1 < found.length && NUMBER.test(lines[to - 1])) {
      to -= 1; // the number of the next one
    }
    const start = seconds(times.slice(1, 5));
    const end = seconds(times.slice(5, 9));
    return cue(start, end > start ? end : start + SHOWN, lines.slice(from + 1, Math.max(from + 1, to)).join("\n"));
  });
}

/** @param {(string | undefined)[]} parts  Hours, minutes, seconds and thousandths, as VLC and mpv read them. */
function seconds([hours = "0", minutes = "0", whole = "0", thousandths = "0"]) {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(whole) + Number(thousandths.slice(0, 3)) / 1000;
}
