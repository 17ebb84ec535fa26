import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../../hangd/web/protocol/decode.js";

const TIMELINE = { epoch: "e", rev: 1, playing: false, position: 0, rate: 1, at: 5 };

test("what a message leaves out is filled in, also in what is within it", () => {
  const room = {
    room_id: "r",
    file_hash: null,
    file: { size: 3 },
    policy: { control: "host", match: "hash", wait: "nobody", capacity: 100, locked: false, has_password: false },
    members: [{ client_id: "a", name: "ada", role: "host", state: "idle", ready: false, verifying: false }],
    timeline: TIMELINE,
  };
  const message = decode(JSON.stringify({ type: "RoomState", payload: { room } }));
  assert.equal(message?.type, "RoomState");
  if (message?.type !== "RoomState") return;
  assert.deepEqual(message.payload.room.queue, { rev: 0, entries: [], current: null });
  assert.equal(message.payload.room.members[0].film, true);
  assert.equal(message.payload.room.policy.loop, "off");
  assert.equal(message.payload.room.timeline.gate, null);
  assert.equal(message.payload.room.file?.name, null);
  assert.equal(message.payload.room.start, null);
});

test("a type that is not known is passed over", () => {
  assert.equal(decode('{"type": "Dance", "payload": {}}'), null);
});

test("what is no message is refused", () => {
  for (const text of ["", "[]", "null", "3", "{}", '{"type": 3}', '{"type": "Said", "payload": 4}']) {
    assert.throws(() => decode(text), text);
  }
  assert.throws(() => decode(new ArrayBuffer(3)));
});

test("a value of another kind than it should be is refused, and one that is missing", () => {
  const said = (/** @type {object} */ other) =>
    decode(
      JSON.stringify({
        type: "SyncBroadcast",
        payload: { from_client: "a", command: {}, timeline: TIMELINE, ...other },
      }),
    );
  assert.ok(said({}));
  assert.ok(said({ about: null }));
  for (const rate of ["1", null, {}, [], true]) {
    assert.throws(() => said({ timeline: { ...TIMELINE, rate } }), /a Timeline whose rate is no number/);
  }
  assert.throws(
    () => decode('{"type": "Said", "payload": {"from_client": "a", "text": "b", "at": 1e999}}'),
    /at is no/,
  );
  assert.throws(() => decode('{"type": "Said", "payload": {"from_client": "a", "at": 1}}'), /text is no string/);
  assert.throws(() => said({ from_client: { toString: 1 } }), TypeError);
  const start = { by: "a", waiting_for: ["b", 1], missing: 1 };
  assert.throws(
    () => decode(JSON.stringify({ type: "StartChanged", payload: { start } })),
    /waiting_for is no strings/,
  );
});
