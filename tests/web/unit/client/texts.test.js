import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { client } from "../../../../hangd/web/page/texts/en_client.js";

const folder = new URL("../../../../hangd/web/client/", import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

/** Beginnings of keys whose end is a value. */
const FAMILIES = [...sources.matchAll(/`([a-z-]+(?:\.[a-z-]+)*\.)\$\{/g)].map((found) => found[1]);

test("every sentence is used", () => {
  const unused = Object.keys(client).filter((key) => {
    const plain = key.replace(/\.(you|room|said)$/, "");
    const isFamily = FAMILIES.some((family) => key.startsWith(family));
    return !isFamily && !sources.includes(`"${plain}"`) && !sources.includes(`"${key}"`);
  });
  assert.deepEqual(unused, []);
});

test("every key that is written out is there", () => {
  const keys = [...sources.matchAll(/\bt\(\s*"([^"]+)"/g)].map((found) => found[1]);
  assert.ok(keys.length > 20);
  const others = keys.filter((key) => !(key in client));
  assert.deepEqual(others, []);
});
