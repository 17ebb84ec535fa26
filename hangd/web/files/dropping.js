/** Files and folders that were dropped on the page. */

import { Budget, fileOf, fileOfEntry, joined, readEntry, readHandle } from "./folders.js";
import { inOrder } from "./names.js";

/** @typedef {import("./base.js").PickedFile} PickedFile */

/**
 * What TypeScript's own types have not got.
 * @typedef {{getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>}} WithHandle
 */

/** Returns whether what is dragged has files, as far as the browser tells before it is dropped. */
export function hasFiles(/** @type {DataTransfer | null} */ dataTransfer) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Returns the files that were dropped. Of folders, the films and subtitles in them, in order of their names.
 *
 * It is to be called while "drop" is handled, before anything is awaited: after that, the browser has emptied it.
 * Never rejects: what cannot be read is left out.
 *
 * @param {DataTransfer} dataTransfer
 * @returns {Promise<PickedFile[]>}
 */
export async function filesOf(dataTransfer) {
  const budget = new Budget();
  const items = Array.from(dataTransfer.items).filter((item) => item.kind === "file");
  const picked = await Promise.all(items.map((item) => begin(item)).map((each) => each(budget)));
  return inOrder(picked.flat());
}

/**
 * Takes from an item what can be taken only now, and returns what reads it later.
 *
 * @param {DataTransferItem} item
 * @returns {(budget: Budget) => Promise<PickedFile[]>}
 */
function begin(item) {
  const file = item.getAsFile();
  const entry = item.webkitGetAsEntry?.() ?? null;
  // Over plain http Chromium 150 has it too, and ends the page when it is called.
  const promised = isSecureContext
    ? /** @type {WithHandle} */ (item).getAsFileSystemHandle?.().catch(() => null)
    : undefined;
  return async (budget) => {
    const handle = (await promised) ?? null;
    if (handle?.kind === "directory") {
      return readHandle(/** @type {FileSystemDirectoryHandle} */ (handle), handle.name, budget);
    }
    if (handle?.kind === "file") {
      const opened = await fileOf(/** @type {FileSystemFileHandle} */ (handle));
      return opened === null
        ? []
        : [{ file: opened, handle: /** @type {FileSystemFileHandle} */ (handle), folder: "" }];
    }
    if (entry?.isDirectory) {
      return readEntry(/** @type {FileSystemDirectoryEntry} */ (entry), joined("", entry.name), budget);
    }
    const given = file ?? (entry === null ? null : await fileOfEntry(/** @type {FileSystemFileEntry} */ (entry)));
    return given === null ? [] : [{ file: given, handle: null, folder: "" }];
  };
}
