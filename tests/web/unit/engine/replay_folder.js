/**
 * Replay all traces of a folder and write each again, as the page's own recorder does:
 * `node replay_folder.js FROM TO`. Prints one line of JSON: {steps, differences: {NAME: WHAT}}.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Follower } from "../../../../hangd/web/engine/follower/follower.js";
import { Recorder } from "../../../../hangd/web/engine/trace/recorder.js";
import { replay } from "./traces.js";

const [from, to] = process.argv.slice(2);

/**
 * Return the last ten seconds of a trace, recorded anew.
 *
 * @param {string} text
 * @returns {string}
 */
function recordedAnew(text) {
  const [header, ...lines] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const snapshot = lines[0].type === "snapshot" ? lines.shift() : undefined;
  const recorder = new Recorder(new Follower(header.policies, snapshot?.state), { span: 10, segmentSpan: 2 });
  for (const { now, input } of lines) recorder.handle(input, now);
  return recorder.dump({ hangd: "0", player: "node" });
}

let steps = 0;
/** @type {Record<string, string>} */
const differences = {};
for (const name of readdirSync(from)) {
  const text = readFileSync(join(from, name), "utf8");
  try {
    const replayed = replay(text);
    steps += replayed.steps;
    if (replayed.difference !== null) differences[name] = replayed.difference;
    writeFileSync(join(to, name), recordedAnew(text));
  } catch (error) {
    differences[name] = `${error}`;
  }
}
process.stdout.write(`${JSON.stringify({ steps, differences })}\n`);
