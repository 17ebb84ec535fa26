/**
 * The port of local files: what is done with a `File` beside playing it. Each is its own module, named behind it.
 *
 * - `quickHash(file) => Promise<string>`  (quick_hash.js) docs/protocol.md, 64 hex digits; reads at most 3 MiB.
 * - `hashWhole(file, onProgress, signal) => Promise<string>`  (whole_hash.js) SHA-256 in a Worker; `onProgress(share)`.
 * - `inspect(file) => Promise<Inspection>`  (inspect.js) what the container says: kind, video and audio codecs.
 * - `pickFiles({multiple}) => Promise<PickedFile[]>`, `pickFolder() => Promise<PickedFile[]>`  (picking.js)
 * - `filesOf(dataTransfer) => Promise<PickedFile[]>`  (dropping.js)
 * - `remember(picked)`, `recall({size, quick_hash}) => Promise<File | null>`  (handles.js) handles kept in IndexedDB.
 * - `subtitlesFor(picked, siblings) => Promise<SubtitleTrack[]>`, `toVtt(text) => string`  (subtitles.js)
 * - `findCopy(film, files) => Promise<File | null>`  (find.js) among files that were picked: by size, then quick hash.
 *
 * @typedef {object} PickedFile
 * @property {File} file
 * @property {FileSystemFileHandle | null} handle
 * @property {string} folder  Its folder within the one that was picked; "" for a file alone.
 *
 * @typedef {object} Inspection
 * @property {"mp4" | "matroska" | "webm" | "ogg" | "mpeg-ts" | "avi" | "audio" | "unknown"} container
 * @property {string | null} video  A name for people: "H.264", "HEVC", "AV1", ...
 * @property {string | null} audio  "AAC", "AC-3", "DTS", ...
 * @property {number | null} frameRate
 * @property {boolean | null} videoPlayable  By canPlayType or MediaCapabilities; null: only trying tells.
 * @property {boolean | null} audioPlayable
 *
 * @typedef {object} SubtitleTrack
 * @property {string} label
 * @property {string} language  BCP 47, "" where it is not known.
 * @property {string} vtt  The text as WebVTT.
 */

export {};
