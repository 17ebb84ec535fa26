/** What a file is, by its first bytes and its header: container, codecs, and what this browser says of them. */

import { engineHere } from "./inspect/browser.js";
import { CODECS, nothing } from "./inspect/codecs.js";
import { readMatroska } from "./inspect/matroska.js";
import { readMp4 } from "./inspect/mp4.js";
import { packetLength, readTransportStream } from "./inspect/mpeg_ts.js";
import { readAvi, readOgg } from "./inspect/others.js";
import { letters, Source } from "./inspect/source.js";

/** @typedef {import("./base.js").Inspection} Inspection */
/** @typedef {import("./inspect/codecs.js").Codec} Codec */
/** @typedef {import("./inspect/codecs.js").Found} Found */
/** @typedef {import("./inspect/browser.js").Engine} Engine */
/** @typedef {Inspection["container"]} Container */
/** @typedef {(type: string) => string} CanPlay  As HTMLMediaElement.canPlayType: "" for no. */

const HEAD = 5 * 192;

/**
 * Containers by how browsers are asked for them. What is "" or not here is denied by browsers that play it.
 * @type {Partial<Record<Container, string>>}
 */
const TYPES = {
  mp4: "video/mp4",
  webm: "video/webm",
  matroska: "video/x-matroska",
  ogg: "video/ogg",
  avi: "video/x-msvideo",
  "mpeg-ts": "video/mp2t",
  "mpeg-ps": "video/mpeg",
  flv: "video/x-flv",
  asf: "video/x-ms-asf",
};

/** Containers that a browser plays only if it says so. Firefox plays Matroska and may deny it; Safari does not. */
const ONLY_IF_TOLD = new Set(["avi", "mpeg-ts", "mpeg-ps", "flv", "asf"]);

/** @type {Partial<Record<Container, (source: Source) => Promise<Found>>>} */
const READERS = { mp4: readMp4, matroska: readMatroska, avi: readAvi, ogg: readOgg, "mpeg-ts": readTransportStream };

/**
 * Returns what a file's header says. Reads some slices, 4 MiB at most. Never rejects: of a file that is no film, or
 * cannot be read, it says nothing.
 *
 * @param {Blob} file
 * @param {CanPlay} [canPlay]
 * @param {Engine} [engine]
 * @returns {Promise<Inspection>}
 */
export async function inspect(file, canPlay = elementCanPlay, engine = engineHere()) {
  /** @type {Container} */
  let container = "unknown";
  let found = nothing();
  try {
    const source = new Source(file);
    const head = await source.some(0, HEAD);
    container = containerOf(head);
    found = container === "audio" ? soundAlone(head) : ((await READERS[container]?.(source)) ?? found);
    container = found.kind ?? container;
  } catch {
    // What was found out before counts; the rest of it is nothing that can be said.
  }
  const isAsked = ONLY_IF_TOLD.has(container) || (container === "matroska" && engine === "webkit");
  const isDenied = isAsked && canPlay(TYPES[container] ?? "") === "";
  return described(container, found, isDenied, canPlay);
}

/**
 * @param {Container} container
 * @param {Found} found
 * @param {boolean} isDenied  The browser does not play this container, whatever is in it.
 * @param {CanPlay} canPlay
 * @returns {Inspection}
 */
function described(container, { video, audio, frameRate, incomplete }, isDenied, canPlay) {
  /** @param {Codec | null} codec */
  const playable = (codec) => (isDenied ? false : answer(codec, canPlay));
  // Browsers play the first track that they can.
  const heard = audio.find((codec) => playable(codec) !== false) ?? audio[0] ?? null;
  const codecs = [video, heard].flatMap((codec) => codec?.parameter ?? []);
  const type = TYPES[container] ?? null;
  return {
    container,
    containerPlayable: isDenied ? false : null,
    video: video?.name ?? null,
    audio: heard?.name ?? null,
    frameRate,
    videoPlayable: playable(video),
    audioPlayable: heard === null ? null : playable(heard),
    type: type !== null && codecs.length > 0 ? `${type}; codecs="${codecs.join(", ")}"` : type,
    incomplete,
  };
}

/**
 * @param {Codec | null} codec
 * @param {CanPlay} canPlay
 * @returns {boolean | null}
 */
function answer(codec, canPlay) {
  return codec?.type == null ? null : canPlay(codec.type) !== "";
}

/**
 * @param {DataView} head
 * @returns {Container}
 */
function containerOf(head) {
  const begins = letters(head, 0, 4);
  const kind = letters(head, 4, 4);
  if (begins === "\x1aE\xdf\xa3") {
    return "matroska";
  }
  if (["ftyp", "moov", "mdat", "wide", "free", "skip", "pnot"].includes(kind)) {
    return "mp4";
  }
  if (begins === "RIFF") {
    return letters(head, 8, 4) === "AVI " ? "avi" : letters(head, 8, 4) === "WAVE" ? "audio" : "unknown";
  }
  if (begins === "OggS") {
    return "ogg";
  }
  if (begins === "\0\0\x01\xba") {
    return "mpeg-ps";
  }
  if (begins.startsWith("FLV\x01")) {
    return "flv";
  }
  if (begins === "0&\xb2u") {
    return "asf";
  }
  if (packetLength(head) !== null) {
    return "mpeg-ts";
  }
  const isMpegAudio = head.byteLength >= 2 && (head.getUint16(0) & 0xffe0) === 0xffe0;
  return begins === "fLaC" || begins.startsWith("ID3") || isMpegAudio ? "audio" : "unknown";
}

/** @param {DataView} head */
function soundAlone(head) {
  const begins = letters(head, 0, 4);
  const isAac = head.byteLength >= 2 && (head.getUint16(0) & 0xfff6) === 0xfff0;
  const codec = begins === "fLaC" ? CODECS.flac : begins === "RIFF" ? CODECS.pcm : isAac ? CODECS.aac : CODECS.mp3;
  return { ...nothing(), audio: [codec] };
}

/** @param {string} type */
function elementCanPlay(type) {
  return document.createElement("video").canPlayType(type);
}
