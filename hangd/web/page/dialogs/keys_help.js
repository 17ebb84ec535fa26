/** The table of keys. */

import "../texts/dialog_texts.js";
import { h } from "../dom.js";
import { BINDINGS, keyName } from "../keys.js";
import { t } from "../texts/texts.js";
import { showDialog } from "./dialog.js";

export function showKeys() {
  const table = (/** @type {"room" | "here"} */ where) =>
    h(
      "section",
      null,
      h("h3", null, t(`keys.${where}`)),
      h(
        "dl",
        { class: "keys" },
        BINDINGS.filter((binding) => binding.where === where).map((binding) =>
          h(
            "div",
            null,
            h(
              "dt",
              null,
              binding.keys.flatMap((key, index) => [index > 0 && " ", h("kbd", null, keyName(key))]),
            ),
            h("dd", null, t(binding.text)),
          ),
        ),
      ),
    );
  const dialog = showDialog(
    t("keys.title"),
    () => [
      h("div", { class: "keys-tables" }, table("room"), table("here")),
      h("p", { class: "hint" }, t("keys.touch")),
    ],
    {
      class: "broad",
    },
  );
  dialog.addEventListener("keydown", (event) => event.key === "?" && dialog.close());
}
