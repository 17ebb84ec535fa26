/** The English texts of hangd/web/files. */

/** @type {Record<string, import("./texts.js").Text>} */
export const files = {
  "subtitles.unknown": "{name} is not a file of subtitles that this page reads: .srt, .vtt, .ass or .ssa.",
  "subtitles.large": "{name} is too large for subtitles.",
  "subtitles.unreadable": "{name} cannot be read.",
  "subtitles.empty": "There are no subtitles in {name}.",
  "subtitles.forced": "{label} (foreign parts only)",
  "subtitles.for-deaf": "{label} (for the hard of hearing)",

  "advice.container": "This browser does not play {container} files. {elsewhere}",
  "advice.video": "The picture is {codec}, which this browser does not play. {elsewhere}",
  "advice.audio":
    "The sound is {codec}, which this browser does not play: you would see the film without sound. {elsewhere}",
  "advice.sound-alone": "This browser does not play {codec}. {elsewhere}",
  "advice.cut": "The end of this file is missing. Copy or download it again.",
  "advice.unknown": "This file does not look like a film.",
  "advice.hang": "hang on a computer does.",
  "advice.safari": "hang on a computer does, and so does Safari.",
  "advice.chrome": "hang or Chrome on a computer does.",
};
