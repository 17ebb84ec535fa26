/** Makes and keeps elements. Text becomes text nodes and nothing else: there is no way to give markup here. */

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Properties
 *   `class`, `onNAME` (a listener), `value` and `checked` (DOM properties), anything else: an attribute. true: the attribute
 *   without a value; false, null and undefined: none.
 */

/**
 * Makes an element with attributes, listeners and children.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties | null} [properties]
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "value" || name === "checked") {
      Object.assign(element, { [name]: value });
    } else {
      attribute(element, name, value);
    }
  }
  element.append(...children.flat().filter(isShown).map(toNode));
  return element;
}

/**
 * Sets an attribute, or takes it away; does nothing where it is so already.
 *
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
export function attribute(element, name, value) {
  const wanted = value === true ? "" : value === false || value === null || value === undefined ? null : String(value);
  if (wanted === element.getAttribute(name)) {
    return;
  }
  if (wanted === null) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, wanted);
  }
}

/**
 * Sets an element's text; does nothing where it is so already, so that nothing is read aloud again.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * Keeps the children of `parent` as `items` say: one element for each, made once, moved as they move.
 *
 * The focus stays where it is when its element moves.
 *
 * @template T
 * @template {HTMLElement} E
 * @param {HTMLElement} parent  Has no other children.
 * @param {readonly T[]} items
 * @param {(item: T) => unknown} keyOf
 * @param {(item: T) => E} make
 * @param {(element: E, item: T) => void} [update]  Called for each item, also for new ones.
 */
export function keep(parent, items, keyOf, make, update) {
  const before = /** @type {Map<unknown, E>} */ (kept.get(parent) ?? new Map());
  const after = /** @type {Map<unknown, E>} */ (new Map());
  const focused = document.activeElement;
  for (const item of items) {
    const key = keyOf(item);
    const element = before.get(key) ?? make(item);
    before.delete(key);
    after.set(key, element);
    update?.(element, item);
  }
  for (const gone of before.values()) {
    gone.remove();
  }
  let next = parent.firstElementChild;
  for (const element of after.values()) {
    if (element === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(element, next);
    }
  }
  kept.set(parent, after);
  if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/** @type {WeakMap<HTMLElement, Map<unknown, HTMLElement>>} */
const kept = new WeakMap();

/**
 * @param {Child} child
 * @returns {child is string | number | Node}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/** @param {string | number | Node} child */
function toNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}
