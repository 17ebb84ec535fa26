/**
 * Finds out that this device slept, or that the page was held still for a while.
 *
 * No browser tells a page that the device slept. Signs of it: a wall clock that has run on further than the clock of
 * the page, a page that is thawed, and a timer that is late although the page is visible. Timers of a hidden page are
 * held back to one a minute, so what they say counts only once the page is visible again.
 */

import { now } from "../engine/local_time.js";

const TICK_MS = 500;
/** Seconds. A tick that is later than this is not explained by a busy device. */
const LATE = 2;
/** Seconds. The wall clock is set right by less than this, as a rule. */
const CLOCK_JUMP = 2;

/**
 * Calls `ended(now)` soon after each absence.
 *
 * @param {(now: number) => void} ended
 * @returns {() => void}  Stops watching.
 */
export function watchForAbsence(ended) {
  let ticked = now();
  let ahead = Date.now() / 1000 - ticked;
  let wasLate = false;

  function look() {
    const at = now();
    const jumped = Date.now() / 1000 - at - ahead;
    ahead += jumped;
    wasLate ||= at - ticked > LATE + TICK_MS / 1000;
    ticked = at;
    if (jumped > CLOCK_JUMP || (wasLate && document.visibilityState === "visible")) {
      wasLate = false;
      ended(at);
    }
  }

  function thawed() {
    wasLate = true;
    look();
  }

  /** @param {PageTransitionEvent} event */
  function shown(event) {
    if (event.persisted) thawed();
  }

  const timer = setInterval(look, TICK_MS);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("resume", thawed);
  window.addEventListener("pageshow", shown);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    document.removeEventListener("resume", thawed);
    window.removeEventListener("pageshow", shown);
  };
}
