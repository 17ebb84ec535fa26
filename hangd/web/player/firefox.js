/** Firefox: `currentTime` moves in steps, so that the pictures tell where the film is. */

/** @type {import("./policy.js").PlayerPolicy} */
export const firefox = {
  name: "firefox",
  reading: "frames",
  startLatency: 0.05,
  pictureDelay: 0,
  sampleInterval: 0.4,
  trims: true,
  pitchWithin: 0.05,
  pauseFrames: 2,
};
