/** What this viewer likes: name, look, subtitles, and how late the sound is. */

import "../texts/dialog_texts.js";
import { AppSettings } from "../../app/elements.js";
import { h, say } from "../dom.js";
import { save } from "../save.js";
import { t } from "../texts/texts.js";
import { SPEEDS } from "../words/speeds.js";
import { row, showDialog } from "./dialog.js";

/** Milliseconds: headphones without a wire are at most so late. */
const LATEST = 500;

/** @param {import("../view.js").Parts} parts */
export function showSettings(parts) {
  const { actions, copies, preferences, session } = parts;
  const { values } = preferences;
  const name = h("input", {
    maxlength: 32,
    autocomplete: "nickname",
    dir: "auto",
    value: session.ownName?.() ?? "",
    onchange: () => name.value.trim() !== "" && session.setName(name.value.trim()),
  });
  const theme = h(
    "select",
    { onchange: () => preferences.set({ theme: /** @type {"auto"} */ (theme.value) }) },
    ["auto", "dark", "light"].map((value) => h("option", { value }, t(`theme.${value}`))),
  );
  theme.value = values.theme;
  const subtitles = h("input", {
    type: "checkbox",
    checked: values.subtitles,
    onchange: () => preferences.set({ subtitles: subtitles.checked }),
  });
  const [size, sizeText] = slider(50, 250, 10, values.subtitleSize * 100, (percent) => t("percent", { percent }));
  size.addEventListener("input", () => preferences.set({ subtitleSize: Number(size.value) / 100 }));
  const delay = h("input", {
    type: "number",
    step: 0.1,
    value: String(values.subtitleDelay),
    onchange: () => preferences.set({ subtitleDelay: Number(delay.value) || 0 }),
  });
  const [offset, offsetText] = slider(0, LATEST, 5, values.soundOffset * 1000, (count) =>
    t("settings.milliseconds", { count }),
  );
  offset.addEventListener("input", () => {
    preferences.set({ soundOffset: Number(offset.value) / 1000 });
    session.setOffset(Number(offset.value) / 1000);
  });
  const [volume, volumeText] = slider(0, 100, 2, values.volume * 100, (percent) => t("percent", { percent }));
  volume.addEventListener("input", () => preferences.set({ volume: Number(volume.value) / 100, muted: false }));
  showDialog(t("settings.title"), (close) => [
    row(t("start.name"), name, t("settings.nameHint")),
    row(t("settings.theme"), theme),
    h("h3", null, t("settings.subtitles")),
    h("label", { class: "check" }, subtitles, h("span", null, t("settings.subtitlesOn"))),
    h("div", { class: "with-value" }, row(t("settings.subtitleSize"), size), sizeText),
    row(t("settings.subtitleDelay"), delay, t("settings.subtitleDelayHint")),
    subtitleChoice(parts),
    h("h3", null, t("settings.sound")),
    h("div", { class: "with-value" }, row(t("settings.offset"), offset, t("settings.offsetHint")), offsetText),
    h("div", { class: "with-value" }, row(t("control.volume"), volume, t("settings.volumeHint")), volumeText),
    row(t("control.speed"), speedChoice(parts)),
    ...accountRows(parts, close),
    parts.app !== null && new AppSettings(parts.app),
    h("h3", null, t("settings.more")),
    h(
      "div",
      { class: "dialog-foot" },
      h(
        "button",
        { type: "button", class: "quiet", onclick: () => save(new Blob([session.dumpTrace()]), "hang-trace.jsonl") },
        t("settings.trace"),
      ),
      h(
        "button",
        { type: "button", class: "quiet", onclick: () => instead(close, () => actions.open("keys")) },
        t("keys.title"),
      ),
      h(
        "button",
        { type: "button", class: "quiet", onclick: () => instead(close, () => void copies.pick()) },
        t("settings.otherFile"),
      ),
    ),
  ]);
}

/**
 * @param {import("../view.js").Parts} parts
 * @param {() => void} close
 */
function accountRows({ actions, session }, close) {
  const { account, features } = session.state;
  if (account === null && !features.includes("accounts")) {
    return [];
  }
  const open = () => instead(close, () => actions.open("account"));
  return [
    h("h3", null, t("account.settings")),
    h("p", null, account === null ? t("account.none") : t("account.is", { name: account })),
    h(
      "div",
      { class: "dialog-foot" },
      h(
        "button",
        { type: "button", class: "quiet", onclick: open },
        t(account === null ? "account.open" : "account.title"),
      ),
    ),
  ];
}

/**
 * @param {number} min
 * @param {number} max
 * @param {number} step
 * @param {number} value
 * @param {(value: number) => string} words
 * @returns {[HTMLInputElement, HTMLOutputElement]}
 */
function slider(min, max, step, value, words) {
  const output = h("output");
  const input = h("input", { type: "range", min, max, step, oninput: () => say(output, words(Number(input.value))) });
  input.value = String(value);
  say(output, words(Number(input.value)));
  return [input, output];
}

/**
 * @param {() => void} close
 * @param {() => void} what
 */
function instead(close, what) {
  close();
  what();
}

/**
 * Makes the choice among the film's subtitles, with a button for others. It says what is wrong with those.
 *
 * @param {import("../view.js").Parts} parts
 */
function subtitleChoice({ copies }) {
  const select = h("select", { onchange: () => copies.choose(select.value === "" ? null : Number(select.value)) });
  const problem = h("p", { class: "problem", role: "alert" });
  const fill = () => {
    const options = copies.tracks.map(({ label }, index) => h("option", { value: String(index) }, label));
    select.replaceChildren(h("option", { value: "" }, t("subtitles.none")), ...options);
    select.value = copies.chosen === null ? "" : String(copies.chosen);
  };
  const pick = async () => {
    say(problem, (await copies.pickSubtitles()) ?? "");
    fill();
  };
  fill();
  return h(
    "div",
    { class: "group" },
    row(t("settings.subtitleTrack"), select),
    problem,
    h("button", { type: "button", class: "quiet", onclick: () => void pick() }, t("settings.pickSubtitles")),
  );
}

/** @param {import("../view.js").Parts} parts */
function speedChoice({ actions, session }) {
  const rate = session.state.room?.timeline.rate ?? 1;
  const select = h(
    "select",
    { onchange: () => actions.setSpeed(Number(select.value)) },
    SPEEDS.map((speed) => h("option", { value: String(speed) }, `${speed}×`)),
  );
  select.value = String(SPEEDS.find((speed) => Math.abs(speed - rate) < 0.004) ?? "");
  return select;
}
