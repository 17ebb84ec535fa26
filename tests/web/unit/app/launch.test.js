/** Films that the system opens with the installed page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { takeLaunchedFiles } from "../../../../hangd/web/app/installation.js";

/** @param {File[]} files */
const launchOf = (files) => ({ files: files.map((file) => ({ getFile: async () => file })) });

test("a launch with films opens them, and one without opens nothing", async () => {
  /** @type {((launch: object) => Promise<void>) | null} */
  let consumer = null;
  const queue = { setConsumer: (/** @type {(launch: object) => Promise<void>} */ given) => (consumer = given) };
  Object.assign(globalThis, { launchQueue: queue });
  /** @type {string[][]} */
  const opened = [];
  takeLaunchedFiles((files) => opened.push(files.map((file) => file.name)));
  const launch = /** @type {(launch: object) => Promise<void>} */ (/** @type {unknown} */ (consumer));
  await launch({});
  await launch(launchOf([]));
  await launch(launchOf([new File(["x"], "a.mp4"), new File(["y"], "b.mkv")]));
  assert.deepEqual(opened, [["a.mp4", "b.mkv"]]);
});

test("a browser without launches is left alone", () => {
  Object.assign(globalThis, { launchQueue: undefined });
  takeLaunchedFiles(() => assert.fail("nothing was launched"));
});
