/** What the host may do with a member: its role, ready for it, remove it, ban it. */

import "../texts/dialog_texts.js";
import { h } from "../dom.js";
import { t } from "../texts/texts.js";
import { row, showDialog } from "./dialog.js";

/** @typedef {import("../../protocol/types.js").Member["role"]} Role */

/**
 * @param {import("../view.js").Parts} parts
 * @param {string} id
 */
export function showMember({ actions, session }, id) {
  const member = session.state.room?.members.find((one) => one.client_id === id);
  if (member === undefined) {
    return;
  }
  const role = h(
    "select",
    null,
    ["viewer", "controller", "host"].map((value) => h("option", { value }, t(`role.${value}.long`))),
  );
  role.value = member.role;
  const reason = h("input", { maxlength: 200, autocomplete: "off", dir: "auto" });
  showDialog(t("manage.title", { name: member.name }), (close) => {
    const does = (/** @type {Promise<import("../view.js").Outcome>} */ request) => {
      close();
      void actions.ask(request);
    };
    const remove = (/** @type {boolean} */ ban) =>
      does(session.kick(id, { ban, ...(reason.value.trim() === "" ? {} : { reason: reason.value.trim() }) }));
    const ban = h(
      "button",
      {
        type: "button",
        class: "quiet danger",
        onclick: () => {
          first.hidden = true;
          question.hidden = false;
          keep.focus();
        },
      },
      t("manage.ban"),
    );
    const first = h(
      "div",
      { class: "dialog-foot" },
      ban,
      h("button", { type: "button", class: "quiet danger", onclick: () => remove(false) }, t("manage.kick")),
    );
    const keep = h(
      "button",
      {
        type: "button",
        class: "quiet",
        onclick: () => {
          question.hidden = true;
          first.hidden = false;
          ban.focus();
        },
      },
      t("manage.banNo"),
    );
    const { name } = member;
    const question = h(
      "div",
      { class: "ask-ban", role: "alert", hidden: true },
      h("p", null, t(member.account === null ? "manage.banAsk" : "manage.banAskAccount", { name })),
      h(
        "div",
        { class: "dialog-foot" },
        keep,
        h(
          "button",
          { type: "button", class: "quiet danger", onclick: () => remove(true) },
          t("manage.banYes", { name }),
        ),
      ),
    );
    const { account } = member;
    return [
      h("p", { class: "hint" }, account === null ? t("manage.noAccount") : t("manage.account", { name: account })),
      row(t("manage.role"), role),
      h(
        "div",
        { class: "dialog-foot" },
        h(
          "button",
          { type: "button", class: "quiet", onclick: () => does(session.setReady(!member.ready, id)) },
          t(member.ready ? "manage.notReady" : "manage.ready"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "primary",
            onclick: () => does(session.setRole(id, /** @type {Role} */ (role.value))),
          },
          t("manage.setRole"),
        ),
      ),
      h("hr"),
      row(t("manage.reason"), reason, t("manage.reasonHint")),
      first,
      question,
    ];
  });
}
