/** Saving what the page has made as a file, as a download. */

import { h } from "./dom.js";

/** Milliseconds for which a download may be read. */
const READ_WITHIN = 60_000;

/**
 * Saves this as a file where the browser puts downloads.
 *
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const href = URL.createObjectURL(content);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), READ_WITHIN);
}
