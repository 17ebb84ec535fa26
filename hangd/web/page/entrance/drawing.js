/** hang's own drawing, as in the icon of the program: a cinema, and three friends in front of its screen. */

const SVG = "http://www.w3.org/2000/svg";

/** @type {readonly [string, Record<string, string>][]} */
const SHAPES = [
  ["rect", { x: "4", y: "4", width: "248", height: "248", rx: "52", class: "hall" }],
  ["rect", { x: "36", y: "36", width: "184", height: "124", rx: "14", class: "screen" }],
  ["path", { d: "M100 54 Q100 43 110 48 L170 88 Q178 94 170 100 L110 140 Q100 145 100 134 Z", class: "sign" }],
  ["path", { d: "M16 252 q2 -42 44 -42 t44 42 z", class: "friend" }],
  ["circle", { cx: "60", cy: "184", r: "27", class: "friend" }],
  ["path", { d: "M152 252 q2 -42 44 -42 t44 42 z", class: "friend" }],
  ["circle", { cx: "196", cy: "184", r: "27", class: "friend" }],
  ["path", { d: "M80 252 q2 -40 48 -40 t48 40 z", class: "friend near" }],
  ["circle", { cx: "128", cy: "188", r: "30", class: "friend near" }],
];

/** @returns {SVGSVGElement} */
export function drawing() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 256 256");
  svg.setAttribute("class", "drawing");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, attributes] of SHAPES) {
    const shape = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
      shape.setAttribute(key, value);
    }
    svg.append(shape);
  }
  return svg;
}
