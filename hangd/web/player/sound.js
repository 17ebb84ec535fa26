/** Whether a film that plays can be heard. */

/**
 * Return whether no sound at all has been decoded of a film that has played for a while.
 *
 * It is silent also if it has no sound track; the element does not tell one from the other.
 *
 * @param {HTMLVideoElement} video
 * @returns {boolean}
 */
export function isSilent(video) {
  const known = /** @type {{webkitAudioDecodedByteCount?: number, mozHasAudio?: boolean}} */ (
    /** @type {unknown} */ (video)
  );
  if (known.mozHasAudio !== undefined) return !known.mozHasAudio;
  if (known.webkitAudioDecodedByteCount !== undefined) return known.webkitAudioDecodedByteCount === 0;
  return false;
}
