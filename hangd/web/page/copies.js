/** Picking: this viewer's copy of the film, films for the queue, and subtitles; and what becomes of what was picked. */

import { h } from "./dom.js";

/**
 * @typedef {import("../client/base.js").SessionPort} SessionPort
 * @typedef {import("../client/base.js").Outcome} Outcome
 */

const FILMS = "video/*,audio/*,.mkv,.mp4,.m4v,.webm,.mov,.avi,.ts,.ogv";

/** Dispatches "subtitles" with a list of SubtitleTracks as detail, for the film that is open now. */
export class Copies extends EventTarget {
  #session;

  /** @param {SessionPort} session */
  constructor(session) {
    super();
    this.#session = session;
  }

  /**
   * Asks the viewer for their copy, and opens it.
   *
   * @returns {Promise<Outcome | null>} null: nothing was picked.
   */
  async pick() {
    const [file] = await ask({ multiple: false, accept: FILMS });
    return file === undefined ? null : this.#session.openFile(file);
  }

  /**
   * Asks the viewer for films for the room's queue.
   *
   * @returns {Promise<File[]>}
   */
  pickForQueue() {
    return ask({ multiple: true, accept: FILMS });
  }

  /** Asks the viewer for subtitles of the film that is open. */
  async pickSubtitles() {
    const [file] = await ask({ multiple: false, accept: ".vtt,.srt" });
    if (file !== undefined) {
      const track = { label: file.name, language: "", vtt: await file.text() };
      this.dispatchEvent(new CustomEvent("subtitles", { detail: track }));
    }
  }

  /**
   * Opens a file that was dropped on the page.
   *
   * @param {DataTransfer} data
   * @returns {Promise<Outcome | null>}
   */
  async drop(data) {
    const [file] = data.files;
    return file === undefined ? null : this.#session.openFile(file);
  }
}

/**
 * @param {{multiple: boolean, accept: string}} options
 * @returns {Promise<File[]>}
 */
function ask(options) {
  return new Promise((resolve) => {
    const input = h("input", { type: "file", ...options });
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}
