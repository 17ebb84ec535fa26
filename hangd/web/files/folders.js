/** Reading a folder that was picked or dropped: its films and subtitles, within limits. */

import { kindOf } from "./names.js";

/** @typedef {import("./base.js").PickedFile} PickedFile */

/**
 * How much of a folder is looked at: somebody may pick the folder above all folders, and each file costs a question to
 * the browser's own process.
 */
export const ENTRIES_MAX = 20_000;
export const FILES_MAX = 2_000;
const DEPTH_MAX = 8;

/** What is left of the limits while folders are read; one for all folders that were dropped together. */
export class Budget {
  entries = ENTRIES_MAX;
  files = FILES_MAX;

  /**
   * Counts an entry of a folder. Returns whether its file is wanted.
   * @param {string} name
   */
  takes(name) {
    this.entries -= 1;
    if (!this.left || kindOf(name) === null) {
      return false;
    }
    this.files -= 1;
    return true;
  }

  get left() {
    return this.entries > 0 && this.files > 0;
  }
}

/**
 * Returns the films and subtitles in a folder and in the folders of it.
 *
 * What cannot be read is left out: folders of another user, a file that went away meanwhile.
 *
 * @param {FileSystemDirectoryHandle} handle
 * @param {string} folder  What `folder` of its files begins with.
 * @param {Budget} budget
 * @param {number} [depth]
 * @returns {Promise<PickedFile[]>}
 */
export async function readHandle(handle, folder, budget, depth = 0) {
  /** @type {PickedFile[]} */
  const found = [];
  /** @type {[FileSystemDirectoryHandle, string][]} */
  const folders = [];
  try {
    for await (const entry of handle.values()) {
      if (!budget.left) {
        break;
      }
      if (entry.kind === "directory") {
        budget.entries -= 1;
        folders.push([/** @type {FileSystemDirectoryHandle} */ (entry), joined(folder, entry.name)]);
      } else if (budget.takes(entry.name)) {
        const file = await fileOf(/** @type {FileSystemFileHandle} */ (entry));
        if (file !== null) {
          found.push({ file, handle: /** @type {FileSystemFileHandle} */ (entry), folder });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof DOMException)) {
      throw error;
    }
  }
  for (const [inner, path] of depth < DEPTH_MAX ? folders : []) {
    found.push(...(await readHandle(inner, path, budget, depth + 1)));
  }
  return found;
}

/**
 * As `readHandle`, for what browsers without handles give for a folder that was dropped.
 *
 * @param {FileSystemDirectoryEntry} entry
 * @param {string} folder
 * @param {Budget} budget
 * @param {number} [depth]
 * @returns {Promise<PickedFile[]>}
 */
export async function readEntry(entry, folder, budget, depth = 0) {
  /** @type {PickedFile[]} */
  const found = [];
  /** @type {[FileSystemDirectoryEntry, string][]} */
  const folders = [];
  const reader = entry.createReader();
  for (;;) {
    const entries = await some(reader); // a hundred at a time, then none
    if (entries.length === 0 || !budget.left) {
      break;
    }
    for (const each of entries) {
      if (each.isDirectory) {
        budget.entries -= 1;
        folders.push([/** @type {FileSystemDirectoryEntry} */ (each), joined(folder, each.name)]);
      } else if (budget.takes(each.name)) {
        const file = await fileOfEntry(/** @type {FileSystemFileEntry} */ (each));
        if (file !== null) {
          found.push({ file, handle: null, folder });
        }
      }
    }
  }
  for (const [inner, path] of depth < DEPTH_MAX && budget.left ? folders : []) {
    found.push(...(await readEntry(inner, path, budget, depth + 1)));
  }
  return found;
}

/**
 * Returns the file of a handle; null if it cannot be read.
 * @param {FileSystemFileHandle} handle
 * @returns {Promise<File | null>}
 */
export async function fileOf(handle) {
  try {
    return await handle.getFile();
  } catch {
    return null;
  }
}

/**
 * As `fileOf`.
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File | null>}
 */
export function fileOfEntry(entry) {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function some(reader) {
  return new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
}

/**
 * @param {string} folder
 * @param {string} name
 */
export function joined(folder, name) {
  return folder === "" ? name : `${folder}/${name}`;
}
