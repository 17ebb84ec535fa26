/** The English texts of hangd/web/player. */

/** @type {Record<string, import("./texts.js").Text>} */
export const player = {
  "player.not-found": "The file is not open in this page any more: pick it again.",
  "player.empty": "“{name}” is empty.",
  "player.unrecognized":
    "This browser cannot play “{name}”. Another browser may, or hangd, which plays nearly everything.",
  "player.explained": "“{name}” cannot be played here. {why}",
  "player.broken": "“{name}” is damaged, or its picture is made in a way that this browser cannot show.",
  "player.vanished": "“{name}” cannot be read any more: it was moved, changed or deleted. Pick it again.",
  "player.truncated": "“{name}” ends long before the end of the film: the file is not complete.",
  "player.slow": "“{name}” cannot be read: the disk or the network share does not answer.",
};
