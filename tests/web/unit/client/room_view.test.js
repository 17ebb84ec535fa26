import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { RoomView } from "../../../../hangd/web/client/room/room_view.js";
import { missing } from "../../../../hangd/web/page/texts/texts.js";
import { decode } from "../../../../hangd/web/protocol/decode.js";

const ITSELF = "00000000-0000-0000-0000-000000000000";
const TIMELINE = { epoch: "e", rev: 1, playing: false, position: 0, rate: 1, at: 5 };
const ROOM = {
  room_id: "r",
  file_hash: null,
  file: { size: 3, name: "film.mp4" },
  policy: { control: "everyone", match: "hash", wait: "nobody", capacity: 9, locked: false, has_password: false },
  members: [
    { client_id: "1", name: "ada", role: "host", state: "paused", ready: false, verifying: false },
    { client_id: "2", name: "bob", role: "viewer", state: "paused", ready: false, verifying: false },
    { client_id: "3", name: "cy", role: "viewer", state: "paused", ready: false, verifying: false },
  ],
  timeline: TIMELINE,
  queue: { rev: 1, entries: [{ id: "a", file: { size: 3, name: "film.mp4" } }], current: "a" },
};

/** @type {RoomView} */
let view;

/**
 * @param {string} type
 * @param {object} payload
 */
function message(type, payload) {
  const decoded = decode(JSON.stringify({ type, payload }));
  assert.ok(decoded);
  return decoded;
}

/**
 * Lets the view learn, and returns the sentences.
 *
 * @param {string} type
 * @param {object} payload
 */
function heard(type, payload) {
  return view.learn(message(type, payload)).map((notice) => notice.text);
}

/**
 * @param {string} from
 * @param {object} command
 * @param {{timeline?: object, reason?: string, about?: string}} [more]
 */
function command(from, command, { timeline = {}, ...more } = {}) {
  const rev = view.room.timeline.rev + 1;
  const after = { ...TIMELINE, rev, ...timeline };
  return heard("SyncBroadcast", { from_client: from, command, timeline: after, ...more });
}

/** @param {object} change */
function policy(change) {
  return { ...ROOM.policy, ...change };
}

beforeEach(() => {
  const decoded = message("RoomState", { room: ROOM });
  assert.ok(decoded.type === "RoomState");
  view = new RoomView(decoded.payload.room, "2");
});

test("who did what is said, with you for this viewer", () => {
  assert.deepEqual(command("1", { action: "Play", timestamp: 62 }), ["ada started at 1:02"]);
  assert.deepEqual(command("2", { action: "Pause", timestamp: 3723 }), ["You paused at 1:02:03"]);
  assert.deepEqual(command("1", { action: "Seek", timestamp: 30 }), ["ada went to 0:30"]);
  assert.deepEqual(command("1", { action: "Speed", rate: 1.25 }), ["ada set the speed to 1.25"]);
  assert.deepEqual(command("1", { action: "Stop" }), ["ada stopped the film"]);
  assert.deepEqual(command("2", { action: "Seek", timestamp: 0.0334 }), ["You stepped to 0:00.03"]);
});

test("an answer that changed nothing is no news", () => {
  assert.deepEqual(
    heard("SyncBroadcast", { from_client: "1", command: { action: "Play", timestamp: 0 }, timeline: TIMELINE }),
    [],
  );
});

test("what the room does by itself has its reason", () => {
  const play = { action: "Play", timestamp: 0 };
  const pause = { action: "Pause", timestamp: 9 };
  const at = { timeline: { position: 9 } };
  assert.deepEqual(command(ITSELF, play, { reason: "settled" }), []);
  assert.deepEqual(command(ITSELF, pause, { reason: "waiting" }), []);
  assert.deepEqual(command(ITSELF, play, { reason: "ready", ...at }), ["Started at 0:09: enough are ready"]);
  assert.deepEqual(command(ITSELF, pause, { reason: "stall", about: "2", ...at }), [
    "Paused at 0:09: your player stalls",
  ]);
  assert.deepEqual(command(ITSELF, pause, { reason: "stall", about: "1", timeline: { gate: "buffering" } }), [
    "Waiting: the player of ada stalls",
  ]);
  assert.deepEqual(command(ITSELF, play, { reason: "settled", ...at }), ["Going on at 0:09"]);
  assert.deepEqual(command(ITSELF, pause, { reason: "left", about: "1", ...at }), ["Paused at 0:09: ada is gone"]);
  assert.deepEqual(command(ITSELF, pause, { reason: "apart", ...at }), ["Paused at 0:09: everybody has paused"]);
  assert.deepEqual(command(ITSELF, pause, { reason: "ended" }), ["The film has ended"]);
  assert.deepEqual(command(ITSELF, { action: "Seek", timestamp: 0 }, { reason: "ended" }), [
    "The film has ended and begins again",
  ]);
});

test("a start says whom it waits for, and its countdown", () => {
  heard("PolicyChanged", { policy: policy({ start: "ready" }) });
  const start = { by: "1", waiting_for: ["2", "3"], missing: 2 };
  assert.deepEqual(heard("StartChanged", { start }), ["ada wants to start: waiting for you and cy to be ready"]);
  assert.deepEqual(heard("StartChanged", { start: { ...start, waiting_for: ["3"], missing: 1 } }), [
    "Waiting for cy to be ready",
  ]);
  assert.deepEqual(heard("StartChanged", { start: { by: "1", waiting_for: [], missing: 0, at: 9 } }), [
    "Everybody is ready: starting in 3 s",
  ]);
  assert.equal(view.room.start?.at, 9);
  assert.deepEqual(heard("StartChanged", { start: null }), []);
  heard("PolicyChanged", { policy: policy({ start: 2 }) });
  assert.deepEqual(heard("StartChanged", { start: { ...start, missing: 1 } }), [
    "ada wants to start: waiting for 1 of you and cy to be ready",
  ]);
});

test("members come, change and go", () => {
  const dan = { client_id: "4", name: "dan", role: "viewer", state: "idle", ready: false, verifying: false };
  assert.deepEqual(heard("MemberJoined", { member: dan }), ["dan is here"]);
  assert.equal(view.room.members.length, 4);
  assert.deepEqual(heard("MemberChanged", { member: { ...dan, position: 3 } }), []);
  assert.deepEqual(heard("MemberChanged", { member: { ...dan, film: false } }), ["dan has not got this film"]);
  assert.deepEqual(heard("MemberChanged", { member: { ...dan, film: false, ready: true } }), ["dan is ready"]);
  assert.deepEqual(heard("MemberChanged", { member: { ...dan, film: false } }), ["dan is not ready any more"]);
  assert.deepEqual(heard("MemberChanged", { member: { ...dan, film: false, role: "host" } }), ["dan is the host now"]);
  for (const [reason, text] of Object.entries({
    left: "dan has left",
    kicked: "dan was removed by the host",
    banned: "dan was banned by the host",
    closed: "dan is out of the room: the server closed it",
    mismatch: "dan is out: that file is not the room’s film",
    lost: "The connection of dan was lost",
  })) {
    heard("MemberJoined", { member: dan });
    assert.deepEqual(heard("MemberLeft", { client_id: "4", reason }), [text]);
  }
  assert.equal(view.room.members.length, 3);
});

test("who may control depends on the rule and the role", () => {
  assert.ok(view.mayControl);
  assert.deepEqual(heard("PolicyChanged", { policy: policy({ control: "controllers" }), by: "1" }), [
    "ada changed the rules: controllers may control",
  ]);
  assert.ok(!view.mayControl);
  const own = { ...ROOM.members[1], role: "controller" };
  assert.deepEqual(heard("MemberChanged", { member: own }), ["You may control the room now"]);
  assert.ok(view.mayControl);
  heard("PolicyChanged", { policy: policy({ control: "host" }), by: "1" });
  assert.ok(!view.mayControl);
});

test("rules are said in words", () => {
  const changed = { match: "none", wait: "everyone", capacity: 1, locked: true, has_password: true, start: 3 };
  const rest = { stall: "pause", leave: "pause", loop: "queue" };
  assert.deepEqual(heard("PolicyChanged", { policy: policy({ ...changed, ...rest }), by: "2" }), [
    "You changed the rules: any file, waits for slow players, room for 1 person, locked, with a password, " +
      "starts when 3 are ready, pauses when a player stalls, pauses when somebody leaves, repeats the queue",
  ]);
});

test("the queue and its films", () => {
  const [a, b] = [ROOM.queue.entries[0], { id: "b", file: { size: 4, name: "next.mkv" } }];
  assert.deepEqual(heard("QueueChanged", { queue: { rev: 2, entries: [a, b], current: "a" }, by: "1" }), [
    "ada added next.mkv to the queue",
  ]);
  assert.deepEqual(heard("QueueChanged", { queue: { rev: 3, entries: [b, a], current: "a" }, by: "2" }), [
    "You changed the order of the queue",
  ]);
  heard("EntryChanged", { entry: { ...a, file_hash: "f".repeat(64), file: { ...a.file, duration: 9 } } });
  assert.equal(view.room.file_hash, "f".repeat(64));
  assert.equal(view.room.file?.duration, 9);
  const media = { file_hash: null, file: b.file, timeline: { ...TIMELINE, rev: 9 } };
  assert.deepEqual(heard("MediaChanged", { ...media, queue: { rev: 4, entries: [b, a], current: "b" }, by: "1" }), [
    "ada moved on to next.mkv",
  ]);
  assert.deepEqual(heard("MediaChanged", { ...media, queue: { rev: 5, entries: [b, a], current: "b" } }), [
    "The next film: next.mkv",
  ]);
  assert.deepEqual(heard("QueueChanged", { queue: { rev: 6, entries: [], current: null }, by: "1" }), [
    "ada took 2 films out of the queue",
  ]);
});

test("what has not changed is the same object", () => {
  const before = view.room;
  heard("MemberChanged", { member: { ...ROOM.members[2], position: 3 } });
  assert.notEqual(view.room, before);
  assert.equal(view.room.members[0], before.members[0]);
  assert.equal(view.room.queue, before.queue);
  assert.equal(before.members[2].position, null);
});

test("every sentence is in the table", () => {
  assert.deepEqual([...missing], []);
});
