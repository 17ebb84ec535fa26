/** The system's media keys, lock screen and headset buttons, as the room's controls. */

import { t } from "../page/texts/texts.js";

/** @typedef {import("../client/base.js").SessionPort} SessionPort */

const SKIP_SECONDS = 10;
/** Seconds. The system extrapolates by itself; this far off, it is told again. */
const TOLERANCE = { moving: 1, still: 0.05 };

/**
 * Give the system's controls to the session, and show there what the room shows. Does nothing where there are none.
 *
 * @param {SessionPort} session
 * @param {typeof navigator.mediaSession | undefined} [media]
 * @returns {() => void} Gives them back.
 */
export function startMediaSession(session, media = navigator.mediaSession) {
  if (media === undefined) return () => {};
  const shown = new Shown(session, media);
  const update = () => shown.update();
  for (const [action, handler] of handlers(session)) setHandler(media, action, handler);
  session.addEventListener("change", update);
  const timer = setInterval(update, 1000);
  update();
  return () => {
    clearInterval(timer);
    session.removeEventListener("change", update);
    for (const [action] of handlers(session)) setHandler(media, action, null);
    media.metadata = null;
    media.playbackState = "none";
  };
}

/**
 * @param {SessionPort} session
 * @returns {[MediaSessionAction, MediaSessionActionHandler][]}
 */
function handlers(session) {
  return [
    ["play", () => session.setPaused(false)],
    ["pause", () => session.setPaused(true)],
    ["seekto", (details) => details.seekTime !== undefined && session.seek(details.seekTime)],
    ["seekbackward", (details) => session.seekBy(-(details.seekOffset || SKIP_SECONDS))],
    ["seekforward", (details) => session.seekBy(details.seekOffset || SKIP_SECONDS)],
    ["previoustrack", () => show(session, -1)],
    ["nexttrack", () => show(session, 1)],
  ];
}

/**
 * Move the room on to a neighbour in its queue, if there is one.
 * @param {SessionPort} session
 * @param {-1 | 1} step
 */
function show(session, step) {
  const queue = session.state.room?.queue;
  const entries = queue?.entries ?? [];
  const current = entries.findIndex((/** @type {{id: string}} */ entry) => entry.id === queue?.current);
  // Where the film is in no queue, the first entry comes next.
  const entry = current < 0 && step < 0 ? undefined : entries[current + step];
  if (entry !== undefined) session.showEntry(entry.id);
}

/**
 * Browsers throw on actions that they do not know.
 * @param {MediaSession} media
 * @param {MediaSessionAction} action
 * @param {MediaSessionActionHandler | null} handler
 */
function setHandler(media, action, handler) {
  try {
    media.setActionHandler(action, handler);
  } catch {
    // Then it has no such button.
  }
}

/** What the system shows of the film. */
class Shown {
  /**
   * @param {SessionPort} session
   * @param {MediaSession} media
   */
  constructor(session, media) {
    this.session = session;
    this.media = media;
    this.title = "";
    /** @type {{duration: number, rate: number, position: number, at: number, moving: boolean} | null} */
    this.told = null;
  }

  update() {
    const { copy, playing, room } = this.session.state;
    const isOpen = copy.phase === "open" && playing.motion !== "empty";
    this.setTitle(isOpen ? (room?.file?.name ?? copy.info?.name ?? t("app.film")) : "", room?.name ?? "");
    this.media.playbackState = !isOpen ? "none" : playing.paused ? "paused" : "playing";
    this.setPosition(isOpen ? playing : null);
  }

  /**
   * @param {string} title
   * @param {string} room
   */
  setTitle(title, room) {
    const both = `${title}\n${room}`;
    if (both === this.title) return;
    this.title = both;
    this.media.metadata = title === "" ? null : new MediaMetadata({ title, artist: room, artwork: artwork() });
  }

  /** @param {import("../client/base.js").PlayingState | null} playing */
  setPosition(playing) {
    const position = this.session.position();
    if (playing === null || !playing.duration || position === null) {
      if (this.told !== null) this.media.setPositionState?.();
      this.told = null;
      return;
    }
    const duration = Math.max(playing.duration, position);
    const now = performance.now() / 1000;
    const moving = playing.motion === "playing";
    const next = { duration, rate: playing.rate, position, at: now, moving };
    if (this.told !== null && !differs(this.told, next)) return;
    this.told = next;
    this.media.setPositionState?.({ duration, playbackRate: playing.rate, position });
  }
}

/**
 * @param {NonNullable<Shown["told"]>} told
 * @param {NonNullable<Shown["told"]>} next
 */
function differs(told, next) {
  const expected = told.position + (told.moving ? (next.at - told.at) * told.rate : 0);
  return (
    told.duration !== next.duration ||
    told.rate !== next.rate ||
    told.moving !== next.moving ||
    Math.abs(expected - next.position) > (next.moving ? TOLERANCE.moving : TOLERANCE.still)
  );
}

function artwork() {
  const src = new URL("icons/hang-512.png", import.meta.url).href;
  return [{ src, sizes: "512x512", type: "image/png" }];
}
