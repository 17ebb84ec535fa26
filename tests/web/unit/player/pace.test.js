import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../../../hangd/web/player/pace.js";

/**
 * Plays for twelve seconds with a browser that is `off` from each rate that is written. Returns how often one was written.
 *
 * @param {Pace} pace
 * @param {number} rate
 * @param {number} off  As a share.
 */
function plays(pace, rate, off) {
  let writes = 0;
  let position = 0;
  pace.begin(0);
  for (let at = 0; at < 12; at += 0.5) {
    if (pace.observe(rate, { position, at })) writes++;
    position += 0.5 * pace.written(rate) * (1 + off);
  }
  return writes;
}

test("a rate that is played too fast is written lower, once", () => {
  const pace = new Pace();
  assert.equal(pace.written(1.25), 1.25);
  assert.equal(plays(pace, 1.25, 0.0017), 1);
  assert.ok(Math.abs(pace.written(1.25) * 1.0017 - 1.25) < 1e-4);
  assert.ok(Math.abs(pace.written(1.256) / 1.256 - pace.written(1.25) / 1.25) < 1e-12, "a trim of it too");
  assert.equal(pace.written(1.5), 1.5);
});

test("an exact rate is left alone, and so is one that a busy machine cannot play", () => {
  const pace = new Pace();
  assert.equal(plays(pace, 0.8, 0.0001), 0);
  assert.equal(plays(pace, 2, -0.2), 0);
  assert.equal(pace.written(0.8), 0.8);
  assert.equal(pace.written(2), 2);
});

test("what was before an interruption does not count", () => {
  const pace = new Pace();
  pace.begin(0);
  assert.equal(pace.observe(1.25, { position: 0, at: 1 }), false);
  pace.begin(2);
  assert.equal(pace.observe(1.25, { position: 90, at: 3.5 }), false);
  assert.equal(pace.observe(1.25, { position: 95, at: 7.5 }), false);
});
