/** Opens a dialog by its name. What only a dialog needs is loaded when it is opened first. */

import { roomStyles } from "../styles.js";
import { t } from "../texts/texts.js";

/** @typedef {import("../view.js").Parts} Parts */

/** @type {Record<string, (parts: Parts, id: string) => Promise<void>>} */
const DIALOGS = {
  account: async (parts) => (await import("../account/account_dialog.js")).showAccount(parts),
  bans: async (parts) => (await import("./bans.js")).showBans(parts),
  goto: async (parts) => (await import("./goto.js")).showGoto(parts),
  invite: async (parts) => (await import("./invite.js")).showInvite(parts),
  keys: async () => (await import("./keys_help.js")).showKeys(),
  leave: async (parts) => (await import("./confirm.js")).confirmLeave(parts),
  member: async (parts, id) => (await import("./member.js")).showMember(parts, id),
  rules: async (parts) => (await import("./rules_dialog.js")).showRules(parts),
  settings: async (parts) => (await import("./settings.js")).showSettings(parts),
};

/**
 * Opens a dialog. One that is open is closed.
 *
 * @param {string} name
 * @param {Parts} parts
 * @param {string} [id]  Of what it is about.
 */
export async function openDialog(name, parts, id = "") {
  try {
    await roomStyles();
    await DIALOGS[name]?.(parts, id);
  } catch {
    parts.actions.toast(t("page.broken"), "problem");
  }
}
