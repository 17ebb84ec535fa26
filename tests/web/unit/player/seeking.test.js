import assert from "node:assert/strict";
import { test } from "node:test";
import { framesAside } from "../../../../hangd/web/player/seeking.js";

const FRAME = 1 / 24;

test("the picture that begins at the target, or contains it, is the right one", () => {
  assert.equal(framesAside(10, 10, FRAME), 0);
  assert.equal(framesAside(10, 10 + 0.9 * FRAME, FRAME), 0);
  assert.equal(framesAside(10.0004, 10, FRAME), 0, "Matroska rounds times to milliseconds");
});

test("the picture before is one aside", () => {
  assert.equal(framesAside(10 - FRAME, 10, FRAME), 1);
  assert.equal(framesAside(10 - FRAME + 0.0004, 10, FRAME), 1);
});

test("a picture far away is that of a film with gaps, and no reason to seek again", () => {
  assert.equal(framesAside(2, 10, FRAME), 0);
});

test("without knowing how long pictures last nothing is said", () => {
  assert.equal(framesAside(9, 10, null), 0);
});
