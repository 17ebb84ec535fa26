/** Going to a position that the viewer writes. */

import "../texts/dialog_texts.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { clock, parsePosition } from "../words/clock.js";
import { row, showDialog } from "./dialog.js";

/** @param {import("../view.js").Parts} parts */
export function showGoto({ actions }) {
  const field = h("input", { autocomplete: "off", value: clock(actions.position), autofocus: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const undo = (/** @type {() => void} */ close) => {
    close();
    actions.undoSeek();
  };
  const stop = (/** @type {() => void} */ close) => {
    close();
    actions.stop();
  };
  showDialog(t("goto.title"), (close) => [
    h(
      "form",
      {
        novalidate: true,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          const target = parsePosition(field.value, actions.position, actions.duration);
          if (target === null) {
            say(problem, t("goto.wrong"));
          } else {
            close();
            actions.seek(target);
          }
        },
      },
      row(t("goto.label"), field, t("goto.hint")),
      problem,
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { type: "button", class: "quiet", onclick: () => stop(close) }, t("goto.stop")),
        h("button", { type: "button", class: "quiet", onclick: () => undo(close) }, t("goto.undo")),
        h("button", { type: "submit", class: "primary" }, t("goto.go")),
      ),
    ),
  ]);
  field.select();
}
