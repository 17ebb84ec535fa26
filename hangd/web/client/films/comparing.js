/**
 * Compares what is known of two files: whether they are the same file, or two copies of one film. (hangd/engine/film.py)
 *
 * @typedef {import("../../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../../protocol/types.js").Policy} Policy
 */

/** Seconds. Encodings of one film differ by a title card or the rounding of their container; cuts differ by more. */
const DURATION_TOLERANCE = 2;
const NAME_MAX = 255;

/**
 * Tells whether nothing that is known of both files tells them apart.
 *
 * @param {FileInfo} one
 * @param {FileInfo} other
 */
export function mayBeSame(one, other) {
  if (one.size !== other.size) return false;
  return !one.quick_hash || !other.quick_hash || one.quick_hash === other.quick_hash;
}

/**
 * Tells whether two files are the same by a hash: the whole hash if both are known, else the quick hash.
 *
 * @param {string | null} oneHash
 * @param {FileInfo | null} one
 * @param {string | null} otherHash
 * @param {FileInfo | null} other
 */
export function isSame(oneHash, one, otherHash, other) {
  if (oneHash !== null && otherHash !== null) return oneHash === otherHash;
  if (one === null || other === null || !one.quick_hash) return false;
  return one.size === other.size && one.quick_hash === other.quick_hash;
}

/**
 * Tells whether a room that compares files in this way would take `file` as a copy of its film.
 *
 * @param {Policy["match"]} match
 * @param {string | null} filmHash
 * @param {FileInfo | null} film
 * @param {string | null} fileHash
 * @param {FileInfo} file
 * @returns {boolean | null}  null: that depends on the file's duration, which is not known yet.
 */
export function isCopy(match, filmHash, film, fileHash, file) {
  if (match === "none" || isSame(fileHash, file, filmHash, film)) return true;
  if (match === "hash") {
    // A basic client's room knows a whole hash only, or a queue's entry no hash yet: the room finds out.
    if (fileHash !== null && filmHash !== null) return false;
    return film === null ? filmHash !== null : !film.quick_hash && mayBeSame(film, file);
  }
  const wanted = film?.duration || null;
  const duration = file.duration || null;
  if (duration === null) return null;
  return wanted === null || Math.abs(wanted - duration) <= DURATION_TOLERANCE;
}

/**
 * Returns a file's name as the protocol allows it: shortened, characters that it forbids replaced.
 *
 * @param {string} name
 * @returns {string | null}
 */
export function sharedName(name) {
  const allowed = [...name].map((letter) => (/[\p{Cc}\p{Cs}/\\]/u.test(letter) ? "\ufffd" : letter));
  return allowed.slice(0, NAME_MAX).join("") || null;
}
