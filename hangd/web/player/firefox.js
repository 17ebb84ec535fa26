/** Firefox: `currentTime` moves in steps, so that the pictures tell where the film is. */

/** @type {import("./policy.js").PlayerPolicy} */
export const firefox = {
  name: "firefox",
  reading: "frames",
  startLatency: { warm: 0.05, cold: 0.05, held: 0.05 },
  pictureDelay: 0,
  sampleInterval: 0.5,
  trims: true,
  pitchWithin: 0.05,
  pauseFrames: 2,
};
