/** The English texts of hangd/web/app. */

/** @type {Record<string, import("./texts.js").Text>} */
export const app = {};
