/** What stands in the middle of the stage: no copy of the film, one that is opened or cannot be played, a tap wanted. */

import { attribute, h, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { iconButton, View } from "../view.js";
import { lengthAndSize } from "../words/clock.js";

export class Card extends View {
  /** The problem of a film that plays, which the viewer has read. @type {string | null} */
  #read = null;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions, copies, session } = this.parts;
    this.heading = h("h2");
    this.film = h("p", { class: "film", dir: "auto" });
    this.detail = h("p", { class: "detail" });
    this.pick = h(
      "button",
      {
        type: "button",
        class: "primary",
        onclick: async () => {
          const outcome = await copies.pick();
          if (outcome?.ok === false) {
            actions.toast(outcome.text, "problem");
          }
        },
      },
      icon("film"),
      h("span", { class: "words" }, t("card.pick")),
    );
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
    this.append(this.heading, this.film, this.detail, this.pick, this.tap, this.dismiss);
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
    attribute(this.pick, "hidden", kind === "opening" || kind === "tap" || kind === "problem");
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
