/** The English texts of hangd/web/page/entrance that say what went wrong there, and of the rules dialog. */

/** @type {Record<string, import("./texts.js").Text>} */
export const entrance = {
  "start.otherServer": "This link is for another server.",
  "start.goThere": "Go to {place}",
  "start.otherInvite": "This invite is for another server. Open it with hang on a computer: hangctl join {invite}",
  "start.wanted": "The film of the room is {film}.",
  "start.wantedUnknown": "You see which film it is when you join without the film.",
  "start.pickOther": "Pick another file",
  "start.joinAnyway": "Join all the same",
  "rules.number": "Write a whole number from {least} to {most}.",
  "other.title": "Leave this room for {room}?",
};
