/** The height of the line: one for the whole of a start, and learned from the starts before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../../../hangd/web/engine/local_time.js";
import { chromium } from "../../../../hangd/web/player/browsers/chromium.js";
import { Line } from "../../../../hangd/web/player/line.js";

/** Node would wait for a message of the real one for ever. */
class Channel {
  port1 = { onmessage: () => {} };
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
}
Object.assign(globalThis, { MessageChannel: Channel });

const { signal } = new AbortController();
const KNOWN = chromium.pictureAhead - chromium.pictureDelay;

/** A film that plays since the local time 0, and whose pictures are `ahead` seconds before its clock. */
class Film {
  ahead = 0;
  playbackRate = 1;

  uneven = 0;
  #readings = 0;

  get currentTime() {
    return now() + this.uneven * (this.#readings++ % 5);
  }

  /** The pictures of the last second. */
  get recent() {
    const last = now();
    return Array.from({ length: 20 }, (_, index) => {
      const at = last - (20 - index) / 30;
      return { at, position: at + this.ahead, clock: at, clockAt: at };
    });
  }

  jump() {}
}

/**
 * @param {Film} film
 * @param {{get: () => number[] | null, set: (key: string, value: number[]) => void} | null} [store]
 */
function lineOf(film, store = null) {
  // A real element has far more than a line reads of it.
  const video = /** @type {HTMLVideoElement} */ (/** @type {unknown} */ (film));
  const frames = /** @type {import("../../../../hangd/web/player/frames.js").Frames} */ (/** @type {unknown} */ (film));
  return new Line(video, frames, chromium, store);
}

/**
 * Play a start, and return by how much its positions are ahead of the clock at its beginning and its end.
 *
 * @param {Film} film
 * @param {Line} line
 * @param {number} ahead
 */
async function start(film, line, ahead) {
  line.begin();
  film.ahead = ahead;
  const heights = [];
  for (let reading = 0; reading < 6; reading++) {
    const point = await line.read(signal);
    assert.ok(point !== null);
    heights.push(point.position - point.at);
  }
  return { first: heights[0], last: heights[5] };
}

test("pictures that are elsewhere do not move the line within a start", async () => {
  const film = new Film();
  const { first, last } = await start(film, lineOf(film), 0.04);
  assert.ok(Math.abs(first - KNOWN) < 0.002, `${first}`);
  assert.ok(Math.abs(last - KNOWN) < 0.002, `${last}`);
});

test("many starts tell the height, and a few of a busy machine among them do not", async () => {
  const film = new Film();
  /** @type {number[] | null} */
  let kept = null;
  const line = lineOf(film, {
    get: () => kept,
    set: (_, value) => {
      kept = value;
    },
  });
  for (let index = 0; index < 24; index++)
    await start(film, line, index % 6 === 5 ? -0.05 : 0.01 + (index % 3) * 0.002);
  const { first } = await start(film, line, 0.012);
  assert.ok(Math.abs(first - (0.012 - chromium.pictureDelay)) < 0.002, `${first}`);
  const again = await start(film, lineOf(film, { get: () => kept, set: () => {} }), 0.012);
  assert.ok(Math.abs(again.first - first) < 0.002, `${again.first}`);
});

test("readings that do not agree count when there was no other for two seconds", async () => {
  const film = new Film();
  const line = lineOf(film);
  line.begin();
  film.uneven = 0.01;
  assert.equal(await line.read(signal), null);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.notEqual(await line.read(signal), null);
});

test("a film that stalls while its line is read is read all the same", async () => {
  class Stalling extends Film {
    get currentTime() {
      this.stalled = true; // the player forgets the pictures then
      return super.currentTime;
    }
    stalled = false;
    get recent() {
      return this.stalled ? [] : super.recent;
    }
  }
  const film = new Stalling();
  const line = lineOf(film);
  line.begin();
  const point = await line.read(signal);
  assert.ok(point !== null && Math.abs(point.position - point.at - KNOWN) < 0.002);
});
