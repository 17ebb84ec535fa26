/** Drives a VideoPlayer from outside: `film` gives commands and waits for events. */

import { now } from "/web/engine/local_time.js";
import { VideoPlayer } from "/web/player/video_player.js";

const video = document.querySelector("video");
const files = new Map();
const events = [];
const notices = [];
const kept = new Map();
let wake = () => undefined;
let insideDo = false;

/** What is in a file, as the page would find out: here by its name. */
const contents = new Map();

const player = new VideoPlayer({
  video,
  files,
  store: { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) },
  inspect: async (file) => contents.get(file.name) ?? { video: "?", audio: "?" },
  emit: (event) => {
    events.push({ ...event, insideDo });
    wake();
  },
});
for (const type of ["needs-tap", "tapped", "silent", "no-picture"]) {
  player.addEventListener(type, () => {
    notices.push(type);
    wake();
  });
}

globalThis.film = {
  video,
  player,
  files,
  events,
  notices,
  kept,
  contents,
  now,

  /** Make a file known under its own name. */
  async open(url, name = url.split("/").at(-1), size = undefined) {
    const blob = await (await fetch(url)).blob();
    files.set(name, new File([size === undefined ? blob : blob.slice(0, size)], name));
    return name;
  },

  do(...commands) {
    for (const command of commands) {
      insideDo = true;
      player.do(command);
      insideDo = false;
    }
    return now();
  },

  /** Wait until the player has dispatched this notice. */
  async notice(type, seconds = 20) {
    const end = now() + seconds;
    while (!notices.includes(type)) {
      if (now() > end) throw new Error(`no ${type}; there were ${JSON.stringify(notices)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },

  /** Wait for an event of this type from the index `from` on; fails if one of `unless` comes first, or none in time. */
  async next(type, from = 0, unless = [], seconds = 20) {
    const end = now() + seconds;
    let index = from;
    for (;;) {
      for (; index < events.length; index++) {
        const event = events[index];
        if (event.type === type) return { ...event, index };
        if (unless.includes(event.type)) throw new Error(`${event.type} came before ${type}: ${JSON.stringify(event)}`);
      }
      if (now() > end) throw new Error(`no ${type}; there were ${JSON.stringify(events.slice(from))}`);
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, 100);
      });
    }
  },
};
