// Spectrogram and answers on one time axis. Each answer has a row of its own with its name, so
// that nobody need tell eight colours apart.

import { clock, draw, make } from "./elements.js";

const WIDTH = 1000; // units of a row, stretched to whatever the window has
const HEIGHT = 100;
const PAD = 6; // around a line of numbers

/**
 * The figure.
 *
 * @param told The server's answer.
 * @param seek Called with the second that was clicked.
 * @returns The element, and what moves its play head to a second.
 */
export function timeFigure(told, seek) {
  const { seconds } = told.clip;
  const head = make("div", { class: "head" });
  const overlay = make("div", { class: "overlay", "aria-hidden": "true" }, head);
  overlay.addEventListener("click", (event) => {
    const { left, width } = overlay.getBoundingClientRect();
    seek((seconds * (event.clientX - left)) / width);
  });
  const several = told.answers.length > 1;
  const element = make(
    "div",
    { class: "over-time" },
    spectrogram(told.spectrogram, seconds),
    ...told.answers.map((answer, i) => track(answer, i, seconds, several)),
    lane("ticks", "", ticks(seconds)),
    overlay,
  );
  const move = (second) => {
    head.style.left = `${(100 * Math.min(second, seconds)) / seconds}%`;
  };
  move(0);
  return { element, move };
}

function lane(kind, label, picture) {
  const first = typeof label === "string" ? make("span", {}, label) : label;
  return make("div", { class: `lane ${kind}` }, first, picture);
}

function spectrogram({ shades, rows, columns, top_hz }, seconds) {
  const bytes = Uint8Array.from(atob(shades), (letter) => letter.charCodeAt(0));
  const words = `Spectrogram of ${seconds.toFixed(1)} seconds, 0 to ${top_hz / 1000} kHz`;
  const canvas = make("canvas", { width: columns, height: rows, role: "img", "aria-label": words });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  bytes.forEach((shade, i) => {
    const row = rows - 1 - Math.floor(i / columns); // low frequencies at the bottom
    image.data.set([shade, shade, shade, 255], 4 * (row * columns + (i % columns)));
  });
  context.putImageData(image, 0, 0);
  const scale = make("span", {}, make("span", {}, `${top_hz / 1000} kHz`), make("span", {}, "0"));
  return lane("sound", scale, canvas);
}

function track({ run, over_time }, i, seconds, several) {
  const row = run.numbers ? numberRow : emotionRow;
  return make(
    "section",
    { class: `${i ? "b" : "a"} ${run.numbers ? "numbers" : "emotions"}`, "aria-label": run.name },
    several ? make("h3", {}, run.name) : null,
    ...run.labels.map((label, k) => row(label, k, over_time, seconds)),
  );
}

/**
 * The parts in which somebody speaks: start and end in units of the row, all values, and the
 * emotion told. A row of the answer lasts a hop, while speech begins and ends where it does.
 */
function spoken({ segments, times, hop, values }, seconds) {
  const unit = (second) => (WIDTH * second) / seconds;
  return segments.filter(({ speech }) => speech).flatMap(({ start, end, emotion }) =>
    times.flatMap((time, i) => {
      const from = Math.max(start, time);
      const to = Math.min(end, time + hop);
      return values[i] && to > from ? [{ from: unit(from), to: unit(to), all: values[i], emotion }] : [];
    }),
  );
}

function emotionRow(label, k, over_time, seconds) {
  const parts = spoken(over_time, seconds);
  const isTold = ({ emotion }) => emotion === label;
  const best = parts.reduce((a, b) => (b.all[k] > (a?.all[k] ?? -1) ? b : a), null);
  const where = best ? ` at ${clock((best.from * seconds) / WIDTH, 1)}` : "";
  const words = `${label}: at most ${best ? best.all[k].toFixed(2) : "nothing"}${where}`;
  return rowOf(label, words, [
    draw("path", { class: "speech", d: blocks(parts, () => 1) }),
    draw("path", { class: "pale", d: blocks(parts.filter((p) => !isTold(p)), ({ all }) => all[k]) }),
    draw("path", { class: "told", d: blocks(parts.filter(isTold), ({ all }) => all[k]) }),
  ]);
}

function blocks(parts, height) {
  return parts
    .map((p) => `M${p.from.toFixed(1)} ${HEIGHT}V${(HEIGHT * (1 - height(p))).toFixed(1)}H${p.to.toFixed(1)}V${HEIGHT}z`)
    .join("");
}

function numberRow(label, k, over_time, seconds) {
  const parts = spoken(over_time, seconds);
  const told = parts.map(({ all }) => all[k]);
  const low = Math.min(...told);
  const high = Math.max(...told);
  const y = (value) => HEIGHT - PAD - ((HEIGHT - 2 * PAD) * (value - low)) / (high - low || 1);
  const steps = parts.map((p, i) => {
    const joins = i && p.from - parts[i - 1].to < 1e-6;
    return `${joins ? "L" : "M"}${p.from.toFixed(1)} ${y(p.all[k]).toFixed(1)}H${p.to.toFixed(1)}`;
  });
  const range = told.length ? `${low.toPrecision(3)} to ${high.toPrecision(3)}` : "nobody speaks";
  const name = make("span", {}, label, make("span", { class: "span" }, range));
  return rowOf(name, `${label}: ${range}`, [
    draw("path", { class: "speech", d: blocks(parts, () => 1) }),
    draw("path", { class: "line", d: steps.join("") }),
  ]);
}

function rowOf(name, words, shapes) {
  const view = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": words };
  return lane("row", name, draw("svg", view, ...shapes));
}

/** Round seconds, as many as have room. */
function ticks(seconds) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600].find((s) => seconds / s <= 5) ?? 1200;
  const marks = [];
  for (let i = 0; i * step <= seconds; i++) {
    const x = `${(100 * i * step) / seconds}%`;
    const anchor = i === 0 ? "start" : i * step > 0.96 * seconds ? "end" : "middle";
    marks.push(draw("line", { x1: x, x2: x, y1: 0, y2: 5 }));
    marks.push(draw("text", { x, y: 18, "text-anchor": anchor }, clock(i * step, step < 1 ? 1 : 0)));
  }
  return draw("svg", { "aria-hidden": "true" }, ...marks);
}
