import assert from "node:assert/strict";
import { test } from "node:test";
import { isFilm } from "../../../../hangd/web/files/names.js";

test("what may be a film is told by its name, else by its type", () => {
  const film = (/** @type {string} */ name, type = "") => isFilm(new File([], name, { type }));
  for (const name of ["a.mkv", "a.mp4", "a.rm", "a", "subtitles"]) assert.equal(film(name), true, name);
  assert.equal(film("a.m2ts", "text/plain"), true);
  for (const name of ["a.srt", "A.VTT", "a.ass"]) assert.equal(film(name), false, name);
  for (const [name, type] of [
    ["a.txt", "text/plain"],
    ["a.jpg", "image/jpeg"],
    ["a.pdf", "application/pdf"],
  ]) {
    assert.equal(film(name, type), false, name);
  }
});
