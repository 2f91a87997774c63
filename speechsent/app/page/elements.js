// Elements made by hand: text stays text, whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes (`class`, `onclick`, …) and children. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Seconds as m:ss, or with tenths as m:ss.t. */
export function clock(seconds, tenths = false) {
  const parts = tenths ? Math.round(seconds * 10) / 10 : Math.floor(seconds);
  const rest = tenths ? (parts % 60).toFixed(1) : String(parts % 60);
  return `${Math.floor(parts / 60)}:${rest.padStart(tenths ? 4 : 2, "0")}`;
}
