/** Whole hashes that were made before, kept in IndexedDB: a film is hashed once and not each evening. */

import { openStore } from "./store.js";

/** @typedef {import("./store.js").Row & {hash: string}} Known */

/** Hashes that are kept; the ones used longest ago go first. */
const KEPT = 500;

/**
 * Returns the whole hash of this file if it was made before; null otherwise, and where nothing is kept.
 *
 * @param {File} file
 * @param {string} quick  Its quick hash: a file that was replaced by another of its name, size and time has another.
 * @returns {Promise<string | null>}
 */
export async function knownHash(file, quick) {
  const store = await openStore("hashes");
  const found = /** @type {Known | undefined} */ (await store?.get(keyOf(file, quick)));
  if (found === undefined) {
    return null;
  }
  await store?.put({ ...found, usedAt: Date.now() });
  return found.hash;
}

/**
 * Keeps the whole hash of a file, where something can be kept.
 * @param {File} file
 * @param {string} quick
 * @param {string} hash
 */
export async function keepHash(file, quick, hash) {
  const store = await openStore("hashes");
  /** @type {Known} */
  const known = { key: keyOf(file, quick), usedAt: Date.now(), hash };
  await store?.put(known);
  await store?.evict(KEPT);
}

/**
 * @param {File} file
 * @param {string} quick
 */
function keyOf(file, quick) {
  return `${quick} ${file.size} ${file.lastModified} ${file.name}`;
}
