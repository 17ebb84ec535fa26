/**
 * What a file's header says that is in it, as far as the player needs it.
 *
 * @typedef {object} Inside
 * @property {string | null} video  Names of codecs; null: there is none.
 * @property {string | null} audio
 * @property {number | null} [frameRate]  Pictures a second.
 *
 * @typedef {(file: File) => Promise<Inside>} Inspect
 */

export class Contents {
  #inspect;

  /** @param {Inspect} [inspect]  Without it, nothing is known. */
  constructor(inspect) {
    this.#inspect = inspect;
  }

  /**
   * Return whether there is a picture or sound in a file, or may be: a header that cannot be read denies nothing.
   *
   * @param {File} file
   * @param {"video" | "audio"} part
   */
  async mayHave(file, part) {
    return (await this.#inside(file))?.[part] !== null;
  }

  /**
   * Return how many pictures a second the header promises; null: it does not say.
   *
   * @param {File} file
   */
  async frameRate(file) {
    return (await this.#inside(file))?.frameRate ?? null;
  }

  /** @param {File} file */
  #inside(file) {
    return this.#inspect?.(file).catch(() => undefined);
  }
}
