/** Chromium, Chrome, Edge, Brave, Opera, Samsung Internet; not on iPhones. */

/** @type {import("./policy.js").PlayerPolicy} */
export const chromium = {
  name: "chromium",
  reading: "clock",
  startLatency: 0.07,
  pictureDelay: 0.0055,
  sampleInterval: 0.4,
  trims: true,
  pitchWithin: 0.05,
  pauseFrames: 2,
};
