/** Before there is a room: the viewer's name, their copy of the film, and the room that they join or open. */

import { invitation } from "../../client/invites.js";
import { attribute, h, keep, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";
import { lengthAndSize } from "../words/clock.js";
import { linkState } from "../words/room_state.js";
import { drawing } from "./drawing.js";
import { NewRoom } from "./new_room.js";

/** @typedef {import("../../protocol/types.js").RoomSummary} RoomSummary */

export class StartScreen extends View {
  /** @type {string | null} */
  #invited = null;
  /** The signed invite to that room. @type {string | null} */
  #token = null;
  /** What the server wants first, and is asked for. @type {import("../view.js").SessionState["wants"]} */
  #asksFor = null;
  #busy = false;
  /** What is written as the problem is that of the connection, and goes with it. */
  #saysLink = false;
  /** There is no chat here. */
  unseen = 0;
  /** The rooms of the server were asked for. */
  #listed = false;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { session } = this.parts;
    this.heading = h("h1", null, t("start.title"));
    this.lead = h("p", { class: "lead" }, t("start.lead"));
    this.nameField = h("input", {
      id: "name",
      autocomplete: "nickname",
      maxlength: 32,
      value: session.ownName?.() ?? "",
      placeholder: t("start.guest"),
      dir: "auto",
    });
    this.pickWords = h("span", { class: "words" }, t("start.pick"));
    this.pickDetail = h("span", { class: "detail", dir: "auto" }, t("start.pickWhy"));
    this.pickButton = h(
      "button",
      { type: "button", class: "pick", onclick: () => void this.#pick() },
      icon("film"),
      h("span", { class: "pick-text" }, this.pickWords, this.pickDetail),
    );
    this.roomField = h("input", { id: "room", autocomplete: "off", spellcheck: "false", maxlength: 4000, dir: "auto" });
    this.roomRow = h("div", { class: "field" }, h("label", { for: "room" }, t("start.room")), this.roomField);
    this.password = h("input", { id: "password", type: "password", autocomplete: "off", maxlength: 256 });
    this.passwordRow = h(
      "div",
      { class: "field", hidden: true },
      h("label", { for: "password" }, t("start.password")),
      this.password,
    );
    this.joinButton = h("button", { type: "submit", class: "quiet" }, t("start.join"));
    this.problem = h("p", { class: "problem", role: "alert" });
    this.rooms = h("ul", { class: "rooms" });
    this.roomsBox = h(
      "section",
      { class: "rooms-box", hidden: true, "aria-label": t("start.rooms") },
      h("h2", null, t("start.rooms")),
      this.rooms,
    );
    this.newRoom = new NewRoom(this.parts);
    this.newRoom.addEventListener("create", () => void this.#create());
    this.wanted = h("p", { class: "wanted", role: "status", dir: "auto" });
    this.newRoomBox = h("details", { class: "new-room" }, h("summary", null, t("start.create")), this.newRoom);
    this.about = h("p", { class: "about" });
    this.gate = h("div", { class: "gate", hidden: true });
    this.account = h("button", {
      type: "button",
      class: "quiet account-button",
      hidden: true,
      onclick: () => void this.#openAccount(),
    });
    this.append(
      h(
        "main",
        { class: "start" },
        h("div", { class: "brand" }, drawing(), this.heading, this.lead),
        this.gate,
        h(
          "form",
          { class: "join card", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submitted(event) },
          h("div", { class: "field" }, h("label", { for: "name" }, t("start.name")), this.nameField),
          this.pickButton,
          this.roomRow,
          this.passwordRow,
          this.problem,
          this.wanted,
          this.joinButton,
        ),
        this.newRoomBox,
        this.roomsBox,
        this.account,
        this.about,
      ),
    );
    this.addEventListener("dragover", (event) => event.preventDefault());
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer !== null) {
        void this.#opened(this.parts.copies.drop(event.dataTransfer));
      }
    });
  }

  /**
   * Says that the viewer has come by a link to this room; null: by none.
   *
   * @param {string | null} room
   * @param {string | null} [token]  The signed invite in the link.
   */
  invite(room, token = null) {
    this.#invited = room;
    this.#token = token;
    this.roomField.value = room ?? "";
    attribute(this.roomRow, "hidden", room !== null);
    attribute(this.newRoomBox, "open", room === null && this.parts.session.state.copy.phase === "open");
    const name = room === null ? [] : [" ", h("bdi", { class: "room-name" }, room)];
    this.heading.replaceChildren(t(room === null ? "start.title" : "start.invited"), ...name);
    say(this.lead, t(room === null ? "start.lead" : "start.invitedLead"));
  }

  /** @param {HTMLElement} element  Installs the page as an app, where the browser can. */
  offerInstall(element) {
    this.querySelector(".start")?.append(element);
  }

  opened() {
    if (window.matchMedia("(pointer: coarse)").matches) {
      return; // A keyboard on the screen would cover what there is to read.
    }
    const first =
      this.nameField.value === "" ? this.nameField : this.#invited === null ? this.roomField : this.pickButton;
    first.focus();
  }

  closed() {}

  /** @param {import("../view.js").Notice} notice */
  notice(notice) {
    if (["problem", "refused", "kicked", "server"].includes(notice.kind)) {
      say(this.problem, notice.text);
    }
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const { copy, left } = state;
    const has = copy.phase === "open" || copy.phase === "opening";
    attribute(this.pickButton, "data-phase", copy.phase);
    say(this.pickWords, copy.info?.name ?? t("start.pick"));
    const isFlawed = copy.phase === "open" && copy.problem !== null;
    attribute(this.pickButton, "data-flawed", isFlawed);
    // What is wrong with it is said once: here, or below for who cannot see this.
    const isSaid = copy.problem !== null && this.problem.textContent?.startsWith(copy.problem) === true;
    say(this.pickDetail, isSaid ? t("start.pickOther") : copyDetail(copy));
    say(this.joinButton, t(isFlawed ? "start.joinAnyway" : has ? "start.join" : "start.joinWithout"));
    this.joinButton.className = has && !isFlawed ? "primary" : "quiet";
    attribute(this.joinButton, "aria-busy", this.#busy);
    if (left !== null && !this.#busy && this.problem.textContent === "") {
      say(this.problem, left);
    }
    say(this.about, [state.motd, state.server].filter((part) => part !== null).join(" · "));
    this.newRoom.show(state);
    const { account, features, wants } = state;
    attribute(this.account, "hidden", account === null && (wants !== null || !features.includes("accounts")));
    say(this.account, account === null ? t("account.open") : t("account.is", { name: account }));
    this.#askFor(wants);
    if (wants === null) {
      this.#list(state);
    }
  }

  /**
   * Asks for what the server wants before anything else, in place of the rest.
   *
   * @param {import("../view.js").SessionState["wants"]} wants
   */
  #askFor(wants) {
    if (wants === this.#asksFor) {
      return;
    }
    this.#asksFor = wants;
    this.gate.replaceChildren();
    attribute(this.gate, "hidden", wants === null);
    attribute(this, "data-wants", wants);
    if (wants !== null) {
      const asking = import("../account/gate.js").then(({ gate }) => gate(this.parts, wants));
      void asking.then(
        (form) => this.#asksFor === wants && this.gate.replaceChildren(form),
        () => this.notice({ kind: "problem", text: t("page.broken"), about: null }),
      );
    }
  }

  tick() {
    const { state } = this.parts.session;
    const link = state.link.phase === "connecting" ? null : linkState(state, performance.now() / 1000);
    if (link !== null) {
      say(this.problem, link.text);
    } else if (this.#saysLink && state.link.phase === "up") {
      say(this.problem, "");
    }
    this.#saysLink = link !== null || (this.#saysLink && state.link.phase !== "up");
  }

  async #openAccount() {
    try {
      const { openDialog } = await import("../dialogs/open.js");
      await openDialog("account", this.parts);
    } catch {
      say(this.problem, t("page.broken"));
    }
  }

  /** @param {import("../view.js").SessionState} state */
  #list(state) {
    if (!this.#listed && state.link.phase === "up") {
      this.#listed = true;
      void this.parts.session.listRooms?.().then((rooms) => this.#showRooms(rooms ?? []));
    }
  }

  /** @param {readonly RoomSummary[]} rooms */
  #showRooms(rooms) {
    attribute(this.roomsBox, "hidden", rooms.length === 0 || this.#invited !== null);
    keep(
      this.rooms,
      rooms,
      (room) => room.room_id,
      (room) =>
        h(
          "li",
          null,
          h(
            "button",
            { type: "button", class: "room-row", onclick: () => void this.#join(room.name ?? room.room_id) },
            h("bdi", { class: "room-name" }, room.name ?? t("room.noName")),
            h("span", { class: "detail", dir: "auto" }, room.media ?? ""),
            h("span", { class: "count" }, t("start.members", { count: room.members })),
          ),
        ),
    );
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    if (this.#invited !== null) {
      void this.#join(this.#invited, this.#token);
      return;
    }
    const typed = this.roomField.value;
    const { room, token, here, link } = invitation(typed, document.baseURI);
    if (room !== "" && here) {
      void this.#join(room, token);
      return;
    }
    if (room === "") {
      say(this.problem, t("start.noRoom"));
    } else if (link === null) {
      say(this.problem, t("start.otherInvite", { invite: typed.trim() }));
    } else {
      const there = h("a", { href: link, rel: "noreferrer" }, t("start.goThere", { place: new URL(link).host }));
      this.problem.replaceChildren(t("start.otherServer"), " ", there);
    }
    this.roomField.focus();
  }

  async #pick() {
    await this.#opened(this.parts.copies.pick());
  }

  /** @param {Promise<import("../view.js").Outcome | null>} request */
  async #opened(request) {
    const outcome = await request;
    say(this.problem, outcome === null || outcome.ok ? "" : outcome.text);
    say(this.wanted, "");
    this.show(this.parts.session.state);
    if (outcome?.ok && this.#invited === null) {
      attribute(this.newRoomBox, "open", true);
    }
  }

  /**
   * @param {string} room
   * @param {string | null} [token]
   */
  async #join(room, token = null) {
    const password = this.password.value === "" ? {} : { password: this.password.value };
    const invite = token === null ? {} : { invite: token };
    if (token === null) {
      this.roomField.value = room; // Else a link with an invite stands there, and is wanted again.
    }
    const outcome = await this.#ask(() => this.parts.session.join(room, { ...password, ...invite }));
    if (outcome?.ok === false && outcome.code === "FileHashMismatch") {
      const { film } = outcome;
      say(this.wanted, film === undefined ? t("start.wantedUnknown") : t("start.wanted", { film }));
    }
  }

  async #create() {
    await this.#ask(() => this.parts.session.create(this.newRoom.options));
  }

  /** @param {() => Promise<import("../view.js").Outcome>} request */
  async #ask(request) {
    if (this.#busy) {
      return null;
    }
    this.#busy = true;
    say(this.problem, "");
    say(this.wanted, "");
    this.parts.session.setName(this.nameField.value.trim() || t("start.guest"));
    const outcome = await request();
    this.#busy = false;
    if (!outcome.ok) {
      say(this.problem, outcome.text);
      if (outcome.code === "WrongPassword") {
        attribute(this.passwordRow, "hidden", false);
        this.password.focus();
      }
    }
    this.show(this.parts.session.state);
    return outcome;
  }
}
customElements.define("hang-start", StartScreen);

/** @param {import("../../client/base.js").CopyState} copy */
function copyDetail(copy) {
  if (copy.phase === "failed" || copy.phase === "refused") {
    return copy.problem ?? t("copy.failed");
  }
  if (copy.phase === "opening") {
    return t("copy.opening");
  }
  return copy.info === null ? t("start.pickWhy") : [lengthAndSize(copy.info), copy.problem].filter(Boolean).join(". ");
}
