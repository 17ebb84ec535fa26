/** HMAC-SHA-256 (RFC 2104) where the browser has no crypto.subtle: over plain http. */

import { Sha256 } from "./sha256.js";

const BLOCK = 64;

/**
 * Returns the 32 bytes of HMAC-SHA-256.
 *
 * @param {Uint8Array} key  Of 64 bytes at most.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function hmacSha256(key, bytes) {
  const block = new Uint8Array(BLOCK);
  block.set(key);
  return hashed(xored(block, 0x5c), hashed(xored(block, 0x36), bytes));
}

/** @param {Uint8Array[]} parts */
function hashed(...parts) {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.hex().match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/**
 * @param {Uint8Array} bytes
 * @param {number} pad
 */
function xored(bytes, pad) {
  return bytes.map((byte) => byte ^ pad);
}
