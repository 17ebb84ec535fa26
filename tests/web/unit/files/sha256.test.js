/** SHA-256 against NIST's vectors and node's own, in pieces of all lengths. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { Sha256 } from "../../../../hangd/web/files/hashing/sha256.js";

const VECTORS = /** @type {const} */ ([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
]);

test("the vectors of FIPS 180-4", () => {
  for (const [text, expected] of VECTORS) {
    const hash = new Sha256();
    hash.update(new TextEncoder().encode(text));
    assert.equal(hash.hex(), expected);
  }
});

test("every length around the padding", () => {
  const bytes = new Uint8Array(randomBytes(300));
  for (let length = 0; length <= bytes.length; length++) {
    const hash = new Sha256();
    hash.update(bytes.subarray(0, length));
    assert.equal(hash.hex(), expectedOf(bytes.subarray(0, length)), `${length} bytes`);
  }
});

test("pieces of random lengths, within a larger buffer", () => {
  for (let round = 0; round < 100; round++) {
    const bytes = new Uint8Array(randomBytes(Math.floor(Math.random() * 2000))).subarray(round % 7);
    const hash = new Sha256();
    const cuts = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Math.floor(Math.random() * 150);
      hash.update(bytes.subarray(at, at + length));
      at += length;
      cuts.push(length);
    }
    assert.equal(hash.hex(), expectedOf(bytes), `${bytes.length} bytes in pieces of ${cuts}`);
  }
});

test("two hashes that grow in turns", () => {
  const [first, second] = [new Sha256(), new Sha256()];
  const bytes = new Uint8Array(randomBytes(1000));
  for (let at = 0; at < bytes.length; at += 100) {
    first.update(bytes.subarray(at, at + 100));
    second.update(bytes.subarray(at, at + 50));
    second.update(bytes.subarray(at + 50, at + 100));
  }
  assert.equal(first.hex(), expectedOf(bytes));
  assert.equal(second.hex(), expectedOf(bytes));
});

/** @param {Uint8Array} bytes */
function expectedOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
