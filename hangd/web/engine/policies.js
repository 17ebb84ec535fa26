/**
 * The page's own numbers: what a browser's player does better, or worse, than VLC 3, which the defaults are for.
 *
 * A player chooses one of these by its browser; the trace's header then contains it, so that `hangd replay` calculates
 * with the same numbers.
 *
 * @typedef {import("./follower/state.js").Policies} Policies
 */

import { POLICIES } from "./follower/state.js";

/**
 * Chromium, with `preservesPitch` off. Measured: `currentTime` is a straight line to 0.1-0.3 ms within one start, and a
 * change of the rate takes effect at once and stays exact.
 *
 * So there is no read-ahead to be cancelled, and a trim may take the whole error away within a second: with samples once a
 * second the rate is written twice, on and off. (d = -error / (read_ahead + sample_interval / 2), see drift.js.)
 *
 * A hold would stop and start the player, and a start is tens of milliseconds off: trims correct pictures that are ahead
 * as far as those that are behind.
 *
 * @type {Readonly<Policies>}
 */
export const CHROMIUM = Object.freeze({
  ...POLICIES,
  follower: Object.freeze({ ...POLICIES.follower, late_start_max: 0.1 }),
  drift: Object.freeze({
    ...POLICIES.drift,
    threshold: 0.005,
    threshold_fresh: 0.002,
    trim_ahead: 0.15,
    trim_done: 0.001,
    trim_overtime: 2.0,
    read_ahead: 0.0,
    sample_interval: 2.0,
    ignore_after: 0.3,
  }),
});

/**
 * Firefox. `currentTime` is a staircase of 40 ms, so a sample is worth what the player makes of it with frame callbacks:
 * errors below a frame are left alone.
 *
 * @type {Readonly<Policies>}
 */
export const FIREFOX = Object.freeze({
  ...CHROMIUM,
  drift: Object.freeze({ ...CHROMIUM.drift, threshold: 0.015, threshold_fresh: 0.01, trim_done: 0.005 }),
});

/**
 * WebKit. A trim stutters there, so only errors that show are corrected, and those by a hold or a seek.
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
