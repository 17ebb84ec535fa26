/** The golden stories of the link and the pings: the page's do exactly what hangd's own do (docs/traces.md). */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Link } from "../../../../hangd/web/engine/link/link.js";
import { PingSchedule } from "../../../../hangd/web/engine/link/pings.js";
import { same } from "./traces.js";

const STORIES = new URL("../../../golden/link/", import.meta.url);
const names = readdirSync(STORIES).filter((name) => name.endsWith(".jsonl"));

/**
 * @typedef {import("../../../../hangd/web/engine/link/link.js").LinkInput} LinkInput
 * @typedef {import("../../../../hangd/web/engine/link/pings.js").PingInput} PingInput
 * @typedef {{now: number, input: (LinkInput & PingInput) | null, effects: unknown[], deadline: number | null,
 *   jitter?: number}} Step
 */

test("there are golden stories", () => {
  assert.ok(names.length >= 11);
});

for (const name of names) {
  test(`the golden story ${name} comes out the same`, () => {
    const [header, ...steps] = readFileSync(new URL(name, STORIES), "utf8").trimEnd().split("\n");
    const { type, machine: kind } = JSON.parse(header);
    assert.equal(type, "link-story");
    const machine = kind === "link" ? new Link() : new PingSchedule();
    assert.ok(steps.length >= 4);
    for (const [index, line] of steps.entries()) {
      const { now, input, effects, deadline, jitter } = /** @type {Step} */ (JSON.parse(line));
      const came = input === null ? machine.expire(now) : machine.handle(input, now, jitter);
      assert.ok(
        same({ effects, deadline }, { effects: came, deadline: machine.deadline() }),
        `line ${index + 2}: ${line}`,
      );
      machine.check();
    }
  });
}

test("a start that is not spread waits as long as it may", () => {
  const link = new Link();
  link.handle({ type: "Wanted", url: "wss://hang.example/ws" }, 10);
  link.handle({ type: "DialFailed", attempt: 1, reason: "refused" }, 10);
  assert.equal(link.deadline(), 10.5);
});
