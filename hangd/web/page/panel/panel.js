/** The panel beside the film, on a phone below it: chat, people, queue, as tabs. */

import { attribute, h, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { View } from "../view.js";
import { Chat } from "./chat.js";
import { People } from "./people.js";
import { QueueList } from "./queue_list.js";

const TABS = /** @type {const} */ (["chat", "people", "queue"]);
/** @typedef {typeof TABS[number]} Tab */

export class Panel extends View {
  /** @type {Tab} */
  #tab = "chat";
  /** How many lines of chat there were when the viewer last saw it. */
  #read = 0;
  /** @type {readonly import("../../client/base.js").ChatLine[]} */
  #chat = [];

  /** Whether the panel was on the screen lately: to ask for each line of a flood would make styles anew each time. */
  #seen = false;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    this.chat = new Chat(this.parts);
    this.people = new People(this.parts);
    this.queue = new QueueList(this.parts);
    const pages = { chat: this.chat, people: this.people, queue: this.queue };
    this.tabs = TABS.map((name) => {
      const count = h("span", { class: "tab-count" });
      const button = h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          "aria-controls": `page-${name}`,
          onclick: () => this.choose(name),
          onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, name),
        },
        icon(name),
        h("span", { class: "words" }, t(`panel.${name}`)),
        count,
      );
      const page = pages[name];
      page.id = `page-${name}`;
      page.setAttribute("role", "tabpanel");
      page.setAttribute("aria-labelledby", `tab-${name}`);
      return { name, button, count, page };
    });
    this.id = "panel";
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", t("panel.label"));
    this.append(
      h(
        "div",
        { role: "tablist", "aria-label": t("panel.label") },
        this.tabs.map(({ button }) => button),
      ),
      ...this.tabs.map(({ page }) => page),
    );
    this.choose("chat");
  }

  /** Whether the panel is on the screen. */
  get seen() {
    return this.checkVisibility();
  }

  /** Whether the viewer sees the chat. */
  get showsChat() {
    return this.#tab === "chat" && this.#seen && !document.hidden;
  }

  /** How many lines of chat others have written since the viewer last saw it. */
  get unread() {
    return this.#chat.slice(this.#read).filter((line) => !line.own).length;
  }

  /** @param {Tab} tab */
  choose(tab) {
    this.#tab = tab;
    for (const { name, button, page } of this.tabs) {
      attribute(button, "aria-selected", String(name === tab));
      attribute(button, "tabindex", name === tab ? 0 : -1);
      attribute(page, "hidden", name !== tab);
    }
    if (this.isConnected) {
      this.show(this.parts.session.state);
    }
  }

  /** Shows the chat with the cursor in its line. */
  writeLine() {
    this.choose("chat");
    this.chat.writeLine();
  }

  /** @param {import("../view.js").Notice} notice */
  notice(notice) {
    this.chat.notice(notice);
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    this.#seen = this.seen;
    // The last 500 lines are kept: what was read moves up with them.
    const lost = this.#chat.length > 0 ? this.#chat.indexOf(state.chat[0] ?? this.#chat[0]) : 0;
    this.#read = Math.max(0, Math.min(this.#read - Math.max(0, lost), state.chat.length));
    this.#chat = state.chat;
    if (this.showsChat) {
      this.#read = state.chat.length;
    }
    for (const { name, count, page } of this.tabs) {
      say(count, badge(name, state, this.unread));
      if (name === this.#tab) {
        page.show(state);
      }
    }
  }

  tick() {
    this.#seen = this.seen;
    if (this.#seen) {
      this.tabs.find(({ name }) => name === this.#tab)?.page.tick();
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Tab} from
   */
  #key(event, from) {
    const at = TABS.indexOf(from);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const name = TABS[(to + TABS.length) % TABS.length];
      this.choose(name);
      this.tabs.find((tab) => tab.name === name)?.button.focus();
    }
  }
}
customElements.define("hang-panel", Panel);

/**
 * @param {Tab} tab
 * @param {import("../view.js").SessionState} state
 * @param {number} unread
 */
function badge(tab, state, unread) {
  const number = {
    chat: unread,
    people: state.room?.members.length ?? 0,
    queue: state.room?.queue.entries.length ?? 0,
  }[tab];
  return number > 0 ? String(number) : "";
}
