/** The part of the invite dialog about signed invites: making one, those that are good now, and revoking them. */

import "../texts/dialog_texts.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { HOUR, remaining } from "../words/remaining.js";
import { row } from "./dialog.js";

/** @typedef {import("../../protocol/types.js").Invite} Invite */

const TIMES = /** @type {const} */ ({ "1h": HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR });
const USES = [1, 2, 5, 10, 20];

/**
 * @param {import("../view.js").Parts} parts
 * @param {(token: string) => void} made  Called with each new invite.
 * @returns {HTMLElement}
 */
export function signedInvites({ session }, made) {
  const { isHost } = session.state;
  const role = h(
    "select",
    null,
    ["viewer", ...(isHost ? ["controller"] : [])].map((one) => h("option", { value: one }, t(`role.${one}.long`))),
  );
  const time = h(
    "select",
    null,
    Object.keys(TIMES).map((name) => h("option", { value: name }, t(`invite.for.${name}`))),
  );
  time.value = "1d";
  const uses = h(
    "select",
    null,
    h("option", { value: "" }, t("invite.uses.any")),
    USES.map((count) => h("option", { value: String(count) }, String(count))),
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const status = h("p", { class: "hint", role: "status" });
  const list = h("ul", { class: "rows" });
  const all = h("button", { type: "button", class: "quiet danger", onclick: () => void revoke(null) });
  say(all, t("invite.revokeAll"));
  const heading = h("h3", { tabindex: -1 }, t("invite.list"));
  const listBox = h("div", { class: "group", hidden: true }, heading, list, h("div", { class: "dialog-foot" }, all));

  const ask = async (/** @type {string} */ type, /** @type {object} */ payload) => {
    const outcome = await session.ask(type, payload);
    say(problem, outcome.ok ? "" : outcome.text);
    return outcome.ok ? outcome.told : null;
  };
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const expires_in = TIMES[/** @type {keyof typeof TIMES} */ (time.value)];
    const payload = { role: role.value, expires_in, uses: uses.value === "" ? null : Number(uses.value) };
    const told = await ask("CreateInvite", payload);
    if (told !== null) {
      made(told.token);
      await refresh();
    }
  };
  const revoke = async (/** @type {Invite | null} */ invite) => {
    const what = invite === null ? { everybodys: isHost } : { id: invite.id };
    if ((await ask("RevokeInvites", what)) !== null) {
      say(status, t("invite.revoked"));
      (listBox.hidden ? role : heading).focus(); // The button that had the keyboard is gone.
      await refresh();
    }
  };
  const refresh = async () => {
    const told = await ask("GetInvites", {});
    const invites = /** @type {readonly Invite[]} */ (told?.invites ?? []);
    listBox.hidden = invites.length === 0;
    all.hidden = invites.length < 2;
    list.replaceChildren(...invites.map((invite) => entry(invite, () => void revoke(invite))));
  };
  void refresh();
  return h(
    "section",
    { class: "group" },
    h("h3", null, t("invite.own")),
    h("p", { class: "hint" }, t("invite.ownText")),
    h(
      "form",
      { onsubmit: (/** @type {Event} */ event) => void make(event) },
      h(
        "div",
        { class: "fields" },
        row(t("invite.role"), role),
        row(t("invite.expires"), time),
        row(t("invite.uses"), uses),
      ),
      problem,
      h("div", { class: "dialog-foot" }, h("button", { type: "submit", class: "primary" }, t("invite.make"))),
    ),
    status,
    listBox,
  );
}

/**
 * @param {Invite} invite
 * @param {() => void} revoke
 */
function entry(invite, revoke) {
  const who = t("invite.entry", { role: t(`role.${invite.role}.long`), name: invite.by });
  const details = [remaining(invite.expires_in), invite.uses !== null && t("invite.left", { count: invite.uses })];
  const what = [who, ...details].filter(Boolean).join(", ");
  return h(
    "li",
    null,
    h(
      "div",
      { class: "who" },
      h("span", { class: "name", dir: "auto" }, who),
      h("span", { class: "detail" }, details.filter(Boolean).join(", ")),
    ),
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": t("invite.revokeOne", { what }), onclick: revoke },
      t("invite.revoke"),
    ),
  );
}
