/** What this viewer likes: name, look, subtitles, and how late the sound is. */

import { AppSettings } from "../../app/elements.js";
import { h, say } from "../dom.js";
import { t } from "../texts/texts.js";
import { row, showDialog } from "./dialog.js";

/** Milliseconds: headphones without a wire are at most so late. */
const LATEST = 500;

/** @param {import("../view.js").Parts} parts */
export function showSettings({ actions, app, copies, preferences, session }) {
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
  showDialog(t("settings.title"), (close) => [
    row(t("start.name"), name, t("settings.nameHint")),
    row(t("settings.theme"), theme),
    h("h3", null, t("settings.subtitles")),
    h("label", { class: "check" }, subtitles, h("span", null, t("settings.subtitlesOn"))),
    h("div", { class: "with-value" }, row(t("settings.subtitleSize"), size), sizeText),
    row(t("settings.subtitleDelay"), delay, t("settings.subtitleDelayHint")),
    h(
      "button",
      { type: "button", class: "quiet", onclick: () => void copies.pickSubtitles() },
      t("settings.pickSubtitles"),
    ),
    h("h3", null, t("settings.sound")),
    h("div", { class: "with-value" }, row(t("settings.offset"), offset, t("settings.offsetHint")), offsetText),
    app !== null && new AppSettings(app),
    h("h3", null, t("settings.more")),
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { type: "button", class: "quiet", onclick: () => saveTrace(session) }, t("settings.trace")),
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
 * Saves what this page was told and did, for whoever looks for a mistake.
 *
 * @param {import("../view.js").SessionPort} session
 */
function saveTrace(session) {
  const href = URL.createObjectURL(new Blob([session.dumpTrace()], { type: "application/jsonl" }));
  h("a", { href, download: "hang-trace.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/**
 * @param {() => void} close
 * @param {() => void} what
 */
function instead(close, what) {
  close();
  what();
}
