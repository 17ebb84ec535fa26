/** The settings of what the browser offers beside showing a page: installing it, and invitations by push. */

import { attribute, h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";
import { row } from "./dialog.js";

/** @typedef {import("../../app/base.js").AppPort} AppPort */

export class AppSettings extends View {
  /** @type {AbortController | null} */
  #listening = null;

  /**
   * @param {import("../view.js").Parts} parts
   * @param {AppPort} app
   */
  constructor(parts, app) {
    super(parts);
    this.app = app;
    const button = (/** @type {string} */ text, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", class: "quiet", onclick }, t(text));
    this.install = button("app.install", () => void app.install());
    this.name = h("input", { maxlength: 32, autocomplete: "nickname", dir: "auto" });
    this.name.value = app.state.push.name ?? this.parts.session.ownName();
    this.subscribe = button("app.push_on", () => void app.subscribe(this.name.value.trim()));
    this.unsubscribe = button("app.push_off", () => void app.unsubscribe());
    this.says = h("p", { role: "status" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.nameRow = row(t("app.push_name"), this.name);
    this.push = h(
      "div",
      { class: "group" },
      h("h3", null, t("app.push_title")),
      h("p", { class: "hint" }, t("app.push_explained")),
      this.says,
      this.nameRow,
      this.problem,
      h("div", { class: "dialog-foot" }, this.unsubscribe, this.subscribe),
    );
    this.classList.add("group");
    this.append(this.install, this.push);
    this.showApp();
  }

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const app = /** @type {EventTarget} */ (/** @type {unknown} */ (this.app));
    app.addEventListener("change", () => this.showApp(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /** Shows the app's state. */
  showApp() {
    const { installable, push } = this.app.state;
    attribute(this.install, "hidden", !installable);
    attribute(this.push, "hidden", push.phase === "missing");
    attribute(this.nameRow, "hidden", push.phase !== "off");
    attribute(this.subscribe, "hidden", push.phase !== "off");
    attribute(this.unsubscribe, "hidden", push.phase !== "on");
    const blocked = push.phase === "blocked" ? t("app.push_blocked") : "";
    say(this.says, push.phase === "on" ? t("app.push_is_on", { name: push.name ?? "" }) : blocked);
    say(this.problem, push.problem ?? "");
  }
}
customElements.define("hang-app-settings", AppSettings);
