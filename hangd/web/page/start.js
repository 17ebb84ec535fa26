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
 * @param {string | null} invited  The room that the link names.
 * @returns {HangPage}
 */
export function startPage(session, video, invited) {
  const preferences = new Preferences(storage());
  const actions = new Actions(session, preferences);
  const parts = { session, video, preferences, actions, copies: new Copies(session) };
  const page = new HangPage(parts);
  page.invited = invited;
  document.body.append(page);
  return page;
}
