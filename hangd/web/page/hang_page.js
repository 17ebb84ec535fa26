/** The page: the start, or the room. Draws each new state once a picture of the screen, however many there were. */

import { sameRoom, signed } from "../client/invites.js";
import { attribute } from "./dom.js";
import { StartScreen } from "./entrance/start_screen.js";
import { t } from "./texts/texts.js";
import { View } from "./view.js";

const TICK = 250;
/** Milliseconds. After a picture that took longer than SLOW, nothing is drawn for as long, and for REST at most. */
const SLOW = 50;
const REST = 500;
/** Notices that are kept until a room can be seen. */
const EARLY = 8;

/** @typedef {import("./room_screen.js").RoomScreen} RoomScreen */

export class HangPage extends View {
  /** The room that the link names. @type {string | null} */
  #invited = null;
  /** The signed invite in that link. @type {string | null} */
  #token = null;
  /** @type {StartScreen | RoomScreen | null} */
  #screen = null;
  #asked = false;
  /** When the next picture may be drawn, by `performance.now()`. */
  #restsUntil = 0;
  /** Makes the button that installs the page. @type {(() => HTMLElement) | null} */
  #installing = null;
  /** The room's part of the page, which is loaded while the start is read. @type {(new (parts: import("./view.js").Parts) => RoomScreen) | null} */
  #room = null;
  /**
   * What was told before a room could be seen that is to have it: what the server said, and what is about the room.
   *
   * @type {{notice: import("./view.js").Notice, room: string | null}[]}
   */
  #early = [];

  /** Resolves when the start can be seen, which is what a new viewer waits for. */
  drawn = new Promise((resolve) => {
    // The next picture is drawn after the animation frame; there is none while nobody sees the page.
    if (document.hidden) setTimeout(resolve);
    else requestAnimationFrame(() => setTimeout(resolve));
  });

  /** @param {import("./view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { session, preferences } = this.parts;
    session.addEventListener("change", () => this.#ask());
    session.addEventListener("notice", ({ detail: notice }) => {
      this.#screen?.notice(notice);
      const isRoom = this.#screen !== null && !(this.#screen instanceof StartScreen);
      const room = notice.kind === "server" ? null : (session.state.room?.room_id ?? "");
      if (!isRoom && room !== "") this.#early = [...this.#early, { notice, room }].slice(-EARLY);
      this.#ask();
    });
    preferences.addEventListener("change", () => this.#settle());
    this.#settle();
  }

  connectedCallback() {
    this.show(this.parts.session.state);
    void this.drawn.then(() => this.#loadRoom());
    setInterval(() => document.hidden || this.#screen?.tick(), TICK);
  }

  /**
   * Takes what the browser offers beside showing a page.
   *
   * @param {import("../app/base.js").AppPort} app
   * @param {typeof import("../app/elements.js")} elements
   */
  useApp(app, { AppInstall, AppUpdate }) {
    this.parts.app = app;
    this.#installing = () => new AppInstall(app);
    document.body.append(new AppUpdate(app));
    if (this.#screen instanceof StartScreen) {
      this.#screen.offerInstall(this.#installing());
    }
  }

  /**
   * Shows what a link to this room leads to. Who is in another room is asked first.
   *
   * @param {string | null} room  null: the link names none.
   * @param {string | null} [token]  The signed invite in it.
   */
  invite(room, token = null) {
    const here = this.parts.session.state.room;
    if (here === null) {
      this.#invite(room, token);
    } else if (room !== null && room !== here.room_id && !sameRoom(room, here.name)) {
      void this.#askToLeaveFor(room, token);
    }
  }

  /**
   * @param {string | null} room
   * @param {string | null} token
   */
  #invite(room, token) {
    this.#invited = room;
    this.#token = token;
    if (this.#screen instanceof StartScreen) {
      this.#screen.invite(room, token);
    }
  }

  /**
   * @param {string} room
   * @param {string | null} token
   */
  async #askToLeaveFor(room, token) {
    const { session } = this.parts;
    try {
      const { confirmOtherRoom } = await import("./dialogs/other_room.js");
      confirmOtherRoom(this.parts, room, () => {
        this.#invite(room, token);
        history.replaceState(null, "", signed(`#${encodeURIComponent(room)}`, token));
        void session.leave();
      });
    } catch {
      this.#screen?.notice({ kind: "problem", text: t("page.broken"), about: null });
    }
  }

  #ask() {
    if (!this.#asked) {
      this.#asked = true;
      const rest = this.#restsUntil - performance.now();
      if (rest > 0) {
        setTimeout(() => this.#draw(), rest);
      } else {
        this.#draw();
      }
    }
  }

  /** Draws at the next picture of the screen. In a flood, messages get at least as much time as what is drawn of them. */
  #draw() {
    requestAnimationFrame((begun) => {
      this.#asked = false;
      this.show(this.parts.session.state);
      setTimeout(() => {
        const ended = performance.now();
        const took = ended - begun;
        this.#restsUntil = took > SLOW ? ended + Math.min(took, REST) : 0;
      });
    });
  }

  /** @param {import("./view.js").SessionState} state */
  show(state) {
    const screen = this.#screenFor(state);
    screen.show(state);
    screen.tick();
    const title = state.room === null ? t("page.title") : t("page.inRoom", { room: roomName(state.room) });
    document.title = screen.unseen > 0 ? t("page.unread", { count: screen.unseen, title }) : title;
  }

  /** @param {import("./view.js").SessionState} state */
  #screenFor({ room }) {
    const before = this.#screen;
    const isRoom = room !== null && this.#room !== null;
    if (before !== null && before instanceof StartScreen !== isRoom) {
      return before;
    }
    before?.closed();
    if (isRoom) {
      this.#token = null; // It has let this viewer in. Who is put out must not come back by it with one click.
    }
    const screen = isRoom && this.#room !== null ? new this.#room(this.parts) : new StartScreen(this.parts);
    if (screen instanceof StartScreen) {
      screen.invite(this.#invited, this.#token);
      if (this.#installing !== null) {
        screen.offerInstall(this.#installing());
      }
    }
    this.#screen = screen;
    this.replaceChildren(screen);
    screen.opened();
    if (isRoom) {
      for (const { notice, room: about } of this.#early.splice(0)) {
        if (about === null || about === room.room_id) screen.notice(notice);
      }
    }
    return screen;
  }

  async #loadRoom() {
    try {
      const styles = import("./styles.js").then(({ roomStyles }) => roomStyles());
      const [{ RoomScreen }] = await Promise.all([import("./room_screen.js"), styles]);
      this.#room = RoomScreen;
      this.show(this.parts.session.state);
    } catch {
      this.#screen?.notice({ kind: "problem", text: t("page.broken"), about: null });
    }
  }

  /** Applies what this viewer likes to the whole page. */
  #settle() {
    const { video, preferences } = this.parts;
    const { theme, volume, muted } = preferences.values;
    attribute(document.documentElement, "data-theme", theme);
    video.volume = volume;
    video.muted = muted;
  }
}
customElements.define("hang-page", HangPage);

/** @param {import("./view.js").Room} room */
export function roomName(room) {
  return room.name ?? t("room.noName");
}
