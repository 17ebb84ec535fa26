/** The quick hash as docs/protocol.md words it, with crypto.subtle and without. */

import assert from "node:assert/strict";
import { createHash, randomBytes, webcrypto } from "node:crypto";
import { test } from "node:test";
import { quickHash } from "../../../../hangd/web/files/quick_hash.js";

const MIB = 1 << 20;
const LENGTHS = [0, 1, 1000, 3 * MIB - 1, 3 * MIB, 3 * MIB + 1, 4 * MIB, 5 * MIB + 333];

for (const subtle of [webcrypto.subtle, undefined]) {
  test(`${subtle ? "with" : "without"} crypto.subtle`, async (context) => {
    context.mock.getter(globalThis.crypto, "subtle", () => subtle);
    assert.equal(globalThis.crypto.subtle, subtle);
    for (const length of LENGTHS) {
      const bytes = new Uint8Array(randomBytes(length));
      assert.equal(await quickHash(new Blob([bytes])), expectedOf(bytes), `${length} bytes`);
    }
  });
}

test("it reads no more than three MiB of a large file", async () => {
  /** @type {[number, number][]} */
  const read = [];
  const file = new Proxy(new Blob([]), {
    get: (_, name) =>
      name === "size"
        ? 2 ** 40
        : (/** @type {number} */ from, /** @type {number} */ to) => {
            read.push([from, to]);
            return new Blob([new Uint8Array(to - from)]);
          },
  });
  await quickHash(file);
  assert.deepEqual(read, [
    [0, MIB],
    [(2 ** 40 - MIB) / 2, (2 ** 40 - MIB) / 2 + MIB],
    [2 ** 40 - MIB, 2 ** 40],
  ]);
});

/** @param {Uint8Array} bytes */
function expectedOf(bytes) {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(bytes.length));
  const hash = createHash("sha256").update(size);
  if (bytes.length <= 3 * MIB) {
    return hash.update(bytes).digest("hex");
  }
  const middle = Math.floor((bytes.length - MIB) / 2);
  return hash
    .update(bytes.subarray(0, MIB))
    .update(bytes.subarray(middle, middle + MIB))
    .update(bytes.subarray(bytes.length - MIB))
    .digest("hex");
}
