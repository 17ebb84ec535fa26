/**
 * Keeps what was learned of playing from one visit to the next: how long a seek takes, and the error of a start.
 *
 * It is kept by the file name's ending: both depend on the container and the device far more than on the film.
 *
 * @typedef {import("../../engine/follower/learned.js").LearnedTimings} LearnedTimings
 */

/** A seek's cost that has changed by less than this share is not written again. */
const COST_CHANGE = 0.2;
/** Seconds. The same for a start's bias. */
const BIAS_CHANGE = 0.0005;
/** Seconds. A greater cost is not believed. */
const COST_MAX = 10;

export class LearnedStore {
  #kept;
  #container = "";
  /** @type {LearnedTimings | null} */
  #known = null;

  /** @param {import("../kept.js").Kept} kept */
  constructor(kept) {
    this.#kept = kept;
  }

  /**
   * A file of this name is opened. Returns what is known of its kind.
   *
   * @param {string} name
   * @returns {LearnedTimings | null}
   */
  opened(name) {
    this.#container = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1].toLowerCase() ?? "";
    this.#known = read(this.#kept.setting(`learned.${this.#container}`, ""));
    return this.#known;
  }

  /**
   * Keeps what is known by now, if it has changed.
   *
   * @param {{seek_cost: number, start_bias: number}} timings
   */
  learned({ seek_cost, start_bias }) {
    if (!(seek_cost <= COST_MAX)) return;
    const known = this.#known;
    if (
      known !== null &&
      Math.abs(seek_cost - known.seek_cost) < COST_CHANGE * known.seek_cost &&
      Math.abs(start_bias - known.start_bias) < BIAS_CHANGE
    ) {
      return;
    }
    this.#known = { type: "LearnedTimings", seek_cost, start_bias };
    this.#kept.keepSetting(`learned.${this.#container}`, `${seek_cost} ${start_bias}`);
  }
}

/**
 * @param {string} text
 * @returns {LearnedTimings | null}
 */
function read(text) {
  const [seek_cost, start_bias] = text.split(" ").map(Number);
  if (!(seek_cost >= 0 && seek_cost <= COST_MAX && Number.isFinite(start_bias))) return null;
  return { type: "LearnedTimings", seek_cost, start_bias };
}
