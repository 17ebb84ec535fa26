/** Answers to requests to be let into a room that get lost, or come too late: the server has the viewer in a room then. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { clientOf, letIn, room, Server, until } from "./whole_client.js";

const LEFT = { room_id: "old", reason: "left", detail: null };
const INSIDE = { code: "AlreadyInRoom", message: "you are in a room already: leave it first", retry: false };

test("who was let in by an answer that got lost leaves that room, and then joins the one they want", async () => {
  const server = new Server();
  const { entering, viewer, close } = clientOf(server);
  const first = entering.join("old");
  await server.hear("JoinRoom");
  server.welcome = { room: room("old") };
  server.breaksOff();
  const outcome = await first;
  assert.equal(!outcome.ok && outcome.code, "NotConnected");
  const second = entering.join("new");
  const left = await server.hear("LeaveRoom");
  await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(server.unread, [], "the server may take a while to let go of who is in a room");
  server.say("RoomLeft", LEFT, left.id);
  const asked = await server.hear("JoinRoom");
  server.say("RoomJoined", letIn("new"), asked.id);
  assert.deepEqual(await second, { ok: true });
  assert.equal(viewer.room?.roomId, "new");
  close();
});

for (const type of ["RoomJoined", "RoomCreated"]) {
  test(`${type} that nobody waits for any more leads out of the room again`, async () => {
    const server = new Server();
    const { entering, viewer, close } = clientOf(server);
    await entering.connected();
    server.say(type, letIn("old"), "r0");
    await server.hear("LeaveRoom");
    assert.equal(viewer.room, null);
    close();
  });
}

test("a room that was made too late is left before the next one is made", async () => {
  const server = new Server();
  const { entering, viewer, close } = clientOf(server);
  const film = new File(["a"], "a.mp4");
  assert.deepEqual(await entering.openFile(film), { ok: true });
  await entering.connected();
  mock.timers.enable(/** @type {any} */ ({ apis: ["setTimeout"] })); // The types are of an older version.
  const first = entering.create({});
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  mock.timers.tick(8_000);
  mock.timers.reset();
  const outcome = await first;
  assert.equal(!outcome.ok && outcome.code, "TimedOut");
  const late = await server.hear("CreateRoom");

  const second = entering.create({});
  const again = await server.hear("CreateRoom");
  const { file } = again.payload;
  server.say("RoomCreated", letIn("old", file), late.id);
  server.say("Error", INSIDE, again.id);
  const left = await server.hear("LeaveRoom");
  server.say("RoomLeft", LEFT, left.id);
  const last = await server.hear("CreateRoom");
  server.say("RoomCreated", letIn("new", file), last.id);
  assert.deepEqual(await second, { ok: true });
  assert.equal(viewer.room?.roomId, "new");
  assert.deepEqual(server.unread, []);
  close();
});

test("a second press takes nobody out, and who leaves without a connection leaves with the next one", async () => {
  const server = new Server();
  const { entering, membership, viewer, connection, close } = clientOf(server);
  const [first, second] = [entering.join("friday"), entering.join("friday")];
  const [asked, more] = [await server.hear("JoinRoom"), await server.hear("JoinRoom")];
  server.say("RoomJoined", letIn("friday"), asked.id);
  server.say("Error", INSIDE, more.id);
  assert.deepEqual([(await first).ok, (await second).ok], [true, false]);
  assert.equal(viewer.room?.roomId, "friday");
  assert.ok(!server.unread.includes("LeaveRoom"));
  server.welcome = { room: room("friday") };
  server.breaksOff();
  membership.leave(null, 0);
  await until(() => connection.isUp);
  await until(() => server.unread.includes("LeaveRoom"));
  assert.equal(viewer.room, null);
  close();
});
