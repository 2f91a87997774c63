// What is shown of an answer: a card a run, the figure, a table, and files to keep.

import { timeFigure } from "./drawing.js";
import { clock, draw, make } from "./elements.js";

const SILENCE = "nobody speaks";
let address = ""; // of the sound that can be played

/** What a run tells of the whole clip, in a few words. */
export function inWords({ run, overall }) {
  if (run.numbers) return run.labels.map((name) => `${name} ${shown(overall[name])}`).join(", ");
  const [best] = ranked(overall);
  return `${best[0]} (${best[1].toFixed(2)})`;
}

/**
 * Fill the section of the result.
 *
 * @param section The section.
 * @param told The server's answer.
 * @param sound The clip as a file or blob.
 * @param name What the visitor calls it.
 */
export function showResult(section, told, sound, name) {
  const audio = player(sound, name);
  const figure = timeFigure(told, (second) => play(audio, second));
  follow(audio, figure.move);
  section.replaceChildren(
    make("h2", { id: "result-title" }, `What is heard in ${name}`),
    audio,
    ...notes(told.notes),
    make("div", { class: "sides" }, ...told.answers.map(card)),
    agreement(told.answers) ?? "",
    figure.element,
    make("p", { class: "caption" }, legend(told.answers)),
    ...told.answers.map((answer) => table(answer, (second) => play(audio, second))),
    downloads(told, name),
  );
  section.hidden = false;
}

function player(sound, name) {
  URL.revokeObjectURL(address);
  address = URL.createObjectURL(sound);
  const audio = make("audio", { controls: true, "aria-label": `Sound of ${name}`, src: address });
  audio.addEventListener("error", () => {
    audio.replaceWith(make("p", { class: "caption" }, "This browser cannot play this form of sound."));
  });
  return audio;
}

function play(audio, second) {
  if (!audio.isConnected) return;
  audio.currentTime = second;
  audio.play().catch(() => {}); // it shows itself that it cannot
}

/** Keep the play head where the sound is. */
function follow(audio, move) {
  const step = () => {
    move(audio.currentTime);
    if (!audio.paused && audio.isConnected) requestAnimationFrame(step);
  };
  for (const event of ["play", "seeking", "seeked", "timeupdate"]) audio.addEventListener(event, step);
}

function notes(lines) {
  return lines.map((line) => make("p", { class: "caution" }, `Note: ${line}.`));
}

function card(answer, i) {
  const { run, overall, calibrated } = answer;
  const headline = run.numbers ? null : make("p", { class: "figure" }, ranked(overall)[0][0]);
  const how = run.numbers ? [] : [`${calibrated ? "Calibrated" : "Uncalibrated"} probabilities of the whole clip.`];
  return make(
    "div",
    { class: `side ${i ? "b" : "a"}` },
    make("h3", {}, run.name),
    headline,
    run.numbers ? numbers(overall, run.name) : bars(overall, run.name),
    ...[...how, ...run.cautions].map((line) => make("p", { class: "caption" }, line)),
  );
}

function bars(overall, name) {
  const rows = ranked(overall).map(([label, p]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, label),
      make("td", { class: "bar" }, bar(p)),
      make("td", { class: "number" }, p.toFixed(2)),
    ),
  );
  return make("table", { "aria-label": `Probabilities, ${name}` }, make("tbody", {}, ...rows));
}

function bar(share) {
  const rect = (kind, width) => draw("rect", { class: kind, x: 0, y: 1, width, height: 8 });
  const view = { class: "bars", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" };
  return draw("svg", view, rect("track", 100), rect("value", 100 * share));
}

function numbers(overall, name) {
  const rows = Object.entries(overall).map(([label, value]) =>
    make("tr", {}, make("th", { scope: "row" }, label), make("td", { class: "number" }, shown(value))),
  );
  return make("table", { "aria-label": `Numbers, ${name}` }, make("tbody", {}, ...rows));
}

/** In how much of the speech two runs say the same; nothing if they know other emotions. */
function agreement(answers) {
  if (answers.length < 2 || answers.some(({ run }) => run.numbers)) return null;
  const [first, second] = answers.map(({ over_time }) => over_time.segments.filter(({ emotion }) => emotion));
  let same = 0;
  for (const a of first) {
    for (const b of second) {
      const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
      if (a.emotion === b.emotion && shared > 0) same += shared;
    }
  }
  const spoken = first.reduce((sum, { start, end }) => sum + end - start, 0);
  if (!spoken) return null;
  return make("p", { id: "agreement" }, `Both runs say the same in ${Math.round((100 * same) / spoken)} % of the speech.`);
}

function legend(answers) {
  const parts = [];
  if (answers.some(({ run }) => !run.numbers)) {
    parts.push("Height of a bar: how probable the emotion is there, up to 1. Full colour: the most probable one.");
  }
  if (answers.some(({ run }) => run.numbers)) parts.push("Lines: numbers over time, between the two ends named.");
  parts.push("No shading: nobody speaks. Click to play from there.");
  return parts.join(" ");
}

function table({ run, over_time }, seek) {
  const rows = run.numbers ? numberRows(run, over_time, seek) : segmentRows(over_time, seek);
  const head = run.numbers ? ["from", "to", ...run.labels] : ["from", "to", "emotion", "mean probability"];
  const caption = `Over time, ${run.name}`;
  return make(
    "details",
    {},
    make("summary", {}, `${caption}, as a table`),
    make(
      "div",
      { class: "scrolling told-table", role: "region", "aria-label": caption, tabindex: "0" },
      make(
        "table",
        { "aria-label": caption },
        make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, ...rows),
      ),
    ),
  );
}

function segmentRows({ segments }, seek) {
  return segments.map(({ start, end, emotion, values }) =>
    rowFrom([start, end, 1], seek, emotion ? [emotion, values[emotion].toFixed(2)] : [SILENCE, ""]),
  );
}

function numberRows(run, { times, hop, duration, values }, seek) {
  const silence = [SILENCE, ...run.labels.slice(1).map(() => "")];
  return times.map((start, i) =>
    rowFrom([start, Math.min(start + hop, duration), 2], seek, values[i]?.map(shown) ?? silence),
  );
}

function rowFrom([start, end, digits], seek, cells) {
  const from = clock(start, digits);
  const button = make("button", { type: "button", "aria-label": `Play from ${from}`, onclick: () => seek(start) }, from);
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, button),
    make("td", {}, clock(end, digits)),
    ...cells.map((cell) => make("td", {}, cell)),
  );
}

function downloads(told, name) {
  const stem = name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-") || "clip";
  const { spectrogram: _, ...rest } = told;
  const several = told.answers.length > 1;
  const sheets = told.answers.map(({ over_time }, i) => {
    const which = several ? [` of run ${i + 1}`, `-${i + 1}`] : ["", ""];
    return button(`CSV${which[0]}`, `${stem}${which[1]}.csv`, "text/csv", over_time.csv);
  });
  const all = JSON.stringify(rest, (key, value) => (key === "csv" ? undefined : value), 1);
  return make("p", { class: "downloads" }, button("JSON", `${stem}.json`, "application/json", all), ...sheets);
}

function button(words, file, type, text) {
  const save = () => {
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return make("button", { type: "button", onclick: save }, `Download ${words}`);
}

function ranked(overall) {
  return Object.entries(overall).sort(([, a], [, b]) => b - a);
}

function shown(value) {
  return Number(value.toPrecision(4)).toString();
}
