/** Local time of the page: seconds of the monotonic clock. It is what the engine is given as `now`. */

/** @returns {number} Seconds since the page began; it may go on or stand still while the machine sleeps. */
export function now() {
  return performance.now() / 1000;
}
