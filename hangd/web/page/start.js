/** Starts the interface on a session. It joins nothing: page/main.js makes the parts, or a test makes others. */

import { Actions } from "./actions.js";
import { Copies } from "./copies.js";
import { HangPage } from "./hang_page.js";
import { Preferences, storage } from "./preferences.js";

/**
 * Puts the page into the document.
 *
 * @param {import("./view.js").SessionPort} session
 * @param {HTMLVideoElement} video  The player's picture.
 * @returns {HangPage}
 */
export function startPage(session, video) {
  const preferences = new Preferences(storage());
  const copies = new Copies(session);
  const actions = new Actions(session, preferences, copies);
  const parts = { session, video, app: null, preferences, actions, copies };
  const page = new HangPage(parts);
  document.body.append(page);
  return page;
}
