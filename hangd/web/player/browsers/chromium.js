/** Chromium, Chrome, Edge, Brave, Opera, Samsung Internet; not on iPhones. */

/** @type {import("../policy.js").PlayerPolicy} */
export const chromium = {
  name: "chromium",
  reading: "clock",
  startLatency: { warm: 0.065, cold: 0.065, held: 0.02 },
  pictureAhead: 0.024,
  pictureDelay: 0.0055,
  sampleInterval: 0.4,
  trims: true,
  pitchWithin: 0.05,
  pauseFrames: 2,
  seekTells: true,
};
