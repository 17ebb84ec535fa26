import assert from "node:assert/strict";
import { test } from "node:test";
import { isCopy, mayBeSame, sharedName } from "../../../../hangd/web/client/films/comparing.js";

const [H, OTHER] = ["a".repeat(64), "b".repeat(64)];
const FILM = { size: 10, quick_hash: H, duration: 60, name: "film.mp4" };

test("the same file is a copy, whatever the room compares", () => {
  for (const match of /** @type {const} */ (["hash", "duration", "none"])) {
    assert.equal(isCopy(match, null, FILM, null, { size: 10, quick_hash: H }), true);
    assert.equal(isCopy(match, OTHER, null, OTHER, { size: 10, quick_hash: H }), true);
  }
});

test("by hash another file is none", () => {
  assert.equal(isCopy("hash", null, FILM, null, { ...FILM, size: 11 }), false);
  assert.equal(isCopy("hash", null, FILM, null, { ...FILM, quick_hash: OTHER }), false);
  assert.equal(isCopy("hash", H, { size: 10 }, OTHER, { size: 10, quick_hash: H }), false);
});

test("where the room knows less, it finds out", () => {
  assert.equal(isCopy("hash", H, null, null, FILM), true);
  assert.equal(isCopy("hash", null, { size: 10 }, null, FILM), true);
  assert.equal(isCopy("hash", null, { size: 11 }, null, FILM), false);
  assert.equal(isCopy("hash", null, null, null, FILM), false);
});

test("by duration two seconds make no difference, and an unknown one has to be found out", () => {
  const file = { size: 99, quick_hash: OTHER };
  assert.equal(isCopy("duration", null, FILM, null, file), null);
  assert.equal(isCopy("duration", null, FILM, null, { ...file, duration: 62 }), true);
  assert.equal(isCopy("duration", null, FILM, null, { ...file, duration: 62.1 }), false);
  assert.equal(isCopy("duration", null, { ...FILM, duration: null }, null, { ...file, duration: 5 }), true);
});

test("files that differ in nothing that is known may be the same", () => {
  assert.ok(mayBeSame({ size: 1 }, { size: 1, quick_hash: H }));
  assert.ok(!mayBeSame({ size: 1, quick_hash: OTHER }, { size: 1, quick_hash: H }));
  assert.ok(!mayBeSame({ size: 1 }, { size: 2 }));
});

test("names of files are told as the protocol allows them", () => {
  assert.equal(sharedName("a/b\\c\n.mkv"), "a\ufffdb\ufffdc\ufffd.mkv");
  assert.equal(sharedName("x\ud800.mkv"), "x\ufffd.mkv");
  assert.equal(sharedName("é☕🎬.mkv"), "é☕🎬.mkv");
  assert.equal([...(sharedName("🎬".repeat(300)) ?? "")].length, 255);
  assert.equal(sharedName(""), null);
});
