/** The page's icons: paths of our own on a grid of 24, drawn in the colour of the text around them. */

const SVG = "http://www.w3.org/2000/svg";

/** Strokes, except where a path begins with "#": that is filled. */
const PATHS = {
  play: ["#M8 5.2v13.6a.8.8 0 0 0 1.2.7l10.6-6.8a.8.8 0 0 0 0-1.4L9.2 4.5A.8.8 0 0 0 8 5.2Z"],
  pause: ["#M7 5h3.2v14H7z", "#M13.8 5H17v14h-3.2z"],
  back: ["M5 4.5v5h5", "M5.6 9.2A7.5 7.5 0 1 1 4.5 13"],
  forward: ["M19 4.5v5h-5", "M18.4 9.2A7.5 7.5 0 1 0 19.5 13"],
  next: ["#M6 5.5v13l9-6.5z", "M17.5 5.5v13"],
  volume: ["#M4 9.5h3.5L12 5.5v13l-4.5-4H4z", "M15 9.2a4 4 0 0 1 0 5.6", "M17.6 6.6a7.6 7.6 0 0 1 0 10.8"],
  muted: ["#M4 9.5h3.5L12 5.5v13l-4.5-4H4z", "M15.5 9.7l4.6 4.6", "M20.1 9.7l-4.6 4.6"],
  subtitles: ["M4 6h16v12H4z", "M7 14.5h5", "M15 14.5h2", "M7 11h2", "M12 11h5"],
  full: ["M4.5 9V4.5H9", "M15 4.5h4.5V9", "M19.5 15v4.5H15", "M9 19.5H4.5V15"],
  unfull: ["M9 4.5V9H4.5", "M19.5 9H15V4.5", "M15 19.5V15h4.5", "M4.5 15H9v4.5"],
  pip: ["M3.5 5.5h17v13h-17z", "#M12 12h6.5v4.5H12z"],
  chat: ["M4.5 5h15v10.5H12L7.5 19v-3.5h-3z"],
  people: [
    "M9 11.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4Z",
    "M3.5 19c0-3.2 2.4-5 5.5-5s5.5 1.8 5.5 5",
    "M15.5 5.2a3 3 0 0 1 0 5.6",
    "M17 14.4c2.2.5 3.5 2.2 3.5 4.6",
  ],
  queue: ["M4 6.5h12", "M4 11.5h12", "M4 16.5h7", "#M15 14v6l5-3z"],
  invite: [
    "M10 14a3.8 3.8 0 0 0 5.4 0l3.2-3.2a3.8 3.8 0 0 0-5.4-5.4L12 6.6",
    "M14 10a3.8 3.8 0 0 0-5.4 0l-3.2 3.2a3.8 3.8 0 0 0 5.4 5.4l1.2-1.2",
  ],
  rules: [
    "M4 7h9",
    "M17 7h3",
    "M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z",
    "M4 17h3",
    "M11 17h9",
    "M9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z",
  ],
  settings: [
    "M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4Z",
    "M12 3.5v2.3",
    "M12 18.2v2.3",
    "M3.5 12h2.3",
    "M18.2 12h2.3",
    "M6 6l1.6 1.6",
    "M16.4 16.4L18 18",
    "M18 6l-1.6 1.6",
    "M7.6 16.4L6 18",
  ],
  leave: ["M13.5 4.5h-8v15h8", "M10 12h10", "M16.5 8.5L20 12l-3.5 3.5"],
  more: ["#M5 10.5h3v3H5z", "#M10.5 10.5h3v3h-3z", "#M16 10.5h3v3h-3z"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  send: ["#M4 4.5l16.5 7.5L4 19.5l2.2-6L14 12l-7.8-1.5z"],
  drag: ["M6 9.5h12", "M6 14.5h12"],
  add: ["M12 5v14", "M5 12h14"],
  remove: ["M6 7.5h12", "M9.5 7.5v-2h5v2", "M7.5 7.5l.8 11h7.4l.8-11"],
  film: ["M4 5h16v14H4z", "M8 5v14", "M16 5v14", "M4 9.7h4", "M4 14.3h4", "M16 9.7h4", "M16 14.3h4"],
  account: [
    "M10 11.2a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8Z",
    "M3.5 19.5c0-3.4 2.7-5.3 6.5-5.3",
    "M12.5 17l2.6 2.6 5.4-5.4",
  ],
  crown: ["#M4 17.5L3.2 8l5 3.5L12 5.5l3.8 6 5-3.5-.8 9.5z"],
  copy: ["M9 9h10.5v10.5H9z", "M15 9V4.5H4.5V15H9"],
  share: ["M12 15V4", "M8 7.5L12 3.5l4 4", "M6 11.5H4.5v8.5h15v-8.5H18"],
  keyboard: ["M3 6.5h18v11H3z", "M6.5 10h.1", "M10 10h.1", "M13.5 10h.1", "M17 10h.1", "M7.5 14h9"],
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Draws an icon. It is not read aloud: its button has the words.
 *
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const path of PATHS[name]) {
    const element = document.createElementNS(SVG, "path");
    const filled = path.startsWith("#");
    element.setAttribute("d", filled ? path.slice(1) : path);
    element.setAttribute("class", filled ? "filled" : "line");
    svg.append(element);
  }
  return svg;
}

/**
 * Changes the icon of a button that has one; does nothing where it is that one already.
 *
 * @param {HTMLElement} button
 * @param {IconName} name
 */
export function setIcon(button, name) {
  if (button.dataset.icon !== name) {
    button.dataset.icon = name;
    button.querySelector(".icon")?.replaceWith(icon(name));
  }
}
