/** What is wrong with a file in this browser, in words, and who plays it. */

import { t } from "../page/texts/texts.js";
import { engineHere } from "./inspect/browser.js";
import { inspect } from "./inspect.js";

/** @typedef {import("./base.js").Inspection} Inspection */
/** @typedef {import("./base.js").Advice} Advice */
/** @typedef {import("./inspect/browser.js").Engine} Engine */

/** @type {Partial<Record<Inspection["container"], string>>} */
const CONTAINERS = {
  matroska: "Matroska (.mkv)",
  "mpeg-ts": "MPEG-TS (.ts)",
  "mpeg-ps": "MPEG (.mpg)",
  avi: "AVI",
  flv: "Flash (.flv)",
  asf: "Windows Media",
  ogg: "Ogg",
};

/** What Safari plays, and mostly no other browser. */
const SAFARI = new Set(["HEVC", "AC-3", "E-AC-3", "ALAC", "ProRes", "Dolby Vision"]);

/** What Chrome plays, and not every Safari. */
const CHROME = new Set(["AV1", "VP8", "VP9", "Vorbis", "Opus", "FLAC"]);

/**
 * Returns why this browser does not play a film, or not all of it: one sentence in the page's language.
 *
 * Null: by its header the browser plays it. Never rejects.
 *
 * @param {File} file
 * @returns {Promise<string | null>}
 */
export async function explain(file) {
  return adviceOn(await inspect(file)).problem;
}

/**
 * Returns what a viewer has to know before this film is opened here, by what its header says.
 *
 * @param {Inspection} inspection
 * @param {Engine} [engine]
 * @returns {Advice}
 */
export function adviceOn(inspection, engine = engineHere()) {
  const { container, containerPlayable, video, audio, videoPlayable, audioPlayable, incomplete } = inspection;
  if (incomplete && video === null && audio === null) {
    return { problem: t("advice.cut"), blocks: true };
  }
  if (containerPlayable === false) {
    const named = CONTAINERS[container] ?? container;
    const elsewhere = t(container === "matroska" ? "advice.chrome" : "advice.hang");
    return { problem: t("advice.container", { container: named, elsewhere }), blocks: true };
  }
  if (videoPlayable === false) {
    return { problem: t("advice.video", { codec: video ?? "", elsewhere: t(elsewhere(video, engine)) }), blocks: true };
  }
  if (audioPlayable === false) {
    const key = video === null ? "advice.sound-alone" : "advice.audio";
    const values = { codec: audio ?? "", elsewhere: t(elsewhere(audio, engine)) };
    return { problem: t(key, values), blocks: video === null };
  }
  if (incomplete) {
    return { problem: t("advice.cut"), blocks: false };
  }
  return { problem: container === "unknown" ? t("advice.unknown") : null, blocks: false };
}

/**
 * Returns the key of the sentence that says what plays this codec.
 * @param {string | null} codec
 * @param {Engine} engine
 */
function elsewhere(codec, engine) {
  if (engine !== "webkit" && SAFARI.has(codec ?? "")) {
    return "advice.safari";
  }
  return engine === "webkit" && CHROME.has(codec ?? "") ? "advice.chrome" : "advice.hang";
}
