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

/** Seconds as m:ss, with as many digits behind the point as are asked for. */
export function clock(seconds, digits = 0) {
  const unit = 10 ** digits;
  const rounded = (digits ? Math.round(seconds * unit) : Math.floor(seconds)) / unit;
  const rest = (rounded % 60).toFixed(digits);
  return `${Math.floor(rounded / 60)}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}
