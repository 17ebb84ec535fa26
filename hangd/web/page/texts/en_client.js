/** The English texts of hangd/web/client. */

/** @type {Record<string, import("./texts.js").Text>} */
export const client = {};
