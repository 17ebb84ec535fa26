/** Files of subtitles that are made to take long: eight times the size takes no more than about eight times as long. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assToVtt } from "../../../../hangd/web/files/subtitles/ass.js";
import { decodeText } from "../../../../hangd/web/files/subtitles/encodings.js";
import { toVtt } from "../../../../hangd/web/files/subtitles/srt.js";

/** Milliseconds below which a measurement is noise. */
const NOISE = 2;

/** @param {string} text */
const srt = (text) => () => toVtt(`1\n00:00:01,000 --> 00:00:02,000\n${text}\n`);
/** @param {string} text */
const ass = (text) => () => assToVtt(`[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,${text}\n`);

/** Returns ever longer texts of one beginning. @type {Record<string, (count: number) => string>} */
const TEXTS = {
  "marks that begin and do not end": (count) => "{".repeat(count),
  "a mark of backslashes": (count) => `{${"\\".repeat(count)}`,
  "backslashes in marks that do not end": (count) => "{\\".repeat(count / 2),
  "a mark of places": (count) => `{${"\\an8".repeat(count / 4)}`,
  "a mark of italics": (count) => `{${"\\i1".repeat(count / 3)}`,
  "places in marks that do not end": (count) => "{\\an8".repeat(count / 5),
  "tags that begin and do not end": (count) => "<".repeat(count),
  "a tag of letters": (count) => `<${"a".repeat(count)}`,
  "tags of letters": (count) => `<${"b".repeat(190)}`.repeat(count / 191),
  ampersands: (count) => "&".repeat(count),
  "ampersands and numbers": (count) => "&#12345".repeat(count / 7),
  "ends of lines": (count) => "\\N".repeat(count / 2),
  spaces: (count) => " ".repeat(count),
  "blank lines": (count) => "\n".repeat(count),
};

/** @type {Record<string, (count: number) => () => unknown>} */
const FILES = {
  digits: (count) => () => toVtt(`${"1".repeat(count)}x\n00:00:01,000 --> 00:00:02,000\nA\n`),
  "digits and spaces": (count) => () =>
    toVtt(`${"1".repeat(count)}${" ".repeat(count)}x\n00:00:01,000 --> 00:00:02,000\nA\n`),
  "times in one line": (count) => () => toVtt("0:0:0-".repeat(count / 6)),
  "lines of times": (count) => () => toVtt("0:0 --> 0:1\n".repeat(count / 12)),
  "lines that are nearly times": (count) => () => toVtt(`${"0 :".repeat(66)}\n`.repeat(count / 199)),
  columns: (count) => () =>
    assToVtt(`[Events]\nFormat: ${",".repeat(count)}\n${"Dialogue: 0,0:00:01.00\n".repeat(count)}`),
  formats: (count) => () => assToVtt(`[Events]\n${"Format: a,b\nDialogue: 0,1\n".repeat(count / 10)}`),
  "a time of spaces": (count) => () => assToVtt(`[Events]\nDialogue: 0,${" ".repeat(count)},0:00:01.00,D,,0,0,0,,A\n`),
  "bytes of another encoding": (count) => () => decodeText(new Uint8Array(count * 10).fill(0xe9), "", []),
};

/**
 * Asserts that it takes a time in proportion to the size.
 *
 * @param {(count: number) => () => unknown} work
 * @param {number} count
 */
function isLinear(work, count) {
  const [short, long] = [count, 8 * count].map((size) => {
    const made = work(size);
    const times = [1, 2, 3].map(() => {
      const begun = performance.now();
      made();
      return performance.now() - begun;
    });
    return Math.min(...times);
  });
  assert.ok(
    long < 20 * Math.max(short, NOISE),
    `${short.toFixed(1)} ms, and eight times as large ${long.toFixed(1)} ms`,
  );
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`SubRip with ${name}`, () => isLinear((count) => srt(text(count)), 2_000));
  test(`Substation Alpha with ${name}`, () => isLinear((count) => ass(text(count)), 2_000));
}
for (const [name, file] of Object.entries(FILES)) test(`a file of ${name}`, () => isLinear(file, 4_000));

test("a text that no screen holds is cut", () => {
  const long = "a ".repeat(1_000_000);
  assert.ok(srt(long)().length < 20_000);
  assert.ok(ass(long)().length < 20_000);
});

test("of the places in a mark the last one counts, of the marks the first", () => {
  assert.match(srt("{\\an5\\an8}{\\an2}A")(), /line:0\nA/);
  assert.match(ass("{\\i0\\i1}A{\\i1\\i0}{x}{\\b1}")(), /<i>A<\/i>\{x\}/);
});
