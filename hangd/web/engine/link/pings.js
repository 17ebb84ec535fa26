/**
 * PingSchedule: when a client asks the server for its time, and when it gives the connection up. (A port of
 * hangd/engine/link/pings.py.)
 *
 * There is a burst of pings first, then one every 2 s, then one every 8 s. The burst is long because of jitter: if each
 * way takes 30 ms more or less, the clock is 9 ms off after 8 pings and 3 ms after 32.
 *
 * A ping that is not answered is soon followed by others, even late in the schedule. After some without an answer the
 * connection is given up, though TCP still retries: TCP does so at growing intervals, and would notice up to 6 s late
 * that a link that was down for 20 s is up again.
 *
 * The state of a room can be so large that a slow link needs many seconds for it, and Pongs wait behind it. Whoever was
 * given up while it was on its way is given more time for it in the next connection.
 *
 * Inputs. Started: a connection is up, or the clock has to be learned anew. Stopped: the connection ended. Ponged: a Pong
 * arrived, for whichever ping. StateAsked: the room's state was asked for. StateCame: it has arrived, or that it was
 * refused. Effects. GiveUp: nobody answers, abort the connection; no ping follows before Started.
 *
 * @typedef {{type: "Started" | "Stopped" | "Ponged" | "StateAsked" | "StateCame"}} PingInput
 * @typedef {{type: "SendPing"} | {type: "GiveUp"}} PingEffect
 */

import { assert } from "../invariant.js";

const BURST = 32;
const BURST_GAP = 0.05;
const OFTEN = 2.0;
const OFTEN_FOR = 20.0;
const SELDOM = 8.0;

/** Seconds to the next ping while the last one has not been answered. */
const AGAIN = 2.0;

// The connection is given up after this many pings without an answer, and this long after the first of them. The time
// alone would not do: this page may have been frozen after a single ping.
const DEAD_PINGS = 3;
const DEAD_SECONDS = 5.0;
/** The same while a room's state is on its way over a link that is known to be slow. */
const SLOW_SECONDS = 60.0;

/** See the module's description. Its fields are all of its state; callers only read them. Local times in seconds. */
export class PingSchedule {
  /** When to send the next ping, or give up. Null: not started. @type {number | null} */
  due = null;
  /** When the next ping would be due if the last one had been answered. */
  regularlyDue = 0;
  started = 0;
  /** Pings of the burst that have not been sent yet. */
  burst = 0;
  /** Pings since the last Pong. */
  unanswered = 0;
  unansweredSince = 0;
  /** When the room's state was asked for that has not arrived yet. Null: none is on its way. @type {number | null} */
  askedAt = null;
  /** Whether the last state was on its way for long. */
  isSlow = false;

  /**
   * Handle one input. Returns no effect: they come from `expire`.
   *
   * @param {PingInput} input
   * @param {number} now
   * @returns {PingEffect[]}
   */
  handle(input, now) {
    switch (input.type) {
      case "Started":
        this.due = this.regularlyDue = this.started = now;
        this.burst = BURST;
        this.unanswered = 0;
        break;
      case "Stopped":
        this.due = this.askedAt = null;
        break;
      case "StateAsked":
        this.askedAt ??= now;
        break;
      case "StateCame":
        if (this.askedAt === null) break;
        this.isSlow = now - this.askedAt >= DEAD_SECONDS;
        this.askedAt = null;
        this.unanswered = 0;
        break;
      case "Ponged":
        this.unanswered = 0;
        if (this.due !== null) this.due = this.regularlyDue;
        break;
    }
    return [];
  }

  /** @returns {number | null} The local time at which to call `expire`; null: no need to. */
  deadline() {
    return this.due;
  }

  /**
   * Send the next ping, or give up, if that is due.
   *
   * @param {number} now
   * @returns {PingEffect[]}
   */
  expire(now) {
    if (this.due === null || now < this.due) return [];
    const patience = this.isSlow && this.askedAt !== null ? SLOW_SECONDS : DEAD_SECONDS;
    if (this.unanswered >= DEAD_PINGS && now - this.unansweredSince >= patience) {
      this.isSlow = this.askedAt !== null;
      this.due = this.askedAt = null;
      return [{ type: "GiveUp" }];
    }
    this.burst -= 1;
    const gap = this.burst > 0 ? BURST_GAP : now - this.started < OFTEN_FOR ? OFTEN : SELDOM;
    this.due = now + Math.min(gap, AGAIN);
    this.regularlyDue = now + gap;
    if (this.unanswered === 0) this.unansweredSince = now;
    this.unanswered += 1;
    return [{ type: "SendPing" }];
  }

  /** Assert the invariants. */
  check() {
    assert(this.due === null || this.due <= this.regularlyDue, "a ping is due no later than regularly");
    assert(this.unanswered >= 0, "pings without an answer are counted up");
  }
}
