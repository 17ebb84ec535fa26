/** What an MPEG transport stream (.ts, .m2ts) says of its tracks: its first program's table. */

import { aac, av1, CODECS, h264, hevc, nothing } from "./codecs.js";
import { letters, part } from "./source.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("./codecs.js").Found} Found */
/** @typedef {import("./codecs.js").Codec} Codec */

export const SYNC = 0x47;
const PACKET = 188;

/** Bytes in which the tables are looked for; they come again ten times a second. */
const HEAD = 1 << 20;

/** @type {Record<number, () => Codec>} */
const VIDEO = {
  1: () => CODECS.mpeg1,
  2: () => CODECS.mpeg2,
  16: () => CODECS.mpeg4,
  27: () => h264(null),
  36: () => hevc(null),
  234: () => CODECS.vc1,
};

/** @type {Record<number, () => Codec>} */
const AUDIO = {
  3: () => CODECS.mp2,
  4: () => CODECS.mp2,
  15: () => aac(null),
  17: () => aac(null),
  128: () => CODECS.pcm,
  129: () => CODECS.ac3,
  130: () => CODECS.dts,
  131: () => CODECS.trueHd,
  132: () => CODECS.eac3,
  133: () => CODECS.dts,
  134: () => CODECS.dts,
  135: () => CODECS.eac3,
};

/** By the kinds of descriptors that European television has. */
/** @type {Record<number, () => Codec>} */
const DESCRIBED = { 106: () => CODECS.ac3, 122: () => CODECS.eac3, 123: () => CODECS.dts, 124: () => aac(null) };

/** @type {Record<string, () => Codec>} */
const REGISTERED = {
  "AC-3": () => CODECS.ac3,
  EAC3: () => CODECS.eac3,
  DTS1: () => CODECS.dts,
  DTS2: () => CODECS.dts,
  DTS3: () => CODECS.dts,
  Opus: () => CODECS.opus,
};

/**
 * Returns the length of a packet if these bytes begin a transport stream: 188, or 192 where each has its time; else null.
 * @param {DataView} head
 */
export function packetLength(head) {
  for (const [length, first] of [
    [PACKET, 0],
    [PACKET + 4, 4],
  ]) {
    const places = [0, 1, 2, 3, 4].map((count) => first + count * length).filter((at) => at < head.byteLength);
    if (places.length > 2 && places.every((at) => head.getUint8(at) === SYNC)) {
      return length;
    }
  }
  return null;
}

/**
 * Returns what the first program's table says. Rejects as `Source.at` does.
 * @param {Source} source
 * @returns {Promise<Found>}
 */
export async function readTransportStream(source) {
  const found = nothing();
  const data = await source.some(0, HEAD);
  const length = packetLength(data) ?? PACKET;
  let tables = 0; // the id of the program's packets; that of the list of programs is 0
  for (let at = length - PACKET; at + PACKET <= data.byteLength; at += length) {
    const packet = part(data, at, PACKET);
    const id = packet.getUint16(1) & 0x1fff;
    const begins = (packet.getUint8(1) & 0x40) !== 0;
    if (packet.getUint8(0) !== SYNC || !begins || id !== tables) {
      continue;
    }
    const section = sectionOf(packet);
    if (tables === 0 && section.byteLength >= 12 && section.getUint8(0) === 0) {
      tables = programOf(section);
    } else if (tables !== 0 && section.byteLength >= 12 && section.getUint8(0) === 2) {
      readProgram(section, found);
      break;
    }
  }
  return found;
}

/**
 * Returns the table that begins in this packet, as far as the packet has it.
 * @param {DataView} packet
 */
function sectionOf(packet) {
  const hasMore = (packet.getUint8(3) & 0x20) !== 0;
  const start = hasMore ? 5 + packet.getUint8(4) : 4;
  const pointer = start < packet.byteLength ? packet.getUint8(start) : 0;
  const rest = part(packet, start + 1 + pointer);
  return rest.byteLength < 3 ? rest : part(rest, 0, 3 + (rest.getUint16(1) & 0xfff) - 4);
}

/** @param {DataView} section  The list of programs. */
function programOf(section) {
  for (let at = 8; at + 4 <= section.byteLength; at += 4) {
    if (section.getUint16(at) !== 0) {
      return section.getUint16(at + 2) & 0x1fff;
    }
  }
  return 0;
}

/**
 * @param {DataView} section
 * @param {Found} found
 */
function readProgram(section, found) {
  let at = 12 + (section.getUint16(10) & 0xfff);
  while (at + 5 <= section.byteLength) {
    const kind = section.getUint8(at);
    const length = section.getUint16(at + 3) & 0xfff;
    const described = kind === 0x06 ? describedBy(part(section, at + 5, length)) : null;
    const video = VIDEO[kind]?.() ?? (described?.isVideo ? described.codec : null);
    const audio = AUDIO[kind]?.() ?? (described !== null && !described.isVideo ? described.codec : null);
    found.video ??= video;
    if (audio !== null) {
      found.audio.push(audio);
    }
    at += 5 + length;
  }
}

/**
 * @param {DataView} descriptors
 * @returns {{codec: Codec, isVideo: boolean} | null}
 */
function describedBy(descriptors) {
  for (let at = 0; at + 2 <= descriptors.byteLength; at += 2 + descriptors.getUint8(at + 1)) {
    const kind = descriptors.getUint8(at);
    const name = kind === 0x05 ? letters(descriptors, at + 2, 4) : "";
    if (name === "HEVC" || name === "AV01") {
      return { codec: name === "HEVC" ? hevc(null) : av1(null), isVideo: true };
    }
    const found = DESCRIBED[kind]?.() ?? REGISTERED[name]?.();
    if (found !== undefined) {
      return { codec: found, isVideo: false };
    }
  }
  return null;
}
