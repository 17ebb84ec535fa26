/**
 * Pace: which rate to write so that the film plays at the rate that is wanted.
 *
 * A browser that keeps the pitch plays short pieces of sound that overlap, a whole number of them, and is up to 0.2 per
 * cent off the rate that it was told: two milliseconds a second. So the film's own line is watched, and the next rate
 * that is written makes up for it. Rates that change the pitch are exact, and nothing is learned for them.
 */

/** Seconds after a change of rate until the queues have the new one. */
const SETTLES = 1;
/** Seconds of play that tell the rate to three parts in ten thousand. */
const NEEDED = 4;
/** A difference that is left alone: no measurement is better. */
const NEGLIGIBLE = 0.0003;
/** A larger one is a busy machine, and no property of a rate. */
const MAX = 0.01;
/** Rates this close to one another are off by about as much. */
const NEAR = 0.03;

export class Pace {
  /** @type {Map<number, number>} What a rate has to be multiplied by. */
  #factors = new Map();
  /** @type {import("./line.js").Point | null} */
  #first = null;
  #since = -Infinity;

  /**
   * Return what to write for this rate.
   *
   * @param {number} rate
   */
  written(rate) {
    const exact = this.#factors.get(rate);
    if (exact !== undefined) return rate * exact;
    for (const [other, factor] of this.#factors) if (Math.abs(other / rate - 1) < NEAR) return rate * factor;
    return rate;
  }

  /**
   * Forget the points so far: the film does not go on as before.
   *
   * @param {number} at  Local time, seconds.
   */
  begin(at) {
    this.#first = null;
    this.#since = at;
  }

  /**
   * Take a point of the line while the film plays at `rate`.
   *
   * @param {number} rate  The one that is wanted.
   * @param {import("./line.js").Point} point
   * @returns {boolean}  Whether another rate has to be written now.
   */
  observe(rate, point) {
    if (point.at < this.#since + SETTLES) return false;
    if (this.#first === null) this.#first = point;
    const first = this.#first;
    const passed = point.at - first.at;
    if (passed < NEEDED) return false;
    const off = (point.position - first.position) / passed / rate - 1;
    this.begin(point.at);
    if (Math.abs(off) < NEGLIGIBLE || Math.abs(off) > MAX) return false;
    const factor = this.written(rate) / rate / (1 + off);
    this.#factors.set(rate, Math.min(1 + MAX, Math.max(1 - MAX, factor)));
    return true;
  }
}
