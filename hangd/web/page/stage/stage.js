/** The film, and what is drawn on it: the room's state, notices, subtitles, controls. */

import { attribute, h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";
import { roomState } from "../words/room_state.js";
import { Card } from "./card.js";
import { Controls } from "./controls.js";
import { listenToTaps } from "./gestures.js";
import { Subtitles } from "./subtitles.js";
import { Toasts } from "./toasts.js";

export class Stage extends View {
  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions, copies, session, video } = this.parts;
    video.setAttribute("playsinline", "");
    video.setAttribute("aria-label", t("stage.film"));
    video.tabIndex = -1;
    this.controls = new Controls(this.parts);
    this.card = new Card(this.parts);
    this.subtitles = new Subtitles(this.parts);
    this.toasts = new Toasts(this.parts);
    this.count = h("span", { class: "count", "aria-hidden": "true" });
    this.words = h("span", { class: "words" });
    this.startNow = h(
      "button",
      { type: "button", class: "quiet", hidden: true, onclick: () => void actions.ask(session.startNow()) },
      t("start.now"),
    );
    this.condition = h(
      "div",
      { class: "condition", hidden: true },
      this.count,
      h("span", { role: "status" }, this.words),
      this.startNow,
    );
    this.tabIndex = -1;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("stage.label"));
    const above = h("div", { class: "above" }, this.condition, this.toasts);
    this.append(video, this.subtitles, above, this.card, this.controls);
    listenToTaps(this, actions, video);
    this.addEventListener("dragover", (event) => event.preventDefault());
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer !== null) {
        void copies
          .drop(event.dataTransfer)
          .then((outcome) => outcome?.ok === false && actions.toast(outcome.text, "problem"));
      }
    });
  }

  /** Whether a keyboard is in the controls, which then stay. */
  isUsed() {
    return this.controls.matches(":has(:focus-visible)") || this.controls.timeline.dragging;
  }

  /** @param {{kind: string, text: string}} notice */
  toast(notice) {
    this.toasts.add(notice);
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    attribute(this, "data-copy", state.copy.phase);
    attribute(this, "data-paused", state.playing.paused);
    this.controls.show(state);
    this.card.show(state);
    this.#showCondition(state);
  }

  tick() {
    this.controls.tick();
    this.subtitles.tick();
    this.#showCondition(this.parts.session.state);
  }

  /** @param {import("../view.js").SessionState} state */
  #showCondition(state) {
    const time = { local: performance.now() / 1000, server: this.parts.session.serverNow?.() ?? null };
    const found = roomState(state, time);
    attribute(this.condition, "hidden", found === null);
    attribute(this.condition, "data-kind", found?.kind);
    attribute(this.startNow, "hidden", !found?.startNow);
    attribute(this.count, "hidden", found === null || found.count === null);
    say(this.count, String(found?.count ?? ""));
    say(this.words, found?.text ?? "");
  }
}
customElements.define("hang-stage", Stage);
