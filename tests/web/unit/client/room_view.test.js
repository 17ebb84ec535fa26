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

test("a member that the room waits for no more is told", () => {
  const member = { ...ROOM.members[0], state: "buffering", given_up: true };
  assert.deepEqual(heard("MemberChanged", { member }), [
    "Not waiting for the player of ada any more: it stalls too often",
  ]);
  assert.deepEqual(heard("MemberChanged", { member }), []);
  assert.deepEqual(heard("MemberChanged", { member: { ...ROOM.members[1], given_up: true } }), [
    "Not waiting for your player any more: it stalls too often",
  ]);
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
  const order = () => view.room.queue.entries.map((entry) => entry.id);
  assert.deepEqual(heard("QueueChanged", { change: { rev: 2, inserted: [b], after: "a", current: "a" }, by: "1" }), [
    "ada added next.mkv to the queue",
  ]);
  assert.deepEqual(heard("QueueChanged", { change: { rev: 3, moved: ["b"], current: "a" }, by: "2" }), [
    "You changed the order of the queue",
  ]);
  assert.deepEqual([order(), view.room.queue.current], [["b", "a"], "a"]);
  heard("EntryChanged", { entry: { ...a, file_hash: "f".repeat(64), file: { ...a.file, duration: 9 } } });
  assert.equal(view.room.file_hash, "f".repeat(64));
  assert.equal(view.room.file?.duration, 9);
  const media = { file_hash: null, file: b.file, timeline: { ...TIMELINE, rev: 9 } };
  assert.deepEqual(heard("MediaChanged", { ...media, change: { rev: 4, current: "b" }, by: "1" }), [
    "ada moved on to next.mkv",
  ]);
  assert.deepEqual(heard("MediaChanged", { ...media, change: { rev: 5, current: "b" } }), ["The next film: next.mkv"]);
  assert.deepEqual(heard("QueueChanged", { change: { rev: 6, removed: ["a", "b"] }, by: "1" }), [
    "ada took 2 films out of the queue",
  ]);
  assert.deepEqual([order(), view.room.queue.current, view.isBehind], [[], null, false]);
  heard("FilmDescribed", { file_hash: "e".repeat(64), file: { ...b.file, duration: 8 } });
  assert.deepEqual([view.room.file_hash, view.room.file?.duration], ["e".repeat(64), 8]);
});

test("another film makes nobody ready, and leaves its copy to those who have that film", () => {
  const file = { size: 4, name: "next.mkv" };
  for (const member of ROOM.members) {
    heard("MemberChanged", { member: { ...member, ready: true, file: { size: 3 }, film: member.client_id !== "3" } });
  }
  heard("StartChanged", { start: { by: "1", waiting_for: ["2"], missing: 1 } });
  const change = { rev: 2, inserted: [{ id: "b", file }], after: "a", current: "b" };
  heard("MediaChanged", { file_hash: null, file, timeline: TIMELINE, change, copies: ["1", "2"], verifying: ["2"] });
  assert.equal(view.room.start, null);
  assert.deepEqual(
    view.room.members.map(({ ready, film, file, verifying }) => [ready, film, file?.size ?? null, verifying]),
    [
      [false, true, 3, false],
      [false, true, 3, true],
      [false, true, null, false],
    ],
  );
});

test("a missing change of the queue is noticed, and the state of the room mends it", () => {
  const before = view.room.queue;
  heard("QueueChanged", { change: { rev: 3, current: "a" } });
  assert.deepEqual([view.room.queue, view.isBehind], [before, true]);
  const media = { file_hash: null, file: { size: 4 }, timeline: TIMELINE };
  heard("MediaChanged", { ...media, change: { rev: 4, current: "b" } });
  assert.deepEqual([view.room.file?.size, view.room.queue.current], [4, null]);
  heard("RoomState", { room: { ...ROOM, queue: { ...ROOM.queue, rev: 4 } } });
  assert.deepEqual([view.room.queue.rev, view.room.queue.current, view.isBehind], [4, "a", false]);
});

test("what the others' players do is learned, and all else of them stays", () => {
  const before = view.room;
  const file = { size: 3 };
  heard("MemberChanged", { member: { ...ROOM.members[0], file, position: 1, apart: true, ready: true } });
  const reports = [
    { client_id: "1", state: "playing", position: 3, heard_at: 7 },
    { client_id: "2", state: "ended", position: 9 },
    { client_id: "3", state: "idle", film: false },
    { client_id: "4", state: "idle" },
  ];
  assert.deepEqual(heard("MembersReported", { reports }), ["cy has not got this film"]);
  const [ada, bob, cy] = view.room.members;
  assert.deepEqual([ada.state, ada.position, ada.heard_at, ada.apart, ada.error], ["playing", 3, 7, false, null]);
  assert.deepEqual([ada.name, ada.role, ada.ready, ada.file?.size], ["ada", "host", true, 3]);
  assert.equal(bob, before.members[1]);
  assert.deepEqual([cy.name, cy.state, cy.film, view.room.members.length], ["cy", "idle", false, 3]);
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
