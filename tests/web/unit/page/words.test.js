import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, drift, lengthAndSize, parsePosition, size } from "../../../../hangd/web/page/words/clock.js";
import { distance, doing, nearness } from "../../../../hangd/web/page/words/member_words.js";
import { roomState } from "../../../../hangd/web/page/words/room_state.js";
import { FakeSession, member, room } from "../../browser/fake_session.js";

const AT = { local: 100, server: 5000 };

/**
 * @param {Partial<import("../../../../hangd/web/protocol/types.js").Room>} [change]
 * @param {Partial<import("../../../../hangd/web/client/base.js").SessionState>} [more]
 */
function state(change = {}, more = {}) {
  return { ...new FakeSession().state, room: { ...room(), ...change }, ...more };
}

/** @param {Partial<import("../../../../hangd/web/protocol/types.js").PendingStart>} change */
function start(change) {
  return { by: "bob", waiting_for: [], missing: 0, at: null, ...change };
}

test("positions are read and written as people do", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(3723.9), "1:02:03");
  assert.equal(parsePosition("1:02:03", 0, null), 3723);
  assert.equal(parsePosition("2:03", 0, null), 123);
  assert.equal(parsePosition("90", 0, null), 90);
  assert.equal(parsePosition("+10", 60, 65), 65);
  assert.equal(parsePosition("-70", 60, 600), 0);
  assert.equal(parsePosition("50%", 0, 600), 300);
  assert.equal(parsePosition("1,5", 0, 600), 1.5);
  for (const wrong of ["", "soon", "1:2:3:4", "50%", "1:30%", "--3"]) {
    assert.equal(parsePosition(wrong, 0, null), null, wrong);
  }
});

test("sizes and lengths", () => {
  assert.equal(size(999), "999 B");
  assert.equal(size(1_437_204_480), "1.4 GB");
  assert.equal(size(360_000), "360 kB");
  assert.equal(lengthAndSize({ size: 1000, duration: 61, name: null, quick_hash: null }), "1:01, 1.0 kB");
  assert.equal(lengthAndSize({ size: 1000, duration: null, name: null, quick_hash: null }), "1.0 kB");
});

test("how far a picture is from the room has a sign, a unit and a bound", () => {
  assert.equal(drift(0.0031, 0.0004), "+3 ms ±1");
  assert.equal(drift(-0.02, null), "−20 ms");
  assert.equal(drift(2.34, 0.003), "+2.3 s ±3");
});

test("a member that has not been heard of is silent, and one that is away is away", () => {
  assert.equal(doing(member("a", "Ann", { state: "playing", heard_at: 4995 }), 5000), "playing");
  assert.equal(doing(member("a", "Ann", { state: "playing", heard_at: 4980 }), 5000), "silent for 20 s");
  assert.equal(doing(member("a", "Ann", { state: "paused", heard_at: 4966 }), 5000), "paused");
  assert.equal(doing(member("a", "Ann", { state: "paused", heard_at: 4950 }), 5000), "silent for 50 s");
  assert.equal(doing(member("a", "Ann", { state: "away", heard_at: 4000 }), 5000), "away");
  assert.equal(doing(member("a", "Ann", { film: false, state: "idle", heard_at: 5000 }), 5000), "without the film");
  assert.equal(doing(member("a", "Ann", { apart: true, heard_at: 5000 }), null), "paused on their own");
});

test("a drift counts while the film plays", () => {
  assert.equal(distance(member("a", "Ann", { state: "paused", error: 0.5 })), "");
  assert.equal(nearness(member("a", "Ann", { state: "playing", error: 0.03 })), "near");
  assert.equal(nearness(member("a", "Ann", { state: "playing", error: -0.3 })), "off");
  assert.equal(nearness(member("a", "Ann", { state: "playing", error: null })), "unknown");
});

test("nothing is said where nothing is waited for", () => {
  assert.equal(roomState(state(), AT), null);
  assert.equal(roomState(state({}, { room: null }), AT), null);
});

test("who is waited for is named, and the host may start all the same", () => {
  const waiting = state({ start: start({ waiting_for: ["cem", "me"], missing: 2 }) });
  assert.deepEqual(roomState(waiting, AT), {
    kind: "start",
    text: "Waiting for Cem Şahin and you to be ready",
    count: null,
    startNow: true,
  });
  assert.equal(roomState({ ...waiting, isHost: false }, AT)?.startNow, false);
});

test("where a number is waited for, it is said how many are missing", () => {
  const policy = { ...room().policy, start: 3 };
  const some = state({ policy, start: start({ waiting_for: ["cem", "bob"], missing: 1 }) });
  assert.equal(roomState(some, AT)?.text, "Waiting for 1 of Cem Şahin and Bob to be ready");
  const more = state({ policy, start: start({ waiting_for: ["cem"], missing: 2 }) });
  assert.equal(roomState(more, AT)?.text, "Waiting for 2 more to be ready");
});

test("the countdown is by the server's clock", () => {
  const counting = state({ start: start({ at: 5002.3 }) });
  assert.equal(roomState(counting, AT)?.count, 3);
  assert.equal(roomState(counting, { ...AT, server: 5002 })?.count, 1);
  assert.equal(roomState(counting, { ...AT, server: 5009 })?.count, 0);
  assert.equal(roomState(counting, { ...AT, server: null })?.count, null);
});

test("a broken connection goes before everything else", () => {
  const link = { phase: /** @type {const} */ ("waiting"), retryAt: 104.2, problem: null };
  const broken = state({ start: start({ at: 5001 }) }, { link });
  assert.equal(roomState(broken, AT)?.text, "The connection broke. Trying again in 5 seconds.");
  assert.equal(roomState(broken, { ...AT, local: 103.5 })?.text, "The connection broke. Trying again in 1 second.");
  assert.equal(roomState(broken, { ...AT, local: 105 })?.text, "Connecting …");
});

test("a gate says what it waits for", () => {
  const { timeline } = room();
  assert.equal(
    roomState(state({ timeline: { ...timeline, gate: "seeking", position: 61 } }), AT)?.text,
    "Everyone goes to 1:01 …",
  );
  assert.equal(
    roomState(state({ timeline: { ...timeline, gate: "buffering" } }), AT)?.text,
    "Waiting until the film of Cem Şahin has loaded",
  );
});
