/** Another file is picked while the server is asked to let the viewer in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf, letIn, Server, until } from "./whole_client.js";

const [A, B] = [new File(["a"], "a.mp4"), new File(["bb"], "b.mp4")];

/** @typedef {ReturnType<typeof clientOf>} Client */
/** @type {[string, string, string, (client: Client) => Promise<any>][]} */
const WAYS = [
  ["CreateRoom", "RoomCreated", "made for", ({ entering }) => entering.create({})],
  ["JoinRoom", "RoomJoined", "joined with", ({ entering }) => entering.join("friday")],
];

for (const [request, answer, how, ask] of WAYS) {
  test(`the film that a room was ${how} is shown, not the file that was picked meanwhile`, async () => {
    const server = new Server();
    const client = clientOf(server);
    const { entering, driver, copy, viewer, close } = client;
    assert.deepEqual(await entering.openFile(A), { ok: true });
    const asking = ask(client);
    const { id, payload } = await server.hear(request);
    assert.equal(payload.file.name, A.name);
    assert.deepEqual(await entering.openFile(B), { ok: true });
    assert.equal(driver.file, B);
    server.say(answer, letIn("friday", payload.file), id);
    assert.deepEqual(await asking, { ok: true });
    await until(() => driver.file === A && copy.phase === "open");
    assert.equal(viewer.room?.room.file?.name, A.name);
    assert.equal(copy.file, A);
    close();
  });

  test(`a file that is read while a room is ${how} another one does not hide that one`, async () => {
    const server = new Server();
    const client = clientOf(server);
    const { entering, driver, copy, files, close } = client;
    await entering.openFile(A);
    const asking = ask(client);
    const { id, payload } = await server.hear(request);
    const { quickHash } = files;
    /** @type {() => void} */
    let read = () => undefined;
    files.quickHash = (file) => new Promise((done) => (read = () => done(quickHash(file))));
    const opening = entering.openFile(new File(["c"], "c.mp4"));
    server.say(answer, letIn("friday", payload.file), id);
    assert.deepEqual(await asking, { ok: true });
    read();
    const outcome = await opening;
    assert.equal(!outcome.ok && outcome.code, "FileHashMismatch");
    assert.deepEqual([driver.file, copy.file, copy.phase], [A, A, "open"]);
    close();
  });
}

test("a room that is made keeps from whom its film came, though another file was picked meanwhile", async () => {
  const server = new Server();
  const { entering, driver, films, close } = clientOf(server);
  await entering.openFile(A);
  const asking = entering.create({});
  const { id, payload } = await server.hear("CreateRoom");
  await entering.openFile(B);
  const made = letIn("friday", payload.file);
  const queue = { rev: 1, entries: [{ id: "e", file: payload.file, file_hash: null }], current: "e" };
  server.say("RoomCreated", { ...made, room: { ...made.room, queue } }, id);
  await asking;
  assert.equal(driver.file, A);
  assert.equal(films.isSearching, false);
  assert.equal((await server.hear("SetFile")).payload.file.name, A.name);
  close();
});

test("a room that refuses a film leaves the one that was picked meanwhile", async () => {
  const server = new Server();
  const { entering, driver, copy, close } = clientOf(server);
  await entering.openFile(A);
  const asking = entering.join("friday");
  const { id } = await server.hear("JoinRoom");
  await entering.openFile(B);
  server.say("Error", { code: "FileHashMismatch", message: "another film", retry: false }, id);
  server.answers = () => ["Rooms", { rooms: [] }];
  const outcome = await asking;
  assert.equal(!outcome.ok && outcome.code, "FileHashMismatch");
  assert.deepEqual([driver.file, copy.file, copy.phase], [B, B, "open"]);
  close();
});

test("a film that a room has shown as another entry stays open in the next room", async () => {
  const server = new Server();
  const { entering, membership, driver, films, copy, close } = clientOf(server);
  await entering.openFile(A);
  for (const id of ["friday", "saturday"]) {
    const asking = entering.join(id);
    const { payload, id: re } = await server.hear("JoinRoom");
    server.say("RoomJoined", letIn(id, payload.file), re);
    await asking;
    films.catchUp();
    assert.deepEqual([driver.file, copy.phase], [A, "open"]);
    if (id === "saturday") break;
    driver.changeFilm(A, films.newNumber(), null);
    await driver.opened;
    membership.leave(null, 0);
    server.say("RoomLeft", { room_id: id, reason: "left" }, (await server.hear("LeaveRoom")).id);
  }
  close();
});
