/** Joins the parts of the page: the session, the player, the viewer's files, the app, and what is drawn of them. */

import { roomIn, tokenIn } from "../client/invites.js";
import { Session } from "../client/session.js";
import * as policies from "../engine/policies.js";
import { findCopy } from "../files/find.js";
import { recall } from "../files/handles.js";
import { keepHash, knownHash } from "../files/known_hashes.js";
import { quickHash } from "../files/quick_hash.js";
import { policyOfThisBrowser } from "../player/policy.js";
import { VideoPlayer } from "../player/video_player.js";
import { keptNumbers, storage } from "./preferences.js";
import { startPage } from "./start.js";

const OF_BROWSER = /** @type {Record<string, Readonly<policies.Policies>>} */ ({
  chromium: policies.CHROMIUM,
  firefox: policies.FIREFOX,
  webkit: policies.WEBKIT,
});

const video = document.createElement("video");
const browser = policyOfThisBrowser();
const session = new Session({
  makePlayer: ({ files, emit }) =>
    new VideoPlayer({
      video,
      files,
      emit,
      policy: browser,
      store: keptNumbers(storage()),
      inspect: async (file) => (await import("../files/inspect.js")).inspect(file),
    }),
  policies: OF_BROWSER[browser.name],
  files: {
    quickHash,
    hashWhole: async (file, onProgress, signal) =>
      (await import("../files/whole_hash.js")).hashWhole(file, onProgress, signal),
    knownHash,
    keepHash,
    findCopy,
    recall: async (film) => (await recall(film))?.file ?? null,
    explain: async (file) => (await import("../files/advice.js")).explain(file),
  },
});
const page = startPage(session, video);

/**
 * Names the room in the address, so that a page that is loaded anew comes back, and the address can be given on. A signed
 * invite that stood there goes: who reads over a shoulder, or gets the address, has not got it.
 */
function nameRoom() {
  const { invite, room } = session.state;
  if (room !== null && invite !== null && new URL(invite).hash !== location.hash) {
    history.replaceState(null, "", new URL(invite).hash);
  }
}

session.addEventListener("change", nameRoom);
window.addEventListener("hashchange", ({ newURL }) => {
  // The browser tells this later: a change of the room since then has put the room's own name back into the address.
  const { hash } = new URL(newURL);
  const [room, token] = [roomIn(hash), tokenIn(hash)];
  nameRoom(); // The viewer is in the room of before still, and may stay there.
  page.invite(room, token);
});
page.invite(roomIn(location.hash), tokenIn(location.hash));
session.begin();
void session.meet();
// After what a new viewer waits for: installing, media keys, a screen that stays on.
void page.drawn
  .then(() => Promise.all([import("../app/app.js"), import("../app/elements.js")]))
  .then(([{ startApp }, elements]) => page.useApp(startApp(session), elements));
