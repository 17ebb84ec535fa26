/** Codecs: their names for people, and how browsers are asked for them (RFC 6381). */

import { letters } from "./source.js";

/**
 * @typedef {object} Codec
 * @property {string} name  For people.
 * @property {string | null} type  With its container, for canPlayType; null: there is none that a browser knows.
 * @property {string} [parameter]  Of `codecs=` in it.
 */

/**
 * @typedef {object} Found  What a container's header says.
 * @property {Codec | null} video  Of the first track that has a picture.
 * @property {Codec[]} audio
 * @property {number | null} frameRate
 * @property {boolean} incomplete  The file ends before what its header announces.
 * @property {"webm"} [kind]
 */

/** @returns {Found} What is said of a file in which nothing was found yet. */
export function nothing() {
  return { video: null, audio: [], frameRate: null, incomplete: false };
}

/**
 * @param {string} name
 * @param {string | null} [container]
 * @param {string} [parameter]
 * @returns {Codec}
 */
export function codec(name, container = null, parameter) {
  return { name, type: container && parameter ? `${container}; codecs="${parameter}"` : container, parameter };
}

/**
 * H.264, by its configuration ("avcC").
 * @param {DataView | null} config
 * @param {string} [tag]
 */
export function h264(config, tag = "avc1") {
  const profile = config !== null && config.byteLength >= 4 ? hex(config, 1, 3) : "640028";
  return codec("H.264", "video/mp4", `${tag}.${profile}`);
}

/**
 * HEVC, by its configuration ("hvcC").
 * @param {DataView | null} config
 * @param {string} [tag]
 */
export function hevc(config, tag = "hvc1") {
  if (config === null || config.byteLength < 13) {
    return codec("HEVC", "video/mp4", `${tag}.1.6.L120.90`);
  }
  const first = config.getUint8(1);
  const space = ["", "A", "B", "C"][first >> 6];
  let constraints = "";
  for (let at = 11; at >= 6; at--) {
    const byte = config.getUint8(at);
    constraints = constraints === "" && byte === 0 ? "" : `.${byte.toString(16).toUpperCase()}${constraints}`;
  }
  const compatible = reversed(config.getUint32(2)).toString(16).toUpperCase();
  const tier = first & 0x20 ? "H" : "L";
  const level = config.getUint8(12);
  return codec("HEVC", "video/mp4", `${tag}.${space}${first & 0x1f}.${compatible}.${tier}${level}${constraints}`);
}

/**
 * AV1, by its configuration ("av1C").
 * @param {DataView | null} config
 */
export function av1(config) {
  if (config === null || config.byteLength < 3) {
    return codec("AV1", "video/mp4", "av01.0.08M.08");
  }
  const [first, second] = [config.getUint8(1), config.getUint8(2)];
  const depth = second & 0x40 ? (second & 0x20 ? "12" : "10") : "08";
  const level = String(first & 0x1f).padStart(2, "0");
  return codec("AV1", "video/mp4", `av01.${first >> 5}.${level}${second & 0x80 ? "H" : "M"}.${depth}`);
}

/**
 * VP9, by its configuration ("vpcC" without what every box of its kind begins with).
 * @param {DataView | null} config
 */
export function vp9(config) {
  if (config === null || config.byteLength < 3) {
    return codec("VP9", "video/webm", "vp9");
  }
  const [profile, level, depth] = [config.getUint8(0), config.getUint8(1), config.getUint8(2) >> 4];
  return codec(
    "VP9",
    "video/mp4",
    `vp09.${[profile, level, depth].map((each) => String(each).padStart(2, "0")).join(".")}`,
  );
}

/**
 * AAC, by its configuration (AudioSpecificConfig).
 * @param {DataView | null} config
 */
export function aac(config) {
  let kind = 2;
  if (config !== null && config.byteLength >= 2) {
    const bits = config.getUint16(0);
    kind = bits >> 11 === 31 ? 32 + ((bits >> 5) & 0x3f) : bits >> 11;
  }
  return codec(kind === 42 ? "xHE-AAC" : "AAC", "audio/mp4", `mp4a.40.${kind || 2}`);
}

/** Codecs that need no configuration. */
export const CODECS = Object.freeze({
  vp8: codec("VP8", "video/webm", "vp8"),
  theora: codec("Theora", "video/ogg", "theora"),
  mpeg4: codec("MPEG-4 (DivX, Xvid)", "video/mp4", "mp4v.20.9"),
  mpeg2: codec("MPEG-2", "video/mpeg"),
  mpeg1: codec("MPEG-1", "video/mpeg"),
  vc1: codec("VC-1"),
  wmv: codec("Windows Media Video"),
  h263: codec("H.263"),
  mjpeg: codec("Motion JPEG"),
  prores: codec("ProRes"),
  dolbyVision: codec("Dolby Vision", "video/mp4", "dvh1.05.06"),
  ac3: codec("AC-3", "audio/mp4", "ac-3"),
  eac3: codec("E-AC-3", "audio/mp4", "ec-3"),
  ac4: codec("AC-4", "audio/mp4", "ac-4.02.01.00"),
  dts: codec("DTS", "audio/mp4", "dtsc"),
  trueHd: codec("TrueHD", "audio/mp4", "mlpa"),
  aac: codec("AAC", "audio/mp4", "mp4a.40.2"),
  mp3: codec("MP3", "audio/mpeg"),
  mp2: codec("MPEG audio (MP2)", "audio/mp4", "mp4a.6B"),
  opus: codec("Opus", "audio/webm", "opus"),
  vorbis: codec("Vorbis", "audio/webm", "vorbis"),
  flac: codec("FLAC", "audio/flac"),
  alac: codec("ALAC", "audio/mp4", "alac"),
  pcm: codec("PCM"),
  wma: codec("Windows Media Audio"),
  amr: codec("AMR", "audio/3gpp", "samr"),
});

/**
 * Returns what is known only by four letters that are in no table, cleaned: they come from the file.
 * @param {string} fourLetters
 */
export function unknownCodec(fourLetters) {
  const name = fourLetters.replace(/[^\w.+-]/g, "").slice(0, 20);
  return name === "" ? null : codec(name);
}

/**
 * Returns the codec of AVI's and Windows' four letters.
 * @param {string} fourLetters
 */
export function videoByFourLetters(fourLetters) {
  const upper = fourLetters.toUpperCase();
  if (/^(?:XVID|DIVX|DX50|DIV[3-6]|MP4[2SV3]|FMP4|3IV2)$/.test(upper)) {
    return CODECS.mpeg4;
  }
  if (/^(?:H264|X264|AVC1|DAVC)$/.test(upper)) {
    return h264(null);
  }
  if (/^(?:HEVC|H265|X265|HVC1|HEV1)$/.test(upper)) {
    return hevc(null);
  }
  if (/^WMV[123]$/.test(upper)) {
    return CODECS.wmv;
  }
  const others = {
    WVC1: CODECS.vc1,
    MJPG: CODECS.mjpeg,
    MPG1: CODECS.mpeg1,
    MPG2: CODECS.mpeg2,
    VP80: CODECS.vp8,
    H263: CODECS.h263,
  };
  return (
    /** @type {Record<string, Codec>} */ (others)[upper] ?? (upper === "VP90" ? vp9(null) : unknownCodec(fourLetters))
  );
}

/**
 * Returns the codec of a sound by Windows' number of its format.
 * @param {number} format
 */
export function audioByFormat(format) {
  /** @type {Record<number, Codec>} */
  const known = {
    1: CODECS.pcm,
    3: CODECS.pcm,
    80: CODECS.mp2,
    85: CODECS.mp3,
    255: aac(null),
    352: CODECS.wma,
    353: CODECS.wma,
    354: CODECS.wma,
    8192: CODECS.ac3,
    8193: CODECS.dts,
    61868: CODECS.flac,
  };
  return known[format] ?? null;
}

/**
 * Returns the codec of an "Opus", "ac-3" or other name of four letters in MP4; null: see the configuration.
 * @param {string} fourLetters
 */
export function mp4ByFourLetters(fourLetters) {
  /** @type {Record<string, Codec>} */
  const known = {
    vp08: CODECS.vp8,
    dvh1: CODECS.dolbyVision,
    dvhe: CODECS.dolbyVision,
    dvav: CODECS.dolbyVision,
    dva1: CODECS.dolbyVision,
    "vc-1": CODECS.vc1,
    s263: CODECS.h263,
    h263: CODECS.h263,
    jpeg: CODECS.mjpeg,
    mjpa: CODECS.mjpeg,
    "ac-3": CODECS.ac3,
    "ec-3": CODECS.eac3,
    "ac-4": CODECS.ac4,
    dtsc: CODECS.dts,
    dtsh: CODECS.dts,
    dtsl: CODECS.dts,
    dtse: CODECS.dts,
    dtsx: CODECS.dts,
    mlpa: CODECS.trueHd,
    ".mp3": CODECS.mp3,
    "ms\0U": CODECS.mp3,
    Opus: codec("Opus", "audio/mp4", "opus"),
    fLaC: codec("FLAC", "audio/mp4", "flac"),
    alac: CODECS.alac,
    samr: CODECS.amr,
    sawb: CODECS.amr,
  };
  if (/^ap[4c][hnsocx]$/.test(fourLetters)) {
    return CODECS.prores;
  }
  return /^(?:lpcm|sowt|twos|in24|in32|fl32|fl64|raw |ipcm|fpcm)$/.test(fourLetters)
    ? CODECS.pcm
    : (known[fourLetters] ?? null);
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} length
 */
function hex(view, at, length) {
  return Array.from(letters(view, at, length), (letter) => letter.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** @param {number} bits  32 of them. */
function reversed(bits) {
  let result = 0;
  for (let at = 0; at < 32; at++) {
    result = (result << 1) | ((bits >>> at) & 1);
  }
  return result >>> 0;
}
