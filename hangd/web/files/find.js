/** Finding one's copy of a film among files that were picked. */

import { kindOf, stemOf } from "./names.js";
import { quickHash } from "./quick_hash.js";

/** @typedef {import("../protocol/types.js").FileInfo} FileInfo */

/** Files of the right size that are read: more of them than this are no films but pieces of one. */
const HASHED_MAX = 20;

/**
 * Returns the viewer's copy of `film` among `files`; null if it is not there.
 *
 * By policy `match`, a copy is the same file (`hash`), or any that may be one: `duration` and `none` take the file
 * with the same name too, however its ending is written, and a single film if there is just one.
 *
 * @param {Pick<FileInfo, "size" | "quick_hash" | "name">} film
 * @param {readonly File[]} files
 * @param {"hash" | "duration" | "none"} [match]
 * @returns {Promise<File | null>}
 */
export async function findCopy(film, files, match = "hash") {
  const same = await sameFile(film, files);
  if (same !== null || match === "hash") {
    return same;
  }
  const films = files.filter((file) => kindOf(file.name) === "film");
  const named = films.filter((file) => folded(file.name) === folded(film.name ?? ""));
  return named[0] ?? (films.length === 1 ? films[0] : null);
}

/**
 * @param {Pick<FileInfo, "size" | "quick_hash" | "name">} film
 * @param {readonly File[]} files
 * @returns {Promise<File | null>}
 */
async function sameFile(film, files) {
  const candidates = files.filter((file) => file.size === film.size && file.size > 0);
  candidates.sort((a, b) => Number(b.name === film.name) - Number(a.name === film.name));
  if (film.quick_hash == null) {
    return candidates.find((file) => file.name === film.name) ?? (candidates.length === 1 ? candidates[0] : null);
  }
  for (const file of candidates.slice(0, HASHED_MAX)) {
    try {
      if ((await quickHash(file)) === film.quick_hash) {
        return file;
      }
    } catch {
      // It is gone, or may not be read: it is not the copy that can be watched.
    }
  }
  return null;
}

/**
 * A name as it is compared: "Film.MKV" and "film.mp4" are one film to people.
 * @param {string} name
 */
function folded(name) {
  return stemOf(name.normalize("NFC"))
    .toLowerCase()
    .replace(/[\s._-]+/g, " ")
    .trim();
}
