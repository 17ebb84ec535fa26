/**
 * Reads what members of rooms were told, and says what the page knows after each message: one line of JSON for each
 * line of standard input. tests/web/engine/test_queue_like_python.py compares that with what hangd knows.
 */

import { createInterface } from "node:readline";
import { RoomView } from "../../../../hangd/web/client/room/room_view.js";
import { decode } from "../../../../hangd/web/protocol/decode.js";

/** @param {RoomView} view */
function known({ room, isBehind }) {
  const { queue, members, file, file_hash, start } = room;
  return {
    rev: queue.rev,
    current: queue.current,
    entries: queue.entries.map((entry) => [entry.id, entry.file.size, entry.file.duration, entry.file_hash]),
    behind: isBehind,
    film: [file_hash, file?.size ?? null, file?.duration ?? null],
    members: members.map((each) => [each.client_id, each.ready, each.verifying, each.film, each.file?.size ?? null]),
    starts: start !== null,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  /** @type {RoomView | null} */
  let view = null;
  const after = [];
  for (const frame of JSON.parse(line)) {
    const message = decode(frame);
    if (message?.type === "RoomJoined") view = new RoomView(message.payload.room, message.payload.client_id);
    else if (message !== null) view?.learn(message);
    after.push(view === null ? null : known(view));
  }
  console.log(JSON.stringify(after));
}
