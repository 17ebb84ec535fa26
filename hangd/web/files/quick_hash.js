/** The quick hash of a file (docs/protocol.md): whether two files are the same, as far as 3 MiB of each can tell. */

const PART = 1 << 20;

/**
 * Returns the quick hash of a file as 64 hex digits. Reads at most 3 MiB.
 *
 * Rejects with a DOMException, as `Blob.arrayBuffer` does: the file is gone, has changed since it was picked, or may
 * not be read any more.
 *
 * @param {Blob} file
 * @returns {Promise<string>}
 */
export async function quickHash(file) {
  const bytes = new Uint8Array(await new Blob([sizeOf(file), ...partsOf(file)]).arrayBuffer());
  const subtle = globalThis.crypto?.subtle; // not over plain http
  if (subtle === undefined) {
    const { Sha256 } = await import("./hashing/sha256.js"); // large for what is not needed with https
    const hash = new Sha256();
    hash.update(bytes);
    return hash.hex();
  }
  return hexOf(await subtle.digest("SHA-256", bytes));
}

/**
 * @param {Blob} file
 * @returns {Blob[]}
 */
function partsOf(file) {
  if (file.size <= 3 * PART) {
    return [file];
  }
  const middle = Math.floor((file.size - PART) / 2);
  return [0, middle, file.size - PART].map((at) => file.slice(at, at + PART));
}

/** @param {Blob} file */
function sizeOf(file) {
  const bytes = new ArrayBuffer(8);
  new DataView(bytes).setBigUint64(0, BigInt(file.size));
  return bytes;
}

/** @param {ArrayBuffer} bytes */
function hexOf(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
