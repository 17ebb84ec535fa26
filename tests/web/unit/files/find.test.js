/** One's copy of a film among files, and what files are by their names. */

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { findCopy } from "../../../../hangd/web/files/find.js";
import { endingOf, inOrder, kindOf, stemOf } from "../../../../hangd/web/files/names.js";
import { quickHash } from "../../../../hangd/web/files/quick_hash.js";

/**
 * @param {string} name
 * @param {string} content
 */
function fileOf(name, content) {
  return /** @type {globalThis.File} */ (/** @type {unknown} */ (new File([content], name)));
}

const film = fileOf("Film.mkv", "the film");
const double = fileOf("other.mkv", "the Film"); // of the same size
const copy = fileOf("renamed.avi", "the film");
const notes = fileOf("notes.txt", "the film, but longer");
const info = { size: film.size, quick_hash: await quickHash(film), name: "Film.mkv" };

test("the same file under another name", async () => {
  assert.equal(await findCopy(info, [double, notes, copy]), copy);
  assert.equal(await findCopy(info, [double, notes]), null);
  assert.equal(await findCopy(info, []), null);
});

test("of several that are the same the one with its name", async () => {
  assert.equal(await findCopy(info, [copy, film]), film);
});

test("without a quick hash by size and name, or by size alone if only one has it", async () => {
  const bare = { size: info.size, name: info.name };
  assert.equal(await findCopy(bare, [double, film]), film);
  assert.equal(await findCopy(bare, [double, notes]), double);
  assert.equal(await findCopy(bare, [double, copy]), null);
});

test("where other files may be copies, by name", async () => {
  const other = { size: 999, quick_hash: "00".repeat(32), name: "film.mp4" };
  assert.equal(await findCopy(other, [double, film], "hash"), null);
  assert.equal(await findCopy(other, [double, film], "duration"), film);
  assert.equal(await findCopy({ ...other, name: "FILM_.mp4" }, [double, film], "none"), film);
  assert.equal(await findCopy({ ...other, name: "nothing.mp4" }, [double, film], "none"), null);
  assert.equal(await findCopy({ ...other, name: "nothing.mp4" }, [notes, film], "none"), film);
});

test("a file that is gone is passed over", async () => {
  const gone = {
    ...{ name: "gone.mkv", size: film.size },
    slice: () => gone,
    arrayBuffer: () => Promise.reject(new Error()),
  };
  assert.equal(await findCopy(info, [/** @type {any} */ (gone), copy]), copy);
});

test("names", () => {
  assert.deepEqual(["a.MKV", "a.srt", "._a.mkv", "a.txt", "mkv", ".mkv"].map(kindOf), [
    "film",
    "subtitles",
    null,
    null,
    null,
    null,
  ]);
  assert.deepEqual([endingOf("a.b.Mp4"), stemOf("a.b.Mp4"), stemOf("a")], [".mp4", "a.b", "a"]);
  const picked = ["b/1.mkv", "a/10.mkv", "a/9.mkv", "z.mkv"].map((path) => {
    const at = path.lastIndexOf("/");
    return { folder: path.slice(0, Math.max(at, 0)), file: { name: path.slice(at + 1) } };
  });
  assert.deepEqual(
    inOrder(picked).map(({ file }) => file.name),
    ["z.mkv", "9.mkv", "10.mkv", "1.mkv"],
  );
});
