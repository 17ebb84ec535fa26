/** What MP4 and QuickTime files say of their tracks. The tables of a long film have megabytes: they are stepped over. */

import { aac, av1, CODECS, codec, h264, hevc, mp4ByFourLetters, nothing, unknownCodec, vp9 } from "./codecs.js";
import { letters, part } from "./source.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("./codecs.js").Found} Found */
/** @typedef {{kind: string, data: number, end: number}} Box  Where its data begin and end in the file. */

const BOXES_MAX = 2000;
const TRACKS_MAX = 100;
const DESCRIPTION_MAX = 8 << 10;
const TIMES_MAX = 1000;

/**
 * Returns what the header says. Rejects as `Source.at` does.
 * @param {Source} source
 * @returns {Promise<Found>}
 */
export async function readMp4(source) {
  const found = nothing();
  const top = await boxes(source, 0, source.size, (box) => box.kind === "moov");
  const moov = top.find((box) => box.kind === "moov");
  found.incomplete = moov === undefined || top.some((box) => box.end > source.size);
  if (moov === undefined) {
    return found;
  }
  const inner = await boxes(source, moov.data, Math.min(moov.end, source.size));
  const [enabled, disabled] = [found, nothing()];
  for (const trak of inner.filter(({ kind }) => kind === "trak").slice(0, TRACKS_MAX)) {
    await readTrack(source, trak, (await isEnabled(source, trak)) ? enabled : disabled);
  }
  found.video ??= disabled.video;
  found.frameRate ??= disabled.frameRate;
  if (found.audio.length === 0) {
    found.audio = disabled.audio;
  }
  return found;
}

/**
 * Returns whether a track is to be played unless somebody chooses otherwise. Browsers play no other.
 * @param {Source} source
 * @param {Box} trak
 */
async function isEnabled(source, trak) {
  const tkhd = await inside(source, trak, "tkhd");
  return tkhd === null || ((await source.at(tkhd.data, 4)).getUint32(0) & 1) === 1;
}

/**
 * @param {Source} source
 * @param {Box} trak
 * @param {Found} found
 */
async function readTrack(source, trak, found) {
  const mdia = await inside(source, trak, "mdia");
  const [hdlr, mdhd, minf] = await Promise.all(["hdlr", "mdhd", "minf"].map((kind) => inside(source, mdia, kind)));
  const stbl = await inside(source, minf, "stbl");
  const stsd = await inside(source, stbl, "stsd");
  if (hdlr === null || stsd === null) {
    return;
  }
  const handler = letters(await source.some(hdlr.data + 8, 4));
  const entry = part(await source.some(stsd.data, Math.min(stsd.end - stsd.data, DESCRIPTION_MAX)), 8);
  if (entry.byteLength < 36) {
    return;
  }
  if (handler === "vide" && found.video === null) {
    found.video = videoOf(entry);
    found.frameRate = await frameRate(source, mdhd, await inside(source, stbl, "stts"));
  } else if (handler === "soun") {
    const sound = audioOf(entry);
    if (sound !== null) {
      found.audio.push(sound);
    }
  }
}

/** @param {DataView} entry  The description of a picture, from its size on. */
function videoOf(entry) {
  const tag = letters(entry, 4, 4);
  const config = (/** @type {string} */ kind) => child(entry, 86, kind);
  if (tag === "avc1" || tag === "avc3") {
    return h264(config("avcC"), tag);
  }
  if (tag === "hvc1" || tag === "hev1") {
    return hevc(config("hvcC"), tag);
  }
  if (tag === "av01") {
    return av1(config("av1C"));
  }
  if (tag === "vp09") {
    const box = config("vpcC");
    return vp9(box === null ? null : part(box, 4));
  }
  if (tag === "mp4v") {
    const kind = decoder(config("esds"))?.kind;
    return kind !== undefined && kind >= 0x60 && kind <= 0x65
      ? CODECS.mpeg2
      : kind === 0x6a
        ? CODECS.mpeg1
        : CODECS.mpeg4;
  }
  return mp4ByFourLetters(tag) ?? unknownCodec(tag);
}

/** @param {DataView} entry  The description of a sound. */
function audioOf(entry) {
  const tag = letters(entry, 4, 4);
  if (tag !== "mp4a") {
    return mp4ByFourLetters(tag) ?? unknownCodec(tag);
  }
  const version = entry.getUint16(16);
  const at = version === 1 ? 52 : version === 2 ? 72 : 36;
  const wave = child(entry, at, "wave"); // QuickTime's box around it
  const described = decoder(child(entry, at, "esds") ?? (wave === null ? null : child(wave, 0, "esds")));
  switch (described?.kind) {
    case 0x69:
    case 0x6b:
      return CODECS.mp3;
    case 0xa5:
      return CODECS.ac3;
    case 0xa6:
      return CODECS.eac3;
    case 0xa9:
      return CODECS.dts;
    case 0xdd:
      return CODECS.vorbis;
    case 0x66:
    case 0x67:
    case 0x68:
      return codec("AAC", "audio/mp4", `mp4a.${described.kind.toString(16)}`);
    default:
      return aac(described?.config ?? null);
  }
}

/**
 * Returns kind and configuration of the decoder that an "esds" box describes: one descriptor within the other.
 * @param {DataView | null} box
 * @returns {{kind: number, config: DataView | null} | null}
 */
function decoder(box) {
  if (box === null) {
    return null;
  }
  const stream = descriptor(part(box, 4), 3);
  const described = stream === null ? null : descriptor(part(stream, 3 + optional(stream)), 4);
  if (described === null || described.byteLength < 13) {
    return null;
  }
  return { kind: described.getUint8(0), config: descriptor(part(described, 13), 5) };
}

/**
 * Returns how many bytes of a stream's descriptor its flags announce.
 * @param {DataView} stream
 */
function optional(stream) {
  const flags = stream.byteLength > 2 ? stream.getUint8(2) : 0;
  const url = flags & 0x40 && stream.byteLength > 5 ? 1 + stream.getUint8(flags & 0x80 ? 5 : 3) : 0;
  return (flags & 0x80 ? 2 : 0) + url + (flags & 0x20 ? 2 : 0);
}

/**
 * @param {DataView} view
 * @param {number} tag
 * @returns {DataView | null}
 */
function descriptor(view, tag) {
  if (view.byteLength < 2 || view.getUint8(0) !== tag) {
    return null;
  }
  let [at, length] = [1, 0];
  for (; at < Math.min(5, view.byteLength); at++) {
    const byte = view.getUint8(at);
    length = (length << 7) | (byte & 0x7f);
    if (byte < 0x80) {
      break;
    }
  }
  return part(view, at + 1, length);
}

/**
 * @param {Source} source
 * @param {Box | null} mdhd
 * @param {Box | null} stts
 * @returns {Promise<number | null>} Pictures a second, on average.
 */
async function frameRate(source, mdhd, stts) {
  if (mdhd === null || stts === null) {
    return null;
  }
  const head = await source.at(mdhd.data, 24);
  const scale = head.getUint32(head.getUint8(0) === 1 ? 20 : 12);
  const table = await source.some(stts.data, Math.min(stts.end - stts.data, 8 + 8 * TIMES_MAX));
  let [pictures, time] = [0, 0];
  for (let at = 8; at + 8 <= table.byteLength; at += 8) {
    pictures += table.getUint32(at);
    time += table.getUint32(at) * table.getUint32(at + 4);
  }
  const rate = (pictures * scale) / time;
  return Number.isFinite(rate) && rate > 0 && rate < 1000 ? Math.round(rate * 1000) / 1000 : null;
}

/**
 * Returns the boxes in this part of the file, up to the one that `isLast`.
 *
 * @param {Source} source
 * @param {number} start
 * @param {number} end
 * @param {(box: Box) => boolean} [isLast]
 * @returns {Promise<Box[]>}
 */
async function boxes(source, start, end, isLast = () => false) {
  /** @type {Box[]} */
  const found = [];
  for (let at = start; at + 8 <= end && found.length < BOXES_MAX; ) {
    const head = await source.some(at, 16);
    let length = head.getUint32(0);
    let data = at + 8;
    if (length === 1 && head.byteLength === 16) {
      length = Number(head.getBigUint64(8));
      data = at + 16;
    } else if (length === 0) {
      length = end - at;
    }
    if (length < data - at) {
      break;
    }
    const box = { kind: letters(head, 4, 4), data, end: at + length };
    found.push(box);
    if (isLast(box)) {
      break;
    }
    at = box.end;
  }
  return found;
}

/**
 * @param {Source} source
 * @param {Box | null} box
 * @param {string} kind
 * @returns {Promise<Box | null>}
 */
async function inside(source, box, kind) {
  if (box === null) {
    return null;
  }
  const found = await boxes(source, box.data, Math.min(box.end, source.size), (each) => each.kind === kind);
  const last = found.at(-1);
  return last?.kind === kind ? last : null;
}

/**
 * As `inside`, in what has been read.
 * @param {DataView} view
 * @param {number} at
 * @param {string} kind
 * @returns {DataView | null}
 */
function child(view, at, kind) {
  for (let looks = 0; at + 8 <= view.byteLength && looks < 100; looks++) {
    const length = view.getUint32(at);
    if (letters(view, at + 4, 4) === kind) {
      return part(view, at + 8, Math.max(0, length - 8));
    }
    at += Math.max(length, 8);
  }
  return null;
}
