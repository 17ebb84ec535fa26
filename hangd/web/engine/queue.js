/**
 * Carries out a change of a room's queue, as the room has done: hangd/engine/queue.py.
 *
 * @typedef {import("../protocol/types.js").Queue} Queue
 * @typedef {import("../protocol/types.js").QueueChange} QueueChange
 */

const QUEUE_MAX = 500;

/**
 * Returns the queue after this change; the one that was given, if the change is known already.
 *
 * null: the change does not follow from this queue, so what it is now has to be asked for (GetRoom).
 *
 * @param {Queue} queue
 * @param {QueueChange} change
 * @returns {Queue | null}
 */
export function applied(queue, { rev, removed, moved, inserted, after, current }) {
  if (rev <= queue.rev) return queue;
  const there = new Map(queue.entries.map((entry) => [entry.id, entry]));
  const gone = new Set([...removed, ...moved]);
  if (rev !== queue.rev + 1 || [...gone].some((id) => !there.has(id))) return null;
  const rest = queue.entries.filter(({ id }) => !gone.has(id));
  const place = after === null ? 0 : rest.findIndex(({ id }) => id === after) + 1;
  if (after !== null && place === 0) return null;
  const put = moved.flatMap((id) => there.get(id) ?? []);
  const entries = [...rest.slice(0, place), ...put, ...inserted, ...rest.slice(place)];
  const ids = new Set(entries.map(({ id }) => id));
  if (ids.size < entries.length || ids.size > QUEUE_MAX || (current !== null && !ids.has(current))) return null;
  return { rev, entries, current };
}
