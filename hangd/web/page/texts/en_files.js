/** The English texts of hangd/web/files. */

/** @type {Record<string, import("./texts.js").Text>} */
export const files = {};
