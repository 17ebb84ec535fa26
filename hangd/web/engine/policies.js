/**
 * The page's own numbers: what a browser's player does better, or worse, than VLC 3, which the defaults are for.
 *
 * The page takes those of its browser; the header of a trace contains them, so that `hangd replay` calculates with the
 * same numbers.
 *
 * @typedef {import("./follower/state.js").Policies} Policies
 */

import { POLICIES } from "./follower/state.js";

/** Seconds between two samples of a browser's player, on average (player/browsers). */
const SAMPLES = 0.4;

/**
 * Chromium, with `preservesPitch` off. Measured: `currentTime` is a straight line to 0.1-0.3 ms within one start, and a
 * change of the rate takes effect at once and is exact.
 *
 * So small errors are no noise, and there is no read-ahead to be cancelled: a trim may take the whole error away until the
 * next sample (d = -error / (read_ahead + sample_interval / 2), see drift.js), as far as its limit lets it. Most trims then
 * write the rate two to four times, and each write may be heard. Simulated: starts that are up to 30 ms off are right to
 * 1 ms 1.5 s later; with a `sample_interval` of 2 s they are off by up to 6 ms then, and it takes up to eight writes.
 *
 * `play()` takes effect 45-84 ms later, which the player starts it earlier by: a seek leaves time for that.
 *
 * A hold would stop and start the player, and a start is tens of milliseconds off: trims correct pictures that are ahead
 * as far as those that are behind.
 *
 * @type {Readonly<Policies>}
 */
export const CHROMIUM = Object.freeze({
  ...POLICIES,
  follower: Object.freeze({ ...POLICIES.follower, seek_margin: 0.15 }),
  drift: Object.freeze({
    ...POLICIES.drift,
    threshold: 0.004,
    threshold_fresh: 0.002,
    trim_ahead: 0.15,
    trim_done: 0.001,
    trim_overtime: 2.0,
    read_ahead: 0.0,
    sample_interval: 2 * SAMPLES,
    ignore_after: 0.3,
  }),
});

/**
 * Firefox. `currentTime` is a staircase of 40 ms, so samples come from frame callbacks, which are late by up to 8 ms:
 * smaller errors are left alone.
 *
 * @type {Readonly<Policies>}
 */
export const FIREFOX = Object.freeze({
  ...CHROMIUM,
  drift: Object.freeze({ ...CHROMIUM.drift, threshold: 0.012, threshold_fresh: 0.008, trim_done: 0.004 }),
});

/**
 * WebKit. A trim stutters there: only errors that show are corrected, by a hold or a seek. Not measured.
 *
 * @type {Readonly<Policies>}
 */
export const WEBKIT = Object.freeze({
  ...CHROMIUM,
  drift: Object.freeze({
    ...CHROMIUM.drift,
    threshold: 0.06,
    threshold_fresh: 0.06,
    trim_behind: 0.06,
    trim_ahead: 0.06,
    ignore_after: 1.5,
  }),
});
