/**
 * Why there is no connection to the server, as a sentence. A browser tells a page nothing about a WebSocket that was not
 * opened. So the page asks the server for its health by plain HTTP, the same way, and draws a conclusion.
 */

import { t } from "../page/texts/texts.js";

/** Milliseconds for the answer. */
const PATIENCE = 3000;
/** What a proxy answers where there is no server behind it. */
const NOTHING_BEHIND = [502, 503, 504];

/**
 * Asks, and returns the sentence. Never rejects.
 *
 * @param {string} url  The WebSocket's.
 * @returns {Promise<string>}
 */
export async function whyUnreached(url) {
  if (globalThis.navigator?.onLine === false) return t("link.offline");
  const health = new URL("healthz", url.replace(/^ws/, "http"));
  try {
    const answer = await fetch(health, {
      cache: "no-store",
      credentials: "omit",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (NOTHING_BEHIND.includes(answer.status)) return t("link.behind");
    if (answer.ok && (await answer.text()).trim() === "ok") return t("link.blocked");
    // A login page, or the way to it. To a page, a redirection has the type "opaqueredirect" and the status 0.
    const isPage = answer.ok || answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400);
    return t(isPage ? "link.portal" : "link.unreachable");
  } catch {
    return t(health.protocol === "https:" ? "link.untrusted" : "link.unreachable");
  }
}
