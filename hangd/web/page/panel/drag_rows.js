/** Moves the rows of a list by their grips, with a mouse or a finger. The list is changed when it is let go, by its owner. */

/**
 * Listens on a list whose rows have `data-id` and a `.grip`.
 *
 * @param {HTMLElement} list
 * @param {(id: string, after: string | null) => void} moved  Behind which row; null: at the beginning.
 */
export function dragRows(list, moved) {
  /** @type {{row: HTMLElement, from: number, pointer: number} | null} */
  let drag = null;

  list.addEventListener("pointerdown", (event) => {
    const grip = event.target instanceof Element ? event.target.closest(".grip") : null;
    const row = /** @type {HTMLElement | null} */ (grip?.closest("li") ?? null);
    if (row !== null && event.button === 0) {
      drag = { row, from: event.clientY, pointer: event.pointerId };
      list.setPointerCapture(event.pointerId);
      row.classList.add("dragged");
    }
  });
  list.addEventListener("pointermove", (event) => {
    if (drag !== null && event.pointerId === drag.pointer) {
      drag.row.style.setProperty("transform", `translateY(${event.clientY - drag.from}px)`);
      mark(list, rowAbove(list, drag.row, event.clientY), drag.row);
    }
  });
  const end = (/** @type {PointerEvent} */ event) => {
    if (drag === null || event.pointerId !== drag.pointer) {
      return;
    }
    const { row, from } = drag;
    drag = null;
    row.classList.remove("dragged");
    row.style.removeProperty("transform");
    mark(list, undefined, row);
    const above = rowAbove(list, row, event.clientY);
    const far = Math.abs(event.clientY - from) > 6;
    if (event.type === "pointerup" && far && above !== row.previousElementSibling) {
      moved(row.dataset.id ?? "", above?.dataset.id ?? null);
    }
  };
  list.addEventListener("pointerup", end);
  list.addEventListener("pointercancel", end);
}

/**
 * Returns the last of the other rows whose middle is above `y`; null: there is none.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} dragged
 * @param {number} y
 * @returns {HTMLElement | null}
 */
function rowAbove(list, dragged, y) {
  let found = null;
  for (const row of /** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)) {
    const box = row.getBoundingClientRect();
    if (row !== dragged && box.top + box.height / 2 < y) {
      found = row;
    }
  }
  return found;
}

/**
 * Shows where the row would be put.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement | null | undefined} above  undefined: nowhere.
 * @param {HTMLElement} dragged
 */
function mark(list, above, dragged) {
  for (const row of list.querySelectorAll(".put-after, .put-before")) {
    row.classList.remove("put-after", "put-before");
  }
  if (above === null) {
    const first = list.firstElementChild === dragged ? dragged.nextElementSibling : list.firstElementChild;
    first?.classList.add("put-before");
  }
  above?.classList.add("put-after");
}
