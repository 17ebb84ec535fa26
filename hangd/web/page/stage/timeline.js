/** Where the film is, with a mark for each member. A drag is one seek, when it is let go. */

import { attribute, h, keep, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";
import { clock } from "../words/clock.js";

/** So many members have marks; more would be a smear. */
const MARKS = 24;

export class Timeline extends View {
  dragging = false;
  /** Where a drag or the pointer is, in seconds. @type {number | null} */
  #aimed = null;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.played = h("span", { class: "played" });
    this.marks = h("span", { class: "marks" });
    this.handle = h("span", { class: "handle" });
    this.aim = h("span", { class: "aim", hidden: true });
    this.bar = h(
      "div",
      {
        class: "track",
        role: "slider",
        tabindex: 0,
        "aria-label": t("timeline.label"),
        "aria-valuemin": 0,
        onpointerdown: (/** @type {PointerEvent} */ event) => this.#down(event),
        onpointermove: (/** @type {PointerEvent} */ event) => this.#move(event),
        onpointerup: () => this.#up(),
        onpointercancel: () => this.#forget(),
        onpointerleave: () => this.dragging || this.#forget(),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      h("span", { class: "line" }, this.played),
      this.marks,
      this.handle,
    );
    this.append(this.bar, this.aim);
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    attribute(this.bar, "aria-disabled", state.mayControl ? null : "true");
  }

  tick() {
    const { actions, session } = this.parts;
    const [duration, position] = [actions.duration, actions.position];
    const shown = this.dragging && this.#aimed !== null ? this.#aimed : position;
    this.#place(this.played, "inline-size", shown, duration);
    this.#place(this.handle, "inset-inline-start", shown, duration);
    attribute(this.bar, "aria-valuemax", Math.round(duration ?? Math.max(1, position)));
    attribute(this.bar, "aria-valuenow", Math.round(shown));
    const whole =
      duration === null ? clock(shown) : t("timeline.of", { position: clock(shown), duration: clock(duration) });
    attribute(this.bar, "aria-valuetext", whole);
    const { room, me } = session.state;
    const others = (room?.members ?? []).filter((one) => one.client_id !== me && one.film && one.state !== "away");
    const placed = others.slice(0, MARKS).flatMap((one) => {
      const at = session.memberPosition(one.client_id);
      return at === null ? [] : [{ id: one.client_id, name: one.name, at }];
    });
    keep(
      this.marks,
      placed,
      (mark) => mark.id,
      () => h("span", { class: "mark" }),
      (element, mark) => {
        attribute(element, "title", mark.name);
        this.#place(element, "inset-inline-start", mark.at, duration);
      },
    );
  }

  /**
   * @param {HTMLElement} element
   * @param {string} property
   * @param {number} at
   * @param {number | null} duration
   */
  #place(element, property, at, duration) {
    const share = duration === null || duration <= 0 ? 0 : Math.max(0, Math.min(at / duration, 1));
    element.style.setProperty(property, `${(share * 100).toFixed(3)}%`);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button === 0 && this.parts.actions.duration !== null && this.parts.actions.mayControl()) {
      this.bar.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.#move(event);
    }
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const { duration } = this.parts.actions;
    if (duration === null) {
      return;
    }
    const box = this.bar.getBoundingClientRect();
    this.#aimed = Math.max(0, Math.min((event.clientX - box.left) / box.width, 1)) * duration;
    say(this.aim, clock(this.#aimed));
    this.#place(this.aim, "inset-inline-start", this.#aimed, duration);
    attribute(this.aim, "hidden", null);
    if (this.dragging) {
      this.tick();
    }
  }

  #up() {
    const aimed = this.#aimed;
    const dragged = this.dragging;
    this.#forget();
    if (dragged && aimed !== null) {
      this.parts.actions.seek(aimed);
    }
  }

  #forget() {
    this.dragging = false;
    this.#aimed = null;
    attribute(this.aim, "hidden", true);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { actions } = this.parts;
    const steps = /** @type {Record<string, number>} */ ({
      ArrowLeft: -5,
      ArrowRight: 5,
      ArrowDown: -60,
      ArrowUp: 60,
      PageDown: -600,
      PageUp: 600,
    });
    if (event.key in steps) {
      actions.seekBy(steps[event.key], event.repeat);
    } else if (event.key === "Home" || event.key === "End") {
      actions.seek(event.key === "Home" ? 0 : Math.max(0, (actions.duration ?? 0) - 10));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
customElements.define("hang-timeline", Timeline);
