/**
 * Link: the state machine of a client's connection to its server, with back-off. (A port of hangd/engine/link/link.py.)
 *
 * Theory of operation. Wanted sets the URL and leads from every state to DIALING. Unwanted clears it and leads from
 * every state to DOWN. While there is a URL, the link goes through `WAITING -> DIALING -> GREETING -> UP` and after any
 * failure back to WAITING, unless the server said that dialing again is no use (close codes 4500-4999, a refused Hello):
 * then it is DOWN and keeps the reason. A server that has heard nothing from a client in no room for long closes its
 * connection (4003): the link is DOWN then without a reason, until the next Wanted, because to dial again at once would
 * keep a place that nobody uses. The delay before the next try grows to 1 s and stays there for two minutes, because
 * somebody may be watching a film; then it grows to 15 s.
 *
 * All clients of a server lose their connections in one instant, and must not all return in one. So every delay is drawn
 * at random, from a number that the caller passes: the first one from 0 to 0.5 s, later ones from half their length to
 * their whole length, and a delay that the server asked for in its Goodbye (t seconds) from t to 2 t. So is the least
 * delay after a failure that does not pass quickly, such as a wrong certificate.
 *
 * `TRANSITIONS` holds what the other inputs lead to. Each Dial has a number, and so have the inputs that answer it: what
 * belongs to an attempt that was given up meanwhile is ignored.
 *
 * Inputs. `close_code` is a WebSocket close code; `retry_after` is the least number of seconds to wait, from the
 * server's Goodbye or because dialing again sooner is of no use.
 *
 * @typedef {{type: "Wanted", url: string}} Wanted  The viewer wants a connection to this server.
 * @typedef {{type: "Unwanted"}} Unwanted  The viewer wants no connection.
 * @typedef {{type: "Dialed", attempt: number}} Dialed
 * @typedef {{type: "DialFailed", attempt: number, reason: string, retry_after?: number | null}} DialFailed
 * @typedef {{type: "Welcomed", attempt: number}} Welcomed
 * @typedef {{type: "Lost", attempt: number, close_code: number, reason: string, retry_after?: number | null}} Lost
 * @typedef {Wanted | Unwanted | Dialed | DialFailed | Welcomed | Lost} LinkInput
 *
 * Effects. HangUp: close the connection of this attempt, or stop dialing. StateChanged: tell the listeners.
 *
 * @typedef {"disconnected" | "waiting" | "connecting" | "greeting" | "connected"} State
 * @typedef {{type: "Dial", url: string, attempt: number}} Dial
 * @typedef {{type: "SendHello", attempt: number}} SendHello
 * @typedef {{type: "HangUp", attempt: number}} HangUp
 * @typedef {{type: "StateChanged", state: State, reason: string | null}} StateChanged
 * @typedef {Dial | SendHello | HangUp | StateChanged} LinkEffect
 */

import { assert } from "../invariant.js";

/** The names of the states, and their values in StateChanged. */
export const LinkState = Object.freeze({
  DOWN: /** @type {const} */ ("disconnected"),
  WAITING: /** @type {const} */ ("waiting"),
  DIALING: /** @type {const} */ ("connecting"),
  GREETING: /** @type {const} */ ("greeting"),
  UP: /** @type {const} */ ("connected"),
});

/**
 * The next state after an input of the current attempt. An input that is missing here is ignored.
 *
 * @type {Readonly<Record<State, Readonly<Partial<Record<LinkInput["type"], State>>>>>}
 */
export const TRANSITIONS = Object.freeze({
  [LinkState.DOWN]: {},
  [LinkState.WAITING]: {},
  [LinkState.DIALING]: { Dialed: LinkState.GREETING, DialFailed: LinkState.WAITING },
  [LinkState.GREETING]: { Welcomed: LinkState.UP, Lost: LinkState.WAITING },
  [LinkState.UP]: { Lost: LinkState.WAITING },
});

// The delays before a new try, in seconds: the first two, the longest in the first two minutes, the longest after that.
const FIRST = 0.5;
const SOON = 1.0;
const SOON_FOR = 120.0;
const LATE = 15.0;

/** The close code of a connection in no room over which nothing was said for long. */
const CLOSE_IDLE = 4003;

/**
 * Tell whether a client may connect again by itself after its connection was closed with this code.
 *
 * Codes outside 4000-4999 come from the network (1006: the connection broke; 1012: a proxy restarts), and allow it.
 *
 * @param {number} closeCode
 * @returns {boolean}
 */
export function mayReturn(closeCode) {
  return closeCode < 4500 || closeCode > 4999;
}

/** See the module's description. Its fields are all of its state; callers only read them. Local times in seconds. */
export class Link {
  /** @type {State} */
  state = LinkState.DOWN;
  /** @type {string | null} */
  url = null;
  /** Why the last attempt or connection ended. Null after a Welcome. @type {string | null} */
  reason = null;
  attempt = 0;
  /** Attempts and connections that ended since the last Welcome. */
  failures = 0;
  /** @type {number | null} */
  failingSince = null;
  /** @type {number | null} */
  retryAt = null;

  /**
   * Handle one input. Returns the effects to carry out, in order. Throws nothing.
   *
   * @param {LinkInput} input
   * @param {number} now
   * @param {number} [jitter]  A new random number of 0..1, which spreads the return of many clients over time.
   * @returns {LinkEffect[]}
   */
  handle(input, now, jitter = 1) {
    if (input.type === "Wanted") {
      this.url = input.url;
      this.failures = 0;
      this.failingSince = null;
      return [...this.#hangUp(), ...this.#dial()];
    }
    if (input.type === "Unwanted") {
      this.url = null;
      return [...this.#hangUp(), ...this.#enter(LinkState.DOWN, null)];
    }
    const following = TRANSITIONS[this.state][input.type];
    if (following === undefined || input.attempt !== this.attempt) return [];
    switch (input.type) {
      case "Dialed":
        return [...this.#enter(following, null), { type: "SendHello", attempt: this.attempt }];
      case "Welcomed":
        this.failures = 0;
        this.failingSince = null;
        return this.#enter(following, null);
      case "DialFailed":
        return this.#wait(input.reason, now, jitter, input.retry_after ?? null);
      case "Lost":
        if (input.close_code === CLOSE_IDLE && this.state === LinkState.UP) return this.#enter(LinkState.DOWN, null);
        if (!mayReturn(input.close_code)) return this.#enter(LinkState.DOWN, input.reason);
        return this.#wait(input.reason, now, jitter, input.retry_after ?? null);
    }
  }

  /** @returns {number | null} The local time at which to call `expire`; null: no need to. */
  deadline() {
    return this.retryAt;
  }

  /**
   * Dial again if the delay is over.
   *
   * @param {number} now
   * @returns {LinkEffect[]}
   */
  expire(now) {
    return this.retryAt === null || now < this.retryAt ? [] : this.#dial();
  }

  /** Assert the invariants. */
  check() {
    assert((this.retryAt !== null) === (this.state === LinkState.WAITING), "only a link that waits dials again");
    assert(this.url !== null || this.state === LinkState.DOWN, "a link without a URL is down");
  }

  /** @returns {LinkEffect[]} */
  #dial() {
    const url = this.url;
    assert(url !== null, "there is a URL to dial");
    this.attempt += 1;
    return [...this.#enter(LinkState.DIALING, this.reason), { type: "Dial", url, attempt: this.attempt }];
  }

  /**
   * @param {string} reason
   * @param {number} now
   * @param {number} jitter
   * @param {number | null} retryAfter
   * @returns {LinkEffect[]}
   */
  #wait(reason, now, jitter, retryAfter) {
    const effects = this.#enter(LinkState.WAITING, reason);
    this.failingSince ??= now;
    const limit = now - this.failingSince < SOON_FOR ? SOON : LATE;
    let delay = FIRST * jitter;
    if (this.failures > 0) {
      // The exponent has a limit, because a link that fails for weeks would make it infinite.
      delay = (Math.min(FIRST * 2 ** Math.min(this.failures - 1, 10), limit) * (1 + jitter)) / 2;
    }
    this.failures += 1;
    this.retryAt = now + Math.max(delay, (retryAfter ?? 0) * (1 + jitter));
    return effects;
  }

  /** @returns {LinkEffect[]} */
  #hangUp() {
    const busy = this.state !== LinkState.DOWN && this.state !== LinkState.WAITING;
    return busy ? [{ type: "HangUp", attempt: this.attempt }] : [];
  }

  /**
   * @param {State} state
   * @param {string | null} reason
   * @returns {LinkEffect[]}
   */
  #enter(state, reason) {
    const changed = state !== this.state || reason !== this.reason;
    this.state = state;
    this.reason = reason;
    this.retryAt = null;
    return changed ? [{ type: "StateChanged", state, reason }] : [];
  }
}
