/** What is asked before a room is opened: its name, who may control it, a password. It dispatches "create". */

import { attribute, h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";

export class NewRoom extends View {
  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.nameField = h("input", {
      id: "new-name",
      maxlength: 64,
      autocomplete: "off",
      dir: "auto",
      placeholder: t("new.namePlaceholder"),
    });
    this.control = h(
      "select",
      { id: "new-control" },
      ["everyone", "controllers", "host"].map((value) => h("option", { value }, t(`choice.control.${value}`))),
    );
    this.begin = h(
      "select",
      { id: "new-start" },
      ["anyone", "ready"].map((value) => h("option", { value }, t(`choice.start.${value}`))),
    );
    this.password = h("input", { id: "new-password", type: "password", maxlength: 256, autocomplete: "new-password" });
    this.button = h("button", { type: "submit", class: "primary" }, t("new.open"));
    this.hint = h("p", { class: "hint" });
    this.append(
      h(
        "form",
        {
          class: "card",
          novalidate: true,
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            this.dispatchEvent(new Event("create"));
          },
        },
        field("new-name", t("new.name"), this.nameField),
        field("new-control", t("choice.control"), this.control),
        field("new-start", t("choice.start"), this.begin),
        field("new-password", t("new.password"), this.password),
        this.hint,
        this.button,
      ),
    );
  }

  /** @returns {import("../../client/base.js").RoomOptions} */
  get options() {
    const [name, password] = [this.nameField.value.trim(), this.password.value];
    return {
      ...(name === "" ? {} : { name }),
      ...(password === "" ? {} : { password }),
      policy: /** @type {Partial<import("../../protocol/types.js").Policy>} */ ({
        control: this.control.value,
        start: this.begin.value,
      }),
    };
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const open = state.copy.phase === "open";
    attribute(this.button, "disabled", !open);
    say(this.hint, t(open ? "new.hint" : "new.pickFirst"));
  }
}
customElements.define("hang-new-room", NewRoom);

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLElement} input
 */
function field(id, label, input) {
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}
