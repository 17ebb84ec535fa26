/** Subtitles as WebVTT: formats, encodings, and which belong to a film. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assToVtt } from "../../../../hangd/web/files/subtitles/ass.js";
import { decodeText } from "../../../../hangd/web/files/subtitles/encodings.js";
import { belonging, namedLanguage } from "../../../../hangd/web/files/subtitles/naming.js";
import { toVtt } from "../../../../hangd/web/files/subtitles/srt.js";

/** @param {string[]} cues */
function vtt(...cues) {
  return `WEBVTT\n\n${cues.map((each) => `${each}\n`).join("\n")}`;
}

test("a file as it should be", () => {
  const srt = "1\n00:00:01,500 --> 00:00:04,000\nHello.\n\n2\n01:02:03,004 --> 01:02:05,678\nTwo\nlines\n";
  assert.equal(toVtt(srt), vtt("00:00:01.500 --> 00:00:04.000\nHello.", "01:02:03.004 --> 01:02:05.678\nTwo\nlines"));
});

test("a mark of the byte order and ends of lines of Windows and old Macs", () => {
  for (const end of ["\r\n", "\r"]) {
    const srt = `\ufeff1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:03,000 --> 00:00:04,000\nB\n`;
    assert.equal(
      toVtt(srt.replaceAll("\n", end)),
      vtt("00:00:01.000 --> 00:00:02.000\nA", "00:00:03.000 --> 00:00:04.000\nB"),
    );
  }
});

for (const [times, expected] of [
  ["0:00:01.5 --> 0:00:02.25", "00:00:01.005 --> 00:00:02.025"],
  ["01:02,500 --> 01:04,000", "00:01:02.500 --> 00:01:04.000"],
  ["00:00:01 --> 00:00:02", "00:00:01.000 --> 00:00:02.000"],
  ["00: 00: 01, 500-->00:00:02:750", "00:00:01.500 --> 00:00:02.750"],
  ["  00:00:01,000 -> 00:00:02,000  X1:10 X2:20 Y1:1 Y2:2", "00:00:01.000 --> 00:00:02.000"],
  ["00:00:05,000 --> 00:00:01,000", "00:00:05.000 --> 00:00:08.000"],
  ["100:00:00,000 --> 100:00:01,000", "100:00:00.000 --> 100:00:01.000"],
]) {
  test(`times as ${times}`, () => assert.equal(toVtt(`1\n${times}\nA\n`), vtt(`${expected}\nA`)));
}

test("blank lines in a text and none between two", () => {
  const srt = "1\n00:00:01,000 --> 00:00:02,000\nA\n\nB\n2\n00:00:03,000 --> 00:00:04,000\n\nC\n";
  assert.equal(toVtt(srt), vtt("00:00:01.000 --> 00:00:02.000\nA\nB", "00:00:03.000 --> 00:00:04.000\nC"));
});

test("a number that is said is no number of a cue", () => {
  const bare = "00:00:01,000 --> 00:00:02,000\n1984\n00:00:03,000 --> 00:00:04,000\nB\n";
  assert.equal(toVtt(bare), vtt("00:00:01.000 --> 00:00:02.000\n1984", "00:00:03.000 --> 00:00:04.000\nB"));
  const numbered = "1\n00:00:01,000 --> 00:00:02,000\n1984\n\n2\n00:00:03,000 --> 00:00:04,000\n42\n";
  assert.equal(toVtt(numbered), vtt("00:00:01.000 --> 00:00:02.000\n1984", "00:00:03.000 --> 00:00:04.000\n42"));
});

for (const [text, expected] of [
  ["<i>A</i> <B>b</B>", "<i>A</i> <b>b</b>"],
  ['<font color="#ff0000">red</font>', "red"],
  ["{\\an8}top", "line:0|top"],
  ["{\\an5}{\\b1}middle", "line:50%|middle"],
  ["{\\an2}bottom", "bottom"],
  ["a < b & c > d --> e", "a &lt; b &amp; c &gt; d --&gt; e"],
  ["salt &amp; pepper", "salt &amp; pepper"],
  ["<script>alert(1)</script><c.x onclick=1>", "alert(1)"],
  ["one\\Ntwo", "one\ntwo"],
  ["5 <3 7>", "5 &lt;3 7&gt;"],
  ["{not a mark}", "{not a mark}"],
]) {
  test(`text as ${text}`, () => {
    const [settings, shown] = expected.includes("|") ? expected.split("|") : ["", expected];
    const times = `00:00:01.000 --> 00:00:02.000${settings && ` ${settings}`}`;
    assert.equal(toVtt(`1\n00:00:01,000 --> 00:00:02,000\n${text}\n`), vtt(`${times}\n${shown}`));
  });
}

test("WebVTT stays as it is, and other text gives no cue", () => {
  const text = "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000 line:0\n<v Ann>A\n";
  assert.equal(toVtt(`\ufeff${text.replaceAll("\n", "\r\n")}`), text);
  for (const other of ["", "hello", "\0\0\0", "-->".repeat(100_000), "1".repeat(300_000), "WEBVTTX"]) {
    assert.equal(toVtt(other), "WEBVTT\n\n");
  }
});

test("a long file of nothing but brackets is read in no time", () => {
  const text = `1\n00:00:01,000 --> 00:00:02,000\n${"{<&".repeat(1_000_000)}`;
  const begun = performance.now();
  toVtt(text);
  assert.ok(performance.now() - begun < 20_000);
});

test("Substation Alpha: text, italics, top, twice the same; no drawings and comments", () => {
  const text = [
    "[Script Info]",
    "Dialogue: not here",
    "[Events]",
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    "Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\i1}Hello{\\i0}, you\\Nthere",
    "Dialogue: 1,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\i1}Hello{\\i0}, you\\Nthere",
    "Comment: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,secret",
    "Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}",
    "Dialogue: 0,0:00:04.00,0:00:05.00,Sign,,0,0,0,,{\\an8\\fs20}SIGN",
    "Dialogue: broken",
  ].join("\r\n");
  assert.equal(
    assToVtt(text),
    vtt("00:00:01.500 --> 00:00:03.000\n<i>Hello</i>, you\nthere", "00:00:04.000 --> 00:00:05.000 line:0\nSIGN"),
  );
});

const RUSSIAN = "1\n00:00:01,000 --> 00:00:04,000\nЯ не знаю, что тебе сказать. Пойдём отсюда, пока нас не увидели.\n";
const CYRILLIC = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя";
const KOI8 = "юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"; /* from 0xC0 on */

/**
 * @param {string} text
 * @param {(letter: string) => number} codeOf
 */
function encoded(text, codeOf) {
  return Uint8Array.from(text, (letter) => (letter < "\x80" ? letter.charCodeAt(0) : codeOf(letter)));
}

test("text in Cyrillic letters, whatever the page's language is", () => {
  const russian = RUSSIAN.replaceAll("ё", "е");
  for (const languages of [["en-GB"], ["ru"], ["el"], ["ja"], []]) {
    assert.equal(
      decodeText(
        encoded(russian, (letter) => 0xc0 + CYRILLIC.indexOf(letter)),
        "",
        languages,
      ),
      russian,
    );
    assert.equal(
      decodeText(
        encoded(russian, (letter) => 0xc0 + KOI8.indexOf(letter)),
        "",
        languages,
      ),
      russian,
    );
  }
});

test("text in Latin letters by the language of the file, else of the page", () => {
  const bytes = Uint8Array.from([
    ...Buffer.from("1\n00:00:01,000 --> 00:00:02,000\nP"),
    0xf8,
    ...Buffer.from("ejeme\n"),
  ]);
  assert.match(decodeText(bytes, "cs", ["en"]) ?? "", /Přejeme/);
  assert.match(decodeText(bytes, "", ["cs-CZ", "en"]) ?? "", /Přejeme/);
  assert.match(decodeText(bytes, "da", ["cs"]) ?? "", /Pøejeme/);
  assert.match(decodeText(bytes, "", ["ru", "en"]) ?? "", /Pøejeme/);
});

test("Japanese, Korean and Chinese that are not UTF-8", () => {
  // "kore wa nan desu ka", "igeoseun mueosibnikka naneun", "wo bu shi ni de, zhe shi wo men de"
  const japanese = Uint8Array.from(Buffer.from("82b182ea82cd82c882f182c582b782a9", "hex"));
  assert.equal(decodeText(japanese, "", ["en"]), "これはなんですか");
  const chinese = Uint8Array.from(Buffer.from("ced2b2bbcac7c4e3b5c4d5e2cac7ced2c3c7b5c4", "hex"));
  assert.equal(decodeText(chinese, "", ["en"]), "我不是你的这是我们的");
  const korean = Uint8Array.from(Buffer.from("c0ccb0cdc0bab9abbef9c0d4b4cfb1eeb3aab4c2", "hex"));
  assert.equal(decodeText(korean, "", ["en"]), "이것은무엇입니까나는");
});

test("UTF-16 with a mark and without, UTF-8, and what is no text", () => {
  const text = "1\n00:00:01,000 --> 00:00:02,000\nПривет\n";
  const little = Buffer.from(text, "utf16le");
  assert.equal(decodeText(Uint8Array.from([0xff, 0xfe, ...little])), text);
  assert.equal(decodeText(Uint8Array.from(little)), text);
  assert.equal(decodeText(Uint8Array.from(little).map((_, at, all) => all[at ^ 1])), text);
  assert.equal(decodeText(Uint8Array.from(Buffer.from(text))), text);
  assert.equal(decodeText(Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, 0, 0, 1, 2, 3])), null);
});

/** @param {string} path */
function picked(path) {
  const at = path.lastIndexOf("/");
  return { file: new File([], path.slice(at + 1)), handle: null, folder: path.slice(0, Math.max(0, at)) };
}

test("subtitles that belong to a film", () => {
  const paths = [
    "Films/Film.mkv",
    "Films/Film.srt",
    "Films/film.EN.forced.srt",
    "Films/Film 2.srt",
    "Films/Film2.srt",
    "Films/Film 2.mkv",
    "Films/Subs/Film/2_English.srt",
    "Films/Subs/English.srt",
    "Other/Film.srt",
    "Alone/Solo.mp4",
    "Alone/Subs/3_fre.srt",
  ];
  const siblings = paths.map(picked);
  const found = belonging(siblings[0], siblings).map(({ file, folder }) => `${folder}/${file.name}`);
  assert.deepEqual(found, [
    "Films/Film.srt",
    "Films/film.EN.forced.srt",
    "Films/Film 2.srt",
    "Films/Subs/Film/2_English.srt",
  ]);
  const second = belonging(siblings[5], siblings).map(({ file }) => file.name);
  assert.deepEqual(second, ["Film 2.srt"]);
  assert.deepEqual(
    belonging(siblings[9], siblings).map(({ file }) => file.name),
    ["3_fre.srt"],
  );
});

for (const [name, language] of [
  ["Film.srt", ""],
  ["Film.en.srt", "en"],
  ["Film.eng.forced.srt", "en"],
  ["Film.pt-BR.srt", "pt-BR"],
  ["Film.pt_BR.srt", "pt-BR"],
  ["Film.ger.sdh.srt", "de"],
  ["2_English.srt", "en"],
  ["Film [Deutsch].ass", "de"],
  ["Film.1080p.WEB.x264-GROUP.cs.srt", "cs"],
  ["Film.hi.srt", ""],
  ["Film.zh-Hant.srt", "zh-Hant"],
  ["Film.chs.srt", "zh-Hans"],
]) {
  test(`the language of ${name}`, () => assert.equal(namedLanguage(name, "Film.mkv").language, language));
}
