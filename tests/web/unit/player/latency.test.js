import assert from "node:assert/strict";
import { test } from "node:test";
import { StartLatency } from "../../../../hangd/web/player/latency.js";

const USUAL = { warm: 0.06, cold: 0.08, held: 0.02 };
const WARM = StartLatency.key("default", "mp4", true, 1);

/** @returns {import("../../../../hangd/web/player/latency.js").Store & {kept: Map<string, number[]>}} */
function store() {
  /** @type {Map<string, number[]>} */
  const kept = new Map();
  return { kept, get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
}

test("the kinds of start are told apart", () => {
  const latency = new StartLatency(USUAL, null);
  assert.equal(latency.expected(WARM), 0.06);
  assert.equal(latency.expected(StartLatency.key("default", "mp4", true, Infinity)), 0.08);
  assert.equal(latency.expected(StartLatency.key("default", "mp4", false, 1)), 0.02);
});

test("the first start counts at once, and then the median of the newest five", () => {
  const latency = new StartLatency(USUAL, null);
  latency.learn(WARM, 0.1);
  assert.equal(latency.expected(WARM), 0.1);
  for (const seconds of [0.05, 0.051, 0.3, 0.052]) latency.learn(WARM, seconds);
  assert.equal(latency.expected(WARM), 0.052);
  for (const seconds of [0.09, 0.091, 0.092]) latency.learn(WARM, seconds);
  assert.equal(latency.expected(WARM), 0.091);
});

test("a start that the machine delayed by half a second tells nothing", () => {
  const latency = new StartLatency(USUAL, null);
  for (const seconds of [0.5, -0.2, Number.NaN]) latency.learn(WARM, seconds);
  assert.equal(latency.expected(WARM), 0.06);
});

test("what was learned is kept, and nonsense that was kept is not believed", () => {
  const kept = store();
  new StartLatency(USUAL, kept).learn(WARM, 0.07);
  assert.equal(new StartLatency(USUAL, kept).expected(WARM), 0.07);
  for (const nonsense of ["text", [9, "x", null], { length: 3 }]) {
    kept.kept.set(WARM, /** @type {number[]} */ (nonsense));
    assert.equal(new StartLatency(USUAL, kept).expected(WARM), 0.06);
  }
});

test("after another output may have been chosen the next start counts alone", () => {
  const latency = new StartLatency(USUAL, null);
  for (const seconds of [0.05, 0.05, 0.05]) latency.learn(WARM, seconds);
  latency.doubt();
  assert.equal(latency.expected(WARM), 0.05);
  latency.learn(WARM, 0.2);
  assert.equal(latency.expected(WARM), 0.2);
});
