/** The viewer's account at this server: logging in and out, and a code for another device. */

import "../texts/dialog_texts.js";
import { showDialog } from "../dialogs/dialog.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { loginForms } from "./login_forms.js";

/** @param {import("../view.js").Parts} parts */
export function showAccount(parts) {
  const { session } = parts;
  const { account } = session.state;
  if (account === null) {
    showDialog(t("account.title"), (close) => [
      h("p", null, t("account.why")),
      loginForms(parts, () => {
        close();
        parts.actions.toast(t("account.is", { name: session.state.account ?? "" }), "account");
      }),
    ]);
    return;
  }
  const problem = h("p", { class: "problem", role: "alert" });
  const code = h("p", { class: "pair-code", role: "status" });
  const pair = h("button", { type: "button", class: "quiet", onclick: () => void showCode() }, t("account.pair"));
  const showCode = async () => {
    pair.disabled = true;
    const outcome = await session.ask("CreatePairCode", {});
    pair.disabled = false;
    say(problem, outcome.ok ? "" : outcome.text);
    if (outcome.ok) {
      const letters = outcome.told.code.replace(/[\s-]/g, "");
      const minutes = Math.max(1, Math.round(outcome.told.expires_in / 60));
      code.replaceChildren(
        h("strong", { dir: "ltr" }, `${letters.slice(0, 4)} ${letters.slice(4)}`),
        h("span", { class: "hint" }, t("account.pairHint", { count: minutes })),
      );
    }
  };
  showDialog(t("account.title"), (close) => {
    const leave = async (/** @type {boolean} */ everywhere) => {
      const outcome = await session.account.logOut(everywhere);
      if (outcome.ok) {
        close();
        parts.actions.toast(t("account.isOut"), "account");
      } else {
        say(problem, outcome.text);
      }
    };
    return [
      h("p", null, t("account.is", { name: account })),
      h("div", { class: "dialog-foot to-start" }, pair),
      code,
      problem,
      h("hr"),
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { type: "button", class: "quiet danger", onclick: () => void leave(true) }, t("account.outAll")),
        h("button", { type: "button", class: "primary", onclick: () => void leave(false) }, t("account.out")),
      ),
    ];
  });
}
