/**
 * Arithmetic on timelines: the position at a time, the time of a position, rates that players can play.
 *
 * A `Timeline` says: at server time `at` the media is at `position`, and while `playing` it moves on from there at `rate`
 * seconds of media a second. It does not move before `at`, because starts are scheduled, nor with a gate. Rooms and
 * followers both calculate with these functions, so that they agree. (A port of hangd/engine/timeline.py.)
 *
 * @typedef {object} Timeline
 * @property {string} epoch  A new name whenever the room was restored.
 * @property {number} rev  Rises by one with each change.
 * @property {boolean} playing
 * @property {number} position  Seconds into the media.
 * @property {number} rate
 * @property {number} at  Server time, seconds.
 * @property {"seeking" | "buffering" | null} [gate]  What the room waits for; null or absent: nothing.
 */

/** The slowest and the fastest rate of a room (docs/protocol.md). */
export const RATE_MIN = 0.25;
export const RATE_MAX = 2.0;

/** Longest time in a film, in seconds: a position beyond it cannot be named in a message. */
const SECONDS_MAX = 1e8;

/** Rates of rooms are 1000/n: VLC 3, which plays in most members, stores a rate as this integer. */
export const PERIOD_BASE = 1000;

/** How far beyond a room's slowest and fastest rate a player may go, as a factor. Chosen: a trim needs 3 % at most. */
const TRIM_RANGE = 1.05;

/**
 * Return the integer n for which 1000/n is nearest to `rate`, clamped to the rates of rooms and of trims.
 *
 * @param {number} rate
 * @returns {number}
 */
export function ratePeriod(rate) {
  const clamped = Math.min(Math.max(rate, RATE_MIN / TRIM_RANGE), RATE_MAX * TRIM_RANGE);
  const low = Math.floor(PERIOD_BASE / clamped);
  const distance = (/** @type {number} */ n) => Math.abs(PERIOD_BASE / n - clamped);
  return distance(low + 1) < distance(low) ? low + 1 : low;
}

/**
 * Round `rate` to the nearest rate that a room may have: 1000/n, n an integer in 500..4000.
 *
 * @param {number} rate
 * @returns {number}
 */
export function playableRate(rate) {
  return PERIOD_BASE / ratePeriod(Math.min(Math.max(rate, RATE_MIN), RATE_MAX));
}

/**
 * Return whether the media moves, or will move once `at` has come: it plays, and no gate is closed.
 *
 * @param {Timeline} timeline
 * @returns {boolean}
 */
export function isRunning(timeline) {
  return timeline.playing && !timeline.gate;
}

/**
 * Return the position in seconds at server time `at`. It may lie past the end of the media.
 *
 * It is always one that messages can name: there are films without an end, or with an unknown one.
 *
 * @param {Timeline} timeline
 * @param {number} at
 * @returns {number}
 */
export function positionAt(timeline, at) {
  const elapsed = at - timeline.at;
  if (elapsed <= 0 || !isRunning(timeline)) return timeline.position;
  return Math.min(timeline.position + elapsed * timeline.rate, SECONDS_MAX);
}

/**
 * Return the server time at which a running timeline is at `position`. It may lie in the past.
 *
 * @param {Timeline} timeline
 * @param {number} position
 * @returns {number}
 * @throws {RangeError} The timeline is not running.
 */
export function timeOf(timeline, position) {
  if (!isRunning(timeline)) throw new RangeError("the timeline does not run");
  return timeline.at + (position - timeline.position) / timeline.rate;
}

/**
 * Return the smallest of the times that are not null; null if all are null.
 *
 * @param {...(number | null)} times
 * @returns {number | null}
 */
export function earliest(...times) {
  let least = null;
  for (const time of times) if (time !== null && (least === null || time < least)) least = time;
  return least;
}

/**
 * Return whether `candidate` replaces `than`: its rev is higher, or its epoch differs (a restored room).
 *
 * A room's messages arrive in order over one connection, so an epoch that differs is always the later one.
 *
 * @param {Timeline} candidate
 * @param {Timeline | null} than
 * @returns {boolean}
 */
export function isNewer(candidate, than) {
  return than === null || candidate.epoch !== than.epoch || candidate.rev > than.rev;
}
