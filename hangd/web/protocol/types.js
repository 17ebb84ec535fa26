/**
 * The types of the protocol's messages. Made from docs/protocol.schema.json by tools/web_types.py.
 *
 * What only a server sends has all its fields: defaults.js says what those stand for that were left out.
 *
 * @typedef {string | number} RequestId
 *
 * @typedef {object} CreateRoom  Basic. Create a room for a file and join it as host. Answer: RoomCreated.
 * @property {string | null} [file_hash]
 * @property {FileInfo | null} [file]
 * @property {string | null} [name]
 * @property {string | null} [password]
 * @property {PolicyChange | null} [policy]
 *
 * @typedef {object} Done  The request is carried out, and there is nothing more to tell.
 *
 * @typedef {object} EntryChanged  More is known of this entry than before: a hash, its duration. The queue's `rev`
 *   stays as it was.
 * @property {QueueEntry} entry
 *
 * @typedef {object} Error  Basic. `message` is one sentence for a user; `retry`: the same request may succeed later.
 * @property {"AlreadyInRoom" | "Banned" | "FileHashMismatch" | "Forbidden" | "Internal" | "InvalidMessage" | "NameTaken" | "NoSuchEntry" | "NotInRoom" | "RateLimited" | "RoomFull" | "RoomLocked" | "RoomNotFound" | "ServerFull" | "TooLarge" | "Unauthorized" | "UnknownType" | "UnsupportedProtocol" | "WrongPassword"} code
 * @property {string} message
 * @property {boolean} retry
 * @property {Record<string, string | number | boolean> | null} details
 *
 * @typedef {object} FileInfo  What a member says about its file.
 * @property {number} size
 * @property {number | null} [duration]
 * @property {string | null} [name]
 * @property {string | null} [quick_hash]
 *
 * @typedef {object} GetRoom  Answer: RoomState.
 *
 * @typedef {object} Goodbye  The server closes this connection. Only full clients get this.
 * @property {"going-down" | "idle" | "protocol" | "rate-limited" | "replaced" | "too-slow"} reason
 * @property {number | null} retry_after
 *
 * @typedef {object} Hello  Become a full client. Only valid as the first message. Answer: Welcome.
 * @property {number} protocol
 * @property {string} name
 * @property {string} client
 * @property {readonly string[]} [features]
 * @property {string | null} [token]
 * @property {Resume | null} [resume]
 *
 * @typedef {object} JoinRoom  Basic. Answer: RoomJoined. A member that gives only `file.quick_hash` and no `file_hash`
 *   is `verifying`.
 * @property {string} room_id
 * @property {string | null} [file_hash]
 * @property {FileInfo | null} [file]
 * @property {string | null} [password]
 * @property {string | null} [host_secret]
 * @property {string | null} [return_secret]
 *
 * @typedef {object} Kick
 * @property {string} client_id
 * @property {boolean} [ban]
 * @property {string | null} [reason]
 *
 * @typedef {object} LeaveRoom  Basic. Answer: RoomLeft.
 *
 * @typedef {object} Limits  What a server accepts from a client.
 * @property {number} frame_bytes
 * @property {number} text_characters
 * @property {number} room_capacity
 *
 * @typedef {object} ListRooms  Answer: Rooms, or an Error if the server does not publish its rooms.
 *
 * @typedef {object} MediaChanged  The room changed to another film, because a member requested it or because the
 *   previous film has ended.
 * @property {string | null} file_hash
 * @property {FileInfo} file
 * @property {Timeline} timeline
 * @property {Queue} queue
 * @property {string | null} by
 *
 * @typedef {object} Member  A member as the others see it. `error` is in signed seconds from the timeline, positive
 *   when ahead.
 * @property {string} client_id
 * @property {string} name
 * @property {"controller" | "host" | "viewer"} role
 * @property {"away" | "buffering" | "ended" | "idle" | "paused" | "playing" | "seeking"} state
 * @property {boolean} ready
 * @property {boolean} verifying
 * @property {number | null} position
 * @property {number | null} error
 * @property {number | null} clock_error
 * @property {number | null} rtt
 * @property {FileInfo | null} file
 * @property {boolean} film
 * @property {boolean} apart
 * @property {number | null} heard_at
 *
 * @typedef {object} MemberChanged
 * @property {Member} member
 *
 * @typedef {object} MemberJoined
 * @property {Member} member
 *
 * @typedef {object} MemberLeft
 * @property {string} client_id
 * @property {"banned" | "closed" | "kicked" | "left" | "lost" | "mismatch"} reason
 *
 * @typedef {object} Pause  Basic. Everybody pauses on the frame at `timestamp`.
 * @property {"Pause"} action
 * @property {number} timestamp
 * @property {string | null} [command_id]
 *
 * @typedef {object} PendingStart  A start that was asked for and waits until members are ready, or the countdown before
 *   it.
 * @property {string} by
 * @property {readonly string[]} waiting_for
 * @property {number} missing
 * @property {number | null} at
 *
 * @typedef {object} Ping  Ask for the server time. `t0` is the client's local time, returned in the Pong.
 * @property {number} t0
 *
 * @typedef {object} Play  Basic. Everybody plays from `timestamp` on.
 * @property {"Play"} action
 * @property {number} timestamp
 * @property {string | null} [command_id]
 * @property {boolean} [force]
 *
 * @typedef {object} Policy  The rules of a room, as everyone may see them. Of the password they show only whether there
 *   is one.
 * @property {"controllers" | "everyone" | "host"} control
 * @property {"duration" | "hash" | "none"} match
 * @property {"everyone" | "nobody"} wait
 * @property {number} capacity
 * @property {boolean} locked
 * @property {boolean} has_password
 * @property {"anyone" | "ready" | number} start
 * @property {"go-on" | "pause"} stall
 * @property {"go-on" | "pause"} leave
 * @property {"film" | "off" | "queue"} loop
 *
 * @typedef {object} PolicyChange  Changes to a room's rules. What is absent stays. An empty password removes the
 *   password.
 * @property {"controllers" | "everyone" | "host" | null} [control]
 * @property {string | null} [password]
 * @property {"duration" | "hash" | "none" | null} [match]
 * @property {"everyone" | "nobody" | null} [wait]
 * @property {number | null} [capacity]
 * @property {boolean | null} [locked]
 * @property {"anyone" | "ready" | number | null} [start]
 * @property {"go-on" | "pause" | null} [stall]
 * @property {"go-on" | "pause" | null} [leave]
 * @property {"film" | "off" | "queue" | null} [loop]
 *
 * @typedef {object} PolicyChanged
 * @property {Policy} policy
 * @property {string | null} by
 *
 * @typedef {object} Pong  `t1`: server time at which the Ping's bytes arrived; `t2`: server time just before the Pong
 *   was written.
 * @property {number} t0
 * @property {number} t1
 * @property {number} t2
 * @property {string | null} epoch
 * @property {number | null} rev
 *
 * @typedef {object} PushInvite  Invite who has subscribed under this name to the sender's room. Answer: Done, whoever
 *   there is.
 * @property {string} name
 *
 * @typedef {object} PushKeys  What a message for a browser is encrypted with, as in its PushSubscription.
 * @property {string} p256dh
 * @property {string} auth
 *
 * @typedef {object} PushSubscribe  Be invited under this name by push, from now on. Answer: Done.
 * @property {string} name
 * @property {string} endpoint
 * @property {PushKeys} keys
 * @property {string} secret
 *
 * @typedef {object} PushUnsubscribe  Be invited under this name no more. Answer: Done, also where there is no such
 *   name, or it is another client's.
 * @property {string} name
 * @property {string} secret
 *
 * @typedef {object} Queue  What a room shows, one entry after the other. `rev` rises with each edit and each step to
 *   another entry.
 * @property {number} rev
 * @property {readonly QueueEntry[]} entries
 * @property {string | null} current
 *
 * @typedef {object} QueueChanged  The queue after an edit. Where an edit changed nothing, only the member that asked
 *   gets this, as its answer.
 * @property {Queue} queue
 * @property {readonly string[]} inserted
 * @property {string | null} by
 *
 * @typedef {object} QueueEntry  One entry of a room's queue. The room gives the ids, and gives none twice.
 * @property {string} id
 * @property {FileInfo} file
 * @property {string | null} file_hash
 *
 * @typedef {object} QueueInsert  Put new entries into the queue, in their order. Answer: QueueChanged with `inserted`,
 *   to all.
 * @property {string | null} after
 * @property {readonly QueueItem[]} entries
 *
 * @typedef {object} QueueItem  A new entry of a queue, as a client asks for it. What takes longer to read may follow by
 *   SetEntry.
 * @property {FileInfo} file
 * @property {string | null} [file_hash]
 *
 * @typedef {object} QueueMove  Put entries elsewhere in the queue, one after the other in the order of `ids`. Answer:
 *   QueueChanged, to all.
 * @property {readonly string[]} ids
 * @property {string | null} after
 *
 * @typedef {object} QueueRemove  Take entries out of the queue. Answer: QueueChanged, to all. Ids that are not in the
 *   queue are ignored.
 * @property {readonly string[]} ids
 *
 * @typedef {object} Report  The state of a full client's player. No answer.
 * @property {"buffering" | "ended" | "idle" | "paused" | "playing" | "seeking"} state
 * @property {number} position
 * @property {number} at
 * @property {number | null} [error]
 * @property {number} [clock_error]
 * @property {number} [rev]
 * @property {boolean} [apart]
 *
 * @typedef {object} Resume  Proof that this connection replaces an older one of the same client.
 * @property {string} client_id
 * @property {string} secret
 *
 * @typedef {object} Room  The complete state of a room, as its members see it.
 * @property {string} room_id
 * @property {string | null} file_hash
 * @property {FileInfo | null} file
 * @property {Policy} policy
 * @property {readonly Member[]} members
 * @property {Timeline} timeline
 * @property {string | null} name
 * @property {Queue} queue
 * @property {PendingStart | null} start
 *
 * @typedef {object} RoomCreated  Basic.
 * @property {string} room_id
 * @property {string} client_id
 * @property {string} host_secret
 * @property {Room} room
 * @property {string | null} return_secret
 *
 * @typedef {object} RoomJoined  Basic.
 * @property {string} room_id
 * @property {string} client_id
 * @property {boolean} is_host
 * @property {Room} room
 * @property {string | null} return_secret
 *
 * @typedef {object} RoomLeft  Basic. The receiver is no longer in the room. `detail` is a sentence for a user.
 * @property {string} room_id
 * @property {"banned" | "closed" | "kicked" | "left" | "lost" | "mismatch"} reason
 * @property {string | null} detail
 *
 * @typedef {object} RoomState
 * @property {Room} room
 *
 * @typedef {object} RoomSummary  A room in the public list, as clients outside it may see it.
 * @property {string} room_id
 * @property {number} members
 * @property {boolean} locked
 * @property {boolean} has_password
 * @property {string | null} name
 * @property {string | null} media
 *
 * @typedef {object} Rooms
 * @property {readonly RoomSummary[]} rooms
 *
 * @typedef {object} Said
 * @property {string} from_client
 * @property {string} text
 * @property {number} at
 *
 * @typedef {object} Say  One line of chat. Answer: Said, to all.
 * @property {string} text
 *
 * @typedef {object} Seek  Basic. Everybody seeks to `timestamp`; a room that plays continues from there.
 * @property {"Seek"} action
 * @property {number} timestamp
 * @property {string | null} [command_id]
 *
 * @typedef {object} SetEntry  Tell what is not known of an entry yet: its hashes, its duration. Answer: EntryChanged,
 *   to all.
 * @property {string} id
 * @property {string | null} [file_hash]
 * @property {FileInfo | null} [file]
 *
 * @typedef {object} SetFile  This is this member's own copy of the film that is shown, or more is known of it. Answer:
 *   MemberChanged, to all.
 * @property {FileInfo} file
 * @property {string | null} [file_hash]
 * @property {string | null} [entry]
 *
 * @typedef {object} SetMedia  Move the room on to another film. Answer: MediaChanged, to all.
 * @property {string | null} [file_hash]
 * @property {FileInfo | null} [file]
 * @property {number} [start]
 * @property {string | null} [entry]
 * @property {boolean} [clear]
 * @property {boolean} [play]
 *
 * @typedef {object} SetPolicy  Answer: PolicyChanged, to all.
 * @property {"controllers" | "everyone" | "host" | null} [control]
 * @property {string | null} [password]
 * @property {"duration" | "hash" | "none" | null} [match]
 * @property {"everyone" | "nobody" | null} [wait]
 * @property {number | null} [capacity]
 * @property {boolean | null} [locked]
 * @property {"anyone" | "ready" | number | null} [start]
 * @property {"go-on" | "pause" | null} [stall]
 * @property {"go-on" | "pause" | null} [leave]
 * @property {"film" | "off" | "queue" | null} [loop]
 *
 * @typedef {object} SetReady  Answer: MemberChanged, to all.
 * @property {boolean} ready
 * @property {string | null} [client_id]
 *
 * @typedef {object} SetRole  Answer: MemberChanged, to all. If `role` is `host`, the old host becomes a controller.
 * @property {string} client_id
 * @property {"controller" | "host" | "viewer"} role
 *
 * @typedef {object} Speed  Basic. Everybody plays at `rate` times normal speed.
 * @property {"Speed"} action
 * @property {number} rate
 * @property {string | null} [command_id]
 *
 * @typedef {object} StartChanged  What `Room.start` is now. None: the room does not wait any more, because it plays, or
 *   because somebody paused.
 * @property {PendingStart | null} start
 *
 * @typedef {object} Stop  Basic. The room is paused at 0, and players unload the file.
 * @property {"Stop"} action
 * @property {string | null} [command_id]
 *
 * @typedef {object} SyncBroadcast  Basic. A command that took effect, and the timeline that followed from it.
 * @property {string} from_client
 * @property {Play | Pause | Seek | Speed | Stop} command
 * @property {Timeline} timeline
 * @property {string | null} command_id
 * @property {"apart" | "ended" | "left" | "ready" | "settled" | "stall" | "waiting" | null} reason
 * @property {string | null} about
 *
 * @typedef {object} Timeline  A room's position over time: at server time `at` it is `position`; while playing it moves
 *   at `rate`.
 * @property {string} epoch
 * @property {number} rev
 * @property {boolean} playing
 * @property {number} position
 * @property {number} rate
 * @property {number} at
 * @property {"buffering" | "seeking" | null} gate
 *
 * @typedef {object} Welcome
 * @property {string} client_id
 * @property {string} resume_secret
 * @property {number} protocol
 * @property {string} server
 * @property {string} clock_id
 * @property {readonly string[]} features
 * @property {Limits} limits
 * @property {boolean} resumed
 * @property {string | null} motd
 * @property {Room | null} room
 * @property {string | null} public_url
 * @property {string | null} push_key
 *
 * @typedef {{type: "Hello", payload: Hello, id?: RequestId}
 *   | {type: "Ping", payload: Ping, id?: RequestId}
 *   | {type: "CreateRoom", payload: CreateRoom, id?: RequestId}
 *   | {type: "JoinRoom", payload: JoinRoom, id?: RequestId}
 *   | {type: "ListRooms", payload: ListRooms, id?: RequestId}
 *   | {type: "SetMedia", payload: SetMedia, id?: RequestId}
 *   | {type: "QueueInsert", payload: QueueInsert, id?: RequestId}
 *   | {type: "QueueRemove", payload: QueueRemove, id?: RequestId}
 *   | {type: "QueueMove", payload: QueueMove, id?: RequestId}
 *   | {type: "SetEntry", payload: SetEntry, id?: RequestId}
 *   | {type: "LeaveRoom", payload: LeaveRoom, id?: RequestId}
 *   | {type: "Report", payload: Report, id?: RequestId}
 *   | {type: "SetReady", payload: SetReady, id?: RequestId}
 *   | {type: "SetFile", payload: SetFile, id?: RequestId}
 *   | {type: "Say", payload: Say, id?: RequestId}
 *   | {type: "SetPolicy", payload: SetPolicy, id?: RequestId}
 *   | {type: "SetRole", payload: SetRole, id?: RequestId}
 *   | {type: "GetRoom", payload: GetRoom, id?: RequestId}
 *   | {type: "Kick", payload: Kick, id?: RequestId}
 *   | {type: "PushSubscribe", payload: PushSubscribe, id?: RequestId}
 *   | {type: "PushUnsubscribe", payload: PushUnsubscribe, id?: RequestId}
 *   | {type: "PushInvite", payload: PushInvite, id?: RequestId}
 *   | {type: "SyncCommand", payload: Play | Pause | Seek | Speed | Stop, id?: RequestId}} ClientMessage
 *
 * @typedef {{type: "Welcome", payload: Welcome, re?: RequestId}
 *   | {type: "Pong", payload: Pong, re?: RequestId}
 *   | {type: "Rooms", payload: Rooms, re?: RequestId}
 *   | {type: "Done", payload: Done, re?: RequestId}
 *   | {type: "Error", payload: Error, re?: RequestId}
 *   | {type: "Goodbye", payload: Goodbye, re?: RequestId}
 *   | {type: "RoomCreated", payload: RoomCreated, re?: RequestId}
 *   | {type: "RoomJoined", payload: RoomJoined, re?: RequestId}
 *   | {type: "RoomLeft", payload: RoomLeft, re?: RequestId}
 *   | {type: "RoomState", payload: RoomState, re?: RequestId}
 *   | {type: "MemberJoined", payload: MemberJoined, re?: RequestId}
 *   | {type: "MemberChanged", payload: MemberChanged, re?: RequestId}
 *   | {type: "MemberLeft", payload: MemberLeft, re?: RequestId}
 *   | {type: "SyncBroadcast", payload: SyncBroadcast, re?: RequestId}
 *   | {type: "StartChanged", payload: StartChanged, re?: RequestId}
 *   | {type: "PolicyChanged", payload: PolicyChanged, re?: RequestId}
 *   | {type: "MediaChanged", payload: MediaChanged, re?: RequestId}
 *   | {type: "QueueChanged", payload: QueueChanged, re?: RequestId}
 *   | {type: "EntryChanged", payload: EntryChanged, re?: RequestId}
 *   | {type: "Said", payload: Said, re?: RequestId}} ServerMessage
 */

export {};
