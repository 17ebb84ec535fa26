/** A dialog above the page, which has the keyboard until it is closed. On a phone it comes from below. */

import { h } from "../dom.js";
import { t } from "../texts/texts.js";
import { iconButton } from "../view.js";

let made = 0;

/**
 * Shows a dialog. It is gone from the document when it is closed.
 *
 * @param {string} title
 * @param {(close: () => void) => readonly (Node | string | null | false)[]} content  Makes what is in it.
 * @param {{class?: string, refresh?: () => void, events?: readonly [EventTarget, string][]}} [options]
 *   `refresh` is called now and whenever one of these events comes, until it is closed.
 */
export function showDialog(title, content, options = {}) {
  made += 1;
  const id = `dialog-${made}`;
  /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog[open]"))?.close();
  const dialog = h("dialog", { class: options.class, "aria-labelledby": id });
  const close = () => dialog.close();
  dialog.append(
    h("div", { class: "dialog-head" }, h("h2", { id, tabindex: -1 }, title), iconButton("close", t("close"), close)),
    h("div", { class: "dialog-body" }, ...content(close)),
  );
  const listening = new AbortController();
  dialog.addEventListener("close", () => {
    listening.abort();
    dialog.remove();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  const { refresh } = options;
  if (refresh !== undefined) {
    for (const [target, name] of options.events ?? []) {
      target.addEventListener(name, refresh, { signal: listening.signal });
    }
    refresh();
  }
  (document.querySelector("hang-page") ?? document.body).append(dialog);
  dialog.showModal();
  if (dialog.querySelector("[autofocus]") === null) {
    dialog.querySelector("h2")?.focus();
  }
  return dialog;
}

/**
 * Makes a labelled row of a dialog.
 *
 * @param {string} label
 * @param {HTMLElement} input  Gets an id if it has none.
 * @param {string} [hint]
 */
export function row(label, input, hint) {
  made += 1;
  input.id ||= `field-${made}`;
  const note = hint === undefined ? null : h("span", { class: "hint", id: `${input.id}-hint` }, hint);
  if (note !== null) {
    input.setAttribute("aria-describedby", note.id);
  }
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, note);
}
