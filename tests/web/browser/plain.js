/**
 * A page with nothing but a <video>: how a browser itself keeps the time, for tests/bench/web.
 */

const video = /** @type {HTMLVideoElement} */ (document.querySelector("video"));
const input = /** @type {HTMLInputElement} */ (document.querySelector("input"));

input.addEventListener("change", () => {
  const file = input.files?.[0];
  if (file !== undefined) video.src = URL.createObjectURL(file);
});

/**
 * Reads the position and the time together, in a task of its own, every 20 ms while the film plays.
 * @param {number} seconds
 * @returns {Promise<[number, number][]>} Pairs of performance.now() in milliseconds and currentTime in seconds.
 */
function sample(seconds) {
  return new Promise((resolve) => {
    /** @type {[number, number][]} */
    const found = [];
    const until = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      found.push([performance.now(), video.currentTime]);
      if (performance.now() > until) {
        clearInterval(timer);
        resolve(found);
      }
    }, 20);
  });
}

Object.assign(window, { video, sample });
