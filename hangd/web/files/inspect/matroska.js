/** What Matroska and WebM files say of their tracks. */

import {
  aac,
  audioByFormat,
  av1,
  CODECS,
  h264,
  hevc,
  nothing,
  unknownCodec,
  videoByFourLetters,
  vp9,
} from "./codecs.js";
import { letters, Unreadable } from "./source.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("./codecs.js").Found} Found */
/** @typedef {import("./codecs.js").Codec} Codec */
/** @typedef {{id: number, data: number, end: number}} Element  Where its data begin and end; Infinity: not told. */

const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const SEGMENT = 0x18538067;
const SEEK_HEAD = 0x114d9b74;
const SEEK = 0x4dbb;
const SEEK_ID = 0x53ab;
const SEEK_POSITION = 0x53ac;
const CLUSTER = 0x1f43b675;
const TRACKS = 0x1654ae6b;
const TRACK = 0xae;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const FRAME_DURATION = 0x23e383;

/** Elements in one other; before the first cluster there are five to ten. */
const ELEMENTS_MAX = 1000;
const PRIVATE_MAX = 4 << 10;

/**
 * Returns what the header says. Rejects as `Source.at` does.
 * @param {Source} source
 * @returns {Promise<Found>}
 */
export async function readMatroska(source) {
  const found = nothing();
  const head = await elementAt(source, 0);
  if (head.id !== EBML) {
    throw new Unreadable();
  }
  const docType = (await children(source, head)).find(({ id }) => id === DOC_TYPE);
  if (docType !== undefined && (await text(source, docType)) === "webm") {
    found.kind = "webm";
  }
  const segment = await elementAt(source, head.end);
  if (segment.id !== SEGMENT) {
    throw new Unreadable();
  }
  found.incomplete = segment.end !== Number.POSITIVE_INFINITY && segment.end > source.size;
  const parts = await children(source, segment, (element) => element.id === TRACKS || element.id === CLUSTER);
  const tracks = parts.find(({ id }) => id === TRACKS) ?? (await sought(source, segment, parts));
  if (tracks === null) {
    return found;
  }
  for (const track of await children(source, tracks)) {
    if (track.id === TRACK) {
      await readTrack(source, track, found);
    }
  }
  return found;
}

/**
 * @param {Source} source
 * @param {Element} track
 * @param {Found} found
 */
async function readTrack(source, track, found) {
  const fields = new Map((await children(source, track)).map((element) => [element.id, element]));
  const [type, name, config] = [fields.get(TRACK_TYPE), fields.get(CODEC_ID), fields.get(CODEC_PRIVATE)];
  if (type === undefined || name === undefined) {
    return;
  }
  const kind = await number(source, type);
  const id = await text(source, name);
  const data =
    config === undefined ? null : await source.some(config.data, Math.min(config.end - config.data, PRIVATE_MAX));
  if (kind === 1 && found.video === null) {
    found.video = videoOf(id, data);
    const duration = fields.get(FRAME_DURATION);
    const rate = duration === undefined ? 0 : 1e9 / (await number(source, duration));
    found.frameRate = rate > 0 && rate < 1000 ? Math.round(rate * 1000) / 1000 : null;
  } else if (kind === 2) {
    const sound = audioOf(id, data);
    if (sound !== null) {
      found.audio.push(sound);
    }
  }
}

/**
 * @param {string} id
 * @param {DataView | null} config
 * @returns {Codec | null}
 */
function videoOf(id, config) {
  switch (id) {
    case "V_MPEG4/ISO/AVC":
      return h264(config);
    case "V_MPEGH/ISO/HEVC":
      return hevc(config);
    case "V_AV1":
      return av1(config);
    case "V_VP9":
      return vp9(null);
    case "V_VP8":
      return CODECS.vp8;
    case "V_THEORA":
      return CODECS.theora;
    case "V_MPEG2":
      return CODECS.mpeg2;
    case "V_MPEG1":
      return CODECS.mpeg1;
    case "V_PRORES":
      return CODECS.prores;
    case "V_MS/VFW/FOURCC":
      return config === null || config.byteLength < 20 ? null : videoByFourLetters(letters(config, 16, 4));
    default:
      return id.startsWith("V_MPEG4/") ? CODECS.mpeg4 : unknownCodec(id.replace(/^V_/, ""));
  }
}

/**
 * @param {string} id
 * @param {DataView | null} config
 * @returns {Codec | null}
 */
function audioOf(id, config) {
  const [family] = id.split("/");
  switch (family) {
    case "A_AAC":
      return aac(config);
    case "A_AC3":
      return CODECS.ac3;
    case "A_EAC3":
      return CODECS.eac3;
    case "A_DTS":
      return CODECS.dts;
    case "A_TRUEHD":
    case "A_MLP":
      return CODECS.trueHd;
    case "A_OPUS":
      return CODECS.opus;
    case "A_VORBIS":
      return CODECS.vorbis;
    case "A_FLAC":
      return CODECS.flac;
    case "A_ALAC":
      return CODECS.alac;
    case "A_PCM":
      return CODECS.pcm;
    case "A_MPEG":
      return id === "A_MPEG/L3" ? CODECS.mp3 : CODECS.mp2;
    case "A_MS":
      return config === null || config.byteLength < 2 ? null : audioByFormat(config.getUint16(0, true));
    default:
      return unknownCodec(id.replace(/^A_/, ""));
  }
}

/**
 * Returns the tracks where they do not come before the pictures, by the file's own table.
 *
 * @param {Source} source
 * @param {Element} segment
 * @param {Element[]} parts
 * @returns {Promise<Element | null>}
 */
async function sought(source, segment, parts) {
  const table = parts.find(({ id }) => id === SEEK_HEAD);
  for (const seek of table === undefined ? [] : await children(source, table)) {
    const fields = new Map((await children(source, seek)).map((element) => [element.id, element]));
    const [id, position] = [fields.get(SEEK_ID), fields.get(SEEK_POSITION)];
    if (seek.id === SEEK && id && position && (await number(source, id)) === TRACKS) {
      const element = await elementAt(source, segment.data + (await number(source, position)));
      return element.id === TRACKS ? element : null;
    }
  }
  return null;
}

/**
 * Returns the elements inside of this one, up to the one that `isLast`.
 *
 * @param {Source} source
 * @param {Element} parent
 * @param {(element: Element) => boolean} [isLast]
 * @returns {Promise<Element[]>}
 */
async function children(source, parent, isLast = () => false) {
  /** @type {Element[]} */
  const found = [];
  const end = Math.min(parent.end, source.size);
  for (let at = parent.data; at < end && found.length < ELEMENTS_MAX; ) {
    const element = await elementAt(source, at);
    found.push(element);
    if (isLast(element)) {
      break;
    }
    at = element.end;
  }
  return found;
}

/**
 * @param {Source} source
 * @param {number} at
 * @returns {Promise<Element>}
 */
async function elementAt(source, at) {
  const head = await source.some(at, 12);
  if (head.byteLength < 2) {
    throw new Unreadable();
  }
  const idLength = Math.clz32(head.getUint8(0)) - 23;
  if (idLength > 4 || head.byteLength <= idLength) {
    throw new Unreadable();
  }
  const first = head.getUint8(idLength);
  const length = Math.clz32(first) - 23;
  if (length > 8 || head.byteLength < idLength + length) {
    throw new Unreadable();
  }
  const mask = (1 << (8 - length)) - 1;
  let size = first & mask;
  let isUnknown = size === mask;
  for (let i = idLength + 1; i < idLength + length; i++) {
    size = size * 256 + head.getUint8(i);
    isUnknown &&= head.getUint8(i) === 0xff;
  }
  const data = at + idLength + length;
  return { id: unsigned(head, 0, idLength), data, end: isUnknown ? Number.POSITIVE_INFINITY : data + size };
}

/**
 * @param {Source} source
 * @param {Element} element
 */
async function number(source, { data, end }) {
  if (end - data > 8) {
    throw new Unreadable();
  }
  return unsigned(await source.at(data, end - data), 0, end - data);
}

/**
 * @param {Source} source
 * @param {Element} element
 */
async function text(source, { data, end }) {
  return letters(await source.some(data, Math.min(end - data, 100))).replace(/\0.*$/s, "");
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} length
 */
function unsigned(view, at, length) {
  let value = 0;
  for (let i = at; i < at + length; i++) {
    value = value * 256 + view.getUint8(i);
  }
  return value;
}
