/** What every element of the page is: it is made for the page's parts, and then given each new state. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("../client/base.js").SessionPort} SessionPort
 * @typedef {import("../client/base.js").SessionState} SessionState
 * @typedef {import("../client/base.js").Outcome} Outcome
 * @typedef {import("../client/base.js").Notice} Notice
 * @typedef {import("../protocol/types.js").Room} Room
 * @typedef {import("../protocol/types.js").Member} Member
 *
 * @typedef {object} Parts  What the page is made for.
 * @property {SessionPort} session
 * @property {HTMLVideoElement} video  The player's; the page puts it into the stage and sets its volume.
 * @property {import("../app/base.js").AppPort | null} app  What the browser offers beside showing a page; null: nothing.
 * @property {import("./preferences.js").Preferences} preferences
 * @property {import("./actions.js").Actions} actions
 * @property {import("./copies.js").Copies} copies
 */

/** An element of the page. It is made with `new`, and builds its content then. */
export class View extends HTMLElement {
  #stay = new AbortController();

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.parts = parts;
  }

  connectedCallback() {
    this.#stay = new AbortController();
    this.came(this.#stay.signal);
  }

  disconnectedCallback() {
    this.#stay.abort();
  }

  /**
   * Takes what the page's parts have now, and listens to what they tell. They live longer than this element.
   *
   * @param {AbortSignal} _stay  Aborted when the element is taken out of the page.
   */
  came(_stay) {}

  /**
   * Shows this state.
   *
   * @param {SessionState} _state
   */
  show(_state) {}

  /** Shows what moves with time: positions, countdowns. Called four times a second while the page is seen. */
  tick() {}
}

/**
 * Makes a button with an icon, whose words are a label or, with `words`, are seen beside it.
 *
 * @param {import("./icons.js").IconName} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {{class?: string, words?: boolean, [attribute: string]: unknown}} [options]
 */
export function iconButton(name, label, onclick, options = {}) {
  const { class: more = "", words = false, ...attributes } = options;
  return h(
    "button",
    {
      type: "button",
      class: `icon-button ${more}`.trim(),
      title: words ? null : label,
      "aria-label": words ? null : label,
      "data-icon": name,
      onclick,
      ...attributes,
    },
    icon(name),
    words && h("span", { class: "words" }, label),
  );
}

/**
 * Changes the words of a button that shows an icon alone.
 *
 * @param {HTMLElement} button
 * @param {string} label
 */
export function setLabel(button, label) {
  if (button.getAttribute("aria-label") !== label) {
    button.setAttribute("aria-label", label);
    button.title = label;
  }
}
