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
      if (outcome?.ok === false && outcome.text !== session.state.copy.problem) {
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
    this.queueIt = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => void this.#queueIt() });
    this.picks = h("div", { class: "picks" }, this.again, this.pick, this.folder, this.queueIt);
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

  /** Adds the film that is not the room's to the queue. */
  async #queueIt() {
    const { actions, copies, session } = this.parts;
    const file = copies.refused;
    if (file !== null && (await actions.ask(session.queueInsert([file], "end")))) {
      copies.refused = null;
      session.closeFile(); // What was picked is for later: the card asks for the copy again.
      this.show(session.state);
    }
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
    const file = kind === "opening" ? copy.info : kind === "none" || kind === "refused" ? room.file : null;
    const name = file === null ? "" : (file.name ?? t("film.noName"));
    say(this.film, kind === "refused" && file !== null ? t("card.wanted", { name }) : name);
    const described = file === null ? "" : lengthAndSize(file);
    const details = {
      none: file === null ? t("card.noFilmYet") : described,
      refused: [described, copy.problem].filter(Boolean).join(". "),
    };
    say(this.detail, kind === "none" || kind === "refused" ? details[kind] : (copy.problem ?? ""));
    const { refused } = this.parts.copies;
    const maybe = kind === "refused" && state.mayControl && refused !== null && refused.name === copy.info?.name;
    attribute(this.queueIt, "hidden", !maybe);
    say(this.queueIt, maybe ? t("card.queue", { name: refused.name }) : "");
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
