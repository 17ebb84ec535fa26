/**
 * The timeline of a player that is in no room: the commands of a room, applied at once and in local time. (A port of
 * hangd/engine/follower/local_timeline.py.)
 *
 * @typedef {import("../timeline.js").Timeline} Timeline
 * @typedef {import("./effects.js").SyncCommand} SyncCommand
 */

import { playableRate, positionAt } from "../timeline.js";

/** A room's epoch is a random id, so this one is of no room. */
const EPOCH = "alone";

/**
 * Return a first timeline, valid from the local time `now` on.
 *
 * @param {number} now
 * @param {number} [position]  Seconds.
 * @param {{playing?: boolean, rate?: number, waits?: boolean}} [options]  `waits`: a player has to settle first.
 * @returns {Timeline}
 */
export function initial(now, position = 0, { playing = false, rate = 1, waits = false } = {}) {
  return { epoch: EPOCH, rev: 0, playing, position, rate, at: now, gate: waits && playing ? "seeking" : null };
}

/**
 * Return the timeline after `command`.
 *
 * @param {Timeline} timeline
 * @param {SyncCommand} command
 * @param {number} now
 * @param {object} player
 * @param {boolean} player.loaded  There is a file, and so a player that can settle at a gate.
 * @param {boolean} player.moves  The picture runs, or is about to.
 * @param {boolean} player.atEnd  The command's timestamp is the end of the media, where Play starts from the beginning,
 *   as in other players.
 * @returns {Timeline}
 */
export function applied(timeline, command, now, { loaded, moves, atEnd }) {
  /** @type {Timeline} */
  const changed = { ...timeline, rev: timeline.rev + 1, at: now, gate: null };
  switch (command.action) {
    // A seek while playing closes a gate, as in a room; the follower opens it when its player has settled. So does a
    // start while the player opens a file or seeks: what is asked meanwhile is asked of a timeline that stands.
    case "Play": {
      const waits = loaded && (atEnd || !moves);
      return { ...changed, playing: true, position: atEnd ? 0 : command.timestamp, gate: waits ? "seeking" : null };
    }
    case "Pause":
      return { ...changed, playing: false, position: command.timestamp };
    case "Seek":
      return { ...changed, position: command.timestamp, gate: loaded && timeline.playing ? "seeking" : null };
    case "Speed":
      return {
        ...changed,
        position: positionAt(timeline, now),
        rate: playableRate(command.rate),
        gate: timeline.gate ?? null,
      };
    case "Stop":
      return { ...changed, playing: false, position: 0 };
  }
}
