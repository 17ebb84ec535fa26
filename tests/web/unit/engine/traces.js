/** Traces of the golden stories, and their replay: the JavaScript twin of hangd/engine/trace/replay.py. */

import { Follower } from "../../../../hangd/web/engine/follower/follower.js";

/** Seconds. No player can show a difference that small (docs/traces.md). */
const TOLERANCE = 1e-6;

/**
 * @typedef {{type: "trace", format: number, title?: string,
 *   policies: import("../../../../hangd/web/engine/follower/state.js").Policies}} Header
 * @typedef {{type: "snapshot", state: import("../../../../hangd/web/engine/follower/state.js").FollowerState}} Snapshot
 * @typedef {{type: "step", now: number, input: import("../../../../hangd/web/engine/follower/inputs.js").FollowerInput,
 *   effects: unknown[], raised?: string, after?: object}} Step
 *   `after`: what can be read of the follower afterwards; only traces that are told by hand have it.
 */

/**
 * Return whether two JSON values are equal, numbers to a microsecond.
 *
 * @param {unknown} one
 * @param {unknown} other
 * @returns {boolean}
 */
export function same(one, other) {
  if (typeof one === "number" && typeof other === "number") return Math.abs(one - other) <= TOLERANCE;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      same(/** @type {Record<string, unknown>} */ (one)[key], /** @type {Record<string, unknown>} */ (other)[key]),
  );
}

/**
 * Replay a trace with a new follower, whose invariants are checked after each step.
 *
 * @param {string} text  The lines of the trace.
 * @returns {{steps: number, difference: string | null}}  The first step with other effects, for people.
 */
export function replay(text) {
  const lines = text.split("\n");
  const header = /** @type {Header} */ (JSON.parse(lines[0]));
  if (header.type !== "trace" || header.format !== 3) throw new Error("not a trace of format 3");
  let follower = new Follower(header.policies);
  let steps = 0;
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const parsed = /** @type {Snapshot | Step} */ (JSON.parse(line));
    if (parsed.type === "snapshot") {
      follower = new Follower(header.policies, parsed.state);
      continue;
    }
    steps += 1;
    const effects = follower.handle(parsed.input, parsed.now);
    if (!same(parsed.effects, effects)) {
      const difference = `line ${index + 1}: ${JSON.stringify(parsed)}\ncame: ${JSON.stringify(effects)}`;
      return { steps, difference };
    }
    follower.check();
    if (parsed.after === undefined) continue;
    const after = reading(follower, parsed.now, "state" in parsed.after);
    if (!same(parsed.after, after)) {
      return { steps, difference: `line ${index + 1}: ${line}\nread: ${JSON.stringify(after)}` };
    }
  }
  return { steps, difference: null };
}

/**
 * Return what can be read of a follower, under the names that traces have.
 *
 * @param {Follower} follower
 * @param {number} now
 * @param {boolean} all  Also its state.
 */
function reading(follower, now, all) {
  return {
    ...(all ? { state: withoutPath(follower.snapshot()) } : {}),
    deadline: follower.deadline(),
    position: follower.position(now),
    requested_position: follower.requestedPosition(now),
    error: follower.error,
    rate: follower.rate,
    paused: follower.paused,
    has_unsent_request: follower.hasUnsentRequest,
    round_trip: follower.clock.roundTrip,
    is_open: follower.picture.openPath !== null,
    reaches_room: follower.onOwn.reachesRoom,
    obeys_viewer: follower.onOwn.obeysViewer,
  };
}

/**
 * Leave out the path of the film, which is another one in a trace.
 *
 * @param {import("../../../../hangd/web/engine/follower/state.js").FollowerState} state
 */
function withoutPath(state) {
  const { path: _, ...picture } = state.picture;
  return { ...state, picture };
}
