/** What headers of films say, and that damaged and hostile ones are read within limits. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { adviceOn } from "../../../../hangd/web/files/advice.js";
import { aac, av1, hevc, vp9 } from "../../../../hangd/web/files/inspect/codecs.js";
import { BYTES_MAX } from "../../../../hangd/web/files/inspect/source.js";
import { inspect } from "../../../../hangd/web/files/inspect.js";
import { missing } from "../../../../hangd/web/page/texts/texts.js";

const SEED = 21;
const DAMAGED = 1000;

const folder = mkdtempSync(join(tmpdir(), "hang-inspect-"));
after(() => rmSync(folder, { recursive: true }));

/** Film, how it is made, and what is said of it: container, picture, sound, pictures a second. */
const FILMS = /** @type {const} */ ([
  ["end.mp4", "-c:v libx264 -c:a aac", ["mp4", "H.264", "AAC", 24]],
  ["front.mp4", "-c:v libx264 -c:a ac3 -movflags +faststart", ["mp4", "H.264", "AC-3", 24]],
  ["pieces.mp4", "-c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov", ["mp4", "H.264", "AAC", null]],
  ["old.mov", "-c:v mpeg4 -c:a pcm_s16le", ["mp4", "MPEG-4 (DivX, Xvid)", "PCM", 24]],
  ["film.mkv", "-c:v libx264 -c:a flac", ["matroska", "H.264", "FLAC", 24]],
  ["film.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus", ["webm", "VP8", "Opus", 24]],
  ["film.avi", "-c:v mpeg4 -vtag XVID -c:a libmp3lame", ["avi", "MPEG-4 (DivX, Xvid)", "MP3", 24]],
  ["film.ts", "-c:v libx264 -c:a aac", ["mpeg-ts", "H.264", "AAC", null]],
  ["disc.m2ts", "-c:v libx264 -c:a ac3 -mpegts_m2ts_mode 1", ["mpeg-ts", "H.264", "AC-3", null]],
  ["film.ogv", "-c:v libtheora -c:a libvorbis", ["ogg", "Theora", "Vorbis", null]],
  ["sound.mp3", "-vn -c:a libmp3lame", ["audio", null, "MP3", null]],
  ["sound.flac", "-vn", ["audio", null, "FLAC", null]],
]);

/** @type {Map<string, Uint8Array<ArrayBuffer>>} */
const made = new Map();
for (const [name, encode] of FILMS) {
  const path = join(folder, name);
  const inputs = "-f lavfi -i testsrc=size=160x90:rate=24:duration=1 -f lavfi -i sine=sample_rate=48000:duration=1";
  const preset = encode.includes("libx264") ? ["-preset", "ultrafast", "-pix_fmt", "yuv420p"] : [];
  const always = ["-nostdin", "-loglevel", "error", "-y"];
  execFileSync("ffmpeg", [...always, ...inputs.split(" "), ...encode.split(" "), ...preset, path], { timeout: 60_000 });
  made.set(name, new Uint8Array(readFileSync(path)));
}

/** @param {string} name */
function bytesOf(name) {
  return /** @type {Uint8Array<ArrayBuffer>} */ (made.get(name));
}

const everything = () => "probably";
/** @type {import("../../../../hangd/web/files/inspect.js").CanPlay} */
const nothing = () => "";

for (const [name, , expected] of FILMS) {
  test(`the header of ${name}`, async () => {
    const found = await inspect(new Blob([bytesOf(name)]), everything, "chromium");
    assert.deepEqual([found.container, found.video, found.audio, found.frameRate], expected);
    assert.equal(found.incomplete, false);
    assert.deepEqual(adviceOn(found, "chromium"), { problem: null, blocks: false });
  });
}

test("files that are cut short", async () => {
  const mp4 = bytesOf("end.mp4");
  const cut = await inspect(new Blob([mp4.slice(0, mp4.length / 2)]), everything, "chromium");
  assert.equal(cut.incomplete, true);
  assert.deepEqual(adviceOn(cut, "chromium"), {
    problem: "The end of this file is missing. Copy or download it again.",
    blocks: true,
  });
  const mkv = bytesOf("film.mkv");
  const begun = await inspect(new Blob([mkv.slice(0, mkv.length / 2)]), everything, "chromium");
  assert.deepEqual([begun.incomplete, begun.video, adviceOn(begun, "chromium").blocks], [true, "H.264", false]);
});

test("what is no film", async () => {
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(1000),
    new TextEncoder().encode("%PDF-1.7 not a film".repeat(100)),
  ]) {
    const found = await inspect(new Blob([bytes]), everything, "chromium");
    assert.equal(found.container, "unknown");
    assert.equal(adviceOn(found, "chromium").problem, "This file does not look like a film.");
  }
});

test("a file that cannot be read", async () => {
  const gone = {
    size: 1000,
    slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotFoundError")) }),
  };
  const found = await inspect(/** @type {Blob} */ (/** @type {unknown} */ (gone)), everything, "chromium");
  assert.equal(found.container, "unknown");
});

test("sentences for what a browser does not play", async () => {
  const adviceFor = async (/** @type {string} */ name, canPlay = nothing, engine = /** @type {const} */ ("firefox")) =>
    adviceOn(await inspect(new Blob([bytesOf(name)]), canPlay, engine), engine);
  assert.deepEqual(await adviceFor("film.avi"), {
    problem: "This browser does not play AVI files. hang on a computer does.",
    blocks: true,
  });
  assert.deepEqual(await adviceFor("end.mp4"), {
    problem: "The picture is H.264, which this browser does not play. hang on a computer does.",
    blocks: true,
  });
  assert.deepEqual(await adviceFor("front.mp4", (type) => (type.startsWith("video") ? "maybe" : "")), {
    problem:
      "The sound is AC-3, which this browser does not play: you would see the film without sound. " +
      "hang on a computer does, and so does Safari.",
    blocks: false,
  });
  assert.deepEqual(await adviceFor("sound.mp3"), {
    problem: "This browser does not play MP3. hang on a computer does.",
    blocks: true,
  });
  const safari = adviceOn(await inspect(new Blob([bytesOf("film.mkv")]), nothing, "webkit"), "webkit");
  assert.equal(safari.problem, "This browser does not play Matroska (.mkv) files. hang or Chrome on a computer does.");
  assert.deepEqual([...missing], []);
});

test("codecs as RFC 6381 and the codecs' own specifications write them", () => {
  const view = (/** @type {number[]} */ ...bytes) => new DataView(Uint8Array.from(bytes).buffer);
  const main10 = view(1, 2, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93);
  assert.equal(hevc(main10).parameter, "hvc1.2.4.L93.90");
  const high = view(1, 0x21, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 1, 120);
  assert.equal(hevc(high, "hev1").parameter, "hev1.1.6.H120.B0.0.0.0.0.1");
  assert.equal(av1(view(0x81, 0x08, 0x4c, 0)).parameter, "av01.0.08M.10");
  assert.equal(vp9(view(2, 41, 0xa0)).parameter, "vp09.02.41.10");
  assert.equal(aac(view(0x12, 0x10)).parameter, "mp4a.40.2");
  assert.equal(aac(view(0x2b, 0x92, 0x08, 0)).parameter, "mp4a.40.5");
  assert.equal(aac(view(0xf9, 0x46)).name, "xHE-AAC");
});

/** A Blob that counts what is read of it. */
class Counted extends Blob {
  read = 0;
  /**
   * @param {number} [from]
   * @param {number} [to]
   */
  slice(from, to) {
    const piece = super.slice(from, to);
    this.read += piece.size;
    return piece;
  }
}

test(`${DAMAGED} damaged films`, async () => {
  const chance = mulberry(SEED);
  const films = [...made.values()];
  for (let round = 0; round < DAMAGED; round++) {
    const file = new Counted([damaged(films[round % films.length], chance)]);
    const found = await inspect(file, everything, "chromium");
    adviceOn(found, "chromium");
    assert.ok(file.read <= BYTES_MAX, `round ${round}: ${file.read} bytes`);
  }
});

test("headers that never end", async () => {
  const text = new TextEncoder();
  const box = (/** @type {number} */ size, /** @type {string} */ kind) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, size);
    bytes.set(text.encode(kind), 4);
    return bytes;
  };
  const many = (/** @type {BlobPart} */ bytes, /** @type {number} */ count) => Array(count).fill(bytes);
  const empty = new Blob(many(new Blob(many(box(8, "trak"), 1000)), 5000));
  const hostile = [
    new Blob([box(8, "ftyp"), box(2 ** 31, "moov"), empty]),
    new Blob([box(8, "ftyp"), ...many(box(8, "free"), 500_000)]),
    new Blob([
      Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 0xff),
      new Uint8Array(5e6).fill(0x80),
    ]),
    new Blob([
      Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 0xff),
      new Uint8Array(5e6).fill(0xec),
    ]),
    new Blob(["RIFF\xff\xff", "xxAVI ", ..."LIST\0\0\0\0".repeat(10_000)]),
    new Blob([new Uint8Array(5e6).fill(0x47)]),
    new Blob(["OggS\0\x02", new Uint8Array(1e6)]),
  ];
  for (const [at, each] of hostile.entries()) {
    const file = new Counted([each]);
    await inspect(file, everything, "chromium");
    assert.ok(file.read <= BYTES_MAX, `${at}: ${file.read} bytes`);
  }
});

/**
 * @param {Uint8Array<ArrayBuffer>} content
 * @param {() => number} chance
 */
function damaged(content, chance) {
  const below = (/** @type {number} */ end) => Math.floor(chance() * end);
  let bytes = content.slice();
  for (let kinds = 1 + below(3); kinds > 0; kinds--) {
    const head = chance() < 0.5 ? Math.min(4096, bytes.length) : bytes.length;
    const at = below(head);
    const length = Math.min(bytes.length - at, 1 + below(200));
    switch (below(5)) {
      case 0:
        for (let count = below(50); count > 0; count--) {
          bytes[below(head)] = [0, 0x7f, 0x80, 0xff, below(256)][below(5)];
        }
        break;
      case 1:
        bytes = bytes.slice(0, Math.max(1, at));
        break;
      case 2:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
        break;
      case 3:
        bytes.fill(0, at, at + length);
        break;
      default:
        bytes.fill(0xff, at, at + 4);
    }
    if (bytes.length === 0) {
      break;
    }
  }
  return bytes;
}

/**
 * Random numbers from 0 to 1, the same for the same seed.
 * @param {number} state
 */
function mulberry(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
