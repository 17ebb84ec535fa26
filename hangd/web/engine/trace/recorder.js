/**
 * Record every input and effect of a follower in a bounded ring buffer, which can be written as a trace (docs/traces.md),
 * for `hangd replay`. (A port of hangd/client/follower/trace_recorder.py.)
 *
 * The buffer consists of segments of about a minute. Each begins with a snapshot of the follower's state, and the oldest
 * segment is dropped as a whole, so what is left can always be replayed from its beginning. Lines are anonymized and
 * encoded when they are recorded: text has a known size, and nothing that happens later can change it.
 *
 * @typedef {import("../follower/inputs.js").FollowerInput} FollowerInput
 * @typedef {import("../follower/effects.js").FollowerEffect} FollowerEffect
 *
 * @typedef {{began: number, snapshot: string, steps: string[], size: number}} Segment
 */

import { Anonymizer } from "./anonymizer.js";

/** The version of the format of traces. */
const FORMAT = 3;

/** Bytes of memory that a line takes beside its text. */
const LINE_OVERHEAD = 24;

/** A follower's recorder. Pass every input to `handle`, and none to the follower itself. */
export class Recorder {
  #follower;
  #anonymizer = new Anonymizer();
  #span;
  #sizeMax;
  #segmentSpan;
  /** @type {Segment[]} */
  #segments = [];
  #size = 0;

  /**
   * @param {import("../follower/follower.js").Follower} follower
   * @param {object} [limits]
   * @param {number} [limits.span]  Seconds that are kept.
   * @param {number} [limits.sizeMax]  Bytes of memory, about: a character of a line counts as one.
   * @param {number} [limits.segmentSpan]  Seconds.
   */
  constructor(follower, { span = 1800, sizeMax = 4 * 2 ** 20, segmentSpan = 60 } = {}) {
    this.#follower = follower;
    this.#span = span;
    this.#sizeMax = sizeMax;
    this.#segmentSpan = segmentSpan;
  }

  /** @returns {number} Bytes of memory that the buffer takes, about. */
  get size() {
    return this.#size;
  }

  /**
   * Pass an input to the follower, record the step, and return the effects. Throws what the follower throws.
   *
   * @param {FollowerInput} input
   * @param {number} now
   * @returns {FollowerEffect[]}
   */
  handle(input, now) {
    const segment = this.#currentSegment(now);
    const step = { type: "step", now, input: this.#anonymizer.input(input) };
    try {
      const effects = this.#follower.handle(input, now);
      this.#append(segment, now, { ...step, effects: this.#anonymizer.effects(effects) });
      return effects;
    } catch (error) {
      this.#append(segment, now, { ...step, effects: [], raised: error instanceof Error ? error.name : "Error" });
      throw error;
    }
  }

  /**
   * Return what was recorded as the text of a trace.
   *
   * @param {object} about
   * @param {string} about.hangd  The version of the page.
   * @param {string} [about.player]  The browser: its name and version.
   * @param {string} [about.date]  Now, UTC, ISO 8601.
   * @returns {string}
   */
  dump(about) {
    const header = { type: "trace", format: FORMAT, ...about, policies: this.#follower.policies };
    const lines = [JSON.stringify(header)];
    if (this.#segments.length > 0) lines.push(this.#segments[0].snapshot);
    for (const segment of this.#segments) lines.push(...segment.steps);
    return `${lines.join("\n")}\n`;
  }

  /**
   * Return the segment to append to: a new one if the newest is full.
   *
   * @param {number} now
   * @returns {Segment}
   */
  #currentSegment(now) {
    const newest = this.#segments.at(-1);
    // At an eighth of the whole size a segment is full, so that dropping the oldest one loses little.
    if (newest && now - newest.began < this.#segmentSpan && newest.size < this.#sizeMax / 8) return newest;
    const snapshot = { type: "snapshot", state: this.#anonymizer.state(this.#follower.state) };
    const segment = { began: now, snapshot: JSON.stringify(snapshot), steps: [], size: 0 };
    this.#segments.push(segment);
    this.#count(segment, segment.snapshot);
    return segment;
  }

  /**
   * @param {Segment} segment
   * @param {number} now
   * @param {object} step
   */
  #append(segment, now, step) {
    const line = JSON.stringify(step);
    segment.steps.push(line);
    this.#count(segment, line);
    const segments = this.#segments;
    while (segments.length > 1 && (this.#size > this.#sizeMax || now - segments[1].began > this.#span)) {
      this.#size -= segments[0].size;
      segments.shift();
    }
  }

  /**
   * @param {Segment} segment
   * @param {string} line
   */
  #count(segment, line) {
    segment.size += line.length + LINE_OVERHEAD;
    this.#size += line.length + LINE_OVERHEAD;
  }
}
