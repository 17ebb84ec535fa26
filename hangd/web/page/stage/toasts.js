/**
 * Notices on the picture: at most three, the oldest goes first; read aloud as they come. What the server says (that it is
 * about to stop) gives way to none, and stays for longer. All but what went wrong is in the chat's log, too.
 */

import { h } from "../dom.js";
import { View } from "../view.js";

const MOST = 3;
/** Seconds: long enough to read ten words; what went wrong stays longer. */
const SHOWN = 4;
const SHOWN_PROBLEM = 8;
const SHOWN_SERVER = 30;
const SERVER = "server";
/** What a key or a slider has set takes the place of the value before. */
const VALUE = "value";

export class Toasts extends View {
  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.setAttribute("role", "log");
    this.setAttribute("aria-live", "polite");
  }

  /**
   * Shows a notice for some seconds.
   *
   * @param {{kind: string, text: string}} notice
   */
  add({ kind, text }) {
    const same = kind === VALUE ? this.querySelector(`[data-kind="${VALUE}"]`) : null;
    same?.remove();
    const problem = kind === "problem" || kind === "refused" || kind === "kicked";
    const line = h("p", { class: "toast", "data-kind": kind, dir: "auto" }, text);
    this.append(line);
    while (this.childElementCount > MOST) {
      (this.querySelector(`:not([data-kind="${SERVER}"])`) ?? this.firstElementChild)?.remove();
    }
    const shown = kind === SERVER ? SHOWN_SERVER : problem ? SHOWN_PROBLEM : SHOWN;
    setTimeout(() => line.remove(), shown * 1000);
  }
}
customElements.define("hang-toasts", Toasts);
