/** The rules of a room, as the page asks for them and names them: one row each, in this order. */

/**
 * @typedef {import("../../protocol/types.js").Policy} Policy
 *
 * @typedef {object} Rule
 * @property {Exclude<keyof Policy, "has_password" | "capacity" | "locked" | "history">} name
 * @property {readonly string[]} values  "NUMBER": so many members.
 */

/** @type {readonly Rule[]} */
export const RULES = [
  { name: "access", values: ["anyone", "accounts", "invited"] },
  { name: "control", values: ["everyone", "controllers", "host"] },
  { name: "start", values: ["anyone", "ready", "NUMBER"] },
  { name: "match", values: ["hash", "duration", "none"] },
  { name: "wait", values: ["everyone", "nobody"] },
  { name: "stall", values: ["go-on", "pause"] },
  { name: "leave", values: ["go-on", "pause"] },
  { name: "loop", values: ["off", "film", "queue"] },
];

/**
 * Returns the value of a rule that a choice stands for.
 *
 * @param {Policy} policy
 * @param {Rule} rule
 * @returns {string}
 */
export function chosen(policy, rule) {
  const value = policy[rule.name];
  return typeof value === "number" ? "NUMBER" : value;
}
