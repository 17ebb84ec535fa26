/** The engine reads no clock, draws no random number and knows no browser: all that comes in as arguments. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ENGINE = new URL("../../../../hangd/web/engine/", import.meta.url);
const IMPURE =
  /(?<![.\w])(performance|Date|Math\.random|crypto|WebSocket|window|document|navigator|self|globalThis|set(Timeout|Interval)|fetch|console)\b(?!\s*:)/;

/** The page's clock stands beside the engine: callers pass its readings in. */
const CLOCK = "local_time.js";

/** @param {string} text */
function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*$/gm, "");
}

const modules = /** @type {string[]} */ (readdirSync(ENGINE, { recursive: true })).filter(
  (name) => name.endsWith(".js") && name !== CLOCK,
);

test("there are modules to look at", () => {
  assert.ok(modules.length > 12);
  assert.match(withoutComments(readFileSync(new URL(CLOCK, ENGINE), "utf8")), IMPURE);
});

for (const name of modules) {
  test(`${name} is pure`, () => {
    const text = withoutComments(readFileSync(new URL(name, ENGINE), "utf8"));
    assert.doesNotMatch(text, IMPURE);
    for (const [, from] of text.matchAll(/\bfrom\s+"([^"]+)"/g)) {
      const url = new URL(from, new URL(name, ENGINE)).href;
      assert.ok(url.startsWith(ENGINE.href) && !url.endsWith(CLOCK), `it imports ${from}`);
    }
  });
}
