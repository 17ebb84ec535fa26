/**
 * The types of the protocol's messages. Made from docs/protocol.schema.json by tools/web_types.py.
 *
 * What only a server sends has all its fields: defaults.js says what those stand for that were left out.
 *
 * @typedef {string | number} RequestId
 *
 * @typedef {object} Authenticate  Make this connection the account's. Answer: Authenticated.
 * @property {string} token
 *
 * @typedef {object} Authenticated  This connection is the account's from now on.
 * @property {string} account
 *
 * @typedef {object} Ban  Who may not come into a room.
 * @property {string} id
 * @property {string} name
 * @property {string} by
 * @property {readonly ("account" | "device" | "network")[]} kinds
 * @property {string | null} reason
 * @property {number | null} network_until
 *
 * @typedef {object} Bans  Who may not come into this room, oldest ban first.
 * @property {readonly Ban[]} bans
 *
 * @typedef {object} CreateInvite  Make an invite to the sender's room. Answer: InviteCreated.
 * @property {"controller" | "viewer"} [role]
 * @property {number} [expires_in]
 * @property {number | null} [uses]
 *
 * @typedef {object} CreatePairCode  Get a code with which another machine logs in. Answer: PairCode.
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
 * @typedef {object} Error  Basic. A request is refused, or a message was wrong.
 * @property {"AlreadyInRoom" | "Banned" | "FileHashMismatch" | "Forbidden" | "Internal" | "InvalidInvite" | "InvalidMessage" | "NameTaken" | "NoSuchEntry" | "NotInRoom" | "RateLimited" | "RoomFull" | "RoomLocked" | "RoomNotFound" | "ServerFull" | "TooLarge" | "Unauthorized" | "UnknownType" | "UnsupportedProtocol" | "WrongPassword"} code
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
 * @typedef {object} FilmDescribed  More is known of the film that is shown than before, and it is no entry of the
 *   queue, or just became one.
 * @property {string | null} file_hash
 * @property {FileInfo} file
 *
 * @typedef {object} GetBans  Ask who may not come into this room. Answer: Bans. Only the host may ask.
 *
 * @typedef {object} GetInvites  Ask for the invites to this room that are good. Answer: Invites. The host sees all,
 *   others their own.
 *
 * @typedef {object} GetRoom  Ask for the state of the room. Answer: RoomState.
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
 * @property {string | null} [device]
 * @property {string | null} [password]
 *
 * @typedef {object} Invite  A signed invite, without its token.
 * @property {string} id
 * @property {"controller" | "viewer"} role
 * @property {string} by
 * @property {number} expires_in
 * @property {number | null} uses
 *
 * @typedef {object} InviteCreated  A new invite, and its token.
 * @property {Invite} invite
 * @property {string} token
 *
 * @typedef {object} Invites  The newest invites that can still be used.
 * @property {readonly Invite[]} invites
 *
 * @typedef {object} JoinRoom  Basic. Join a room, by its id or its name. Answer: RoomJoined.
 * @property {string} room_id
 * @property {string | null} [file_hash]
 * @property {FileInfo | null} [file]
 * @property {string | null} [password]
 * @property {string | null} [host_secret]
 * @property {string | null} [return_secret]
 * @property {string | null} [invite]
 *
 * @typedef {object} Kick  Put a member out of the room. Answer: MemberLeft, to all that are left. Only the host may.
 * @property {string} client_id
 * @property {boolean} [ban]
 * @property {string | null} [reason]
 *
 * @typedef {object} LeaveRoom  Basic. Leave the room. Answer: RoomLeft.
 *
 * @typedef {object} Limits  What a server accepts from a client.
 * @property {number} frame_bytes
 * @property {number} text_characters
 * @property {number} room_capacity
 *
 * @typedef {object} ListRooms  Ask for the rooms of this server. Answer: Rooms, or an Error if the server does not
 *   publish its rooms.
 * @property {string | null} [after]
 *
 * @typedef {object} Login  Log in by a password. Answer: Tokens, and this connection is the account's from now on.
 * @property {string} name
 * @property {string} password
 *
 * @typedef {object} LoginByCode  Log in with the code that another machine of the same person shows. Answer: as to
 *   Login.
 * @property {string} code
 *
 * @typedef {object} Logout  End this login: its tokens are good no more, and its other connections end. Answer: Done.
 * @property {string | null} [refresh]
 * @property {boolean} [everywhere]
 *
 * @typedef {object} MediaChanged  The room changed to another film, because a member requested it or because the
 *   previous film has ended.
 * @property {string | null} file_hash
 * @property {FileInfo} file
 * @property {Timeline} timeline
 * @property {QueueChange} change
 * @property {readonly string[]} copies
 * @property {readonly string[]} verifying
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
 * @property {string | null} account
 * @property {boolean} given_up
 *
 * @typedef {object} MemberChanged  Something about a member is different, for instance its role or its copy of the
 *   film.
 * @property {Member} member
 *
 * @typedef {object} MemberJoined  A member has come into the room.
 * @property {Member} member
 *
 * @typedef {object} MemberLeft  A member is no longer in the room.
 * @property {string} client_id
 * @property {"banned" | "closed" | "ended" | "kicked" | "left" | "lost" | "mismatch" | "removed"} reason
 *
 * @typedef {object} MemberReport  What a member's player does: those fields of Member that follow from its reports,
 *   absent where they are there.
 * @property {string} client_id
 * @property {"away" | "buffering" | "ended" | "idle" | "paused" | "playing" | "seeking"} state
 * @property {number | null} position
 * @property {number | null} error
 * @property {number | null} clock_error
 * @property {number | null} rtt
 * @property {boolean} film
 * @property {boolean} apart
 * @property {number | null} heard_at
 *
 * @typedef {object} MembersReported  Players do something else, or are at other positions. Nothing else about these
 *   members is different.
 * @property {readonly MemberReport[]} reports
 *
 * @typedef {object} Notice  What the server says to people now, such as that it is about to stop. Only full clients get
 *   this.
 * @property {string} text
 *
 * @typedef {object} PairCode  A code for LoginByCode on another machine.
 * @property {string} code
 * @property {number} expires_in
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
 * @property {"accounts" | "anyone" | "invited"} access
 * @property {boolean} history
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
 * @property {"accounts" | "anyone" | "invited" | null} [access]
 * @property {boolean | null} [history]
 *
 * @typedef {object} PolicyChanged  The rules of the room are different.
 * @property {Policy} policy
 * @property {string | null} by
 *
 * @typedef {object} Pong  The answer to Ping.
 * @property {number} t0
 * @property {number} t1
 * @property {number} t2
 * @property {string | null} epoch
 * @property {number | null} rev
 *
 * @typedef {object} PushInvite  Invite who has subscribed under this name to the sender's room. Answer: Done, whoever
 *   there is.
 * @property {string} name
 * @property {string | null} [invite]
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
 * @typedef {object} QueueChange  What an edit, or a step to another entry, makes of the queue whose `rev` is one less.
 * @property {number} rev
 * @property {readonly string[]} removed
 * @property {readonly string[]} moved
 * @property {readonly QueueEntry[]} inserted
 * @property {string | null} after
 * @property {string | null} current
 *
 * @typedef {object} QueueChanged  An edit of the queue.
 * @property {QueueChange} change
 * @property {string | null} by
 *
 * @typedef {object} QueueEntry  One entry of a room's queue. The room gives the ids, and gives none twice.
 * @property {string} id
 * @property {FileInfo} file
 * @property {string | null} file_hash
 *
 * @typedef {object} QueueInsert  Put new entries into the queue, in their order. Answer: QueueChanged, to all; Done
 *   where nothing changed.
 * @property {string | null} after
 * @property {readonly QueueItem[]} entries
 *
 * @typedef {object} QueueItem  A new entry of a queue, as a client asks for it. What takes longer to read may follow by
 *   SetEntry.
 * @property {FileInfo} file
 * @property {string | null} [file_hash]
 *
 * @typedef {object} QueueMove  Put entries elsewhere in the queue, one after the other in the order of `ids`. Answer:
 *   as for QueueInsert.
 * @property {readonly string[]} ids
 * @property {string | null} after
 *
 * @typedef {object} QueueRemove  Take entries out of the queue. Ids that are not in the queue are ignored. Answer: as
 *   for QueueInsert.
 * @property {readonly string[]} ids
 *
 * @typedef {object} Refresh  Get new tokens. Answer: Tokens, and this connection is the account's from now on.
 * @property {string} refresh
 *
 * @typedef {object} Register  Make an account, and log in. Answer: Tokens. Refused as NameTaken, or as Forbidden where
 *   the server does not let strangers register.
 * @property {string} name
 * @property {string} password
 * @property {string | null} [invite]
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
 * @typedef {object} RevokeInvites  Let nobody in any more by this invite, by the sender's own, or by any. Answer: Done.
 * @property {string | null} [id]
 * @property {boolean} [everybodys]
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
 * @typedef {object} RoomCreated  Basic. The room is there, and the receiver is in it, as its host. `host_secret` proves
 *   who owns it.
 * @property {string} room_id
 * @property {string} client_id
 * @property {string} host_secret
 * @property {Room} room
 * @property {string | null} return_secret
 *
 * @typedef {object} RoomJoined  Basic. The receiver is in the room.
 * @property {string} room_id
 * @property {string} client_id
 * @property {boolean} is_host
 * @property {Room} room
 * @property {string | null} return_secret
 *
 * @typedef {object} RoomLeft  Basic. The receiver is no longer in the room. `detail` is a sentence for a user.
 * @property {string} room_id
 * @property {"banned" | "closed" | "ended" | "kicked" | "left" | "lost" | "mismatch" | "removed"} reason
 * @property {string | null} detail
 *
 * @typedef {object} RoomState  The state of the room that the receiver is in.
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
 * @typedef {object} Rooms  A page of the rooms of this server, as it publishes them. No page is larger than 64 KiB.
 * @property {readonly RoomSummary[]} rooms
 * @property {string | null} next
 *
 * @typedef {object} Said  A line of chat.
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
 * @typedef {object} SetPolicy  Change the room's rules. Answer: PolicyChanged, to all. Only the host may.
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
 * @property {"accounts" | "anyone" | "invited" | null} [access]
 * @property {boolean | null} [history]
 *
 * @typedef {object} SetReady  Say whether a member is ready for the film to start. Answer: MemberChanged, to all.
 * @property {boolean} ready
 * @property {string | null} [client_id]
 *
 * @typedef {object} SetRole  Give a member a role. Answer: MemberChanged, to all. Only the host may.
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
 * @typedef {object} Tokens  The login's tokens. Keep them secret. They replace the older ones.
 * @property {string} account
 * @property {string} access
 * @property {string} refresh
 * @property {number} expires_in
 *
 * @typedef {object} Unban  Let somebody in again. Answer: Bans, with those that are left. Only the host may ask.
 * @property {string} id
 *
 * @typedef {object} Welcome  The answer to Hello.
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
 * @property {string | null} account
 * @property {boolean} needs_account
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
 *   | {type: "Register", payload: Register, id?: RequestId}
 *   | {type: "Login", payload: Login, id?: RequestId}
 *   | {type: "LoginByCode", payload: LoginByCode, id?: RequestId}
 *   | {type: "Refresh", payload: Refresh, id?: RequestId}
 *   | {type: "Authenticate", payload: Authenticate, id?: RequestId}
 *   | {type: "Logout", payload: Logout, id?: RequestId}
 *   | {type: "CreatePairCode", payload: CreatePairCode, id?: RequestId}
 *   | {type: "CreateInvite", payload: CreateInvite, id?: RequestId}
 *   | {type: "GetInvites", payload: GetInvites, id?: RequestId}
 *   | {type: "RevokeInvites", payload: RevokeInvites, id?: RequestId}
 *   | {type: "GetBans", payload: GetBans, id?: RequestId}
 *   | {type: "Unban", payload: Unban, id?: RequestId}
 *   | {type: "SyncCommand", payload: Play | Pause | Seek | Speed | Stop, id?: RequestId}} ClientMessage
 *
 * @typedef {{type: "Welcome", payload: Welcome, re?: RequestId}
 *   | {type: "Pong", payload: Pong, re?: RequestId}
 *   | {type: "Rooms", payload: Rooms, re?: RequestId}
 *   | {type: "Done", payload: Done, re?: RequestId}
 *   | {type: "Error", payload: Error, re?: RequestId}
 *   | {type: "Goodbye", payload: Goodbye, re?: RequestId}
 *   | {type: "Notice", payload: Notice, re?: RequestId}
 *   | {type: "Tokens", payload: Tokens, re?: RequestId}
 *   | {type: "Authenticated", payload: Authenticated, re?: RequestId}
 *   | {type: "PairCode", payload: PairCode, re?: RequestId}
 *   | {type: "MemberJoined", payload: MemberJoined, re?: RequestId}
 *   | {type: "MemberChanged", payload: MemberChanged, re?: RequestId}
 *   | {type: "MembersReported", payload: MembersReported, re?: RequestId}
 *   | {type: "MemberLeft", payload: MemberLeft, re?: RequestId}
 *   | {type: "RoomCreated", payload: RoomCreated, re?: RequestId}
 *   | {type: "RoomJoined", payload: RoomJoined, re?: RequestId}
 *   | {type: "RoomLeft", payload: RoomLeft, re?: RequestId}
 *   | {type: "RoomState", payload: RoomState, re?: RequestId}
 *   | {type: "SyncBroadcast", payload: SyncBroadcast, re?: RequestId}
 *   | {type: "StartChanged", payload: StartChanged, re?: RequestId}
 *   | {type: "PolicyChanged", payload: PolicyChanged, re?: RequestId}
 *   | {type: "Said", payload: Said, re?: RequestId}
 *   | {type: "MediaChanged", payload: MediaChanged, re?: RequestId}
 *   | {type: "QueueChanged", payload: QueueChanged, re?: RequestId}
 *   | {type: "EntryChanged", payload: EntryChanged, re?: RequestId}
 *   | {type: "FilmDescribed", payload: FilmDescribed, re?: RequestId}
 *   | {type: "InviteCreated", payload: InviteCreated, re?: RequestId}
 *   | {type: "Invites", payload: Invites, re?: RequestId}
 *   | {type: "Bans", payload: Bans, re?: RequestId}} ServerMessage
 */

export {};
