/** The controls on the picture: where the film is, play, sound, speed, ready. They show the room's state. */

import { attribute, h, say } from "../dom.js";
import { setIcon } from "../icons.js";
import { t } from "../texts/texts.js";
import { iconButton, setLabel, View } from "../view.js";
import { clock } from "../words/clock.js";
import { SPEEDS } from "../words/speeds.js";
import { Timeline } from "./timeline.js";

export class Controls extends View {
  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions, preferences, video } = this.parts;
    this.timeline = new Timeline(this.parts);
    this.play = iconButton("play", t("control.play"), () => actions.togglePause(), { class: "play" });
    this.back = iconButton("back", t("control.back"), () => actions.seekBy(-10), { class: "jump" });
    this.forward = iconButton("forward", t("control.forward"), () => actions.seekBy(10), { class: "jump" });
    this.next = iconButton("next", t("control.next"), () => actions.moveOn(1), { class: "next" });
    this.now = h("span");
    this.length = h("span", { class: "length" });
    this.time = h(
      "button",
      {
        type: "button",
        class: "time",
        title: t("control.goto"),
        onclick: () => actions.open("goto"),
      },
      this.now,
      this.length,
    );
    this.mute = iconButton("volume", t("control.mute"), () => actions.toggleMute());
    this.volume = h("input", {
      type: "range",
      class: "volume",
      min: 0,
      max: 1,
      step: 0.02,
      value: String(preferences.values.volume),
      "aria-label": t("control.volume"),
      oninput: () => actions.setVolume(Number(this.volume.value)),
    });
    this.speed = h(
      "select",
      { class: "speed", "aria-label": t("control.speed"), onchange: () => actions.setSpeed(Number(this.speed.value)) },
      SPEEDS.map((rate) => h("option", { value: String(rate) }, `${rate}×`)),
    );
    this.other = h("option", { hidden: true });
    this.speed.append(this.other);
    this.ready = h("button", {
      type: "button",
      class: "ready",
      "aria-pressed": "false",
      onclick: () => actions.toggleReady(),
    });
    this.subtitles = iconButton("subtitles", t("control.subtitles"), () => void actions.toggleSubtitles(), {
      class: "subs",
    });
    this.pip = iconButton("pip", t("control.pip"), () => void actions.togglePictureInPicture(video), { class: "pip" });
    this.full = iconButton("full", t("control.full"), () => void actions.toggleFull(), { class: "fullscreen" });
    attribute(this.pip, "hidden", !document.pictureInPictureEnabled);
    this.buttons = h(
      "div",
      { class: "buttons" },
      this.back,
      this.play,
      this.forward,
      this.next,
      this.time,
      h("span", { class: "sound" }, this.mute, this.volume),
      h("span", { class: "space" }),
      this.ready,
      this.speed,
      this.subtitles,
      this.pip,
      this.full,
    );
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("control.label"));
    super.append(this.timeline, this.buttons);
  }

  /** @param {AbortSignal} signal */
  came(signal) {
    const { preferences, copies } = this.parts;
    preferences.addEventListener("change", () => this.#settle(), { signal });
    copies.addEventListener("subtitles", () => this.#settle(), { signal });
    this.#settle();
  }

  /**
   * Puts further buttons at the end of the row.
   *
   * @param {...(Node | string)} nodes
   */
  append(...nodes) {
    this.buttons.append(...nodes);
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const { room, playing, mayControl, me } = state;
    if (room === null) {
      return;
    }
    const paused = state.copy.phase === "open" ? playing.paused : !room.timeline.playing;
    setIcon(this.play, paused ? "play" : "pause");
    setLabel(this.play, t(paused ? "control.play" : "control.pause"));
    for (const button of [this.play, this.back, this.forward, this.next, this.speed]) {
      attribute(button, "aria-disabled", mayControl ? null : "true");
    }
    const at = room.queue.entries.findIndex((entry) => entry.id === room.queue.current);
    attribute(this.next, "hidden", room.queue.entries[at + 1] === undefined);
    this.#showSpeed(room.timeline.rate);
    const own = room.members.find((member) => member.client_id === me);
    attribute(this.ready, "aria-pressed", String(own?.ready ?? false));
    say(this.ready, t(own?.ready ? "ready.yes" : "ready.no"));
    const mayBeReady = own?.ready === true || state.copy.phase === "open";
    attribute(this.ready, "aria-disabled", mayBeReady ? null : "true");
    attribute(this.ready, "title", mayBeReady ? null : t("ready.noFilm"));
    this.timeline.show(state);
    this.#settle();
  }

  tick() {
    const { actions } = this.parts;
    const duration = actions.duration;
    say(this.now, clock(actions.position));
    say(this.length, duration === null ? "" : ` / ${clock(duration)}`);
    this.timeline.tick();
  }

  #settle() {
    const { copies, preferences } = this.parts;
    const { values } = preferences;
    const silent = values.muted || values.volume === 0;
    setIcon(this.mute, silent ? "muted" : "volume");
    setLabel(this.mute, t(silent ? "control.unmute" : "control.mute"));
    if (document.activeElement !== this.volume) {
      this.volume.value = String(values.volume);
    }
    attribute(this.subtitles, "aria-pressed", String(values.subtitles && copies.track !== null));
    setLabel(this.subtitles, t(copies.tracks.length > 0 ? "control.subtitles" : "control.subtitles.pick"));
    const isFull = document.fullscreenElement !== null || this.closest("[data-full]") !== null;
    setIcon(this.full, isFull ? "unfull" : "full");
    setLabel(this.full, t(isFull ? "control.unfull" : "control.full"));
  }

  /** @param {number} rate */
  #showSpeed(rate) {
    const near = SPEEDS.find((speed) => Math.abs(speed - rate) < 0.004);
    const [select, other] = [this.speed, this.other];
    if (near === undefined) {
      other.value = String(rate);
      say(other, `${Number(rate.toFixed(2))}×`);
    }
    attribute(other, "hidden", near !== undefined);
    select.value = String(near ?? rate);
  }
}
customElements.define("hang-controls", Controls);
