/** Waiting in the page: for a task of one's own, for a time, for an event. Each wait ends early when it is aborted. */

import { now } from "../engine/local_time.js";

/** How long before a time the timer is set to go off, in seconds: timers are late by some milliseconds. */
const SPIN = 0.006;

/** @type {(() => void)[]} */
const waiting = [];
/** @type {MessagePort | null} */
let port = null;

/**
 * Wait for a new task. Chromium reads the position of a film once a task, and timers of less than 4 ms are made longer.
 *
 * @returns {Promise<void>}
 */
export function nextTask() {
  if (port === null) {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
    port = channel.port2;
  }
  const sender = port;
  return new Promise((resolve) => {
    waiting.push(resolve);
    sender.postMessage(null);
  });
}

/**
 * Wait for so many seconds, or until `signal` aborts.
 *
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(seconds, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, seconds * 1000));
    signal.addEventListener("abort", done);
  });
}

/**
 * Wait until the local time `at`, to a tenth of a millisecond where the page is visible. A past time is none to wait for.
 *
 * @param {number} at  Seconds.
 * @param {AbortSignal} signal
 */
export async function until(at, signal) {
  if (at - now() > SPIN) await sleep(at - now() - SPIN, signal);
  while (!signal.aborted && now() < at) await nextTask();
}

/**
 * Wait for one of these events, or until `signal` aborts or the time is up.
 *
 * @param {EventTarget} target
 * @param {readonly string[]} types
 * @param {AbortSignal} signal
 * @param {number} [seconds]  The most to wait.
 * @returns {Promise<string | null>}  The type of the event; null: none came.
 */
export function nextEvent(target, types, signal, seconds = Infinity) {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(null);
      return;
    }
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @param {string | null} result */
    const end = (result) => {
      clearTimeout(timer);
      for (const type of types) target.removeEventListener(type, came);
      signal.removeEventListener("abort", aborted);
      resolve(result);
    };
    const came = (/** @type {Event} */ event) => end(event.type);
    const aborted = () => end(null);
    for (const type of types) target.addEventListener(type, came);
    signal.addEventListener("abort", aborted);
    if (seconds !== Infinity) timer = setTimeout(() => end(null), seconds * 1000);
  });
}
