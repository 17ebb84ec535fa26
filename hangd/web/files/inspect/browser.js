/** Which engine this browser has, where what it plays cannot be asked for. */

/** @typedef {"chromium" | "firefox" | "webkit" | "other"} Engine  On an iPhone every browser is "webkit". */

/**
 * @param {string} [agent]
 * @returns {Engine}
 */
export function engineHere(agent = globalThis.navigator?.userAgent ?? "") {
  if (/Chrom(?:e|ium)\//.test(agent)) {
    return "chromium";
  }
  if (/\bFirefox\//.test(agent)) {
    return "firefox";
  }
  return /\bAppleWebKit\//.test(agent) ? "webkit" : "other";
}
