/**
 * The room's queue, as the viewer edits it: docs/protocol.md, "The queue".
 *
 * @typedef {import("../../protocol/types.js").ClientMessage} ClientMessage
 * @typedef {import("../base.js").Outcome} Outcome
 *
 * @typedef {object} QueueParts  What this uses of the session.
 * @property {import("./copy.js").LocalCopy} copy
 * @property {import("./films.js").Films} films
 * @property {(message: ClientMessage, arrived?: (message: import("../../protocol/types.js").ServerMessage) => void) => Promise<Outcome>} ask
 */

import { isFilm } from "../../files/names.js";
import { t } from "../../page/texts/texts.js";
import { notAFilm } from "../refusals.js";

/** Entries in one request. An entry with a long name is 1400 bytes, and a frame takes 64 KiB. */
const INSERTED_MAX = 30;
/** No entry's id is ever this: it means the end of the queue. */
const END = "end";

/**
 * Puts films into the queue, in their order, behind the entry `after`. Subtitles among them are left out.
 *
 * Where they need more than one request and the room refuses one, those before it stay.
 *
 * @param {QueueParts} parts
 * @param {readonly File[]} picked
 * @param {string | null} [after]  null: to the beginning; undefined: to the end.
 * @returns {Promise<Outcome>}
 */
export async function insert({ copy, films, ask }, picked, after = END) {
  const fit = picked.filter(isFilm);
  const [other] = picked;
  if (fit.length === 0 && other !== undefined) return notAFilm(other);
  const read = await Promise.all(fit.map(async (file) => ({ file, info: await copy.quick(file) })));
  const readable = read.flatMap(({ file, info }) => (info === null ? [] : [{ file, info }]));
  if (readable.length === 0 || readable.length < fit.length) {
    return { ok: false, code: "Unreadable", text: t(picked.length ? "error.Unreadable" : "error.NoFile") };
  }
  let behind = after;
  for (let at = 0; at < readable.length; at += INSERTED_MAX) {
    const some = readable.slice(at, at + INSERTED_MAX);
    const entries = some.map(({ info }) => ({ file: info }));
    const outcome = await ask({ type: "QueueInsert", payload: { after: behind, entries } }, (message) => {
      if (message.type !== "QueueChanged") return;
      message.payload.change.inserted.forEach(({ id }, n) => {
        if (some[n] !== undefined) films.found(id, { ...some[n], brought: true });
        behind = id;
      });
    });
    if (!outcome.ok) return outcome;
  }
  return { ok: true };
}
