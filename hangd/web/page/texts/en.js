/** The English texts. Values in braces are filled in by `t`. */

import { app } from "./en_app.js";
import { client } from "./en_client.js";
import { entrance } from "./en_entrance.js";
import { files } from "./en_files.js";
import { page } from "./en_page.js";
import { player } from "./en_player.js";

/** @type {Record<string, import("./texts.js").Text>} */
export const en = { ...page, ...app, ...client, ...files, ...player, ...entrance };
