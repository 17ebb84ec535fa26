/**
 * Assertions of the machines' `check()`, which tests call after every step.
 *
 * @param {boolean} holds
 * @param {string} what  What must hold, for whoever reads the failure.
 * @returns {asserts holds}
 */
export function assert(holds, what) {
  if (!holds) throw new Error(`it must hold that ${what}`);
}
