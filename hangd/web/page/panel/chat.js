/** The chat: what was said, and between it what happened in the room. */

import { attribute, h, keep } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";

/**
 * @typedef {import("../../client/base.js").ChatLine} ChatLine
 * @typedef {{happened: string, at: Date}} Event
 */

const KEPT = 200;
const LONGEST = 500;
const HOURS = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

export class Chat extends View {
  /** @type {Event[]} */
  #events = [];
  /** What was shown last. @type {readonly unknown[]} */
  #shown = [];
  /** @type {Date} */
  #latest = new Date(0);
  /** Whether the newest line is seen. Asked for where lines come, this would lay the page out once more each time. */
  #atEnd = true;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.lines = h("ol", { class: "lines" });
    this.scroller = h(
      "div",
      {
        class: "scroller takes-arrows",
        role: "log",
        tabindex: 0,
        "aria-label": t("chat.log"),
        onscroll: () => {
          const { scrollHeight, scrollTop, clientHeight } = this.scroller;
          this.#atEnd = scrollHeight - scrollTop - clientHeight < 40;
        },
      },
      this.lines,
    );
    this.empty = h("p", { class: "empty" }, t("chat.empty"));
    this.field = h("input", {
      maxlength: LONGEST,
      autocomplete: "off",
      enterkeyhint: "send",
      dir: "auto",
      placeholder: t("chat.placeholder"),
      "aria-label": t("chat.line"),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#leave(),
    });
    this.append(
      this.empty,
      this.scroller,
      h(
        "form",
        { class: "write", onsubmit: (/** @type {SubmitEvent} */ event) => void this.#send(event) },
        this.field,
        h(
          "button",
          { type: "submit", class: "icon-button", "aria-label": t("chat.send"), title: t("chat.send") },
          icon("send"),
        ),
      ),
    );
  }

  writeLine() {
    this.field.focus();
  }

  #leave() {
    this.field.blur();
    /** @type {HTMLElement | null} */ (document.querySelector("hang-stage"))?.focus();
  }

  /** @param {import("../view.js").Notice} notice */
  notice(notice) {
    if (!["said", "refused", "problem"].includes(notice.kind)) {
      this.#events = [...this.#events.slice(1 - KEPT), { happened: notice.text, at: new Date() }];
    }
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    if (state.chat === this.#shown[0] && this.#events === this.#shown[1]) {
      return;
    }
    this.#shown = [state.chat, this.#events];
    const all = [...state.chat, ...this.#events].sort((one, other) => one.at.getTime() - other.at.getTime());
    attribute(this.empty, "hidden", all.length > 0);
    keep(
      this.lines,
      all,
      (line) => line,
      (line) => ("happened" in line ? eventLine(line) : chatLine(line)),
    );
    const latest = all[all.length - 1];
    if (latest !== undefined && latest.at !== this.#latest) {
      this.#latest = latest.at;
      if (this.#atEnd || ("own" in latest && latest.own)) {
        this.scroller.scrollTop = this.scroller.scrollHeight;
      }
    }
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text === "") {
      this.#leave();
      return;
    }
    this.field.value = "";
    const said = await this.parts.actions.ask(this.parts.session.say(text));
    if (!said && this.field.value === "") {
      this.field.value = text;
    }
  }
}
customElements.define("hang-chat", Chat);

/** @param {Event} event */
function eventLine(event) {
  return h("li", { class: "happened", dir: "auto" }, event.happened);
}

/** @param {ChatLine} line */
function chatLine(line) {
  return h(
    "li",
    { class: line.own ? "said own" : "said" },
    h(
      "span",
      { class: "who" },
      h("bdi", { class: "name" }, line.own ? t("you.name") : line.name),
      " ",
      h("time", { datetime: line.at.toISOString() }, hour(line.at)),
    ),
    h("span", { class: "text", dir: "auto" }, line.text),
  );
}

/** @param {Date} at */
function hour(at) {
  return HOURS.format(at);
}
