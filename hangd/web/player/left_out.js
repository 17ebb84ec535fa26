/** What this browser leaves out of a film that has it: the picture, or the sound. */

/** Looks at a film that plays until its sound has been decoded, if it is at all: one each sample. */
const LOOKS = 5;

/** Finds it out from what the player notes here. */
export class LeftOut {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./source.js").Source} source
   * @param {(type: "silent" | "no-picture") => void} notify
   */
  constructor(video, source, notify) {
    this.#video = video;
    this.#source = source;
    this.#notify = notify;
  }

  #video;
  #source;
  #notify;
  #looks = 0;

  /** The film was opened. */
  opened() {
    if (this.#video.videoWidth === 0) void this.#say("no-picture", "video");
  }

  /** The film starts to play. */
  started() {
    this.#looks = 0;
  }

  /** The film plays: called once for each sample. */
  played() {
    if (++this.#looks === LOOKS && isSilent(this.#video)) void this.#say("silent", "audio");
  }

  /**
   * @param {"silent" | "no-picture"} type
   * @param {"video" | "audio"} part
   */
  async #say(type, part) {
    if (await this.#source.mayHave(part)) this.#notify(type);
  }
}

/**
 * Return whether no sound at all has been decoded of a film that has played for a while.
 *
 * It is silent also if it has no sound track; the element does not tell one from the other.
 *
 * @param {HTMLVideoElement} video
 * @returns {boolean}
 */
function isSilent(video) {
  const known = /** @type {{webkitAudioDecodedByteCount?: number, mozHasAudio?: boolean}} */ (
    /** @type {unknown} */ (video)
  );
  if (known.mozHasAudio !== undefined) return !known.mozHasAudio;
  if (known.webkitAudioDecodedByteCount !== undefined) return known.webkitAudioDecodedByteCount === 0;
  return false;
}
