/**
 * Picking files: by `showOpenFilePicker` where there is one (its handles can be remembered), else by `<input type=file>`.
 *
 * Both are called while a click or a key press is handled, before anything is awaited: browsers open no dialog otherwise.
 */

import { Budget, fileOf, joined, readHandle } from "./folders.js";
import { FILM_ENDINGS, inOrder, SUBTITLE_ENDINGS } from "./names.js";

/** @typedef {import("./base.js").PickedFile} PickedFile */
/** @typedef {"film" | "subtitles"} Kind */

/**
 * What TypeScript's own types have not got.
 * @typedef {object} Pickers
 * @property {(options: object) => Promise<FileSystemFileHandle[]>} [showOpenFilePicker]
 * @property {(options: object) => Promise<FileSystemDirectoryHandle>} [showDirectoryPicker]
 */

const pickers = /** @type {Pickers} */ (/** @type {unknown} */ (globalThis));

/** Ends the pick by input that is still open, for browsers that do not say that a dialog was closed. */
let endLast = () => {};

/**
 * Lets the viewer pick files. Returns none if the dialog was closed.
 *
 * @param {{multiple?: boolean, kind?: Kind}} [options]  With `subtitles`, what ends in .srt and so on is offered.
 * @returns {Promise<PickedFile[]>}
 */
export async function pickFiles({ multiple = false, kind = "film" } = {}) {
  if (pickers.showOpenFilePicker === undefined) {
    return pickByInput({ multiple, kind });
  }
  try {
    const options = { id: `hang-${kind}`, multiple, types: [{ accept: accepted(kind) }] };
    return await withFiles(await pickers.showOpenFilePicker(options));
  } catch (error) {
    if (isClosed(error)) {
      return [];
    }
    return pickByInput({ multiple, kind }); // forbidden here: the page is in a frame of another one
  }
}

/**
 * Lets the viewer pick a folder. Returns the films and subtitles in it and in its folders, in order of their names.
 *
 * Returns none if the dialog was closed, or there are none. Where the browser cannot pick folders, it picks files.
 *
 * @returns {Promise<PickedFile[]>}
 */
export async function pickFolder() {
  if (pickers.showDirectoryPicker === undefined) {
    return canPickFolders() ? pickByInput({ folder: true }) : pickFiles({ multiple: true });
  }
  try {
    const handle = await pickers.showDirectoryPicker({ id: "hang-folder", mode: "read" });
    return inOrder(await readHandle(handle, "", new Budget()));
  } catch (error) {
    return isClosed(error) ? [] : pickByInput({ folder: true });
  }
}

/** Returns whether this browser lets a viewer pick a folder: iPhones did not before 2025. */
export function canPickFolders() {
  return pickers.showDirectoryPicker !== undefined || "webkitdirectory" in HTMLInputElement.prototype;
}

/**
 * @param {{multiple?: boolean, kind?: Kind, folder?: boolean}} options
 * @returns {Promise<PickedFile[]>}
 */
function pickByInput({ multiple = false, kind = "film", folder = false }) {
  endLast();
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = multiple;
  input.webkitdirectory = folder;
  input.accept = folder ? "" : acceptOf(kind);
  input.hidden = true;
  return new Promise((resolve) => {
    /** @param {PickedFile[]} picked */
    const end = (picked) => {
      input.remove();
      resolve(picked);
    };
    endLast = () => end([]);
    input.addEventListener("change", () => end(ofInput(input, folder)));
    input.addEventListener("cancel", () => end([]));
    document.body.append(input); // Safari forgets one that is in no document
    input.click();
  });
}

/**
 * @param {HTMLInputElement} input
 * @param {boolean} folder
 * @returns {PickedFile[]}
 */
function ofInput(input, folder) {
  const files = Array.from(input.files ?? []);
  if (!folder) {
    return files.map((file) => ({ file, handle: null, folder: "" }));
  }
  const budget = new Budget();
  const wanted = files.filter((file) => budget.left && budget.takes(file.name));
  return inOrder(wanted.map((file) => ({ file, handle: null, folder: folderOf(file.webkitRelativePath) })));
}

/**
 * Returns the folder of a path within the folder that was picked, whose name comes first.
 * @param {string} path
 */
function folderOf(path) {
  return path.split("/").slice(1, -1).reduce(joined, "");
}

/**
 * @param {FileSystemFileHandle[]} handles
 * @returns {Promise<PickedFile[]>}
 */
async function withFiles(handles) {
  const found = await Promise.all(handles.map(async (handle) => ({ file: await fileOf(handle), handle, folder: "" })));
  return found.flatMap(({ file, ...rest }) => (file === null ? [] : [{ file, ...rest }]));
}

/**
 * What the dialog offers, by the types of MIME that it asks for.
 * @param {Kind} kind
 */
function accepted(kind) {
  return kind === "film" ? { "video/*": [...FILM_ENDINGS] } : { "text/*": [...SUBTITLE_ENDINGS] };
}

/**
 * Returns the `accept` of an input. Phones get none: where they look for a type, they offer the camera and their
 * gallery, which gives another file than the one that was copied there, and hide .mkv and .srt.
 *
 * @param {Kind} kind
 */
function acceptOf(kind) {
  if (matchMedia("(pointer: coarse)").matches) {
    return "";
  }
  return kind === "film" ? ["video/*", "audio/*", ...FILM_ENDINGS].join() : SUBTITLE_ENDINGS.join();
}

/** @param {unknown} error */
function isClosed(error) {
  return error instanceof DOMException && error.name === "AbortError";
}
