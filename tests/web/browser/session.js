/**
 * A session and a film without the interface: tests drive what the page offers to people.
 *
 * It is loaded in place of page/main.js into the page that the server serves, so it lives under the same rules.
 */

import { Session } from "../../../hangd/web/client/session.js";
import * as policies from "../../../hangd/web/engine/policies.js";
import { explain } from "../../../hangd/web/files/advice.js";
import { findCopy } from "../../../hangd/web/files/find.js";
import { recall } from "../../../hangd/web/files/handles.js";
import { keepHash, knownHash } from "../../../hangd/web/files/known_hashes.js";
import { quickHash } from "../../../hangd/web/files/quick_hash.js";
import { hashWhole } from "../../../hangd/web/files/whole_hash.js";
import { missing } from "../../../hangd/web/page/texts/texts.js";
import { VideoPlayer } from "../../../hangd/web/player/video_player.js";

const video = document.createElement("video");
const input = document.createElement("input");
const button = document.createElement("button");
input.type = "file";
button.textContent = "tap";
document.body.replaceChildren(button, input, video);

const session = new Session({
  makePlayer: ({ files, emit }) => new VideoPlayer({ video, files, emit }),
  policies: policies.CHROMIUM,
  files: {
    quickHash,
    hashWhole,
    knownHash,
    keepHash,
    findCopy,
    recall: async (film) => (await recall(film))?.file ?? null,
    explain,
  },
});

/** @type {import("../../../hangd/web/client/base.js").Notice[]} */
const notices = [];
session.addEventListener("notice", (event) => notices.push(/** @type {CustomEvent} */ (event).detail));

button.addEventListener("click", () => session.tapped());
session.begin();

Object.assign(window, { session, notices, missing, video, input });
