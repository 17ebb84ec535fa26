/** Subtitles, drawn by the page above the controls: so their size and delay can be set, and nothing covers them. */

import { attribute, h } from "../dom.js";
import { View } from "../view.js";

/** @typedef {import("../../files/base.js").SubtitleTrack} SubtitleTrack */

export class Subtitles extends View {
  /** @type {HTMLTrackElement | null} */
  #track = null;
  /** What is shown now. @type {readonly TextTrackCue[]} */
  #shown = [];

  /** @param {AbortSignal} signal */
  came(signal) {
    const { copies, preferences, video } = this.parts;
    this.setAttribute("dir", "auto");
    copies.addEventListener("subtitles", () => this.use(copies.track), { signal });
    copies.addEventListener("added", () => preferences.set({ subtitles: true }), { signal }); // They are to be read.
    preferences.addEventListener("change", () => this.tick(), { signal });
    video.addEventListener("seeked", () => this.tick(), { signal });
    video.addEventListener("timeupdate", () => this.tick(), { signal });
    signal.addEventListener("abort", () => this.use(null));
    this.use(copies.track);
  }

  /**
   * Takes these subtitles in place of those of before.
   *
   * @param {SubtitleTrack | null} subtitles  Its text is WebVTT, which the browser reads.
   */
  use(subtitles) {
    if (this.#track !== null) {
      URL.revokeObjectURL(this.#track.src);
      this.#track.remove();
      this.#track = null;
    }
    if (subtitles !== null) {
      const src = URL.createObjectURL(new Blob([subtitles.vtt], { type: "text/vtt" }));
      this.#track = h("track", { kind: "subtitles", src, srclang: subtitles.language || null, label: subtitles.label });
      this.#track.addEventListener("load", () => this.tick());
      this.parts.video.append(this.#track);
      this.#track.track.mode = "hidden";
    }
    this.tick();
  }

  tick() {
    const { preferences, video } = this.parts;
    const { subtitles, subtitleDelay, subtitleSize } = preferences.values;
    this.style.setProperty("--subtitle-size", String(subtitleSize));
    attribute(this, "hidden", !subtitles);
    const at = video.currentTime - subtitleDelay;
    const cues = [...(this.#track?.track.cues ?? [])].filter((cue) => cue.startTime <= at && at < cue.endTime);
    if (cues.length !== this.#shown.length || cues.some((cue, index) => cue !== this.#shown[index])) {
      this.#shown = cues;
      this.replaceChildren(...cues.map((cue) => h("p", null, /** @type {VTTCue} */ (cue).getCueAsHTML())));
    }
  }
}
customElements.define("hang-subtitles", Subtitles);
