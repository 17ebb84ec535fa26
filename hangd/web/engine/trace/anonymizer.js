/**
 * Anonymizer: what a trace contains of an input, an effect and a state. No line tells who a person is or what they watch.
 *
 * Files are called "film-1", "film-2", ... in the order in which they were opened. Of the player's events only the fields
 * below are written, and of its messages none: a follower reads no others, so a replay is not affected.
 *
 * @typedef {import("../follower/inputs.js").FollowerInput} FollowerInput
 * @typedef {import("../follower/inputs.js").FollowedEvent} FollowedEvent
 * @typedef {import("../follower/effects.js").FollowerEffect} FollowerEffect
 * @typedef {import("../follower/state.js").FollowerState} FollowerState
 */

/** The fields of each event, beside `type` and `generation`. @type {Readonly<Record<string, readonly string[]>>} */
const FIELDS = Object.freeze({
  Loaded: ["duration"],
  DurationChanged: ["duration"],
  Settled: ["position", "at"],
  Shown: ["position"],
  Started: ["position", "at"],
  Sampled: ["position", "at", "rate"],
  Stalled: ["stalled", "at"],
  Ended: ["position", "at"],
});

/** The codes of LoadFailed and PlayerDied that `hangd replay` knows. */
const CODES = new Set([
  "not-found",
  "directory",
  "unreadable",
  "empty",
  "list",
  "disc",
  "unrecognized",
  "truncated",
  "vanished",
  "no-player",
  "hung",
]);

/** Files whose names are remembered. A file that is opened again after that many others counts as a new film. */
const FILMS_KEPT = 1000;

/** See the module's description. */
export class Anonymizer {
  /** The oldest one first. @type {Map<string, string>} */
  #films = new Map();
  #count = 0;

  /**
   * Return the name of the film at this path.
   *
   * @param {string} path
   * @returns {string}
   */
  film(path) {
    let name = this.#films.get(path);
    if (name === undefined) {
      this.#count += 1;
      name = `film-${this.#count}`;
    }
    this.#films.delete(path); // so that it becomes the newest one
    this.#films.set(path, name);
    if (this.#films.size > FILMS_KEPT) this.#films.delete(/** @type {string} */ (this.#films.keys().next().value));
    return name;
  }

  /**
   * @param {FollowerInput} input
   * @returns {object}
   */
  input(input) {
    if (input.type === "PlayerSaid") return { type: input.type, event: event(input.event) };
    if (input.type === "FileOpened") return { ...input, path: this.film(input.path) };
    return input;
  }

  /**
   * @param {FollowerEffect[]} effects
   * @returns {object[]}
   */
  effects(effects) {
    return effects.map((effect) => (effect.type === "Load" ? { ...effect, path: this.film(effect.path) } : effect));
  }

  /**
   * @param {FollowerState} state
   * @returns {FollowerState}
   */
  state(state) {
    const { path } = state.picture;
    return path === null ? state : { ...state, picture: { ...state.picture, path: this.film(path) } };
  }
}

/**
 * @param {FollowedEvent} told
 * @returns {object}
 */
function event(told) {
  /** @type {Record<string, unknown>} */
  const kept = { type: told.type, generation: told.generation };
  const values = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (told));
  for (const field of FIELDS[told.type] ?? []) kept[field] = values[field];
  if (told.type === "LoadFailed" || told.type === "PlayerDied") {
    kept.code = CODES.has(told.code) ? told.code : "unrecognized";
    kept.message = "";
  }
  return kept;
}
