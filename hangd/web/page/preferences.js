/** What this viewer likes, kept by the browser. Where nothing can be kept, it counts until the page is closed. */

/**
 * @typedef {object} Values
 * @property {"auto" | "light" | "dark"} theme
 * @property {number} volume  0 to 1.
 * @property {boolean} muted
 * @property {boolean} subtitles  Whether they are shown.
 * @property {number} subtitleSize  1: as made.
 * @property {number} subtitleDelay  Seconds by which they come later.
 * @property {number} soundOffset  Seconds by which the sound is later than the browser knows.
 * @property {boolean} showAll  Whether the time that is left is shown in place of the length.
 */

const KEY = "hang.page";

/** @type {Readonly<Values>} */
const DEFAULTS = {
  theme: "auto",
  volume: 1,
  muted: false,
  subtitles: true,
  subtitleSize: 1,
  subtitleDelay: 0,
  soundOffset: 0,
  showAll: true,
};

/** Dispatches "change" after one of its values has changed. */
export class Preferences extends EventTarget {
  /** @type {Values} */
  #values;
  #store;

  /** @param {Storage | null} store */
  constructor(store) {
    super();
    this.#store = store;
    this.#values = { ...DEFAULTS, ...read(store) };
  }

  /** @returns {Readonly<Values>} */
  get values() {
    return this.#values;
  }

  /** @param {Partial<Values>} change */
  set(change) {
    this.#values = { ...this.#values, ...change };
    try {
      this.#store?.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // Full, or forbidden: it counts until the page is closed.
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** @returns {Storage | null} The browser's storage; null where it gives none. */
export function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/**
 * Returns a table of numbers that the browser keeps: what the player learns of its outputs.
 *
 * @param {Storage | null} store
 * @returns {import("../player/latency.js").Store}
 */
export function keptNumbers(store) {
  return {
    get: (key) => {
      try {
        const found = JSON.parse(store?.getItem(`hang.${key}`) ?? "null");
        return Array.isArray(found) && found.every(Number.isFinite) ? found : null;
      } catch {
        return null;
      }
    },
    set: (key, value) => {
      try {
        store?.setItem(`hang.${key}`, JSON.stringify(value));
      } catch {
        // Full, or forbidden: it is learned again.
      }
    },
  };
}

/**
 * @param {Storage | null} store
 * @returns {Partial<Values>}  Only what has the type that it should have.
 */
function read(store) {
  try {
    const found = JSON.parse(store?.getItem(KEY) ?? "{}");
    const valid = Object.entries(DEFAULTS).filter(([name, value]) => typeof found[name] === typeof value);
    return Object.fromEntries(valid.map(([name]) => [name, found[name]]));
  } catch {
    return {};
  }
}
