/** The room's rules: everyone reads them, the host changes them. A change counts at once. */

import "../texts/dialog_texts.js";
import { attribute, h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { chosen, RULES } from "../words/rules.js";
import { row, showDialog } from "./dialog.js";

/** The protocol's, for members of a room. */
const [LEAST, MOST] = [1, 1000];

/**
 * A field for a number of people. What is no such number is said beside it, and not asked of the server.
 *
 * @param {string} label
 * @param {(value: number) => void} changed
 */
function numberField(label, changed) {
  const wrong = h("p", { class: "problem", role: "alert" });
  const input = h("input", {
    type: "number",
    required: true,
    min: LEAST,
    max: MOST,
    step: 1,
    onchange: () => {
      const { valid } = input.validity;
      say(wrong, valid ? "" : t("rules.number", { least: LEAST, most: MOST }));
      attribute(input, "aria-invalid", valid ? null : "true");
      if (valid) {
        changed(input.valueAsNumber);
      }
    },
  });
  return { input, field: h("div", null, row(label, input), wrong) };
}

/** @param {HTMLInputElement} input  Nobody writes in it, or has to correct what is in it. */
function isLeftAlone(input) {
  return document.activeElement !== input && !input.hasAttribute("aria-invalid");
}

/**
 * Tells whether a rule can have this value at a server with these features.
 *
 * @param {string} rule
 * @param {string} value
 * @param {readonly string[]} features
 */
function isOffered(rule, value, features) {
  if (rule !== "access" || value === "anyone") {
    return true;
  }
  return features.includes(value === "accounts" ? "accounts" : "invites");
}

/** @param {import("../view.js").Parts} parts */
export function showRules(parts) {
  const { actions, session } = parts;
  const { features } = session.state;
  const change = async (/** @type {object} */ policy) => {
    await actions.ask(session.setPolicy(policy));
    refresh();
  };
  const rules = RULES.map((rule) => {
    const before = session.state.room === null ? null : chosen(session.state.room.policy, rule);
    const values = rule.values.filter((value) => value === before || isOffered(rule.name, value, features));
    const select = h(
      "select",
      { onchange: () => select.value === "NUMBER" || void change({ [rule.name]: select.value }) },
      values.map((value) => h("option", { value }, t(`choice.${rule.name}.${value}`))),
    );
    return { rule, select };
  });
  const { input: number, field: numberRow } = numberField(t("choice.start.count"), (start) => void change({ start }));
  const { input: capacity, field: capacityRow } = numberField(
    t("choice.capacity"),
    (capacity) => void change({ capacity }),
  );
  const locked = h("input", { type: "checkbox", onchange: () => void change({ locked: locked.checked }) });
  const history = h("input", { type: "checkbox", onchange: () => void change({ history: history.checked }) });
  const bans = h("button", { type: "button", class: "quiet", onclick: () => actions.open("bans") }, t("bans.open"));
  const password = h("input", { type: "password", maxlength: 256, autocomplete: "new-password" });
  const passwordButton = h("button", { type: "submit", class: "quiet" }, t("choice.password.set"));
  const setPassword = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await change({ password: password.value });
    password.value = "";
  };
  const noPassword = h(
    "button",
    { type: "button", class: "quiet", onclick: () => void change({ password: "" }) },
    t("choice.password.none"),
  );
  const note = h("p", { class: "hint" });

  const refresh = () => {
    const { room, isHost } = session.state;
    if (room === null) {
      return;
    }
    const { policy } = room;
    for (const { rule, select } of rules) {
      if (!(rule.name === "start" && select.value === "NUMBER" && document.activeElement === select)) {
        select.value = chosen(policy, rule);
      }
      attribute(select, "disabled", !isHost);
    }
    const counts = rules.find(({ rule }) => rule.name === "start")?.select.value === "NUMBER";
    attribute(numberRow, "hidden", !counts);
    if (isLeftAlone(number)) {
      number.value = typeof policy.start === "number" ? String(policy.start) : "2";
    }
    if (isLeftAlone(capacity)) {
      capacity.value = String(policy.capacity);
    }
    locked.checked = policy.locked;
    history.checked = policy.history;
    attribute(bans, "hidden", !isHost);
    for (const input of [number, capacity, locked, history, password, passwordButton]) {
      attribute(input, "disabled", !isHost);
    }
    attribute(noPassword, "hidden", !policy.has_password || !isHost);
    password.placeholder = t(policy.has_password ? "choice.password.is" : "choice.password.isNone");
    note.textContent = t(isHost ? "rules.host" : "rules.others");
  };
  for (const { rule, select } of rules) {
    if (rule.name === "start") {
      select.addEventListener("change", () => {
        attribute(numberRow, "hidden", select.value !== "NUMBER");
        if (select.value === "NUMBER" && number.validity.valid) {
          void change({ start: number.valueAsNumber });
        }
      });
    }
  }
  showDialog(
    t("rules.title"),
    () => [
      note,
      ...rules.flatMap(({ rule, select }) => [
        row(t(`choice.${rule.name}`), select),
        ...(rule.name === "start" ? [numberRow] : []),
      ]),
      capacityRow,
      h("label", { class: "check" }, locked, h("span", null, t("choice.locked"))),
      h("label", { class: "check" }, history, h("span", null, t("choice.history"))),
      h(
        "form",
        { onsubmit: (/** @type {Event} */ event) => void setPassword(event) },
        // A keeper of passwords keeps it under the room's name.
        h("input", { hidden: true, autocomplete: "username", value: session.state.room?.name ?? "" }),
        row(t("choice.password"), password),
        h("div", { class: "dialog-foot" }, noPassword, passwordButton),
      ),
      h("div", { class: "dialog-foot" }, bans),
    ],
    { refresh, events: [[/** @type {EventTarget} */ (/** @type {unknown} */ (session)), "change"]] },
  );
}
