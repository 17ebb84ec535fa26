/** The English texts of hangd/web/files. */

/** @type {Record<string, import("./texts.js").Text>} */
export const files = {
  "subtitles.unknown": "{name} is not a file of subtitles that this page reads: .srt, .vtt, .ass or .ssa.",
  "subtitles.large": "{name} is too large for subtitles.",
  "subtitles.unreadable": "{name} cannot be read.",
  "subtitles.empty": "There are no subtitles in {name}.",
  "subtitles.forced": "{label} (foreign parts only)",
  "subtitles.for-deaf": "{label} (for the hard of hearing)",
};
