/** What the page shows of the app: parts of its dialogs, and a line when the page is out of date. */

import { row } from "../page/dialogs/dialog.js";
import { h, say } from "../page/dom.js";
import { t } from "../page/texts/texts.js";

/** @typedef {import("./base.js").AppPort} AppPort */
/** @typedef {import("./base.js").AppState} AppState */

/** An element that shows the app's state for as long as it is in the document. */
class AppElement extends HTMLElement {
  /** @param {AppPort} app */
  constructor(app) {
    super();
    this.app = app;
    this.changed = () => this.show(app.state);
  }

  connectedCallback() {
    this.app.addEventListener("change", this.changed);
    this.changed();
  }

  disconnectedCallback() {
    this.app.removeEventListener("change", this.changed);
  }

  /** @param {AppState} _state */
  show(_state) {}
}

/** A button that installs the page as an app. Empty where the browser does not offer that now. */
export class AppInstall extends AppElement {
  connectedCallback() {
    const install = () => void this.app.install();
    this.button = h("button", { type: "button", class: "quiet", onclick: install }, t("app.install"));
    this.replaceChildren(this.button);
    super.connectedCallback();
  }

  /** @param {AppState} state */
  show({ installable }) {
    if (this.button !== undefined) this.button.hidden = !installable;
  }
}
customElements.define("app-install", AppInstall);

/** The part of the settings: installing, and getting invitations. Empty where there is none of it. */
export class AppSettings extends AppElement {
  /** @param {AppPort} app */
  constructor(app) {
    super(app);
    this.install = new AppInstall(app);
    this.name = h("input", { maxlength: 32, dir: "auto", autocomplete: "off", value: app.state.push.name ?? "" });
    this.status = h("p", { class: "hint", role: "status" });
    this.on = h("button", { type: "button", class: "quiet", onclick: () => this.subscribe() }, t("app.push_on"));
    this.off = h(
      "button",
      { type: "button", class: "quiet", onclick: () => void app.unsubscribe() },
      t("app.push_off"),
    );
    this.push = h(
      "div",
      null,
      h("h3", null, t("app.push_title")),
      row(t("app.push_name"), this.name, t("app.push_explained")),
      this.status,
      h("div", { class: "dialog-foot" }, this.off, this.on),
    );
  }

  connectedCallback() {
    this.replaceChildren(this.install, this.push);
    super.connectedCallback();
  }

  subscribe() {
    const name = this.name.value.trim();
    if (name === "") this.name.focus();
    else void this.app.subscribe(name);
  }

  /** @param {AppState} state */
  show({ installable, push }) {
    this.install.hidden = !installable;
    this.push.hidden = push.phase === "missing";
    const isOn = push.name !== null;
    this.off.hidden = !isOn;
    say(this.on, t(isOn ? "app.push_rename" : "app.push_on"));
    for (const button of [this.on, this.off]) button.disabled = push.phase === "busy" || push.phase === "blocked";
    say(this.status, statusOf(push));
  }
}
customElements.define("app-settings", AppSettings);

/** @param {import("./base.js").PushState} push */
function statusOf({ phase, name, problem }) {
  if (problem !== null) return problem;
  if (phase === "blocked") return t("app.push_blocked");
  return name === null ? "" : t("app.push_is_on", { name });
}

/** The part of the invite dialog: inviting somebody by push. Empty where the server does not do that. */
export class AppInvite extends AppElement {
  /** @param {AppPort} app */
  constructor(app) {
    super(app);
    this.name = h("input", { maxlength: 32, dir: "auto", autocomplete: "off" });
    this.status = h("p", { class: "hint", role: "status" });
    this.form = h(
      "form",
      { onsubmit: (/** @type {Event} */ event) => this.invite(event) },
      row(t("app.invite_name"), this.name, t("app.invite_explained")),
      this.status,
      h("div", { class: "dialog-foot" }, h("button", { class: "quiet" }, t("app.invite"))),
    );
  }

  connectedCallback() {
    this.replaceChildren(this.form);
    super.connectedCallback();
  }

  /** @param {Event} event */
  async invite(event) {
    event.preventDefault();
    const name = this.name.value.trim();
    if (name === "") return this.name.focus();
    const outcome = await this.app.invite(name);
    say(this.status, outcome.ok ? t("app.invited", { name }) : outcome.text);
    if (outcome.ok) this.name.value = "";
  }

  /** @param {AppState} state */
  show({ invites }) {
    this.form.hidden = !invites;
  }
}
customElements.define("app-invite", AppInvite);

/** A line that offers the server's new version of the page. Hidden until there is one. */
export class AppUpdate extends AppElement {
  connectedCallback() {
    this.setAttribute("role", "status");
    const reload = h("button", { type: "button", class: "quiet", onclick: () => this.app.reload() }, t("app.reload"));
    this.replaceChildren(h("span", null, t("app.outdated")), reload);
    super.connectedCallback();
  }

  /** @param {AppState} state */
  show({ outdated }) {
    this.hidden = !outdated;
  }
}
customElements.define("app-update", AppUpdate);
