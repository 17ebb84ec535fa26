/** Tells that something has changed, and wakes those who wait for it. */

export class Changes {
  #changed;
  /** @type {Set<{holds: () => boolean, done: () => void}>} */
  #waiters = new Set();

  /** @param {() => void} changed  Called with each change, at once. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Called by every part of the session after something has happened. */
  announce() {
    this.#changed();
    for (const waiter of [...this.#waiters]) {
      if (waiter.holds()) {
        this.#waiters.delete(waiter);
        waiter.done();
      }
    }
  }

  /**
   * Waits until this holds. Never rejects.
   *
   * @param {() => boolean} holds
   * @returns {Promise<void>}
   */
  until(holds) {
    if (holds()) return Promise.resolve();
    return new Promise((done) => this.#waiters.add({ holds, done }));
  }
}
