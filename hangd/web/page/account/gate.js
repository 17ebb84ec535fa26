/** What a server wants to know before anything else: its own password, or who comes. */

import "../texts/dialog_texts.js";
import { row } from "../dialogs/dialog.js";
import { h, say } from "../dom.js";
import { roomStyles } from "../styles.js";
import { t } from "../texts/texts.js";
import { loginForms } from "./login_forms.js";

/**
 * Makes what asks for it. The page shows the next thing when the session's state changes.
 *
 * @param {import("../view.js").Parts} parts
 * @param {"password" | "account"} wants
 * @returns {Promise<HTMLElement>}
 */
export async function gate(parts, wants) {
  await roomStyles(); // The forms are those of a dialog.
  if (wants === "account") {
    const why = t("error.NeedsAccount");
    const forms = loginForms(parts, () => undefined);
    return h("section", { class: "card", "aria-label": why }, h("p", null, why), forms);
  }
  const field = h("input", { type: "password", maxlength: 256, autocomplete: "current-password" });
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (field.value === "") {
      field.focus();
      return;
    }
    const outcome = await parts.session.account.givePassword(field.value);
    if (!outcome.ok) {
      say(problem, outcome.text);
      field.select();
      field.focus();
    }
  };
  return h(
    "form",
    {
      class: "card",
      novalidate: true,
      "aria-label": t("gate.password"),
      onsubmit: (/** @type {Event} */ event) => void submit(event),
    },
    h("p", null, t("gate.password")),
    // A keeper of passwords keeps it under the server's name.
    h("input", { hidden: true, autocomplete: "username", value: location.host }),
    row(t("gate.passwordField"), field, t("gate.passwordHint")),
    problem,
    h("button", { type: "submit", class: "primary" }, t("gate.go")),
  );
}
