import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Kept } from "../../../../hangd/web/client/kept.js";
import { deviceAt } from "../../../../hangd/web/client/trust/device.js";
import { hmacSha256 } from "../../../../hangd/web/files/hashing/hmac.js";

test("a browser is the same to a server at each visit, and another one to each server", async () => {
  const kept = new Kept(null, null);
  const here = await deviceAt("ws://h:3005/ws", kept);
  assert.match(here, /^[\w-]{43}$/);
  assert.equal(await deviceAt("ws://h:3005/hang/ws", kept), here);
  assert.equal(await deviceAt("WS://H:3005/ws", kept), here);
  assert.notEqual(await deviceAt("ws://h:3006/ws", kept), here);
  assert.notEqual(await deviceAt("ws://h:3005/ws", new Kept(null, null)), here);
  assert.equal(await deviceAt("wss://h/ws", kept), await deviceAt("wss://h:443/ws", kept));
  assert.notEqual(await deviceAt("wss://h/ws", kept), await deviceAt("ws://h/ws", kept));
});

test("it is the HMAC of the host and port under the key that is kept", async () => {
  const kept = new Kept(null, null);
  const device = await deviceAt("wss://films.example.org/ws", kept);
  const key = Uint8Array.from(Buffer.from(kept.setting("device", ""), "base64url"));
  assert.equal(key.length, 32);
  assert.equal(createHmac("sha256", key).update("films.example.org:443").digest("base64url"), device);
});

test("what is kept is not believed to be a key", async () => {
  const kept = new Kept(null, null);
  kept.keepSetting("device", "?");
  assert.match(await deviceAt("ws://h/ws", kept), /^[\w-]{43}$/);
  assert.notEqual(kept.setting("device", ""), "?");
});

test("without the browser's own it is calculated the same", () => {
  for (const [keyLength, length] of [
    [0, 0],
    [32, 21],
    [32, 64],
    [64, 200],
  ]) {
    const [key, bytes] = [keyLength, length].map((n) => Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) % 256));
    assert.deepEqual(Buffer.from(hmacSha256(key, bytes)), createHmac("sha256", key).update(bytes).digest());
  }
});
