/** Who is banned from the room, and letting them in again: the host's. */

import "../texts/dialog_texts.js";
import { h, say } from "../dom.js";
import { listed, t } from "../texts/texts.js";
import { remaining } from "../words/remaining.js";
import { showDialog } from "./dialog.js";

/** @typedef {import("../../protocol/types.js").Ban} Ban */

/** @param {import("../view.js").Parts} parts */
export async function showBans({ session }) {
  const list = h("ul", { class: "rows" });
  const none = h("p", null, t("bans.none"));
  const status = h("p", { class: "hint", role: "status" });
  const problem = h("p", { class: "problem", role: "alert" });
  const ask = async (/** @type {string} */ type, /** @type {object} */ payload) => {
    const outcome = await session.ask(type, payload);
    say(problem, outcome.ok ? "" : outcome.text);
    if (outcome.ok) {
      show(outcome.told.bans);
    }
    return outcome.ok;
  };
  const show = (/** @type {readonly Ban[]} */ bans) => {
    none.hidden = bans.length > 0;
    list.hidden = bans.length === 0;
    list.replaceChildren(...bans.map((ban) => entry(ban, () => void unban(ban))));
  };
  const unban = async (/** @type {Ban} */ ban) => {
    if (await ask("Unban", { id: ban.id })) {
      say(status, t("bans.undone", { name: ban.name }));
      dialog.querySelector("h2")?.focus(); // The button that had the keyboard is gone.
    }
  };
  none.hidden = list.hidden = true;
  const dialog = showDialog(t("bans.title"), () => [none, list, status, problem]);
  await ask("GetBans", {});
}

/**
 * @param {Ban} ban
 * @param {() => void} unban
 */
function entry(ban, unban) {
  const { network_until: until } = ban;
  const known = ban.kinds.filter((kind) => kind !== "network").map((kind) => t(`bans.kind.${kind}`));
  if (until !== null) {
    known.push(t("bans.network", { left: remaining(until) }));
  }
  const kinds = listed(known);
  const details = [
    t("bans.by", { name: ban.by }),
    ban.reason !== null && t("bans.reason", { reason: ban.reason }),
    kinds !== "" && t("bans.kinds", { kinds }),
  ];
  return h(
    "li",
    null,
    h(
      "div",
      { class: "who" },
      h("bdi", { class: "name" }, ban.name),
      h("span", { class: "detail", dir: "auto" }, details.filter(Boolean).join(" · ")),
    ),
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": t("bans.unbanWho", { name: ban.name }), onclick: unban },
      t("bans.unban"),
    ),
  );
}
