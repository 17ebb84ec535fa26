/** The English texts of hangd/web/player. */

/** @type {Record<string, import("./texts.js").Text>} */
export const player = {};
