/** What stands in the middle of the stage: no copy of the film, one that is opened or cannot be played, a tap wanted. */

import { canPickFolders } from "../../files/picking.js";
import { attribute, h, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { iconButton, View } from "../view.js";
import { lengthAndSize } from "../words/clock.js";

/** @typedef {import("../../client/base.js").FileInfo} FileInfo */

export class Card extends View {
  /** The problem of a film that plays, which the viewer has read. @type {string | null} */
  #read = null;
  /** The film whose copy of an earlier visit was looked for. @type {FileInfo | null} */
  #film = null;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions, copies, session } = this.parts;
    this.heading = h("h2");
    this.film = h("p", { class: "film", dir: "auto" });
    this.detail = h("p", { class: "detail" });
    const opens = (/** @type {() => Promise<import("../view.js").Outcome | null>} */ open) => async () => {
      const outcome = await open();
      if (outcome?.ok === false) {
        actions.toast(outcome.text, "problem");
      }
    };
    this.againWords = h("span", { class: "words" });
    this.again = h(
      "button",
      { type: "button", class: "primary", hidden: true, onclick: opens(() => this.#recall()) },
      icon("film"),
      this.againWords,
    );
    this.pick = h(
      "button",
      { type: "button", class: "primary", onclick: opens(() => copies.pick()) },
      icon("film"),
      h("span", { class: "words" }, t("card.pick")),
    );
    this.folder = h(
      "button",
      { type: "button", class: "quiet", hidden: !canPickFolders(), onclick: opens(() => copies.pickFolder()) },
      t("card.folder"),
    );
    this.picks = h("div", { class: "picks" }, this.again, this.pick, this.folder);
    this.tap = h(
      "button",
      { type: "button", class: "primary tap", onclick: () => session.tapped() },
      icon("play"),
      h("span", { class: "words" }, t("card.tap")),
    );
    this.dismiss = iconButton("close", t("close"), () => {
      this.#read = session.state.copy.problem;
      this.show(session.state);
    });
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("card.label"));
    this.append(this.heading, this.film, this.detail, this.picks, this.tap, this.dismiss);
  }

  /** Opens the copy of an earlier visit; where it is gone, the viewer picks one. */
  async #recall() {
    const { copies } = this.parts;
    const outcome = this.#film === null ? null : await copies.recall(this.#film);
    this.#offerAgain(null);
    return outcome;
  }

  /** @param {string | null} name  Of the copy of an earlier visit; null: there is none. */
  #offerAgain(name) {
    say(this.againWords, name === null ? "" : t("card.again", { name }));
    attribute(this.again, "hidden", name === null);
    attribute(this.pick, "class", name === null ? "primary" : "quiet");
  }

  /** @param {FileInfo | null} film */
  #lookForRemembered(film) {
    if (film === this.#film || (film !== null && film.quick_hash === this.#film?.quick_hash)) {
      return;
    }
    this.#film = film;
    this.#offerAgain(null);
    if (film !== null) {
      void this.parts.copies.remembered(film).then((name) => {
        if (film === this.#film) {
          this.#offerAgain(name);
        }
      });
    }
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const { copy, room } = state;
    const kind = kindOf(copy, this.#read);
    attribute(this, "hidden", kind === null);
    attribute(this, "data-kind", kind);
    if (kind === null || room === null) {
      return;
    }
    say(this.heading, heading(kind, room.file !== null));
    const file = kind === "none" ? room.file : kind === "opening" ? copy.info : null;
    say(this.film, file === null ? "" : (file.name ?? t("film.noName")));
    say(
      this.detail,
      kind === "none" ? (file === null ? t("card.noFilmYet") : lengthAndSize(file)) : (copy.problem ?? ""),
    );
    this.#lookForRemembered(kind === "opening" ? null : room.file);
    attribute(this.picks, "hidden", kind === "opening" || kind === "tap" || kind === "problem");
    attribute(this.tap, "hidden", kind !== "tap");
    attribute(this.dismiss, "hidden", kind !== "problem");
  }
}
customElements.define("hang-card", Card);

/** @typedef {"tap" | "none" | "opening" | "failed" | "refused" | "problem"} Kind */

/**
 * @param {import("../../client/base.js").CopyState} copy
 * @param {string | null} read
 * @returns {Kind | null}
 */
function kindOf(copy, read) {
  if (copy.phase !== "open") {
    return copy.phase;
  }
  if (copy.needsTap) {
    return "tap";
  }
  return copy.problem !== null && copy.problem !== read ? "problem" : null;
}

/**
 * @param {Kind} kind
 * @param {boolean} known  Whether the room has a film.
 */
function heading(kind, known) {
  if (kind === "none" && !known) {
    return t("card.empty");
  }
  return t(`card.${kind}`);
}
