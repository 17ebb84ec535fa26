import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureShown, step } from "../../../../hangd/web/player/standing.js";
import { Element, Shows, watched } from "./element.js";

const EVEN = Array.from({ length: 300 }, (_, number) => number / 30);
/** Pictures of different durations, some of which stand for seconds. */
const UNEVEN = [0, 0.1, 0.13, 0.2, 2.2, 2.23, 8, 8.5];

/**
 * @param {Element} element
 * @param {import("../../../../hangd/web/player/frames.js").Frames} frames
 */
function filmOf(element, frames) {
  return { video: /** @type {any} */ (element), frames, signal: new AbortController().signal, seconds: 30 };
}

/** @param {number} from  Where the element stands, in seconds. */
async function stands(from, begins = EVEN) {
  const { element, frames } = watched(new Shows(begins));
  if (begins === EVEN) for (let count = 0; count < 5; count++) frames.learn(1 / 30);
  element.currentTime = from;
  await new Promise((resolve) => setTimeout(resolve, 10));
  frames.last = null;
  return { element, film: filmOf(element, frames) };
}

for (const [back, reached] of /** @type {const} */ ([
  [false, 121 / 30],
  [true, 119 / 30],
])) {
  test(`a step ${back ? "back" : "on"} from a picture that is not known leads to the one beside it`, async () => {
    const { element, film } = await stands(4.02);
    assert.deepEqual(await step(film, null, back), { position: reached, shown: reached });
    assert.equal(element.shown, reached);
  });
}

test("so do steps between pictures that last differently", async () => {
  const { element, film } = await stands(1.9, UNEVEN);
  assert.deepEqual(await step(film, null, true), { position: 0.13, shown: 0.13 });
  assert.equal(element.shown, 0.13);
  assert.deepEqual(await step(film, 0.13, false), { position: 0.2, shown: 0.2 });
  assert.deepEqual(await step(film, 0.2, false), { position: 2.2, shown: 2.2 });
  assert.equal(element.shown, 2.2);
});

test("a step whose picture is not told names where the film stands, and no picture", async () => {
  const { element, frames } = watched(new Element());
  for (let count = 0; count < 5; count++) frames.learn(1 / 30);
  const stepped = step(filmOf(element, frames), 4, true);
  // Each seek ends, and no picture is told.
  const ends = setInterval(() => element.dispatchEvent(new Event("seeked")), 5);
  assert.deepEqual(await stepped, { position: 3.998, shown: null });
  clearInterval(ends);
});

test("a picture far from where the film stands is not known to be the one that is shown", () => {
  const { element, frames } = watched(new Element());
  element.currentTime = 4;
  element.tells(3.99);
  assert.equal(pictureShown(/** @type {any} */ (element), frames), 3.99);
  element.tells(0);
  assert.equal(pictureShown(/** @type {any} */ (element), frames), null);
});
