/** What AVI and Ogg files say of their tracks. */

import { audioByFormat, CODECS, nothing, unknownCodec, videoByFourLetters } from "./codecs.js";
import { letters, part } from "./source.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("./codecs.js").Found} Found */

const HEAD = 64 << 10;
const PIECES_MAX = 500;

/**
 * Returns what the header of an AVI says. Rejects as `Source.at` does.
 * @param {Source} source
 * @returns {Promise<Found>}
 */
export async function readAvi(source) {
  const found = nothing();
  const data = await source.some(0, HEAD);
  found.incomplete = data.byteLength >= 8 && data.getUint32(4, true) > source.size;
  const inside = [{ from: 12, to: data.byteLength }];
  let kind = "";
  for (let looks = 0; looks < PIECES_MAX; looks++) {
    const list = inside.at(-1);
    if (list === undefined) {
      break;
    }
    if (list.from + 8 > list.to) {
      inside.pop();
      continue;
    }
    const name = letters(data, list.from, 4);
    const length = data.getUint32(list.from + 4, true);
    const piece = part(data, list.from + 8, length);
    const begins = list.from + 8;
    list.from = begins + length + (length % 2);
    if (name === "LIST" && ["hdrl", "strl"].includes(letters(piece, 0, 4))) {
      inside.push({ from: begins + 4, to: Math.min(begins + length, data.byteLength) });
    } else if (name === "strh" && piece.byteLength >= 28) {
      kind = letters(piece, 0, 4);
      const rate = piece.getUint32(24, true) / piece.getUint32(20, true);
      if (kind === "vids" && found.frameRate === null && rate > 0 && rate < 1000) {
        found.frameRate = Math.round(rate * 1000) / 1000;
      }
    } else if (name === "strf" && kind === "vids" && piece.byteLength >= 20) {
      found.video ??= videoByFourLetters(letters(piece, 16, 4));
    } else if (name === "strf" && kind === "auds" && piece.byteLength >= 2) {
      const format = piece.getUint16(0, true);
      const sound = audioByFormat(format) ?? unknownCodec(`0x${format.toString(16)}`);
      if (sound !== null) {
        found.audio.push(sound);
      }
    }
  }
  return found;
}

/** @type {[string, (found: Found) => void][]} */
const BEGINNINGS = [
  ["\x80theora", (found) => (found.video ??= CODECS.theora)],
  ["OVP80", (found) => (found.video ??= CODECS.vp8)],
  ["\x01vorbis", (found) => found.audio.push(CODECS.vorbis)],
  ["OpusHead", (found) => found.audio.push(CODECS.opus)],
  ["\x7fFLAC", (found) => found.audio.push(CODECS.flac)],
];

/**
 * Returns what the first pages of an Ogg file say. Rejects as `Source.at` does.
 * @param {Source} source
 * @returns {Promise<Found>}
 */
export async function readOgg(source) {
  const found = nothing();
  const data = await source.some(0, HEAD);
  for (let at = 0, pages = 0; at + 27 <= data.byteLength && pages < 20; pages++) {
    const segments = data.getUint8(at + 26);
    const sizes = part(data, at + 27, segments);
    const begins = (data.getUint8(at + 5) & 2) !== 0;
    if (letters(data, at, 4) !== "OggS" || !begins) {
      break; // the pages on which streams begin come first
    }
    const packet = letters(data, at + 27 + segments, 8);
    BEGINNINGS.find(([beginning]) => packet.startsWith(beginning))?.[1](found);
    at += 27 + segments;
    for (let each = 0; each < sizes.byteLength; each++) {
      at += sizes.getUint8(each);
    }
  }
  return found;
}
