/**
 * The inputs of a `Follower`: everything that can happen to one viewer. (A port of hangd/engine/follower/inputs.py.)
 *
 * What a follower does depends on its first state and on these inputs with their times, and on nothing else. A recording
 * of them is a trace; fields are named as in traces (docs/traces.md). A field that may be left out is false or 0 then.
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 *
 * @typedef {{type: "FileOpened", path: string, start?: number, entry?: number}} FileOpened
 *   This file has to be played: the room's film, or in no room from `start` (seconds), paused. `path` is a key of the
 *   page's table of files, never a path on a disk.
 * @typedef {{type: "FileClosed"}} FileClosed  No file has to be played any more.
 * @typedef {{type: "TimelineReceived", timeline: Timeline, entering?: boolean, stop?: boolean, answer?: boolean}
 *   } TimelineReceived
 *   The room sent its timeline. `entering`: the viewer entered this room, or is back in it after an absence. `stop`: the
 *   room stopped, so the player unloads the file until the room's timeline moves again. `answer`: every request of the
 *   viewer's has been answered by now.
 * @typedef {{type: "LeftRoom"}} LeftRoom  The viewer is in no room any more.
 * @typedef {{type: "RoomRefused"}} RoomRefused  The room refused a request of the viewer's.
 * @typedef {{type: "LinkLost"}} LinkLost  The room cannot be asked any more, until a timeline comes with `entering`.
 *
 * @typedef {{type: "Pinged", t0: number, t1: number, t2: number, t3: number}} Pinged
 *   A ping was answered: its timestamps (clock.js), t0 and t3 local, t1 and t2 server times.
 * @typedef {{type: "ClockFlushed"}} ClockFlushed  The server uses another clock from now on.
 * @typedef {{type: "AbsenceEnded"}} AbsenceEnded  The machine was suspended, or this page stood still, for some seconds.
 * @typedef {{type: "DeadlineReached"}} DeadlineReached  The time that `Follower.deadline` returned has come.
 *
 * @typedef {{type: "PauseRequested", paused: boolean}} PauseRequested  The viewer asked to pause, or to play.
 * @typedef {{type: "SeekRequested", position: number}} SeekRequested
 *   The viewer asked to seek to this position in seconds. It may lie outside the media.
 * @typedef {{type: "SpeedRequested", rate: number}} SpeedRequested
 *   The viewer asked for this speed, which is within RATE_MIN and RATE_MAX: the caller has seen to that.
 * @typedef {{type: "StopRequested"}} StopRequested  The viewer asked to stop, which unloads the file.
 *
 * @typedef {{type: "PlayerSaid", event: FollowedEvent}} PlayerSaid  The player sent an event.
 * @typedef {{type: "TimingsRecalled", timings: import("./learned.js").LearnedTimings}} TimingsRecalled
 *   These timings were learned when files of the same kind were played before.
 * @typedef {{type: "OffsetSet", seconds: number}} OffsetSet
 *   The screen shows the picture this many seconds later than the player believes.
 *
 * The player's events: those of player/base.js, and two that only other players send. OutputStale: only if the film is
 * loaded once more, its picture can be shown. PlayerDied: the player itself is lost. Events of yet other types mean
 * nothing to a follower, and are in traces of hangd.
 *
 * @typedef {import("../../player/base.js").PlayerEvent} PlayerEvent
 * @typedef {{type: "OutputStale", generation: number}} OutputStale
 * @typedef {{type: "PlayerDied", generation: number, code: string, message: string}} PlayerDied
 * @typedef {PlayerEvent | OutputStale | PlayerDied} FollowedEvent
 *
 * @typedef {FileOpened | FileClosed | TimelineReceived | LeftRoom | RoomRefused | LinkLost | Pinged | ClockFlushed |
 *   AbsenceEnded | DeadlineReached | PauseRequested | SeekRequested | SpeedRequested | StopRequested | PlayerSaid |
 *   TimingsRecalled | OffsetSet} FollowerInput
 */

export {};
