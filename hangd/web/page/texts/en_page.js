/** The English texts of the page itself: everything that is drawn by hangd/web/page. */

/** @type {Record<string, import("./texts.js").Text>} */
export const page = {
  "list.and": "{names} and {last}",
  "list.more": "{names} and {count} more",
};
