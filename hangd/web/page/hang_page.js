/** The page: the start, or the room. Draws each new state once a picture of the screen, however many there were. */

import { attribute } from "./dom.js";
import { RoomScreen } from "./room_screen.js";
import { StartScreen } from "./start_screen.js";
import { t } from "./texts/texts.js";
import { View, view } from "./view.js";

const TICK = 250;

export class HangPage extends View {
  /** The room that the link names. @type {string | null} */
  invited = null;
  /** @type {StartScreen | RoomScreen | null} */
  #screen = null;
  #asked = false;

  build() {
    const { session, preferences } = this.parts;
    session.addEventListener("change", () => this.#ask());
    session.addEventListener("notice", (event) => this.#screen?.notice(event.detail));
    preferences.addEventListener("change", () => this.#settle());
    this.#settle();
  }

  connectedCallback() {
    this.show(this.parts.session.state);
    setInterval(() => document.hidden || this.#screen?.tick(), TICK);
  }

  #ask() {
    if (!this.#asked) {
      this.#asked = true;
      requestAnimationFrame(() => {
        this.#asked = false;
        this.show(this.parts.session.state);
      });
    }
  }

  /** @param {import("./view.js").SessionState} state */
  show(state) {
    const type = state.room === null ? StartScreen : RoomScreen;
    if (!(this.#screen instanceof type)) {
      this.#screen?.closed();
      this.#screen = view(type, this.parts);
      if (this.#screen instanceof StartScreen) {
        this.#screen.invite(this.invited);
      }
      this.replaceChildren(this.#screen);
      this.#screen.opened();
    }
    this.#screen.show(state);
    this.#screen.tick();
    document.title = state.room === null ? t("page.title") : t("page.inRoom", { room: roomName(state.room) });
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
