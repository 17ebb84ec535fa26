/**
 * Inviting: the link, copied or shared; for whom the link alone is not enough, a link with a signed invite. Where the room
 * lets in only who has an invite, there is no link until one with an invite is made.
 */

import "../texts/dialog_texts.js";
import { AppInvite } from "../../app/elements.js";
import { signed } from "../../client/invites.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { iconButton } from "../view.js";
import { row, showDialog } from "./dialog.js";
import { signedInvites } from "./signed_invites.js";

/** @param {import("../view.js").Parts} parts */
export function showInvite(parts) {
  const { app, session } = parts;
  const { features, invite, mayControl, room } = session.state;
  const link = invite ?? location.href;
  const isPlainGood = room?.policy.access !== "invited";
  const shown = new SharedLink(link, isPlainGood);
  const signs = features.includes("invites") && mayControl;
  const lacking = h("div", { class: "group" }, lacks(parts, signs));
  lacking.hidden = lacking.childElementCount === 0;
  showDialog(t("invite.title"), () => [
    h("p", null, t(isPlainGood ? "invite.text" : "invite.film")),
    shown.element,
    lacking,
    signs &&
      signedInvites(parts, (token) => {
        shown.replace(signed(link, token), t("invite.made"));
        lacking.replaceChildren(...lacks(parts, signs, true));
        lacking.hidden = lacking.childElementCount === 0;
      }),
    app !== null && new AppInvite(app),
  ]);
}

/**
 * Returns what the link does not open.
 *
 * @param {import("../view.js").Parts} parts
 * @param {boolean} signs  Whether this member can make a signed invite.
 * @param {boolean} [isSigned]  Whether the link has one.
 */
function lacks({ session }, signs, isSigned = false) {
  const policy = session.state.room?.policy;
  const found = [!isSigned && plainLacks(policy, signs), policy?.locked && "invite.locked"];
  return found.filter((key) => typeof key === "string").map((key) => h("p", { class: "warning" }, t(key)));
}

/**
 * Returns the key of the text that says whom a link without an invite does not let in; null: it lets everybody in, or
 * this member has no better one.
 *
 * @param {import("../../protocol/types.js").Policy | undefined} policy
 * @param {boolean} signs
 */
function plainLacks(policy, signs) {
  if (policy?.access === "invited") return signs ? "invite.needsInvite" : "invite.askInvite";
  if (!signs) return null;
  const needsAccount = policy?.access === "accounts";
  if (policy?.has_password) return needsAccount ? "invite.needsBoth" : "invite.needsPassword";
  return needsAccount ? "invite.needsAccount" : null;
}

/** A link, with what copies and shares it. */
class SharedLink {
  /**
   * @param {string} link
   * @param {boolean} isGood  Else it is not shown before `replace`.
   */
  constructor(link, isGood) {
    this.field = h("input", { readonly: true, value: link, dir: "ltr", onfocus: () => this.field.select() });
    this.done = h("p", { class: "hint", role: "status" });
    this.copy = iconButton("copy", t("invite.copy"), () => void this.#copy(), {
      words: true,
      class: "primary",
      autofocus: isGood,
    });
    const share = iconButton("share", t("invite.share"), () => void this.#share(), { words: true });
    const labelled = row(t("invite.link"), this.field);
    this.label = labelled.querySelector("label");
    this.element = h(
      "div",
      { class: "group", hidden: !isGood },
      labelled,
      h("div", { class: "dialog-foot" }, this.done, "share" in navigator && share, this.copy),
    );
  }

  /**
   * Shows another link instead.
   *
   * @param {string} link
   * @param {string} label
   */
  replace(link, label) {
    this.field.value = link;
    this.element.hidden = false;
    say(this.label ?? this.done, label);
    say(this.done, "");
    this.copy.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  async #copy() {
    say(this.done, t((await copyLink(this.field)) ? "invite.copied" : "invite.select"));
  }

  async #share() {
    await navigator.share({ title: t("invite.shareTitle"), url: this.field.value }).catch(() => undefined);
  }
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
