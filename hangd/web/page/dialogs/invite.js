/** Inviting: the link, copied or shared. */

import { AppInvite } from "../../app/elements.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { iconButton } from "../view.js";
import { row, showDialog } from "./dialog.js";

/** @param {import("../view.js").Parts} parts */
export function showInvite({ app, session }) {
  const link = session.state.invite ?? location.href;
  const field = h("input", { readonly: true, value: link, dir: "ltr", onfocus: () => field.select() });
  const done = h("p", { class: "hint", role: "status" });
  const copy = iconButton(
    "copy",
    t("invite.copy"),
    () => void copyLink(field).then((worked) => say(done, t(worked ? "invite.copied" : "invite.select"))),
    {
      words: true,
      class: "primary",
      autofocus: true,
    },
  );
  const share = iconButton(
    "share",
    t("invite.share"),
    () => void navigator.share({ title: t("invite.shareTitle"), url: link }).catch(() => undefined),
    { words: true },
  );
  showDialog(t("invite.title"), () => [
    h("p", null, t("invite.text")),
    row(t("invite.link"), field),
    done,
    h("div", { class: "dialog-foot" }, "share" in navigator && share, copy),
    app !== null && new AppInvite(app),
  ]);
}

/**
 * Copies the link; over plain http a browser gives pages no clipboard but the old way.
 *
 * @param {HTMLInputElement} field
 * @returns {Promise<boolean>} Whether it worked. If not, the link is selected.
 */
async function copyLink(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}
