/** The golden traces: the follower of the page does exactly what hangd's own does (docs/traces.md). */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { replay } from "./traces.js";

const TRACES = new URL("../../../golden/traces/", import.meta.url);
const names = readdirSync(TRACES).filter((name) => name.endsWith(".jsonl"));

test("there are golden traces", () => {
  assert.ok(names.length >= 16);
});

for (const name of names) {
  test(`the golden trace ${name} comes out the same`, () => {
    const { steps, difference } = replay(readFileSync(new URL(name, TRACES), "utf8"));
    assert.equal(difference, null);
    assert.ok(steps > 20);
  });
}
