/** What messages leave out. Made from docs/protocol.schema.json by tools/web_types.py: do not edit. */

/**
 * What a field that was left out stands for, by the name of its type.
 *
 * @type {Record<string, Record<string, unknown>>}
 */
export const DEFAULTS = {
  Error: { details: null },
  FileInfo: { duration: null, name: null, quick_hash: null },
  Goodbye: { retry_after: null },
  Limits: { frame_bytes: 65536, text_characters: 500, room_capacity: 100 },
  MediaChanged: { queue: { rev: 0, entries: [], current: null }, by: null },
  Member: {
    position: null,
    error: null,
    clock_error: null,
    rtt: null,
    file: null,
    film: true,
    apart: false,
    heard_at: null,
  },
  Pause: { command_id: null },
  PendingStart: { at: null },
  Play: { command_id: null, force: false },
  Policy: { start: "anyone", stall: "go-on", leave: "go-on", loop: "off" },
  PolicyChanged: { by: null },
  Pong: { epoch: null, rev: null },
  Queue: { rev: 0, entries: [], current: null },
  QueueChanged: { inserted: [], by: null },
  QueueEntry: { file_hash: null },
  Room: { name: null, queue: { rev: 0, entries: [], current: null }, start: null },
  RoomCreated: { return_secret: null },
  RoomJoined: { return_secret: null },
  RoomLeft: { detail: null },
  RoomSummary: { name: null, media: null },
  Seek: { command_id: null },
  Speed: { command_id: null },
  Stop: { command_id: null },
  SyncBroadcast: { command_id: null, reason: null, about: null },
  Timeline: { gate: null },
  Welcome: { motd: null, room: null, public_url: null, push_key: null },
};

/**
 * The type of each field that is, or lists, objects, by the name of the type that it is in.
 *
 * @type {Record<string, Record<string, string>>}
 */
export const WITHIN = {
  EntryChanged: { entry: "QueueEntry" },
  MediaChanged: { file: "FileInfo", timeline: "Timeline", queue: "Queue" },
  Member: { file: "FileInfo" },
  MemberChanged: { member: "Member" },
  MemberJoined: { member: "Member" },
  PolicyChanged: { policy: "Policy" },
  Queue: { entries: "QueueEntry" },
  QueueChanged: { queue: "Queue" },
  QueueEntry: { file: "FileInfo" },
  Room: {
    file: "FileInfo",
    policy: "Policy",
    members: "Member",
    timeline: "Timeline",
    queue: "Queue",
    start: "PendingStart",
  },
  RoomCreated: { room: "Room" },
  RoomJoined: { room: "Room" },
  RoomState: { room: "Room" },
  Rooms: { rooms: "RoomSummary" },
  StartChanged: { start: "PendingStart" },
  SyncBroadcast: { timeline: "Timeline" },
  Welcome: { limits: "Limits", room: "Room" },
};
