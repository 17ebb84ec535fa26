/** Logging in by name and password or by another device's code, and making an account: one form at a time. */

import "../texts/dialog_texts.js";
import { row } from "../dialogs/dialog.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";

/** The protocol's, for a new password. */
const PASSWORD_MIN = 8;

/**
 * @typedef {import("../view.js").Parts} Parts
 * @typedef {import("../view.js").Outcome} Outcome
 * @typedef {"login" | "code" | "register"} Way
 */

/**
 * Makes an element in which somebody logs in.
 *
 * @param {Parts} parts
 * @param {() => void} done  Called once they have.
 * @returns {HTMLElement}
 */
export function loginForms({ session }, done) {
  const { account } = session;
  if (!account.mayLogIn) {
    return h("p", null, t("account.insecure"));
  }
  const { features } = session.state;
  const box = h("div", { class: "group" });
  const offered = /** @type {readonly Way[]} */ (["login", "code", "register"]).filter(
    (way) => way !== "register" || features.some((one) => one.startsWith("register")),
  );
  const show = (/** @type {Way} */ way) => {
    const form = FORMS[way](account, done, features);
    const others = offered.filter((one) => one !== way);
    const buttons = others.map((one) =>
      h("button", { type: "button", class: "quiet", onclick: () => show(one) }, t(`account.way.${one}`)),
    );
    const isFirst = box.childElementCount === 0;
    box.replaceChildren(form, h("div", { class: "dialog-foot ways" }, buttons));
    if (!isFirst) {
      form.querySelector("input")?.focus();
    }
  };
  show("login");
  return box;
}

/** @typedef {(account: Parts["session"]["account"], done: () => void, features: readonly string[]) => HTMLFormElement} MakeForm */

/** @type {Record<Way, MakeForm>} */
const FORMS = {
  login: (account, done) => {
    const { name, password } = fields("current-password");
    return form(
      t("account.login"),
      [row(t("account.name"), name), row(t("account.password"), password)],
      done,
      () => missing(name) ?? missing(password) ?? account.logIn({ name: name.value.trim(), password: password.value }),
    );
  },
  code: (account, done) => {
    const code = h("input", { autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false" });
    return form(t("account.login"), [row(t("account.code"), code, t("account.codeHint"))], done, () => {
      const letters = code.value.replace(/[\s-]/g, "").toUpperCase();
      return /^[A-Z]{8}$/.test(letters) ? account.logIn({ code: letters }) : wrong(code, t("account.noCode"));
    });
  },
  register: (account, done, features) => {
    const { name, password } = fields("new-password");
    const invite = h("input", { autocomplete: "off", spellcheck: "false", maxlength: 1024 });
    const byInvite = !features.includes("register");
    const rows = [
      row(t("account.name"), name),
      row(t("account.password"), password, t("account.passwordHint", { count: PASSWORD_MIN })),
      byInvite && row(t("account.invite"), invite, t("account.inviteHint")),
    ];
    return form(t("account.register"), rows, done, () => {
      if ([...password.value].length < PASSWORD_MIN) {
        return missing(name) ?? wrong(password, t("account.passwordHint", { count: PASSWORD_MIN }));
      }
      return missing(name) ?? account.register(name.value.trim(), password.value, invite.value.trim() || null);
    });
  },
};

/** @param {"current-password" | "new-password"} kind */
function fields(kind) {
  return {
    name: h("input", { autocomplete: "username", maxlength: 32, dir: "auto", spellcheck: "false" }),
    password: h("input", { type: "password", autocomplete: kind, maxlength: 256 }),
  };
}

/**
 * @param {HTMLInputElement} field
 * @param {string} why
 * @returns {Outcome}
 */
function wrong(field, why) {
  field.focus();
  return { ok: false, code: "Wrong", text: why };
}

/** @param {HTMLInputElement} field */
function missing(field) {
  return field.value.trim() === "" ? wrong(field, t("account.missing")) : null;
}

/**
 * @param {string} title
 * @param {readonly (HTMLElement | false)[]} rows
 * @param {() => void} done
 * @param {() => Outcome | Promise<Outcome>} ask
 */
function form(title, rows, done, ask) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, title);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    say(problem, "");
    const outcome = await ask();
    button.disabled = false;
    if (outcome.ok) {
      done();
    } else {
      say(problem, outcome.text);
    }
  };
  return h(
    "form",
    { novalidate: true, "aria-label": title, onsubmit: (/** @type {Event} */ event) => void submit(event) },
    rows,
    problem,
    h("div", { class: "dialog-foot" }, button),
  );
}
