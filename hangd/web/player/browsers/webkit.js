/** Safari, and every browser on an iPhone. Nothing here is measured: no WebKit was at hand. */

/** @type {import("../policy.js").PlayerPolicy} */
export const webkit = {
  name: "webkit",
  // `currentTime` may step backwards after a start, so it is no line; pictures are never early.
  reading: "frames",
  startLatency: { warm: 0.05, cold: 0.05, held: 0.05 },
  pictureAhead: 0,
  pictureDelay: 0,
  sampleInterval: 0.4,
  // The sound stutters at each change of the rate.
  trims: false,
  pitchWithin: 0.05,
  pauseFrames: 2,
  seekTells: true,
};
