/** Questions before what cannot be undone. */

import "../texts/dialog_texts.js";
import { h } from "../dom.js";
import { t } from "../texts/texts.js";
import { showDialog } from "./dialog.js";

/**
 * Asks whether to leave the room, and leaves it.
 *
 * @param {import("../view.js").Parts} parts
 */
export function confirmLeave({ actions, session }) {
  showDialog(t("leave.title"), (close) => [
    h("p", null, t(session.state.isHost ? "leave.host" : "leave.text")),
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { type: "button", class: "quiet", onclick: close }, t("leave.stay")),
      h(
        "button",
        {
          type: "button",
          class: "primary danger",
          autofocus: true,
          onclick: () => {
            close();
            void actions.ask(session.leave());
          },
        },
        t("leave.leave"),
      ),
    ),
  ]);
}
