/**
 * The port of local files: what is done with a `File` beside playing it. Each is its own module, named behind it.
 *
 * - `quickHash(file) => Promise<string>`  (quick_hash.js) docs/protocol.md, 64 hex digits; reads at most 3 MiB.
 * - `hashWhole(file, onProgress, signal) => Promise<string>`  (whole_hash.js) SHA-256 in a Worker; `onProgress(share)`.
 * - `knownHash(file, quick) => Promise<string | null>`, `keepHash(file, quick, hash)`  (known_hashes.js) of whole files.
 * - `inspect(file) => Promise<Inspection>`  (inspect.js) what the container says: kind, video and audio codecs.
 * - `adviceOn(inspection) => Advice`  (advice.js) what is wrong with it in this browser, in words.
 * - `explain(file) => Promise<string | null>`  (advice.js) the sentence of both.
 * - `pickFiles({multiple, kind}) => Promise<PickedFile[]>`, `pickFolder() => Promise<PickedFile[]>`,
 *   `canPickFolders()`  (picking.js) Called while a click is handled.
 * - `filesOf(dataTransfer) => Promise<PickedFile[]>`, `hasFiles(dataTransfer)`  (dropping.js)
 * - `remember(picked, quick?)`, `recall({size, quick_hash}, {ask}) => Promise<PickedFile | null>`, `remembered(film)`,
 *   `forgetAll()`  (handles.js) handles kept in IndexedDB.
 * - `subtitlesFor(picked, siblings) => Promise<SubtitleTrack[]>`, `readSubtitles(file, filmName?)`,
 *   `toVtt(text) => string`  (subtitles.js)
 * - `findCopy(film, files, match?) => Promise<File | null>`  (find.js) among files that were picked: by size, then
 *   quick hash.
 * - `kindOf(name) => "film" | "subtitles" | null`  (names.js)
 *
 * @typedef {object} PickedFile
 * @property {File} file
 * @property {FileSystemFileHandle | null} handle
 * @property {string} folder  Its folder within the one that was picked; "" for a file alone.
 *
 * @typedef {object} Inspection
 * @property {"mp4" | "matroska" | "webm" | "ogg" | "mpeg-ts" | "mpeg-ps" | "avi" | "flv" | "asf" | "audio"
 *   | "unknown"} container
 * @property {boolean | null} containerPlayable  False: whatever is in it; null: it depends on that.
 * @property {string | null} video  A name for people: "H.264", "HEVC", "AV1", ...
 * @property {string | null} audio  "AAC", "AC-3", "DTS", ...
 * @property {number | null} frameRate
 * @property {boolean | null} videoPlayable  By canPlayType or MediaCapabilities; null: only trying tells.
 * @property {boolean | null} audioPlayable
 * @property {boolean} incomplete  The file ends before what its header announces: it was not copied to its end.
 * @property {string | null} type  For canPlayType, with both codecs as far as they are known: `video/mp4; codecs="..."`.
 *
 * @typedef {object} Advice
 * @property {string | null} problem  One sentence: this browser cannot play the film, or not its sound; null: it can, as
 *   far as its header tells.
 * @property {boolean} blocks  Nothing of it can be watched here.
 *
 * @typedef {object} SubtitleTrack
 * @property {string} label
 * @property {string} language  BCP 47, "" where it is not known.
 * @property {string} vtt  The text as WebVTT.
 */

export {};
