/** Subtitles of a film from files: read, in whatever encoding, as WebVTT. */

import { t } from "../page/texts/texts.js";
import { endingOf, SUBTITLE_ENDINGS } from "./names.js";
import { assToVtt } from "./subtitles/ass.js";
import { decodeText } from "./subtitles/encodings.js";
import { belonging, languageName, namedLanguage } from "./subtitles/naming.js";
import { toVtt } from "./subtitles/srt.js";

export { toVtt };

/** @typedef {import("./base.js").PickedFile} PickedFile */
/** @typedef {import("./base.js").SubtitleTrack} SubtitleTrack */

/** Bytes. Subtitles of a long film with all its karaoke have a tenth of this. */
const SIZE_MAX = 10 << 20;

/** Files that are read for one film: a disc has thirty languages. */
const TRACKS_MAX = 50;

/**
 * Returns the subtitles of a film among the files that were picked with it. What cannot be read is left out.
 *
 * @param {PickedFile} film
 * @param {readonly PickedFile[]} siblings
 * @returns {Promise<SubtitleTrack[]>}
 */
export async function subtitlesFor(film, siblings) {
  const found = belonging(film, siblings).slice(0, TRACKS_MAX);
  const read = await Promise.all(found.map(({ file }) => readSubtitles(file, film.file.name)));
  return read.flatMap((each) => ("problem" in each ? [] : [each]));
}

/**
 * Reads one file of subtitles. Never rejects.
 *
 * @param {File} file
 * @param {string} [filmName]  What its name has more than the film's tells the language.
 * @returns {Promise<SubtitleTrack | {problem: string}>}  `problem`: one sentence in the page's language.
 */
export async function readSubtitles(file, filmName = "") {
  const { name } = file;
  const ending = endingOf(name);
  if (!SUBTITLE_ENDINGS.includes(ending)) {
    return { problem: t("subtitles.unknown", { name }) };
  }
  if (file.size > SIZE_MAX) {
    return { problem: t("subtitles.large", { name }) };
  }
  const named = namedLanguage(name, filmName);
  let text = null;
  try {
    text = decodeText(new Uint8Array(await file.arrayBuffer()), named.language);
  } catch {
    return { problem: t("subtitles.unreadable", { name }) };
  }
  const isAss = ending === ".ass" || ending === ".ssa";
  const vtt = text === null ? "" : isAss ? assToVtt(text) : toVtt(text);
  if (!vtt.includes("-->")) {
    return { problem: t("subtitles.empty", { name }) };
  }
  return { label: labelOf(name, named), language: named.language, vtt };
}

/**
 * @param {string} name
 * @param {ReturnType<typeof namedLanguage>} named
 */
function labelOf(name, { language, forced, forDeaf }) {
  const label = languageName(language, document.documentElement.lang || "en") || name;
  return forced ? t("subtitles.forced", { label }) : forDeaf ? t("subtitles.for-deaf", { label }) : label;
}
