/** The page's own numbers, with a simulated player that is as exact as a browser's: how soon a start is right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Follower } from "../../../../hangd/web/engine/follower/follower.js";
import { CHROMIUM, FIREFOX, WEBKIT } from "../../../../hangd/web/engine/policies.js";

/**
 * @typedef {import("../../../../hangd/web/engine/follower/effects.js").FollowerEffect} FollowerEffect
 * @typedef {import("../../../../hangd/web/engine/follower/state.js").Policies} Policies
 */

/** Seconds by which the server's clock is ahead of the local one. */
const SERVER = 1000;

/** A player in a room that plays: its picture is a straight line, which is read with a small error. */
class Playing {
  /**
   * @param {Readonly<Policies>} policies
   * @param {object} how
   * @param {number} how.late  Seconds by which the start is late.
   * @param {number} how.behind  Readings are up to so many seconds behind.
   */
  constructor(policies, { late, behind }) {
    this.follower = new Follower(policies);
    this.now = 100;
    this.readings = 0;
    this.behind = behind;
    /** @type {FollowerEffect[]} */
    this.effects = [];
    /** The newest point of the line. @type {{position: number, at: number}} */
    this.point = { position: 0, at: 0 };
    this.rate = 1;
    const timeline = { epoch: "e", rev: 1, playing: false, position: 0, rate: 1, at: SERVER, gate: null };
    this.began = this.now + 0.3;
    this.tell({ type: "FileOpened", path: "film" });
    this.say({ type: "Loaded", generation: 1, duration: 7200 });
    this.say({ type: "Settled", generation: 1, position: 0, at: this.now });
    this.tell({ type: "Pinged", t0: this.now, t1: this.now + SERVER, t2: this.now + SERVER, t3: this.now });
    this.tell({ type: "TimelineReceived", timeline, entering: true });
    this.tell({ type: "TimelineReceived", timeline: { ...timeline, rev: 2, playing: true, at: this.began + SERVER } });
    this.point = { position: 0, at: this.began + late };
    this.effects = [];
    // The line is known a quarter of a second after the start, and a sample is told with it.
    this.now = this.began + late + 0.25;
    this.say({ type: "Started", generation: 1, position: 0, at: this.began + late });
    this.sample();
  }

  /** @param {import("../../../../hangd/web/engine/follower/inputs.js").FollowerInput} input */
  tell(input) {
    for (const effect of this.follower.handle(input, this.now)) {
      if (effect.type === "SetRate") {
        this.point = { position: this.position(), at: this.now };
        this.rate = effect.rate;
      }
      if (effect.type !== "SendReport") this.effects.push(effect);
    }
    this.follower.check();
  }

  /** @param {import("../../../../hangd/web/player/base.js").PlayerEvent} event */
  say(event) {
    this.tell({ type: "PlayerSaid", event });
  }

  position() {
    return this.point.position + (this.now - this.point.at) * this.rate;
  }

  sample() {
    this.readings += 1;
    const position = this.position() - this.behind * ((this.readings * 0.618) % 1);
    this.say({ type: "Sampled", generation: 1, position, at: this.now, rate: this.rate });
  }

  /**
   * Play on, with a sample every 0.41 s.
   *
   * @param {number} seconds  Since the start.
   */
  playUntil(seconds) {
    while (this.now + 0.41 < this.began + seconds) {
      this.now += 0.41;
      const due = this.follower.deadline();
      if (due !== null && due <= this.now) this.tell({ type: "DeadlineReached" });
      this.sample();
    }
    this.now = this.began + seconds;
  }

  /** @returns {number} The true error in seconds, positive ahead. */
  error() {
    return this.position() - (this.now - this.began);
  }
}

const STARTS = [-0.03, -0.015, -0.006, -0.003, 0.003, 0.006, 0.015, 0.03];

for (const late of STARTS) {
  test(`Chromium: a start that is ${late * 1000} ms late is right after 1.5 s, with four rates at most`, () => {
    const playing = new Playing(CHROMIUM, { late, behind: 0.0003 });
    playing.playUntil(1.5);
    assert.ok(Math.abs(playing.error()) < 0.002, `${playing.error()}`);
    playing.playUntil(20);
    assert.ok(Math.abs(playing.error()) < 0.002, `${playing.error()}`);
    const rates = playing.effects.filter((effect) => effect.type === "SetRate").length;
    assert.ok(rates >= 2 && rates <= 4, `${rates} rates`);
    assert.equal(playing.rate, 1);
  });

  test(`Firefox: a start that is ${late * 1000} ms late is right to 9 ms, though readings are 8 ms behind`, () => {
    const playing = new Playing(FIREFOX, { late, behind: 0.008 });
    playing.playUntil(20);
    assert.ok(Math.abs(playing.error()) < 0.009, `${playing.error()}`);
    assert.equal(playing.rate, 1);
  });

  test(`WebKit: a start that is ${late * 1000} ms late is left alone`, () => {
    const playing = new Playing(WEBKIT, { late, behind: 0.01 });
    playing.playUntil(20);
    assert.deepEqual(playing.effects, []);
  });
}

test("Chromium: a picture that is 100 ms ahead is trimmed, not held", () => {
  const playing = new Playing(CHROMIUM, { late: -0.1, behind: 0 });
  playing.playUntil(8);
  const kinds = new Set(playing.effects.map((effect) => effect.type));
  assert.deepEqual(kinds, new Set(["AnnounceCorrection", "SetRate"]));
  assert.ok(Math.abs(playing.error()) < 0.002, `${playing.error()}`);
});

test("WebKit: a picture that is 100 ms ahead is held, not trimmed", () => {
  const playing = new Playing(WEBKIT, { late: -0.1, behind: 0 });
  const kinds = new Set(playing.effects.map((effect) => effect.type));
  assert.deepEqual(kinds, new Set(["AnnounceCorrection", "PauseFor"]));
});
