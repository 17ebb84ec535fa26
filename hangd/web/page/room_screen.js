/** The room: the stage with the film, the panel beside or below it, and the dialogs. Two shapes, made by the styles. */

import { openDialog } from "./dialogs/open.js";
import { attribute, h, say } from "./dom.js";
import { bindingOf } from "./keys.js";
import { Panel } from "./panel/panel.js";
import { Stage } from "./stage/stage.js";
import { t } from "./texts/texts.js";
import { iconButton, View } from "./view.js";

/** Seconds without a hand on the page after which the controls hide while the film plays. */
const IDLE_AFTER = 3;

export class RoomScreen extends View {
  #active = 0;
  /** @type {AbortController | null} */
  #listening = null;
  #filled = false;

  /** @param {import("./view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions } = this.parts;
    this.stage = new Stage(this.parts);
    this.panel = new Panel(this.parts);
    this.name = h("h1", { dir: "auto" });
    this.people = h("span", { class: "detail" });
    const named = (
      /** @type {import("./icons.js").IconName} */ icon,
      /** @type {string} */ text,
      /** @type {"invite" | "rules" | "settings" | "leave"} */ what,
    ) => iconButton(icon, t(text), () => actions.open(what), { words: true });
    this.header = h(
      "header",
      { class: "bar" },
      h("div", { class: "bar-title" }, this.name, this.people),
      h(
        "nav",
        { "aria-label": t("room.nav") },
        named("invite", "invite.open", "invite"),
        named("rules", "rules.open", "rules"),
        named("settings", "settings.open", "settings"),
        named("leave", "leave.open", "leave"),
      ),
    );
    this.panelButton = iconButton("chat", t("panel.toggle"), () => this.togglePanel(), {
      class: "panel-button",
      "aria-controls": "panel",
    });
    this.unread = h("span", { class: "unread", hidden: true });
    this.panelButton.append(this.unread);
    this.stage.controls.append(this.panelButton);
    this.append(this.header, h("main", { class: "room-main" }, this.stage, this.panel));
    this.setAttribute("data-panel", narrow() ? "closed" : "open");
    this.classList.add("room");
  }

  opened() {
    const { actions } = this.parts;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("fullscreenchange", () => this.#shape(), { signal });
    for (const name of ["pointermove", "pointerdown", "keydown", "focusin", "wheel"]) {
      document.addEventListener(name, () => this.#wake(), { signal, passive: true });
    }
    actions.addEventListener("open", (event) => this.#open(/** @type {CustomEvent} */ (event).detail), { signal });
    actions.addEventListener("toast", (event) => this.stage.toast(/** @type {CustomEvent} */ (event).detail), {
      signal,
    });
    this.#wake();
    this.stage.focus();
  }

  closed() {
    this.#listening?.abort();
    this.#filled = false;
    if (document.fullscreenElement !== null) {
      void document.exitFullscreen();
    }
  }

  /** @param {import("./view.js").Notice} notice */
  notice(notice) {
    this.panel.notice(notice);
    if (notice.kind !== "said" || !this.panel.showsChat) {
      this.stage.toast(notice);
    }
  }

  /** @param {import("./view.js").SessionState} state */
  show(state) {
    const { room } = state;
    if (room === null) {
      return;
    }
    say(this.name, room.name ?? t("room.noName"));
    say(this.people, t("room.people", { count: room.members.length }));
    this.stage.show(state);
    this.panel.show(state);
    const { unread } = this.panel;
    attribute(this.unread, "hidden", unread === 0);
    say(this.unread, unread > 99 ? "99+" : String(unread));
    const label = unread > 0 ? t("panel.unread", { count: unread }) : t("panel.toggle");
    attribute(this.panelButton, "aria-label", label);
    attribute(this.panelButton, "aria-expanded", String(this.panel.seen));
  }

  tick() {
    const { playing } = this.parts.session.state;
    const idle =
      !playing.paused && playing.motion === "playing" && performance.now() / 1000 - this.#active > IDLE_AFTER;
    attribute(this, "data-idle", idle && !this.stage.isUsed() && document.querySelector("dialog[open]") === null);
    this.stage.tick();
    this.panel.tick();
  }

  /** How many lines of chat this viewer has not seen. */
  get unseen() {
    return this.panel.unread;
  }

  /** Shows the panel beside the film, or takes it away. */
  togglePanel() {
    this.#setPanel(!this.panel.seen);
  }

  /** @param {boolean} open */
  #setPanel(open) {
    this.setAttribute("data-panel", open ? "open" : "closed");
    this.show(this.parts.session.state);
  }

  #wake() {
    this.#active = performance.now() / 1000;
    attribute(this, "data-idle", null);
  }

  #shape() {
    const full = document.fullscreenElement !== null || this.#filled;
    if (full !== this.hasAttribute("data-full")) {
      attribute(this, "data-full", full);
      this.setAttribute("data-panel", full || narrow() ? "closed" : "open");
    }
    this.show(this.parts.session.state);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape" && this.#filled) {
      this.#filled = false;
      this.#shape();
    }
    const binding = document.querySelector("dialog[open]") === null ? bindingOf(event) : undefined;
    if (binding !== undefined) {
      event.preventDefault();
      binding.run(this.parts.actions, event.repeat, this.parts.video);
    }
  }

  /** @param {string} what */
  #open(what) {
    switch (what) {
      case "chat":
        this.#setPanel(true);
        return this.panel.writeLine();
      case "queue":
        this.#setPanel(true);
        return this.panel.choose("queue");
      case "fill":
        this.#filled = !this.#filled;
        return this.#shape();
      default:
        return openDialog(what, this.parts);
    }
  }
}
customElements.define("hang-room", RoomScreen);

/** A phone on its side: the film has the screen, until the viewer asks for the panel. */
function narrow() {
  return window.matchMedia("(max-height: 31rem) and (orientation: landscape)").matches;
}
