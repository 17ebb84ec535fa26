/** Keys of the page, bound as in mpv where mpv has them. `?` shows this table. */

/**
 * @typedef {import("./actions.js").Actions} Actions
 *
 * @typedef {object} Binding
 * @property {readonly string[]} keys  As `KeyboardEvent.key`, with "Shift+" before the names of keys that are no characters.
 * @property {string} text  A key of the texts: what it does.
 * @property {"room" | "here"} where  Whether it does that for everybody.
 * @property {(actions: Actions, held: boolean, video: HTMLVideoElement) => void} run
 */

/** @type {readonly Binding[]} */
export const BINDINGS = [
  { keys: [" ", "p"], text: "key.pause", where: "room", run: (a, held) => held || a.togglePause() },
  { keys: ["ArrowLeft"], text: "key.back5", where: "room", run: (a, held) => a.seekBy(-5, held) },
  { keys: ["ArrowRight"], text: "key.forward5", where: "room", run: (a, held) => a.seekBy(5, held) },
  { keys: ["ArrowDown"], text: "key.back60", where: "room", run: (a, held) => a.seekBy(-60, held) },
  { keys: ["ArrowUp"], text: "key.forward60", where: "room", run: (a, held) => a.seekBy(60, held) },
  { keys: ["Shift+ArrowLeft"], text: "key.back1", where: "room", run: (a, held) => a.seekBy(-1, held) },
  { keys: ["Shift+ArrowRight"], text: "key.forward1", where: "room", run: (a, held) => a.seekBy(1, held) },
  { keys: ["Shift+ArrowDown"], text: "key.back5", where: "room", run: (a, held) => a.seekBy(-5, held) },
  { keys: ["Shift+ArrowUp"], text: "key.forward5", where: "room", run: (a, held) => a.seekBy(5, held) },
  { keys: ["Shift+PageDown"], text: "key.back600", where: "room", run: (a, held) => a.seekBy(-600, held) },
  { keys: ["Shift+PageUp"], text: "key.forward600", where: "room", run: (a, held) => a.seekBy(600, held) },
  { keys: ["Shift+Backspace"], text: "key.undo", where: "room", run: (a) => a.undoSeek() },
  { keys: ["g"], text: "key.goto", where: "room", run: (a) => a.open("goto") },
  { keys: ["."], text: "key.step", where: "room", run: (a) => a.step(1) },
  { keys: [","], text: "key.stepBack", where: "room", run: (a) => a.step(-1) },
  { keys: ["["], text: "key.slower", where: "room", run: (a) => a.multiplySpeed(1 / 1.1) },
  { keys: ["]"], text: "key.faster", where: "room", run: (a) => a.multiplySpeed(1.1) },
  { keys: ["{"], text: "key.half", where: "room", run: (a) => a.multiplySpeed(0.5) },
  { keys: ["}"], text: "key.twice", where: "room", run: (a) => a.multiplySpeed(2) },
  { keys: ["Backspace"], text: "key.normal", where: "room", run: (a) => a.setSpeed(1) },
  { keys: [">"], text: "key.next", where: "room", run: (a) => a.moveOn(1) },
  { keys: ["<"], text: "key.previous", where: "room", run: (a) => a.moveOn(-1) },
  { keys: ["L"], text: "key.loop", where: "room", run: (a) => a.toggleLoop() },
  { keys: ["F8"], text: "key.queue", where: "here", run: (a) => a.open("queue") },
  { keys: ["r"], text: "key.ready", where: "room", run: (a, held) => held || a.toggleReady() },
  { keys: ["c", "Enter"], text: "key.chat", where: "room", run: (a) => a.open("chat") },
  { keys: ["Q"], text: "key.leave", where: "room", run: (a) => a.open("leave") },
  { keys: ["9", "/"], text: "key.quieter", where: "here", run: (a) => a.volumeBy(-0.02) },
  { keys: ["0", "*"], text: "key.louder", where: "here", run: (a) => a.volumeBy(0.02) },
  { keys: ["m"], text: "key.mute", where: "here", run: (a, held) => held || a.toggleMute() },
  { keys: ["v"], text: "key.subtitles", where: "here", run: (a, held) => held || void a.toggleSubtitles() },
  { keys: ["j"], text: "key.subtitlesNext", where: "here", run: (a) => a.cycleSubtitles() },
  { keys: ["z"], text: "key.subtitlesEarlier", where: "here", run: (a) => a.subtitleDelayBy(-0.1) },
  { keys: ["x", "Z"], text: "key.subtitlesLater", where: "here", run: (a) => a.subtitleDelayBy(0.1) },
  { keys: ["G"], text: "key.subtitlesLarger", where: "here", run: (a) => a.subtitleSizeBy(0.1) },
  { keys: ["F"], text: "key.subtitlesSmaller", where: "here", run: (a) => a.subtitleSizeBy(-0.1) },
  { keys: ["f"], text: "key.full", where: "here", run: (a, held) => held || void a.toggleFull() },
  {
    keys: ["w"],
    text: "key.pip",
    where: "here",
    run: (a, held, video) => held || void a.togglePictureInPicture(video),
  },
  {
    keys: ["s"],
    text: "key.picture",
    where: "here",
    run: (a, held, video) => held || void a.savePicture(video, a.pictureName),
  },
  { keys: ["i"], text: "key.film", where: "here", run: (a, _held, video) => a.tellFilm(video) },
  { keys: ["o", "P"], text: "key.position", where: "here", run: (a) => a.tellPosition() },
  { keys: ["?"], text: "key.keys", where: "here", run: (a) => a.open("keys") },
];

const byKey = new Map(BINDINGS.flatMap((binding) => binding.keys.map((key) => /** @type {const} */ ([key, binding]))));

/**
 * Returns what this key does; undefined: nothing, or it belongs to what has the focus.
 *
 * @param {KeyboardEvent} event
 * @returns {Binding | undefined}
 */
export function bindingOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || belongsToFocus(event)) {
    return undefined;
  }
  const shifted = event.shiftKey && event.key.length > 1;
  return byKey.get(shifted ? `Shift+${event.key}` : event.key);
}

/**
 * Fields take all keys; buttons, tabs and lists those by which they are used.
 *
 * @param {KeyboardEvent} event
 */
function belongsToFocus(event) {
  const target = event.target;
  if (!(target instanceof Element)) {
    return false;
  }
  if (target.closest("input:not([type=checkbox], [type=range]), textarea, select, dialog") !== null) {
    return true;
  }
  if (target.closest("button, a, summary, [role=tab], input") !== null && [" ", "Enter"].includes(event.key)) {
    return true;
  }
  const arrows = event.key.startsWith("Arrow") || event.key.startsWith("Page");
  return arrows && target.closest("[role=tab], [role=slider], input, .takes-arrows") !== null;
}

/**
 * Returns how a key is written on a keyboard.
 *
 * @param {string} key
 */
export function keyName(key) {
  const names = /** @type {Record<string, string>} */ ({
    " ": "Space",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    PageUp: "Page ↑",
    PageDown: "Page ↓",
    Backspace: "⌫",
  });
  return key
    .split(/(?<=.)\+/)
    .map((part) => names[part] ?? part)
    .join(" + ");
}
