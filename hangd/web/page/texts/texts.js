/**
 * Every text that people read: `t(key, values)` looks it up in the table of the page's language.
 *
 * A translation is a table like `en.js`. English stands in for what another table has not got.
 */

import { en } from "./en.js";

/**
 * @typedef {string | {one: string, other: string, zero?: string, two?: string, few?: string, many?: string}} Text
 *   With forms for numbers, `values.count` chooses by the language's plural rules.
 * @typedef {Readonly<Record<string, string | number>>} Values
 */

/** @type {Record<string, Text>} */
const table = { ...en };
const plurals = new Intl.PluralRules("en");

/** Keys that were asked for and are in no table: a mistake of ours, which a test looks for. */
export const missing = /** @type {Set<string>} */ (new Set());

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const MARKS_OF_DIRECTION = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Text in which all marks of direction are isolates that are closed, as `listed` makes them: harmless, and kept. */
const WELL_ISOLATED =
  /^(?:[^\u200e\u200f\u202a-\u202e\u2066-\u2069]|\u2068[^\u200e\u200f\u202a-\u202e\u2066-\u2069]*\u2069)*$/u;

/**
 * Takes up the texts of a part of the page that is loaded later.
 *
 * @param {Record<string, Text>} more
 */
export function learn(more) {
  Object.assign(table, more);
}

/**
 * Returns the text of `key` with each `{name}` in it replaced by the value of that name.
 *
 * Values are text of strangers: marks of direction in them are left out, and what is written from right to left is
 * isolated, so that a name cannot turn the sentence around it. A key that is in no table is returned itself.
 *
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = table[key];
  if (text === undefined) {
    missing.add(key);
    return key;
  }
  return fill(form(text, values.count), values);
}

/**
 * @param {Text} text
 * @param {string | number | undefined} count
 */
function form(text, count) {
  if (typeof text === "string") {
    return text;
  }
  return text[plurals.select(Number(count ?? 0))] ?? text.other;
}

/**
 * @param {string} text
 * @param {Values} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : isolated(String(value));
  });
}

/** @param {string} value */
function isolated(value) {
  const plain = WELL_ISOLATED.test(value) ? value : value.replace(MARKS_OF_DIRECTION, "");
  const outside = plain.replace(/\u2068[^\u2069]*\u2069/gu, "");
  return RIGHT_TO_LEFT.test(outside) ? `\u2068${plain}\u2069` : plain;
}

/**
 * Returns names as a list in words: "ann", "ann and bob", "ann, bob and 3 more".
 *
 * @param {readonly string[]} names
 * @param {number} [most]  How many are named.
 */
export function listed(names, most = 4) {
  const shown = names.length > most ? names.slice(0, most - 1) : names.slice();
  const more = names.length - shown.length;
  const parts = shown.map(isolated);
  if (more > 0) {
    return t("list.more", { names: parts.join(", "), count: more });
  }
  return parts.length < 2
    ? parts.join("")
    : t("list.and", { names: parts.slice(0, -1).join(", "), last: parts[parts.length - 1] });
}
