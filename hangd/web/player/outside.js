/** What is done with the element by others than the player: by the browser, or by the viewer in a small window. */

/**
 * @typedef {object} Reactions  Of the player.
 * @property {() => string} phase  Its phase.
 * @property {() => void} paused  A film that ran was paused.
 * @property {() => void} played  A film that was settled plays.
 * @property {() => void} seen  The page is seen again.
 */

/** Listens to the element and the page. What the player does itself is told apart by its phase. */
export class Outside {
  /**
   * @param {HTMLVideoElement} video
   * @param {AbortSignal} signal  Ends it.
   * @param {Reactions} reactions
   */
  constructor(video, signal, reactions) {
    this.#video = video;
    this.#reactions = reactions;
    video.addEventListener("pause", () => this.#paused(), { signal });
    video.addEventListener("play", () => this.#played(), { signal });
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    globalThis.addEventListener("pageshow", () => this.#seen(), { signal });
  }

  #video;
  #reactions;
  /** The browser paused a film that nobody sees. */
  #pausedUnseen = false;

  /** The player has entered another phase. */
  begin() {
    this.#pausedUnseen = false;
  }

  #paused() {
    const video = this.#video;
    if (this.#reactions.phase() !== "running" || !video.paused || video.ended) return;
    if (document.visibilityState === "hidden") this.#pausedUnseen = true;
    else this.#reactions.paused();
  }

  #played() {
    if (this.#reactions.phase() === "settled" && !this.#video.paused) this.#reactions.played();
  }

  #seen() {
    if (document.visibilityState === "hidden") return;
    this.#reactions.seen();
    if (!this.#pausedUnseen || this.#reactions.phase() !== "running") return;
    this.#pausedUnseen = false;
    this.#video.play().catch(() => undefined);
  }
}
