/** The question before this room is left for another one, whose link was opened in this page. */

import "../texts/dialog_texts.js";
import { h } from "../dom.js";
import { t } from "../texts/texts.js";
import { showDialog } from "./dialog.js";

/**
 * Asks whether to leave the room for another one.
 *
 * @param {import("../view.js").Parts} parts
 * @param {string} room  The other room.
 * @param {() => void} leave  Called if the viewer leaves.
 */
export function confirmOtherRoom({ session }, room, leave) {
  showDialog(t("other.title", { room }), (close) => [
    h("p", null, t(session.state.isHost ? "leave.host" : "leave.text")),
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { type: "button", class: "quiet", autofocus: true, onclick: close }, t("leave.stay")),
      h(
        "button",
        {
          type: "button",
          class: "primary danger",
          onclick: () => {
            close();
            leave();
          },
        },
        t("leave.leave"),
      ),
    ),
  ]);
}
