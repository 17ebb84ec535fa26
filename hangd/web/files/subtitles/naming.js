/** Which subtitles belong to a film, and their language, by the names of files and folders. */

import { kindOf, stemOf } from "../names.js";

/** @typedef {import("../base.js").PickedFile} PickedFile */

/** Folders beside a film in which subtitles are. */
const FOLDERS = /^(?:subs?|subtitles?|vtt|srt)$/i;

/** Languages that names spell out, in English or in themselves. */
const SPELLED =
  "ar bg bn cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv th tr uk vi zh";

/** Short words in names that are codes of languages too, but do not mean them. */
const NO_LANGUAGES = new Set("cc sdh hi sub subs srt ass web dvd bd hd uhd forced full eng-us".split(" "));

/** Codes that people write and that are none. */
const OTHER_CODES = new Map([
  ["chs", "zh-Hans"],
  ["cht", "zh-Hant"],
  ["gr", "el"],
  ["jp", "ja"],
  ["cz", "cs"],
  ["dk", "da"],
  ["pob", "pt-BR"],
  ["ptbr", "pt-BR"],
  ["latino", "es-419"],
]);

const FORCED = /^forced$/i;
const FOR_DEAF = /^(?:sdh|cc|hi)$/i;

/**
 * Returns the subtitles of a film among files that were picked together, in order of their names.
 *
 * Beside the film they begin with its name. In a folder for subtitles they all belong to it, if it is the only film.
 *
 * @param {PickedFile} film
 * @param {readonly PickedFile[]} siblings
 * @returns {PickedFile[]}
 */
export function belonging(film, siblings) {
  const stem = film.file.name === "" ? "" : stemOf(film.file.name).toLowerCase();
  const isAlone = siblings.every(
    ({ file, folder }) => folder !== film.folder || kindOf(file.name) !== "film" || file.name === film.file.name,
  );
  return siblings.filter(({ file, folder }) => {
    if (kindOf(file.name) !== "subtitles") {
      return false;
    }
    if (folder === film.folder) {
      return begins(file.name.toLowerCase(), stem);
    }
    const within =
      film.folder === "" ? folder : folder.startsWith(`${film.folder}/`) ? folder.slice(film.folder.length + 1) : "";
    const [first, ...deeper] = within.split("/");
    if (!FOLDERS.test(first)) {
      return false;
    }
    const place = deeper.length === 0 ? file.name.toLowerCase() : deeper[0].toLowerCase();
    return isAlone || begins(place, stem);
  });
}

/**
 * Returns language (BCP 47, "" where the name does not tell), and what else tells subtitles of one film apart.
 *
 * @param {string} name  Of the file.
 * @param {string} filmName
 * @returns {{language: string, forced: boolean, forDeaf: boolean}}
 */
export function namedLanguage(name, filmName) {
  const stem = stemOf(filmName).toLowerCase();
  const own = stemOf(name);
  const rest = begins(own.toLowerCase(), stem) ? own.slice(stem.length) : own;
  const words = rest
    .replace(/(?<![A-Za-z])([a-z]{2})_([A-Z]{2})(?![A-Za-z])/g, "$1-$2")
    .split(/[^\p{L}\p{M}\d-]+/u)
    .filter(Boolean);
  const tokens = words.flatMap((word) => (canonical(word) === "" ? word.split("-") : [word]));
  const language = tokens.reverse().map(canonical).find(Boolean) ?? "";
  return {
    language,
    forced: words.some((word) => FORCED.test(word)),
    forDeaf: words.some((word) => FOR_DEAF.test(word)),
  };
}

/**
 * Returns a language's name in the page's language; "" for none that is known.
 * @param {string} language
 * @param {string} [inLanguage]
 */
export function languageName(language, inLanguage = "en") {
  try {
    return new Intl.DisplayNames([inLanguage], { type: "language", fallback: "none" }).of(language) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} word */
function canonical(word) {
  const lower = word.toLowerCase().replace("_", "-");
  if (NO_LANGUAGES.has(lower)) {
    return "";
  }
  const code = OTHER_CODES.get(lower) ?? spelled().get(lower) ?? lower;
  if (!/^[a-z]{2,3}(?:-[a-z0-9]{2,8})?$/i.test(code)) {
    return "";
  }
  try {
    const [found] = Intl.getCanonicalLocales(code);
    return found.split("-")[0].length > 2 || languageName(found) === "" ? "" : found; // "war" is one of Samar, too
  } catch {
    return "";
  }
}

/** @type {Map<string, string> | null} */
let spelledOut = null;

function spelled() {
  spelledOut ??= new Map(
    SPELLED.split(" ").flatMap((code) => [
      [languageName(code, code).toLowerCase(), code],
      [languageName(code).toLowerCase(), code],
    ]),
  );
  return spelledOut;
}

/**
 * @param {string} name
 * @param {string} stem
 */
function begins(name, stem) {
  return stem !== "" && name.startsWith(stem) && !/^[\p{L}\d]/u.test(name.slice(stem.length));
}
