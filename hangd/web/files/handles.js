/**
 * Files that were picked before, remembered by their handles: coming back to a room needs no picking.
 *
 * Only browsers with `showOpenFilePicker` have handles, and only in a secure context. Elsewhere nothing is remembered.
 */

import { quickHash } from "./quick_hash.js";
import { openStore } from "./store.js";

/** @typedef {import("./base.js").PickedFile} PickedFile */
/** @typedef {import("./store.js").Row & {handle: FileSystemFileHandle, size: number, name: string}} Remembered */
/** @typedef {"granted" | "prompt" | "denied"} Permission */

/**
 * What TypeScript's own types have not got.
 * @typedef {object} WithPermission
 * @property {(options: {mode: "read"}) => Promise<Permission>} [queryPermission]
 * @property {(options: {mode: "read"}) => Promise<Permission>} [requestPermission]
 */

/** Handles that are kept; the ones used longest ago go first. */
const KEPT = 200;

/**
 * Remembers where a film is. Does nothing for a file without a handle.
 *
 * @param {PickedFile} picked
 * @param {string} [hash]  Its quick hash, where it is known already.
 */
export async function remember(picked, hash) {
  if (picked.handle === null) {
    return;
  }
  const { name, size } = picked.file;
  const store = await openStore("handles");
  const key = keyOf(size, hash ?? (await quickHash(picked.file)));
  /** @type {Remembered} */
  const row = { key, usedAt: Date.now(), handle: picked.handle, size, name };
  await store?.put(row);
  await store?.evict(KEPT);
}

/**
 * Returns the viewer's copy of a film that was remembered; null if there is none, or it is not the same any more.
 *
 * After the page was closed, most browsers want to ask the viewer once more. They ask only while a click or a key press
 * is handled: call it with `ask` then, and without (`remembered` tells whether that is worth a button) before.
 *
 * @param {{size: number, quick_hash?: string | null}} film
 * @param {{ask?: boolean}} [options]
 * @returns {Promise<PickedFile | null>}
 */
export async function recall(film, { ask = false } = {}) {
  const row = await rowOf(film);
  if (row === null || !(await mayRead(row.handle, ask))) {
    return null;
  }
  try {
    const file = await row.handle.getFile();
    if (file.size === film.size && (await quickHash(file)) === film.quick_hash) {
      const store = await openStore("handles");
      await store?.put(/** @type {Remembered} */ ({ ...row, usedAt: Date.now() }));
      return { file, handle: row.handle, folder: "" };
    }
  } catch {
    // It was moved or deleted, or its disk is not there tonight.
  }
  return null;
}

/**
 * Returns the name of the remembered copy of a film, and whether the browser wants to ask before it is read.
 *
 * @param {{size: number, quick_hash?: string | null}} film
 * @returns {Promise<{name: string, needsTap: boolean} | null>}
 */
export async function remembered(film) {
  const row = await rowOf(film);
  return row === null ? null : { name: row.name, needsTap: !(await mayRead(row.handle, false)) };
}

/**
 * Forgets all films, for a viewer who uses somebody else's computer.
 */
export async function forgetAll() {
  const store = await openStore("handles");
  await store?.evict(0);
}

/**
 * @param {{size: number, quick_hash?: string | null}} film
 * @returns {Promise<Remembered | null>}
 */
async function rowOf(film) {
  if (film.quick_hash == null) {
    return null;
  }
  const store = await openStore("handles");
  const row = await store?.get(keyOf(film.size, film.quick_hash));
  return row === undefined ? null : /** @type {Remembered} */ (row);
}

/**
 * @param {FileSystemFileHandle} handle
 * @param {boolean} ask
 * @returns {Promise<boolean>}
 */
async function mayRead(handle, ask) {
  const { queryPermission, requestPermission } = /** @type {WithPermission} */ (/** @type {unknown} */ (handle));
  try {
    const now = (await queryPermission?.call(handle, { mode: "read" })) ?? "granted";
    if (now !== "prompt" || !ask) {
      return now === "granted";
    }
    return (await requestPermission?.call(handle, { mode: "read" })) === "granted";
  } catch {
    return false; // no click is being handled
  }
}

/**
 * @param {number} size
 * @param {string} hash
 */
function keyOf(size, hash) {
  return `${size} ${hash}`;
}
