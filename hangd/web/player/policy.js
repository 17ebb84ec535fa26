/**
 * What differs between browsers in playing a film exactly, as data. The numbers are measured: tests/web/measure.
 *
 * @typedef {object} PlayerPolicy
 * @property {string} name
 * @property {"clock" | "steps" | "frames"} reading  What tells the position (line.js): `currentTime` and the pictures,
 *   `currentTime` at the pictures, or the pictures alone.
 * @property {import("./latency.js").Usual} startLatency  Seconds from `play()` until the film moves, until measured.
 * @property {number} pictureAhead  Seconds by which the pictures are ahead of `currentTime`, until that was measured. It
 *   is measured where the reading is "clock".
 * @property {number} pictureDelay  Seconds by which the picture is seen later than what was read says.
 * @property {number} sampleInterval  Seconds between two samples.
 * @property {boolean} trims  Small changes of the rate are played, and without a gap in the sound.
 * @property {number} pitchWithin  Rates that differ from 1 by no more change the pitch: they are exact, and it is too
 *   little to be heard. Others keep the pitch.
 * @property {number} pauseFrames  Pictures to wait for after `pause()`, before the one that is shown is the last.
 * @property {boolean} seekTells  A picture that a seek led to is told with its own time.
 */

import { chromium } from "./browsers/chromium.js";
import { firefox } from "./browsers/firefox.js";
import { webkit } from "./browsers/webkit.js";

/**
 * Return the policy of the browser that runs this page. What it can do decides, where that tells it apart.
 *
 * @returns {PlayerPolicy}
 */
export function policyOfThisBrowser() {
  const video = HTMLVideoElement.prototype;
  if ("mozHasAudio" in video) return firefox;
  // Every browser on an iPhone is WebKit, whatever it calls itself. WebKit has these, and Chromium has not.
  if ("webkitShowPlaybackTargetPicker" in video || "webkitSupportsPresentationMode" in video) {
    return webkit;
  }
  return chromium;
}
