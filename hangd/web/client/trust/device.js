/**
 * What this browser tells a server about itself: the same at each visit, and another thing to each server.
 *
 * It is HMAC-SHA-256 of the server's host and port under 32 random bytes, which the browser makes at its first visit and
 * keeps. Two servers cannot tell that it is the same browser. Who clears what the browser keeps is another device.
 *
 * @typedef {import("../kept.js").Kept} Kept
 */

import { decoded, encoded } from "../../protocol/base64url.js";

const KEY_BYTES = 32;
const PORTS = /** @type {Record<string, string>} */ ({ "ws:": "80", "wss:": "443" });

/**
 * Returns what `Hello` tells a server of this device: 32 bytes in base64url.
 *
 * @param {string} server  Its URL.
 * @param {Kept} kept
 * @returns {Promise<string>}
 */
export async function deviceAt(server, kept) {
  const { protocol, hostname, port } = new URL(server);
  const place = new TextEncoder().encode(`${hostname}:${port || PORTS[protocol]}`);
  return encoded(await hmac(keyOf(kept), place));
}

/** @param {Kept} kept */
function keyOf(kept) {
  const key = keptKey(kept);
  if (key.length === KEY_BYTES) return key;
  kept.keepSetting("device", encoded(crypto.getRandomValues(new Uint8Array(KEY_BYTES))));
  return keptKey(kept); // Another tab may have made one just now.
}

/**
 * @param {Kept} kept
 * @returns {Uint8Array<ArrayBuffer>}  Empty: what is kept is no base64url.
 */
function keptKey(kept) {
  try {
    return decoded(kept.setting("device", ""));
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} key
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array>}
 */
async function hmac(key, bytes) {
  const subtle = globalThis.crypto?.subtle; // not over plain http
  if (subtle === undefined) return (await import("../../files/hashing/hmac.js")).hmacSha256(key, bytes);
  const name = "HMAC";
  const made = await subtle.importKey("raw", key, { name, hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign(name, made, bytes));
}
