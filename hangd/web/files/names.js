/** What a file is by its name: a film, subtitles, or neither. */

/** What is offered where films are picked. Browsers know "video/*" too, but most do not count .mkv to it. */
export const FILM_ENDINGS = Object.freeze(
  (
    ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .ogv .ogm .wmv .flv .3gp .vob .divx" +
    " .mp3 .m4a .m4b .aac .flac .ogg .oga .opus .wav .mka"
  ).split(" "),
);

export const SUBTITLE_ENDINGS = Object.freeze([".srt", ".vtt", ".ass", ".ssa"]);

const films = new Set(FILM_ENDINGS);
const subtitles = new Set(SUBTITLE_ENDINGS);
const collator = new Intl.Collator(undefined, { numeric: true });

/**
 * Returns what a file is by its name; null if it is neither.
 *
 * Hidden files are neither: macOS writes a "._film.mkv" of some bytes beside each film on a foreign disk.
 *
 * @param {string} name
 * @returns {"film" | "subtitles" | null}
 */
export function kindOf(name) {
  if (name.startsWith(".")) {
    return null;
  }
  const ending = endingOf(name);
  return films.has(ending) ? "film" : subtitles.has(ending) ? "subtitles" : null;
}

/**
 * Tells whether a file may be a film: by its name, else by what the browser takes it for, which is "" as a rule.
 *
 * @param {File} file
 */
export function isFilm({ name, type }) {
  const kind = kindOf(name);
  return (
    kind === "film" || (kind === null && !/^(?:text|image|font)\/|^application\/(?:pdf|json|zip|x-zip)/.test(type))
  );
}

/**
 * Returns the ending of a name with its dot, in lower case: "" where it has none.
 * @param {string} name
 */
export function endingOf(name) {
  const at = name.lastIndexOf(".");
  return at <= 0 ? "" : name.slice(at).toLowerCase();
}

/**
 * Returns a name without its ending.
 * @param {string} name
 */
export function stemOf(name) {
  return name.slice(0, name.length - endingOf(name).length);
}

/**
 * Sorts by folder and name as people count: "2.mkv" before "10.mkv".
 * @template {{folder: string, file: {name: string}}} Picked
 * @param {Picked[]} picked
 * @returns {Picked[]}
 */
export function inOrder(picked) {
  return picked.sort((a, b) => collator.compare(a.folder, b.folder) || collator.compare(a.file.name, b.file.name));
}
