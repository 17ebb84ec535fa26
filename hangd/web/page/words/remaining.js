/** How long something is still good, in words. Pure. */

import { t } from "../texts/texts.js";

export const HOUR = 3600;

/**
 * Returns "5 minutes left", in the unit that fits.
 *
 * @param {number} seconds
 */
export function remaining(seconds) {
  if (seconds < 1.5 * HOUR) {
    return t("remaining.minutes", { count: Math.max(1, Math.round(seconds / 60)) });
  }
  return seconds < 36 * HOUR
    ? t("remaining.hours", { count: Math.round(seconds / HOUR) })
    : t("remaining.days", { count: Math.round(seconds / (24 * HOUR)) });
}
