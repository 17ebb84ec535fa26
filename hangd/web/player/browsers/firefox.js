/** Firefox: `currentTime` moves in steps, and is right just after each. Measured with 140 on a busy machine. */

/** @type {import("../policy.js").PlayerPolicy} */
export const firefox = {
  name: "firefox",
  reading: "steps",
  startLatency: { warm: 0.04, cold: 0.04, held: 0.04 },
  pictureAhead: 0,
  pictureDelay: 0.022,
  sampleInterval: 0.4,
  trims: true,
  pitchWithin: 0.05,
  pauseFrames: 2,
  // The time of the seek is told in place of the time of the picture.
  seekTells: false,
};
