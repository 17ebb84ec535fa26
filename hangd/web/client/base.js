/**
 * The port between the page and its session: what is shown, and what can be asked.
 *
 * `Session` (session.js) is an EventTarget. It dispatches "change" when its `state` is another one: at most once in a
 * task, and `state` is a new object whose unchanged parts are the same objects as before. It dispatches "notice" with a
 * `Notice` as `detail` for what the page writes on the picture and into its log: who did what.
 *
 * Everything that the server or another member wrote is text from strangers: the page makes text nodes of it.
 *
 * Room, Member, Timeline, Policy, Queue, FileInfo: the protocol's (protocol/types.js).
 *
 * @typedef {import("../protocol/types.js").Room} Room
 * @typedef {import("../protocol/types.js").Policy} Policy
 * @typedef {import("../protocol/types.js").FileInfo} FileInfo
 * @typedef {import("../protocol/types.js").RoomSummary} RoomSummary
 *
 * @typedef {object} LinkState  The connection to the server.
 * @property {"off" | "connecting" | "up" | "waiting" | "refused"} phase
 *   `waiting`: it broke off, and is dialed again at `retryAt`; `refused`: it is not dialed again.
 * @property {number | null} retryAt  Local time in seconds.
 * @property {string | null} problem  One sentence, already in the page's language.
 *
 * @typedef {object} CopyState  This browser's copy of the film.
 * @property {"none" | "opening" | "open" | "failed" | "refused"} phase
 *   `failed`: this browser cannot play it; `refused`: it is no copy of the room's film.
 * @property {FileInfo | null} info
 * @property {string | null} problem  One sentence for `failed` and `refused`, or what is wrong though it plays ("silent").
 * @property {number | null} hashed  The share of the file that has been hashed, 0 to 1; null: no hash is being made.
 * @property {boolean} verifying  The room does not know yet whether it is the same file.
 * @property {boolean} needsTap  The browser plays only after a tap ("tap to join in").
 *
 * @typedef {object} PlayingState  How this browser's player follows the room.
 * @property {"empty" | "loading" | "paused" | "seeking" | "playing" | "ended"} motion
 * @property {boolean} stalled
 * @property {boolean} paused  What the play button shows: the film is paused, or is wanted to be.
 * @property {number} rate
 * @property {number | null} duration  Seconds.
 * @property {number | null} error  Signed seconds from the room's timeline, positive ahead; null: unknown, or at rest.
 * @property {number | null} bound  Seconds: how well the server's clock is known.
 * @property {boolean} correcting
 *
 * @typedef {object} ChatLine
 * @property {string} from  A member's client_id.
 * @property {string} name  Its name when it said this.
 * @property {string} text
 * @property {Date} at
 * @property {boolean} own
 *
 * @typedef {object} Notice
 * @property {string} kind  "joined", "left", "paused", "played", "sought", "speed", "said", "waiting", "countdown", "media",
 *   "queue", "policy", "role", "kicked", "refused", "problem": the same words as hangd's messages on the picture; and
 *   "server" for what the server says to people.
 * @property {string} text  One sentence in the page's language.
 * @property {string | null} about  The client_id of the member that did it.
 *
 * @typedef {object} SessionState
 * @property {LinkState} link
 * @property {string | null} server  Its name and version, from Welcome.
 * @property {readonly string[]} features  Of the server, from Welcome.
 * @property {string | null} pushKey  From Welcome: the server sends invitations by push, signed with this key.
 * @property {string | null} motd
 * @property {string | null} account  The account that is logged in.
 * @property {"password" | "account" | null} wants  What the server wants before anything else: its own password, or that
 *   this viewer logs in.
 * @property {string | null} me  This client's client_id.
 * @property {Room | null} room  As the server last told it, with all changes since. null: in no room.
 * @property {string | null} invite  The https:// (or http://) link to the room.
 * @property {string | null} left  Why the room was left, one sentence; null: by this viewer, or in a room.
 * @property {CopyState} copy
 * @property {PlayingState} playing
 * @property {readonly ChatLine[]} chat  The last 500 lines.
 * @property {boolean} mayControl  Play, pause, seek, speed and the queue.
 * @property {boolean} isHost
 *
 * @typedef {object} RoomOptions
 * @property {string} [name]
 * @property {string} [password]
 * @property {Partial<Policy>} [policy]
 *
 * @typedef {{ok: true, told?: any} | {ok: false, code: string, text: string, film?: string}} Outcome
 *   `told` is the payload of the answer, where `ask` asked. `text` is one sentence in the page's language. No request
 *   throws or rejects. `film`: the name of the film that the room shows, where the file is another one and the server
 *   publishes its rooms.
 *
 * @typedef {(options: {files: {get: (path: string) => File | null}, emit: (event: import("../player/base.js").PlayerEvent)
 *   => void}) => import("../player/base.js").Player} MakePlayer
 *
 * @typedef {object} LocalFiles  Of hangd/web/files.
 * @property {(file: File) => Promise<string>} quickHash
 * @property {(file: File, onProgress: (share: number) => void, signal: AbortSignal) => Promise<string>} hashWhole
 * @property {(file: File, quick: string) => Promise<string | null>} knownHash
 * @property {(file: File, quick: string, hash: string) => Promise<void>} keepHash
 * @property {(film: FileInfo, files: File[], match?: Policy["match"]) => Promise<File | null>} findCopy
 * @property {(film: FileInfo) => Promise<File | null>} recall
 * @property {(file: File) => Promise<string | null>} [explain]  What this browser leaves out of it, and who does not: one
 *   sentence; null: its header does not tell.
 *
 * @typedef {object} SessionOptions  What page/main.js gives to `new Session`. It calls `session.begin()` once the page
 *   listens: that goes back into the room in which this tab was before the page was loaded anew, if the address still
 *   names it. `state.link` and `state.room` tell how it goes.
 * @property {MakePlayer} makePlayer  Called once, in the constructor.
 * @property {import("../engine/follower/state.js").Policies} policies  Of the browser: engine/policies.js.
 * @property {LocalFiles} files
 * @property {import("./kept.js").Kept} [kept]
 *
 * @typedef {object} AccountPort  Logging in and out. `state.account` tells who is logged in.
 * @property {boolean} mayLogIn  Whether this page may: not over a connection that others can read.
 * @property {(by: {name: string, password: string} | {code: string}) => Promise<Outcome>} logIn
 * @property {(name: string, password: string, invite: string | null) => Promise<Outcome>} register
 * @property {(everywhere: boolean) => Promise<Outcome>} logOut
 * @property {(password: string) => Promise<Outcome>} givePassword  The server's own, which is kept.
 *
 * @typedef {object} SessionPort  What `Session` offers, beside `state` and the events.
 * @property {SessionState} state
 * @property {(name: string) => void} setName  The viewer's own name, kept; counts from the next connection on.
 * @property {(file: File) => Promise<Outcome>} openFile  The viewer's copy, or in no room the film to create one with.
 * @property {() => void} closeFile
 * @property {(options: RoomOptions) => Promise<Outcome>} create  A room for the file that is open.
 * @property {(room: string, options?: {password?: string, invite?: string | null}) => Promise<Outcome>} join  With the
 *   open file, or without. `invite`: the token of a signed invite.
 * @property {() => Promise<Outcome>} leave
 * @property {() => void} togglePause
 * @property {(paused: boolean) => void} setPaused
 * @property {(position: number) => void} seek
 * @property {(seconds: number) => void} seekBy
 * @property {(rate: number) => void} setSpeed
 * @property {(frames: -1 | 1) => void} step  The next picture or the one before; a seek of the room.
 * @property {() => Promise<Outcome>} startNow  Starts though not everybody is ready (the host's).
 * @property {(ready: boolean, member?: string) => Promise<Outcome>} setReady
 * @property {(text: string) => Promise<Outcome>} say
 * @property {(change: object) => Promise<Outcome>} setPolicy  A PolicyChange of the protocol.
 * @property {(member: string, role: "host" | "controller" | "viewer") => Promise<Outcome>} setRole
 * @property {(member: string, options?: {ban?: boolean, reason?: string}) => Promise<Outcome>} kick
 * @property {(files: File[], after?: string | null) => Promise<Outcome>} queueInsert
 * @property {(ids: string[]) => Promise<Outcome>} queueRemove
 * @property {(ids: string[], after: string | null) => Promise<Outcome>} queueMove
 * @property {(id: string) => Promise<Outcome>} showEntry  Moves the room on to this entry of the queue.
 * @property {(seconds: number) => void} setOffset  The sound is later than the browser knows (Bluetooth); kept by output.
 * @property {() => number | null} position  Of the picture, in seconds, now.
 * @property {() => number | null} roomPosition  Of the room's timeline, now.
 * @property {(member: string) => number | null} memberPosition  Extrapolated from its last report; null: unknown.
 * @property {() => void} tapped  The viewer has tapped where `copy.needsTap` asked for it.
 * @property {() => number | null} serverNow  The server's clock, now, in seconds: for countdowns (`room.start.at`) and for
 *   how old a member's `heard_at` is. null: not known yet.
 * @property {() => string} ownName  What `setName` was given last, also in an earlier visit; "": nothing.
 * @property {(files: File[]) => void} offerFiles  Files that the viewer has picked (a folder): where the session looks for
 *   the films that the room shows later. They replace those of before.
 * @property {() => Promise<RoomSummary[] | null>} listRooms  The server's rooms, if it publishes them.
 * @property {() => string} dumpTrace  The last half hour in the format of docs/traces.md.
 * @property {(type: string, payload: object) => Promise<Outcome>} ask  Any other request of the protocol: PushSubscribe.
 * @property {() => Promise<void>} meet  Connects to the server, if nothing else did. `state.wants` tells what it wants.
 * @property {AccountPort} account
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 * @property {(type: string, listener: (event: any) => void) => void} removeEventListener
 */

export {};
