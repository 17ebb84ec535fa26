/** The members: who they are, how far their picture is from the room, whether they are ready; and what the host may do. */

import { openDialog } from "../dialogs/open.js";
import { attribute, h, keep, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { iconButton, View } from "../view.js";
import { distance, doing, nearness, where } from "../words/member_words.js";

/** @typedef {import("../../protocol/types.js").Member} Member */

/** So many rows are ticked at a time; with more members, each row is ticked less often. */
const TICKED = 100;
const RANKS = { host: 1, controller: 2, viewer: 3 };

export class People extends View {
  /** @type {WeakMap<HTMLElement, Row>} */
  #rows = new WeakMap();
  /** The row that is ticked next. */
  #next = 0;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.list = h("ul", { class: "people" });
    this.invite = iconButton("invite", t("invite.open"), () => this.parts.actions.open("invite"), {
      words: true,
      class: "wide",
    });
    this.append(h("div", { class: "scroller" }, this.list), this.invite);
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const { room, me, isHost } = state;
    if (room === null) {
      return;
    }
    const members = [...room.members].sort((one, other) => rank(one, me) - rank(other, me));
    keep(
      this.list,
      members,
      (member) => member.client_id,
      (member) => this.#make(member.client_id),
      (element, member) => this.#rows.get(element)?.show(member, member.client_id === me, isHost),
    );
    this.tick();
  }

  tick() {
    const { session } = this.parts;
    const server = session.serverNow?.() ?? null;
    const { copy, me } = session.state;
    const { children } = this.list;
    for (let left = Math.min(TICKED, children.length); left > 0; left -= 1) {
      const row = this.#rows.get(/** @type {HTMLElement} */ (children[this.#next % children.length]));
      this.#next = (this.#next + 1) % children.length;
      if (row !== undefined) {
        const own = row.member?.client_id === me;
        row.tick(server, session.memberPosition(row.member?.client_id ?? ""), own ? copy.hashed : null);
      }
    }
  }

  /** @param {string} id */
  #make(id) {
    const row = new Row(() => void openDialog("member", this.parts, id));
    this.#rows.set(row.element, row);
    return row.element;
  }
}
customElements.define("hang-people", People);

class Row {
  /** @type {Member | null} */
  member = null;
  /** What else it was shown with. */
  #shown = "";

  /** @param {() => void} manage */
  constructor(manage) {
    this.ready = h("span", { class: "is-ready" }, icon("check"));
    this.name = h("bdi", { class: "name" });
    this.account = h("span", { class: "account", role: "img", hidden: true }, icon("account"));
    this.role = h("span", { class: "role" });
    this.does = h("span", { class: "does" });
    this.drift = h("span", { class: "drift" });
    this.more = iconButton("more", "", manage, { class: "small" });
    this.element = h(
      "li",
      { class: "member" },
      this.ready,
      h(
        "span",
        { class: "who" },
        h("span", { class: "first" }, this.name, this.account, this.role),
        h("span", { class: "second" }, this.does, this.drift),
      ),
      this.more,
    );
  }

  /**
   * @param {Member} member
   * @param {boolean} own
   * @param {boolean} isHost  Whether this viewer is the host.
   */
  show(member, own, isHost) {
    const shown = `${own} ${isHost}`;
    if (member === this.member && shown === this.#shown) {
      return;
    }
    this.member = member;
    this.#shown = shown;
    say(this.name, own ? t("member.own", { name: member.name }) : member.name);
    attribute(this.account, "hidden", member.account === null);
    if (member.account !== null) {
      attribute(this.account, "title", t("member.account", { name: member.account }));
      attribute(this.account, "aria-label", t("member.account", { name: member.account }));
    }
    say(this.role, member.role === "viewer" ? "" : t(`role.${member.role}`));
    attribute(this.element, "data-state", member.state);
    attribute(this.element, "data-ready", member.ready);
    attribute(this.ready, "title", member.ready ? t("member.ready") : t("member.notReady"));
    attribute(this.ready, "aria-label", member.ready ? t("member.ready") : t("member.notReady"));
    attribute(this.ready, "role", "img");
    say(this.drift, distance(member));
    attribute(this.drift, "data-near", nearness(member));
    attribute(this.more, "hidden", !isHost || own);
    attribute(this.more, "aria-label", t("member.manage", { name: member.name }));
    attribute(this.more, "title", t("member.manage", { name: member.name }));
  }

  /**
   * @param {number | null} server
   * @param {number | null} position
   * @param {number | null} hashed  The share of this viewer's file that has been read.
   */
  tick(server, position, hashed) {
    if (this.member !== null) {
      const does =
        hashed === null ? doing(this.member, server) : t("member.hashing", { percent: Math.floor(hashed * 100) });
      const at = this.member.state === "away" ? "" : where(position);
      say(this.does, [does, at].filter((part) => part !== "").join(t("film.between")));
    }
  }
}

/**
 * @param {Member} member
 * @param {string | null} me
 */
function rank(member, me) {
  return member.client_id === me ? 0 : RANKS[member.role];
}
