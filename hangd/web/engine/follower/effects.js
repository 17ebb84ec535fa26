/**
 * The effects of a `Follower`: commands to the player (player/base.js), and what the session has to carry out beside
 * them. Fields are named as in traces (docs/traces.md).
 *
 * @typedef {import("../../player/base.js").PlayerCommand} PlayerCommand
 *
 * What is requested of the room (docs/protocol.md, SyncCommand). `command_id` is a number in decimal digits.
 *
 * @typedef {{action: "Play", timestamp: number, command_id?: string}} Play
 * @typedef {{action: "Pause", timestamp: number, command_id?: string}} Pause
 * @typedef {{action: "Seek", timestamp: number, command_id?: string}} Seek
 * @typedef {{action: "Speed", rate: number, command_id?: string}} Speed
 * @typedef {{action: "Stop", command_id?: string}} Stop
 * @typedef {Play | Pause | Seek | Speed | Stop} SyncCommand
 *
 * @typedef {"playing" | "paused" | "seeking" | "buffering" | "ended" | "idle"} ReportedState
 *
 * @typedef {object} Report  The state of this player, as the room is told (docs/protocol.md).
 * @property {ReportedState} state
 * @property {number} position
 * @property {number} at  Server time at which the player was at `position`.
 * @property {number} [error]  Signed seconds from the timeline, positive ahead; absent: not known, or not now.
 * @property {number} clock_error
 * @property {number} rev  Of the newest timeline that the player follows.
 * @property {boolean} [apart]
 *
 * @typedef {{type: "SendRequest", command: SyncCommand}} SendRequest
 *   Request this of the room. The answer comes back as TimelineReceived or RoomRefused.
 * @typedef {{type: "SendReport", report: Report}} SendReport  Tell the room how this player is doing. Not answered.
 * @typedef {{type: "AnnounceCorrection", correction: import("./drift.js").Correction}} AnnounceCorrection
 *   Tell the page that a correction begins.
 * @typedef {{type: "AnnounceSeek", position: number}} AnnounceSeek
 *   Tell the page that the picture is about to seek to `position`.
 *
 * @typedef {PlayerCommand | SendRequest | SendReport | AnnounceCorrection | AnnounceSeek} FollowerEffect
 */

export {};
