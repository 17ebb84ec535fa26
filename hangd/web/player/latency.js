/**
 * Start latency: how long after `play()` the film moves. Learned from each start, and kept by output.
 *
 * The player learns it and not the engine's `StartBias`, because only the player knows when it called `play()`, and on
 * which of several paths: a sound output that was in use a moment ago starts sooner than one that sleeps, and each
 * container has its own way. The player calls `play()` so much earlier that the film is in time; what is then left over
 * is a constant of a few milliseconds, which `StartBias` learns as for every player. The two do not disturb each other:
 * this one aims at the time in `Resume`, whatever the bias in it.
 */

import { median } from "./line.js";

/** Newest starts that count. Their median is right even if two of them had to wait for a busy machine. */
const KEPT = 5;
/** Seconds. A longer one is the delay of that one start. */
const MAX = 0.4;
/** A film that played this many seconds ago has left the output awake. */
const WARM = 8;

/**
 * @typedef {object} Usual  Seconds that are usual in a browser, by the kind of start: see `StartLatency.key`.
 * @property {number} warm
 * @property {number} cold
 * @property {number} held
 *
 * @typedef {object} Store  Keeps a few numbers from one visit to the next.
 * @property {(key: string) => number[] | null} get
 * @property {(key: string, value: number[]) => void} set
 */

export class StartLatency {
  /**
   * @param {Usual} usual  Expected until one has been measured.
   * @param {Store | null} store
   */
  constructor(usual, store) {
    this.#usual = usual;
    this.#store = store;
  }

  #usual;
  #store;
  /** @type {Map<string, number[]>} */
  #learned = new Map();
  /** @type {Set<string>} */
  #doubted = new Set();

  /**
   * Return the key of a start.
   *
   * @param {string} output  Which output the sound goes to.
   * @param {string} container
   * @param {boolean} sought  The film was moved since it played. Otherwise its sound is still in the queue.
   * @param {number} idle  Seconds since the film stood still; Infinity: it has not played.
   */
  static key(output, container, sought, idle) {
    const kind = idle >= WARM ? "cold" : sought ? "warm" : "held";
    return `start-latency/${output}/${container}/${kind}`;
  }

  /**
   * Return the seconds to expect.
   *
   * @param {string} key
   */
  expected(key) {
    const values = this.#values(key);
    if (values.length > 0) return median(values);
    const kind = /** @type {keyof Usual} */ (key.slice(key.lastIndexOf("/") + 1));
    return this.#usual[kind];
  }

  /**
   * Take a measured one. The first counts at once.
   *
   * @param {string} key
   * @param {number} seconds
   */
  learn(key, seconds) {
    if (!(seconds > -0.05 && seconds < MAX)) return;
    const before = this.#doubted.delete(key) ? [] : this.#values(key);
    const values = [...before, seconds].slice(-KEPT);
    this.#learned.set(key, values);
    this.#store?.set(key, values);
  }

  /** Let the next start of each kind count alone: the sound may go to another output now. */
  doubt() {
    this.#doubted = new Set(this.#learned.keys());
  }

  /** @param {string} key */
  #values(key) {
    const learned = this.#learned.get(key);
    if (learned !== undefined) return learned;
    const kept = this.#store?.get(key) ?? [];
    const values = Array.isArray(kept) ? kept.filter((value) => typeof value === "number" && value < MAX) : [];
    this.#learned.set(key, values);
    return values;
  }
}
