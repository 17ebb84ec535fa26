/** The recorder: what it writes can be replayed from the oldest snapshot, stays small, and names no film. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Follower } from "../../../../hangd/web/engine/follower/follower.js";
import { Recorder } from "../../../../hangd/web/engine/trace/recorder.js";
import { replay } from "./traces.js";

const TRACE = new URL("../../../golden/traces/link-lost.jsonl", import.meta.url);

/**
 * Return a recorder that has recorded a golden story.
 *
 * @param {ConstructorParameters<typeof Recorder>[1]} [limits]
 */
function recorded(limits) {
  const recorder = new Recorder(new Follower(), limits);
  for (const line of readFileSync(TRACE, "utf8").trim().split("\n").slice(1)) {
    const { now, input } = JSON.parse(line);
    recorder.handle(input, now);
  }
  return recorder;
}

test("what was recorded comes out the same", () => {
  const text = recorded().dump({ hangd: "0", player: "a browser", date: "2026-01-01T00:00:00Z" });
  const lines = text.trimEnd().split("\n");
  assert.deepEqual(
    lines.slice(0, 3).map((line) => JSON.parse(line).type),
    ["trace", "snapshot", "step"],
  );
  assert.equal(JSON.parse(lines[0]).player, "a browser");
  assert.deepEqual(replay(text), { steps: 121, difference: null });
});

test("an empty recorder writes its header", () => {
  assert.equal(new Recorder(new Follower()).dump({ hangd: "0" }).split("\n").length, 2);
});

test("the oldest segments are dropped by time, and the rest can be replayed", () => {
  const { steps, difference } = replay(recorded({ span: 3, segmentSpan: 0.5 }).dump({ hangd: "0" }));
  assert.equal(difference, null);
  assert.ok(steps > 5 && steps < 60, `${steps} steps`);
});

test("the oldest segments are dropped by size, and the rest can be replayed", () => {
  const recorder = recorded({ sizeMax: 50_000 });
  assert.ok(recorder.size > 30_000 && recorder.size <= 50_000);
  const { steps, difference } = replay(recorder.dump({ hangd: "0" }));
  assert.equal(difference, null);
  assert.ok(steps > 5 && steps < 121, `${steps} steps`);
});

test("nothing that is recorded tells what is watched", () => {
  const recorder = new Recorder(new Follower(), { segmentSpan: 0 });
  recorder.handle({ type: "FileOpened", path: "blob:secret-1" }, 1);
  const loaded = { type: /** @type {const} */ ("Loaded"), generation: 1, duration: 60, about: { title: "secret" } };
  recorder.handle({ type: "PlayerSaid", event: loaded }, 1);
  recorder.handle({ type: "FileOpened", path: "blob:secret-2" }, 2);
  recorder.handle({ type: "FileOpened", path: "blob:secret-1" }, 3);
  const failed = { type: /** @type {const} */ ("LoadFailed"), generation: 3, code: "decode", message: "secret" };
  recorder.handle({ type: "PlayerSaid", event: failed }, 4);
  const text = recorder.dump({ hangd: "0" });
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual(
    [...text.matchAll(/"FileOpened","path":"([^"]*)"/g)].map(([, film]) => film),
    ["film-1", "film-2", "film-1"],
  );
  assert.match(text, /"code":"unrecognized"/);
  assert.equal(replay(text).difference, null);
});

test("a film that was opened a thousand films ago counts as a new one", () => {
  const recorder = new Recorder(new Follower());
  for (let n = 0; n < 1001; n += 1) recorder.handle({ type: "FileOpened", path: `${n}` }, n);
  recorder.handle({ type: "FileOpened", path: "0" }, 1001);
  recorder.handle({ type: "FileOpened", path: "1000" }, 1002);
  const films = [...recorder.dump({ hangd: "0" }).matchAll(/"FileOpened","path":"([^"]*)"/g)].map(([, film]) => film);
  assert.deepEqual(films.slice(-3), ["film-1001", "film-1002", "film-1001"]);
});

test("a step that throws is recorded, and thrown on", () => {
  const follower = new Follower();
  const recorder = new Recorder(follower);
  follower.handle = () => {
    throw new RangeError("a fault put in on purpose");
  };
  assert.throws(() => recorder.handle({ type: "FileClosed" }, 1), RangeError);
  assert.match(recorder.dump({ hangd: "0" }), /"effects":\[\],"raised":"RangeError"/);
});
