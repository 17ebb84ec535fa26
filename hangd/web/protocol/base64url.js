/** base64url without "=" (RFC 4648, section 5), in which the protocol has bytes. */

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encoded(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * Returns the bytes. Throws a DOMException where this is no base64url.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decoded(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}
