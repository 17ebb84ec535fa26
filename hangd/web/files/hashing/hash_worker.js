/** The Worker of whole_hash.js: it is sent one file, tells how far it is, and at last the hash. */

import { Sha256 } from "./sha256.js";

/** @typedef {{share: number} | {hash: string} | {problem: string}} Told */

/** Bytes that are read at a time. Smaller ones cost more messages to the browser's own process. */
const PIECE = 8 << 20;

/** Milliseconds between two reports. */
const INTERVAL = 200;

const worker = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

worker.addEventListener("message", async ({ data }) => {
  try {
    tell({ hash: await hash(/** @type {Blob} */ (data)) });
  } catch (error) {
    tell({ problem: String(error) });
  }
});

/**
 * @param {Blob} file
 * @returns {Promise<string>}
 */
async function hash(file) {
  const result = new Sha256();
  let told = performance.now();
  let next = piece(file, 0);
  for (let at = 0; at < file.size; at += PIECE) {
    const bytes = await next;
    next = piece(file, at + PIECE); // the next one is read while this one is hashed
    result.update(new Uint8Array(bytes));
    if (performance.now() - told >= INTERVAL) {
      told = performance.now();
      tell({ share: (at + bytes.byteLength) / file.size });
    }
  }
  return result.hex();
}

/**
 * @param {Blob} file
 * @param {number} at
 * @returns {Promise<ArrayBuffer>}
 */
function piece(file, at) {
  const bytes = file.slice(at, at + PIECE).arrayBuffer();
  bytes.catch(() => {}); // it is awaited later, and would be reported as unhandled until then
  return bytes;
}

/** @param {Told} told */
function tell(told) {
  worker.postMessage(told);
}
