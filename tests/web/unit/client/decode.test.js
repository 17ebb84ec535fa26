import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../../hangd/web/protocol/decode.js";

const TIMELINE = { epoch: "e", rev: 1, playing: false, position: 0, rate: 1, at: 5 };

test("what a message leaves out is filled in, also in what is within it", () => {
  const room = {
    room_id: "r",
    file_hash: null,
    file: { size: 3 },
    policy: { control: "host" },
    members: [{ client_id: "a", name: "ada", role: "host" }],
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
