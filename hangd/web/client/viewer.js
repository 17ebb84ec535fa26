/**
 * What the parts of the session share.
 *
 * @typedef {object} Viewer
 * @property {import("./room/room_view.js").RoomView | null} room  Written by the membership alone.
 * @property {string | null} left  Why the viewer is in no room, as a sentence. Written by the membership alone.
 */

export {};
