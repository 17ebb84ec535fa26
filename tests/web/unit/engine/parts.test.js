/** Parts of the engine on their own: what no golden trace can show. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockFilter } from "../../../../hangd/web/engine/follower/clock.js";
import { DriftController } from "../../../../hangd/web/engine/follower/drift.js";
import { Follower } from "../../../../hangd/web/engine/follower/follower.js";
import { OnOwn } from "../../../../hangd/web/engine/follower/on_own.js";
import { PendingInput } from "../../../../hangd/web/engine/follower/pending_input.js";
import { Picture } from "../../../../hangd/web/engine/follower/picture.js";
import { POLICIES } from "../../../../hangd/web/engine/follower/state.js";
import { Link } from "../../../../hangd/web/engine/link/link.js";
import { PingSchedule } from "../../../../hangd/web/engine/link/pings.js";
import { CHROMIUM, FIREFOX, WEBKIT } from "../../../../hangd/web/engine/policies.js";
import { isNewer, playableRate, positionAt, ratePeriod, timeOf } from "../../../../hangd/web/engine/timeline.js";

const RUNNING = { epoch: "e", rev: 3, playing: true, position: 10, rate: 2, at: 100, gate: null };

test("a timeline stands before its time, at a gate and while it is paused", () => {
  assert.equal(positionAt(RUNNING, 99), 10);
  assert.equal(positionAt(RUNNING, 103), 16);
  assert.equal(positionAt({ ...RUNNING, gate: "seeking" }, 103), 10);
  assert.equal(positionAt({ ...RUNNING, playing: false }, 103), 10);
  assert.equal(timeOf(RUNNING, 16), 103);
  assert.throws(() => timeOf({ ...RUNNING, gate: "buffering" }, 16), RangeError);
});

test("no timeline runs beyond the last position that messages can name", () => {
  assert.equal(positionAt({ ...RUNNING, position: 1e8 - 1 }, 200), 1e8);
});

test("a timeline that comes without a gate has none", () => {
  const { gate: _, ...timeline } = RUNNING;
  assert.equal(positionAt(timeline, 103), 16);
});

test("rates are those that VLC can play", () => {
  assert.deepEqual([0.1, 0.25, 1, 1.5, 1.9999, 2, 9].map(playableRate), [0.25, 0.25, 1, 1000 / 667, 2, 2, 2]);
  assert.deepEqual([0.1, 1, 1.0006, 9].map(ratePeriod), [4200, 1000, 999, 476]);
});

test("another epoch is always newer, and a first timeline too", () => {
  assert.ok(isNewer(RUNNING, null));
  assert.ok(isNewer({ ...RUNNING, epoch: "f", rev: 0 }, RUNNING));
  assert.ok(isNewer({ ...RUNNING, rev: 4 }, RUNNING));
  assert.ok(!isNewer(RUNNING, RUNNING));
});

test("a clock without a ping knows nothing, and says so", () => {
  const clock = new ClockFilter();
  assert.deepEqual([clock.locked, clock.roundTrip, clock.bound(1), clock.toServer(1)], [false, null, Infinity, 1]);
  clock.add(10, 110.5, 110.6, 11.1);
  assert.ok(clock.locked);
  assert.ok(Math.abs(clock.toLocal(clock.toServer(20)) - 20) < 1e-9);
  assert.ok(Math.abs((clock.roundTrip ?? 0) - 1) < 1e-9);
});

test("a snapshot is a copy, from which another follower continues", () => {
  const one = new Follower();
  one.handle({ type: "FileOpened", path: "a" }, 1);
  const state = one.snapshot();
  const other = new Follower(POLICIES, state);
  one.handle({ type: "FileOpened", path: "b" }, 2);
  assert.equal(other.picture.openPath, "a");
  assert.deepEqual(other.snapshot(), state);
});

test("the parts have the defaults of hangd's own", () => {
  assert.equal(new Picture().seekCost, 0.25);
  assert.equal(new DriftController().observe(1, 1, 1), null);
  const pending = new PendingInput();
  assert.deepEqual([pending.merge(1, 0), pending.merge(2, 0.09), pending.deadline()], [false, true, 0.1]);
  assert.deepEqual(Object.keys(CHROMIUM), Object.keys(POLICIES));
});

test("each browser's numbers have the same names as hangd's", () => {
  for (const policies of [CHROMIUM, FIREFOX, WEBKIT]) {
    for (const [part, numbers] of Object.entries(POLICIES)) {
      const own = policies[/** @type {keyof typeof POLICIES} */ (part)];
      assert.deepEqual(Object.keys(own), Object.keys(numbers));
    }
  }
});

test("a trim rounds a half to the even number of steps, as hangd's own does", () => {
  const policy = { ...POLICIES.drift, read_ahead: 0, sample_interval: 2 };
  for (const [error, steps] of [
    [0.0125, 12],
    [0.0115, 12],
    [-0.0125, -12],
    [0.0124, 12],
    [0.0126, 13],
  ]) {
    const drift = new DriftController(policy);
    drift.restart(0);
    drift.observe(error, 0.1, 1);
    assert.equal(drift.rate, 1000 / (1000 + steps), `${error}`);
  }
});

test("fields that an input leaves out are false or 0", () => {
  const follower = new Follower();
  assert.deepEqual(follower.handle({ type: "FileOpened", path: "a" }, 1), [
    { type: "Load", path: "a", generation: 1, start: 0, entry: 0 },
  ]);
  assert.deepEqual(follower.handle({ type: "TimelineReceived", timeline: RUNNING }, 2), []);
  assert.ok(!follower.follows, "only a timeline with `entering` leads into a room");
  const paused = { ...RUNNING, playing: false };
  follower.handle({ type: "TimelineReceived", timeline: paused, entering: true }, 3);
  assert.ok(follower.follows);
  follower.handle({ type: "SeekRequested", position: 5 }, 4);
  assert.deepEqual(follower.handle({ type: "TimelineReceived", timeline: paused }, 4.1), []);
  assert.equal(follower.requestedPosition(4.1), 5, "it was no answer");
  const effects = follower.handle({ type: "TimelineReceived", timeline: { ...paused, rev: 4 } }, 4.2);
  assert.ok(effects.every((effect) => effect.type !== "Unload"));
});

/** @type {[string, {check: () => void}][]} */
const broken = [
  ["a link that waits without a time", Object.assign(new Link(), { state: "waiting", url: "wss://hang.example/ws" })],
  ["a link that is up without a URL", Object.assign(new Link(), { state: "connected" })],
  ["a ping that is due later than regularly", Object.assign(new PingSchedule(), { due: 2, regularlyDue: 1 })],
  ["a picture that moves without a file", new Picture(undefined, { ...new Picture().state, motion: "running" })],
  ["a silent room that was not lost", new OnOwn({ ...new OnOwn().state, link: "silent" })],
  [
    "an answer that is awaited for ever",
    new PendingInput(undefined, { ...new PendingInput().state, wanted: "paused" }),
  ],
  ["a room that was left in no room", new Follower(POLICIES, { ...new Follower().state, scheduled: RUNNING })],
];

for (const [what, machine] of broken) {
  test(`check() finds ${what}`, () => {
    assert.throws(() => machine.check(), /it must hold that/);
  });
}
