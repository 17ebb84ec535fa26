import assert from "node:assert/strict";
import { test } from "node:test";
import { framesAside, showPicture } from "../../../../hangd/web/player/seeking.js";
import { film } from "./element.js";

const FRAME = 1 / 24;
/** Seconds, as long as a seek may take. */
const LONG = 30;

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

/**
 * @param {import("../../../../hangd/web/player/frames.js").Frames} frames
 * @param {import("./element.js").Element} element
 * @param {number} aim
 * @param {AbortSignal} [signal]
 */
function seeks(frames, element, aim, signal = new AbortController().signal) {
  return showPicture(/** @type {any} */ (element), frames, aim, signal, LONG);
}

/** Let what waits for a seek or a picture go on. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Wait until the player seeks for the `count`-th time, and end that seek.
 *
 * @param {import("./element.js").Element} element
 * @param {number} count
 */
async function endsSeek(element, count) {
  while (element.sought.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  element.dispatchEvent(new Event("seeked"));
  await turn();
}

test("a picture of before the seek that is told late is not its answer", async () => {
  const { element, frames } = film();
  const sought = seeks(frames, element, 12.3);
  element.tells(0);
  await endsSeek(element, 1);
  element.tells(12.3);
  assert.equal((await sought)?.frame?.position, 12.3);
});

test("nor is one of before a seek that was aborted", async () => {
  const { element, frames } = film();
  const first = new AbortController();
  const aborted = seeks(frames, element, 5, first.signal);
  first.abort();
  assert.equal(await aborted, null);
  const sought = seeks(frames, element, 20);
  await endsSeek(element, 2);
  for (const late of [0, 5, 20]) element.tells(late);
  assert.equal((await sought)?.frame?.position, 20);
});

test("a picture that is never told is sought once more", async () => {
  const { element, frames } = film();
  const sought = seeks(frames, element, 12.3);
  element.tells(0);
  element.dispatchEvent(new Event("seeked"));
  await endsSeek(element, 2);
  const [first, second] = element.sought;
  assert.equal(first, 12.3);
  assert.ok(first < second && second < first + 0.0001, "Chromium shows nothing for a seek to the very same place");
  element.tells(12.3);
  assert.equal((await sought)?.frame?.position, 12.3);
});

test("nor is one of before the answer when it was told before the second seek", async () => {
  const { element, frames } = film();
  const sought = seeks(frames, element, 12.3);
  await endsSeek(element, 1);
  element.tells(0);
  await endsSeek(element, 2);
  await endsSeek(element, 3);
  assert.deepEqual(await sought, { frame: null }, "it is not known which picture is shown");
});

test("a picture that stands from where the film was to where it is now is told again, and is the answer", async () => {
  const { element, frames } = film();
  const sought = seeks(frames, element, 12.3);
  await endsSeek(element, 1);
  element.tells(0);
  await endsSeek(element, 2);
  element.tells(0);
  assert.equal((await sought)?.frame?.position, 0);
});

test("of pictures that last equally long, one of an aborted seek to a place close by is not the answer", async () => {
  const { element, frames } = film();
  for (let count = 0; count < 5; count++) frames.learn(FRAME);
  const first = new AbortController();
  const aborted = seeks(frames, element, 5, first.signal);
  first.abort();
  assert.equal(await aborted, null);
  const sought = seeks(frames, element, 5.15);
  await endsSeek(element, 2);
  for (const late of [5, 5.125]) element.tells(late);
  assert.equal((await sought)?.frame?.position, 5.125);
});

test("a picture that began elsewhere is the answer at once", async () => {
  const { element, frames } = film();
  element.currentTime = 9;
  const sought = seeks(frames, element, 12.3);
  element.dispatchEvent(new Event("seeked"));
  element.tells(2);
  assert.equal((await sought)?.frame?.position, 2, "without waiting for another one");
});
