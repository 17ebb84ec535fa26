/**
 * ClockFilter: estimates the offset of the server's clock from the timestamps of pings. (A port of
 * hangd/engine/follower/clock.py.)
 *
 * The client notes `t0` as it sends a Ping, the server `t1` as the Ping's bytes arrive and `t2` as it sends the Pong, and
 * the client `t3` as the Pong's bytes arrive. As in NTP (RFC 5905, section 8):
 *
 *     delay  = (t3 - t0) - (t2 - t1)            offset = ((t1 - t0) + (t2 - t3)) / 2
 *
 * `offset` is added to a local time to get the server time. One ping tells no more than this interval:
 *
 *     t2 - t3  <=  true offset  <=  t1 - t0
 *
 * So pings are not averaged. The filter intersects the intervals of all recent pings, after widening each by the amount
 * that two quartz clocks can drift apart since then. The middle is the estimate. The published offset moves slowly
 * towards the estimate (it slews), so that the picture that follows it does not jerk. Sources and measurements are in the
 * Python module and in docs/sync.md, "The clock".
 *
 * @typedef {object} ClockPolicy  Constants of the filter.
 * @property {number} samples  Number of pings kept.
 * @property {number} wander  Seconds a second that the clocks may drift apart while their difference in speed is unknown.
 * @property {number} wander_known  The least value of the same when the difference is known.
 * @property {number} skew_deviation  Standard deviation of the difference in speed of two clocks.
 * @property {number} skew_limit  A steeper slope is an effect of the network: no quartz is that far off.
 * @property {number} skew_span  Seconds of pings needed before a slope is fitted.
 * @property {number} burst  The offset steps instead of slewing for this many samples.
 * @property {number} slew  Largest change of the published offset, in seconds a second.
 *
 * @typedef {{at: number, offset: number, delay: number}} ClockSample
 *   One ping: the local time of its return, the offset that it indicates, and its delay. Seconds. An estimate has this
 *   form too: it combines one ping's way out and another's way back, and is as old as the older.
 *
 * @typedef {object} ClockState  What a `ClockFilter` knows.
 * @property {ClockSample[]} samples
 * @property {number | null} flushed_at  Pings that were sent before this local time are ignored.
 * @property {ClockSample | null} best  The estimate; null before the first sample.
 * @property {number} offset  The published offset at local time `offset_at`.
 * @property {number} offset_at
 * @property {number} skew  Seconds a second by which the server's clock runs faster, as far as fitted.
 * @property {number} wander  Seconds a second that the clocks may drift apart beside `skew`.
 * @property {number} unfitted  Samples since the slope was fitted.
 */

/** @type {Readonly<ClockPolicy>} */
export const CLOCK_POLICY = Object.freeze({
  samples: 64,
  wander: 200e-6,
  wander_known: 3e-6,
  skew_deviation: 60e-6,
  skew_limit: 300e-6,
  skew_span: 10.0,
  burst: 32,
  slew: 500e-6,
});

/** @returns {ClockState} */
export function newClockState() {
  return { samples: [], flushed_at: null, best: null, offset: 0, offset_at: 0, skew: 0, wander: 0, unfitted: 0 };
}

/**
 * The local view of one server's clock. Local times are seconds of the local monotonic clock.
 *
 * `add` each ping. `flush` when the server has another clock (a new `clock_id`) or the local clock stood still (a
 * suspend). Convert times only while `locked`.
 */
export class ClockFilter {
  #policy;

  /**
   * @param {Readonly<ClockPolicy>} [policy]
   * @param {ClockState} [state]
   */
  constructor(policy = CLOCK_POLICY, state = newClockState()) {
    this.#policy = policy;
    this.state = state;
  }

  /** @returns {boolean} Whether the offset is known. */
  get locked() {
    return this.state.best !== null;
  }

  /** @returns {number | null} The smallest delay among the samples kept, in seconds. */
  get roundTrip() {
    const delays = this.state.samples.map((sample) => sample.delay);
    return delays.length === 0 ? null : Math.min(...delays);
  }

  /**
   * Take one ping's four timestamps. Impossible ones are ignored, because a peer sent two of them.
   *
   * @param {number} t0
   * @param {number} t1
   * @param {number} t2
   * @param {number} t3
   */
  add(t0, t1, t2, t3) {
    const state = this.state;
    const policy = this.#policy;
    const delay = t3 - t0 - (t2 - t1);
    if (t3 < t0 || t2 < t1 || delay < -1e-6) return;
    if (state.flushed_at !== null && t0 < state.flushed_at) return;
    const inBurst = state.samples.length < policy.burst;
    const before = this.offset(t3);
    const boundBefore = this.bound(t3);
    state.samples.push({ at: t3, offset: (t1 - t0 + (t2 - t3)) / 2, delay: Math.max(delay, 0) });
    if (state.samples.length > policy.samples) state.samples.splice(0, state.samples.length - policy.samples);
    state.unfitted += 1;
    // The fit looks at all samples, so it is repeated only when one in eight of them is new.
    if (8 * state.unfitted >= state.samples.length) this.#fit();
    const best = this.#choose();
    state.best = best;
    const estimate = this.#extrapolate(best, t3);
    // Also step if old and new estimate cannot both be right: one of the clocks was set.
    const step = inBurst || Math.abs(estimate - before) > boundBefore + this.#boundOf(best, t3);
    state.offset = step ? estimate : before;
    state.offset_at = t3;
  }

  /**
   * Forget all samples; the next one sets the offset at once.
   *
   * @param {number | null} [now]  Also ignore pings sent before this local time.
   */
  flush(now = null) {
    const state = this.state;
    // A ping may be on its way during a suspend. The local clock stands still meanwhile, so its delay looks short and
    // its offset is wrong by the length of the suspend.
    if (now !== null) state.flushed_at = now;
    state.samples.length = 0;
    state.best = null;
    state.offset = state.offset_at = state.skew = 0;
    state.unfitted = 0;
  }

  /**
   * Return what to add to the local time `now` to get the server time: the published offset, slewing.
   *
   * @param {number} now
   * @returns {number}
   */
  offset(now) {
    const state = this.state;
    if (state.best === null) return 0;
    const elapsed = now - state.offset_at;
    if (elapsed <= 0) return state.offset;
    const extrapolated = state.offset + state.skew * elapsed;
    const missing = this.#extrapolate(state.best, now) - extrapolated;
    const reach = this.#policy.slew * elapsed;
    if (-reach <= missing && missing <= reach) return extrapolated + missing;
    return missing > 0 ? extrapolated + reach : extrapolated - reach;
  }

  /**
   * Return the upper limit of the error of `offset(now)` in seconds; Infinity while the offset is unknown.
   *
   * @param {number} now
   * @returns {number}
   */
  bound(now) {
    const best = this.state.best;
    if (best === null) return Number.POSITIVE_INFINITY;
    return this.#boundOf(best, now) + Math.abs(this.#extrapolate(best, now) - this.offset(now));
  }

  /**
   * Convert a local time to a server time.
   *
   * @param {number} local
   * @returns {number}
   */
  toServer(local) {
    return local + this.offset(local);
  }

  /**
   * Convert a server time near now to a local time, by the offset that holds at that time.
   *
   * @param {number} server
   * @returns {number}
   */
  toLocal(server) {
    const local = server - this.state.offset;
    return server - this.offset(Math.max(local, this.state.offset_at));
  }

  /**
   * @param {ClockSample} sample
   * @param {number} now
   */
  #boundOf(sample, now) {
    return sample.delay / 2 + this.state.wander * Math.max(0, now - sample.at);
  }

  /**
   * @param {ClockSample} sample
   * @param {number} now
   */
  #extrapolate(sample, now) {
    return sample.offset + this.state.skew * (now - sample.at);
  }

  /**
   * Return the estimate: the middle of the interval that the intervals of all samples have in common.
   *
   * All intervals widen at the same rate, so it stays the estimate until the next sample.
   *
   * @returns {ClockSample}
   */
  #choose() {
    const { samples, skew, wander } = this.state;
    const latest = samples[samples.length - 1].at;
    let high = Number.POSITIVE_INFINITY;
    let low = Number.NEGATIVE_INFINITY;
    let outAge = 0;
    let backAge = 0;
    // Newest first. A sample that contradicts the later ones is from before one of the clocks was set; it and all that
    // are older are ignored.
    for (let n = samples.length - 1; n >= 0; n -= 1) {
      const sample = samples[n];
      const age = latest - sample.at;
      const offset = sample.offset + skew * age;
      const bound = sample.delay / 2 + wander * age;
      if (offset + bound < high) {
        if (offset + bound < low) break;
        high = offset + bound;
        outAge = age;
      }
      if (offset - bound > low) {
        if (offset - bound > high) break;
        low = offset - bound;
        backAge = age;
      }
    }
    const age = Math.max(outAge, backAge);
    high -= wander * outAge;
    low += wander * backAge;
    return { at: latest - age, offset: (high + low) / 2 - skew * age, delay: Math.max(high - low, 0) };
  }

  /** Fit the skew, and how far it can be trusted, to the samples. */
  #fit() {
    const policy = this.#policy;
    const state = this.state;
    const samples = state.samples;
    state.skew = 0;
    state.wander = policy.wander;
    state.unfitted = 0;
    if (samples[samples.length - 1].at - samples[0].at < policy.skew_span) return;
    // A line below the delays of one way touches the quickest of them. If both clocks had the same speed, it would be
    // level. The slopes of the two ways agree unless one way became slower, so their difference measures the uncertainty.
    const [out, outDoubt] = slopeBelow(samples.map((sample) => [sample.at, sample.delay / 2 + sample.offset]));
    const [back, backDoubt] = slopeBelow(samples.map((sample) => [sample.at, sample.delay / 2 - sample.offset]));
    const skew = (out - back) / 2;
    const doubt = Math.max(Math.abs(out + back), outDoubt + backDoubt);
    if (Math.abs(skew) > policy.skew_limit) return;
    // Two sources of one value, the fit and the prior, are weighted by the inverse of their variances.
    const prior = policy.skew_deviation;
    const weight = prior ** 2 / (prior ** 2 + doubt ** 2);
    state.skew = weight * skew;
    state.wander = Math.max(policy.wander * Math.sqrt(1 - weight), policy.wander_known);
  }
}

/**
 * Return the slope of the line below the points (x ascending), halfway from first to last, and its uncertainty.
 *
 * The line is an edge of the lower convex hull, which Andrew's monotone chain finds. The points that it touches lie above
 * the true minimum of the delay. Estimate of how far: the mean height of all points above the line, divided by the number
 * of points in the shorter half.
 *
 * @param {[number, number][]} points
 * @returns {[number, number]}
 */
function slopeBelow(points) {
  /** @type {[number, number][]} */
  const hull = [];
  for (const [x, y] of points) {
    while (hull.length > 1) {
      const [x0, y0] = hull[hull.length - 2];
      const [x1, y1] = hull[hull.length - 1];
      if ((y1 - y0) * (x - x0) < (y - y0) * (x1 - x0)) break;
      hull.pop();
    }
    hull.push([x, y]);
  }
  const half = (points[0][0] + points[points.length - 1][0]) / 2;
  const edge = hull.findIndex(([x], n) => n > 0 && x >= half);
  const [x0, y0] = hull[edge - 1];
  const [x1, y1] = hull[edge];
  const slope = (y1 - y0) / (x1 - x0);
  let height = 0;
  for (const [x, y] of points) height += y - y0 - slope * (x - x0);
  height /= points.length;
  const late = points.filter(([x]) => x > half).length;
  return [slope, height / Math.min(late, points.length - late) / (x1 - x0)];
}
