/** Reading a file here and there, within limits: what it says of itself is not to be believed. */

/** Bytes that are read of one file at most, and at a time at least. */
export const BYTES_MAX = 4 << 20;
const WINDOW = 16 << 10;

/** Pieces that are looked at, so that a file of a million empty boxes ends. */
const LOOKS_MAX = 20_000;

/** The file is not what it seemed to be, or takes too much reading. */
export class Unreadable extends Error {}

/** A file of which some pieces are read. */
export class Source {
  #file;
  #start = 0;
  #window = new Uint8Array(0);
  #left = BYTES_MAX;
  #looks = 0;

  /** @param {Blob} file */
  constructor(file) {
    this.#file = file;
    this.size = file.size;
  }

  /**
   * Returns so many bytes of the file from `at` on, or fewer where it ends. Rejects with Unreadable beyond the limits,
   * and with a DOMException as Blob.arrayBuffer does.
   *
   * @param {number} at
   * @param {number} length
   * @returns {Promise<DataView>}
   */
  async some(at, length) {
    this.#looks += 1;
    if (!(at >= 0 && at <= this.size && length <= BYTES_MAX) || this.#looks > LOOKS_MAX) {
      throw new Unreadable();
    }
    const end = Math.min(at + length, this.size);
    if (at < this.#start || end > this.#start + this.#window.length) {
      const wanted = Math.min(Math.max(length, WINDOW), this.size - at);
      if (wanted > this.#left) {
        throw new Unreadable();
      }
      this.#left -= wanted;
      this.#window = new Uint8Array(await this.#file.slice(at, at + wanted).arrayBuffer());
      this.#start = at;
    }
    const from = at - this.#start;
    return new DataView(this.#window.buffer, from, Math.max(0, Math.min(end - at, this.#window.length - from)));
  }

  /**
   * As `some`, but rejects with Unreadable if there are fewer.
   * @param {number} at
   * @param {number} length
   */
  async at(at, length) {
    const view = await this.some(at, length);
    if (view.byteLength < length) {
      throw new Unreadable();
    }
    return view;
  }
}

/**
 * Returns bytes as text, one character a byte: for names of four letters.
 * @param {DataView} view
 * @param {number} [at]
 * @param {number} [length]
 */
export function letters(view, at = 0, length = view.byteLength - at) {
  let text = "";
  for (let i = at; i < Math.min(at + length, view.byteLength); i++) {
    text += String.fromCharCode(view.getUint8(i));
  }
  return text;
}

/**
 * Returns a part of a view; an empty one where it has none.
 * @param {DataView} view
 * @param {number} at
 * @param {number} [length]
 */
export function part(view, at, length = view.byteLength) {
  const from = Math.min(Math.max(0, at), view.byteLength);
  return new DataView(view.buffer, view.byteOffset + from, Math.max(0, Math.min(length, view.byteLength - from)));
}
