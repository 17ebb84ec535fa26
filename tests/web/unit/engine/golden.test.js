/** The golden traces: the follower of the page does exactly what hangd's own does (docs/traces.md). */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { replay } from "./traces.js";

const GOLDEN = new URL("../../../golden/", import.meta.url);
const names = ["traces/", "rare/"].flatMap((folder) =>
  readdirSync(new URL(folder, GOLDEN))
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => folder + name),
);

test("there are golden traces", () => {
  assert.ok(names.length >= 30);
});

for (const name of names) {
  test(`the golden trace ${name} comes out the same`, () => {
    const { steps, difference } = replay(readFileSync(new URL(name, GOLDEN), "utf8"));
    assert.equal(difference, null);
    assert.ok(steps > 20);
  });
}
