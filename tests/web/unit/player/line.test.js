import assert from "node:assert/strict";
import { test } from "node:test";
import { median, readFrames, readSteps } from "../../../../hangd/web/player/line.js";

/**
 * Thirty pictures on the line `position = 10 + rate * (at - 5)`, each late by what `late` says.
 *
 * @param {number} rate
 * @param {(index: number) => number} late  Seconds.
 */
function pictures(rate, late) {
  return Array.from({ length: 30 }, (_, index) => {
    const due = 5 + index / 30 / rate;
    const at = due + late(index);
    return { position: 10 + index / 30, at, clock: 10 + index / 30 - (index % 3) * 0.01, clockAt: due };
  });
}

/** @param {import("../../../../hangd/web/player/line.js").Point | null} point @param {number} rate */
function height(point, rate) {
  assert.notEqual(point, null);
  return point === null ? 0 : point.position - 10 - rate * (point.at - 5);
}

for (const rate of [1, 1.25, 0.5]) {
  test(`pictures at rate ${rate} tell the line that they are on, whatever the refresh`, () => {
    const even = readFrames(
      pictures(rate, () => 0.004),
      rate,
    );
    assert.ok(Math.abs(height(even, rate) + 0.004 * rate) < 1e-9);
    const pulled = readFrames(
      pictures(rate, (index) => (index % 2) * 0.008),
      rate,
    );
    assert.ok(Math.abs(height(pulled, rate) + 0.004 * rate) < 1e-9);
  });
}

test("a picture that is far too late does not count", () => {
  const point = readFrames(
    pictures(1, (index) => (index % 10 === 9 ? 0.08 : 0)),
    1,
  );
  assert.ok(Math.abs(height(point, 1)) < 1e-9);
});

test("a clock in steps is read where it has just moved", () => {
  const point = readSteps(
    pictures(1, () => 0),
    1,
  );
  assert.ok(Math.abs(height(point, 1)) < 1e-9);
});

test("too few pictures tell nothing", () => {
  const few = pictures(1, () => 0).slice(0, 5);
  assert.equal(readFrames(few, 1), null);
  assert.equal(readSteps(few, 1), null);
});

test("the median of an even number is the lower one", () => {
  assert.equal(median([4, 1, 3, 2]), 2);
  assert.equal(median([7]), 7);
});
