/** The queue: what the room shows, one film after the other. Moved by hand, by finger and by keyboard. */

import { attribute, h, keep, say } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts/texts.js";
import { iconButton, View } from "../view.js";
import { lengthAndSize } from "../words/clock.js";
import { dragRows } from "./drag_rows.js";

/** @typedef {import("../../protocol/types.js").QueueEntry} Entry */

export class QueueList extends View {
  /** @type {readonly Entry[]} */
  #entries = [];
  /** What was shown last. @type {import("../../protocol/types.js").Queue | null} */
  #shown = null;
  #mayControl = false;

  /** @param {import("../view.js").Parts} parts */
  constructor(parts) {
    super(parts);
    const { actions } = this.parts;
    this.list = h("ol", { class: "queue" });
    this.empty = h("p", { class: "empty" }, t("queue.empty"));
    this.said = h("p", { class: "only-heard", role: "status" });
    this.add = iconButton("add", t("queue.add"), () => void this.#add(), { words: true, class: "wide" });
    this.clear = h("button", { type: "button", class: "quiet", onclick: () => void this.#clear() }, t("queue.clear"));
    this.shuffle = h(
      "button",
      { type: "button", class: "quiet", onclick: () => void this.#shuffle() },
      t("queue.shuffle"),
    );
    this.append(
      this.empty,
      h("div", { class: "scroller" }, this.list),
      this.said,
      h("div", { class: "queue-foot" }, this.shuffle, this.clear),
      this.add,
    );
    dragRows(this.list, (id, after) => void (actions.mayControl() && this.#move(id, after)));
    this.addEventListener("dragover", (event) => event.preventDefault());
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      void this.#insert([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** @param {import("../view.js").SessionState} state */
  show(state) {
    const { room, mayControl } = state;
    if (room === null) {
      return;
    }
    if (room.queue === this.#shown && mayControl === this.#mayControl) {
      return; // A member has reported, as a rule: a large room tells hundreds of these a second.
    }
    this.#shown = room.queue;
    this.#mayControl = mayControl;
    this.#entries = room.queue.entries;
    attribute(this.empty, "hidden", room.queue.entries.length > 0);
    attribute(this.add, "aria-disabled", mayControl ? null : "true");
    attribute(this.clear, "hidden", !mayControl || room.queue.entries.length < 2);
    attribute(this.shuffle, "hidden", !mayControl || room.queue.entries.length < 3);
    keep(
      this.list,
      room.queue.entries,
      (entry) => entry.id,
      (entry) => this.#make(entry.id),
      (element, entry) => this.#update(element, entry, entry.id === room.queue.current, mayControl),
    );
  }

  /** @param {string} id */
  #make(id) {
    const { actions, session } = this.parts;
    return h(
      "li",
      { class: "entry", "data-id": id },
      h(
        "button",
        {
          type: "button",
          class: "icon-button small grip takes-arrows",
          "aria-describedby": null,
          onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, id),
        },
        icon("drag"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "show",
          // Of a double click, the second one would start the film once more.
          onclick: (/** @type {MouseEvent} */ { detail }) =>
            detail < 2 && actions.mayControl() && void actions.ask(session.showEntry(id)),
        },
        h("bdi", { class: "name" }),
        h("span", { class: "detail" }),
      ),
      iconButton("remove", "", () => void this.#remove(id), { class: "small remove" }),
    );
  }

  /**
   * @param {HTMLElement} element
   * @param {Entry} entry
   * @param {boolean} current
   * @param {boolean} mayControl
   */
  #update(element, entry, current, mayControl) {
    const name = entry.file.name ?? t("film.noName");
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (element.querySelector(selector));
    say(part(".name"), name);
    say(
      part(".detail"),
      current ? t("queue.current", { detail: lengthAndSize(entry.file) }) : lengthAndSize(entry.file),
    );
    attribute(element, "data-current", current);
    attribute(part(".show"), "aria-current", current ? "true" : null);
    attribute(part(".show"), "title", current ? null : t("queue.play", { name }));
    for (const [selector, key] of [
      [".grip", "queue.move"],
      [".remove", "queue.remove"],
    ]) {
      attribute(part(selector), "aria-label", t(key, { name }));
      attribute(part(selector), "title", t(key, { name }));
      attribute(part(selector), "hidden", !mayControl);
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} id
   */
  #key(event, id) {
    const ids = this.#entries.map((entry) => entry.id);
    const at = ids.indexOf(id);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (to !== undefined && at >= 0) {
      event.preventDefault();
      if (to >= 0 && to < ids.length && to !== at) {
        const others = ids.filter((one) => one !== id);
        void this.#move(id, others[to - 1] ?? null);
      }
    } else if (event.key === "Delete") {
      event.preventDefault();
      void this.#remove(id);
    }
  }

  /**
   * @param {string} id
   * @param {string | null} after
   */
  async #move(id, after) {
    const { actions, session } = this.parts;
    if (await actions.ask(session.queueMove([id], after))) {
      const entries = session.state.room?.queue.entries ?? [];
      const at = entries.findIndex((entry) => entry.id === id);
      const name = entries[at]?.file.name ?? t("film.noName");
      say(this.said, t("queue.moved", { name, place: at + 1, count: entries.length }));
    }
  }

  /** @param {string} id */
  async #remove(id) {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    if (await this.parts.actions.ask(this.parts.session.queueRemove([id]))) {
      const rest = [...this.list.querySelectorAll(".remove")];
      /** @type {HTMLElement} */ (rest[Math.min(at, rest.length - 1)] ?? this.add).focus();
    }
  }

  async #add() {
    if (this.parts.actions.mayControl()) {
      await this.#insert(await this.parts.copies.pickForQueue());
    }
  }

  /** @param {File[]} files */
  async #insert(files) {
    if (files.length > 0 && this.parts.actions.mayControl()) {
      await this.parts.actions.ask(this.parts.session.queueInsert(files, "end"));
    }
  }

  async #clear() {
    const current = this.parts.session.state.room?.queue.current;
    await this.parts.actions.ask(
      this.parts.session.queueRemove(this.#entries.map(({ id }) => id).filter((id) => id !== current)),
    );
  }

  async #shuffle() {
    const ids = this.#entries.map(({ id }) => id);
    for (let at = ids.length - 1; at > 0; at -= 1) {
      const other = Math.floor(Math.random() * (at + 1));
      [ids[at], ids[other]] = [ids[other], ids[at]];
    }
    await this.parts.actions.ask(this.parts.session.queueMove(ids, null));
  }
}
customElements.define("hang-queue", QueueList);
