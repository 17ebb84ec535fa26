/** What buttons and keys do that stays with this viewer: volume, subtitles, full screen, a picture that is saved. */

import { save } from "./save.js";
import { t } from "./texts/texts.js";

/**
 * @typedef {import("./preferences.js").Preferences} Preferences
 * @typedef {import("./copies.js").Copies} Copies
 */

/**
 * Dispatches "toast" with `{kind, text}` as detail for what is written on the picture, and "open" with the name of what
 * the page is asked to show: "chat", "queue", "fill", or a dialog of dialogs/open.js.
 */
export class LocalActions extends EventTarget {
  #preferences;
  #copies;

  /**
   * @param {Preferences} preferences
   * @param {Copies} copies
   */
  constructor(preferences, copies) {
    super();
    this.#preferences = preferences;
    this.#copies = copies;
  }

  /**
   * Writes this on the picture for some seconds.
   *
   * @param {string} text
   * @param {string} [kind]  As of a Notice; "value" for what a key has set.
   */
  toast(text, kind = "value") {
    this.dispatchEvent(new CustomEvent("toast", { detail: { kind, text } }));
  }

  /** @param {"account" | "bans" | "queue" | "chat" | "keys" | "leave" | "settings" | "goto" | "rules" | "invite"} what */
  open(what) {
    this.dispatchEvent(new CustomEvent("open", { detail: what }));
  }

  /** @param {number} step  0 to 1. */
  volumeBy(step) {
    this.setVolume(this.#preferences.values.volume + step);
  }

  /** @param {number} volume  0 to 1. */
  setVolume(volume) {
    const within = Math.round(Math.max(0, Math.min(volume, 1)) * 100) / 100;
    this.#preferences.set({ volume: within, muted: false });
    this.toast(t("volume.is", { percent: Math.round(within * 100) }));
  }

  toggleMute() {
    const muted = !this.#preferences.values.muted;
    this.#preferences.set({ muted });
    this.toast(t(muted ? "volume.off" : "volume.on"));
  }

  /** Shows the subtitles or hides them; where the film has none, the viewer picks some. */
  async toggleSubtitles() {
    const copies = this.#copies;
    if (copies.tracks.length === 0) {
      await this.#pickSubtitles();
      return;
    }
    const subtitles = copies.track === null || !this.#preferences.values.subtitles;
    if (copies.track === null) {
      copies.choose(0);
    }
    this.#preferences.set({ subtitles });
    this.toast(t(subtitles ? "subtitles.on" : "subtitles.off"));
  }

  async #pickSubtitles() {
    if (!this.#copies.hasFilm) {
      this.toast(t("card.none"));
      return;
    }
    const problem = await this.#copies.pickSubtitles();
    const { track } = this.#copies;
    if (problem !== null) {
      this.toast(problem, "problem");
    } else if (track !== null) {
      this.toast(t("subtitles.are", { label: track.label }));
    }
  }

  /** Shows the next subtitles of the film; after the last ones: none. */
  cycleSubtitles() {
    if (this.#copies.tracks.length === 0) {
      this.toast(t("subtitles.missing"));
      return;
    }
    const track = this.#copies.cycle();
    this.#preferences.set({ subtitles: true });
    this.toast(track === null ? t("subtitles.off") : t("subtitles.are", { label: track.label }));
  }

  /** @param {number} seconds */
  subtitleDelayBy(seconds) {
    const subtitleDelay = Math.round((this.#preferences.values.subtitleDelay + seconds) * 10) / 10;
    this.#preferences.set({ subtitleDelay });
    this.toast(t("subtitles.delay", { seconds: subtitleDelay }));
  }

  /** @param {number} step */
  subtitleSizeBy(step) {
    const size = Math.round(Math.max(0.5, Math.min(this.#preferences.values.subtitleSize + step, 2.5)) * 10) / 10;
    this.#preferences.set({ subtitleSize: size });
    this.toast(t("subtitles.size", { percent: Math.round(size * 100) }));
  }

  /**
   * Saves the picture that is shown, as a file.
   *
   * @param {HTMLVideoElement} video
   * @param {string} name  Of the file, without its ending.
   */
  async savePicture(video, name) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const picture = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done));
    if (picture === null) {
      this.toast(t("picture.no"), "problem");
      return;
    }
    save(picture, `${name}.png`);
    this.toast(t("picture.saved"));
  }

  /** Enters full screen, or leaves it. Where a browser has none for pages (iPhone), the page fills the window. */
  async toggleFull() {
    if (document.fullscreenElement !== null) {
      await document.exitFullscreen();
    } else if (document.fullscreenEnabled) {
      await document.documentElement.requestFullscreen().catch(() => this.#fill());
    } else {
      this.#fill();
    }
  }

  #fill() {
    this.dispatchEvent(new CustomEvent("open", { detail: "fill" }));
  }

  /**
   * Shows the film in a small window above all others, or back in the page.
   *
   * @param {HTMLVideoElement} video
   */
  async togglePictureInPicture(video) {
    try {
      await (document.pictureInPictureElement === video
        ? document.exitPictureInPicture()
        : video.requestPictureInPicture());
    } catch {
      this.toast(t("pip.no"), "problem");
    }
  }
}
