/**
 * The port of a player: what the driver gives it, and what it tells.
 *
 * Commands and events are those of hangd.engine.player_messages, as plain objects with their class name as `type` and
 * their fields as they are in traces (docs/traces.md). A player of the page carries out `PlayerCommand`s only; volume,
 * tracks, subtitles and full screen are settings of the page and do not pass the engine.
 *
 * Times (`at`) are local: `now()` of engine/local_time.js, seconds. `position` is in seconds into the film.
 * A follower ignores samples whose `at` is before the time at which it was given Started: one that is to correct a late
 * start at once is read after Started was told, not together with it.
 *
 * @typedef {{type: "Load", path: string, generation: number, start: number, entry: number}} Load
 *   `path` is a key of the driver's table of files (`FileTable`), never a path on a disk.
 * @typedef {{type: "Unload"}} Unload
 * @typedef {{type: "Resume", at: number | null}} Resume
 * @typedef {{type: "PauseNow"}} PauseNow
 * @typedef {{type: "PauseFor", seconds: number}} PauseFor
 * @typedef {{type: "SeekTo", position: number}} SeekTo
 * @typedef {{type: "SetRate", rate: number}} SetRate
 * @typedef {{type: "StepFrame", back: boolean}} StepFrame
 * @typedef {Load | Unload | Resume | PauseNow | PauseFor | SeekTo | SetRate | StepFrame} PlayerCommand
 *
 * @typedef {{type: "Loaded", generation: number, duration: number | null}} Loaded
 * @typedef {{type: "LoadFailed", generation: number, code: string, message: string}} LoadFailed
 *   `message` is a key of the page's texts or a sentence of one.
 * @typedef {{type: "DurationChanged", generation: number, duration: number}} DurationChanged
 * @typedef {{type: "Settled", generation: number, position: number, at: number}} Settled
 * @typedef {{type: "Shown", generation: number, position: number | null}} Shown
 * @typedef {{type: "Started", generation: number, position: number, at: number}} Started
 * @typedef {{type: "Sampled", generation: number, position: number, at: number, rate: number}} Sampled
 * @typedef {{type: "Stalled", generation: number, stalled: boolean, at: number}} Stalled
 * @typedef {{type: "Ended", generation: number, position: number, at: number}} Ended
 * @typedef {Loaded | LoadFailed | DurationChanged | Settled | Shown | Started | Sampled | Stalled | Ended} PlayerEvent
 *
 * @typedef {object} Player
 * @property {(command: PlayerCommand) => void} do  Carries out one command. Never throws.
 * @property {() => void} close  Stops for good; no event follows.
 *
 * What the page learns of a film beside the engine's events: `PlayerNotices`, by DOM events on the player's own
 * EventTarget: "needs-tap" (the browser wants a tap before it plays), "tapped" (there was one, or none is wanted any
 * more), "silent" (the film has a sound track that this browser does not decode), "no-picture".
 *
 * @typedef {object} FileTable  The driver's files, by the `path` of Load.
 * @property {(path: string) => File | null | undefined} get
 *
 * @typedef {object} PlayerOptions  What the player of the page is made of.
 * @property {HTMLVideoElement} video
 * @property {FileTable} files
 * @property {(event: PlayerEvent) => void} emit  Called where the event happened, never inside `do`.
 * @property {import("./policy.js").PlayerPolicy} [policy]
 * @property {import("./latency.js").Store | null} [store]
 * @property {import("./contents.js").Inspect} [inspect]  What the container says that is in it. Without it, a film without
 *   sound cannot be told from one whose sound this browser does not decode.
 */

export {};
