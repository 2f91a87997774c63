// The page: what a visitor does, and what happens then.

import { ask, offered } from "./asking.js";
import { clock, make } from "./elements.js";
import { record } from "./recorder.js";
import { inWords, showResult } from "./result.js";

const $ = (id) => document.getElementById(id);
let offer = null;
let clip = null; // what was asked about last, and what the visitor calls it
let busy = false;
let stop = null; // ends the recording, while there is one

async function begin() {
  offer = await offered();
  offer.runs.forEach(({ name }, i) => $("run").append(make("option", { value: i }, name)));
  $("other").append(make("option", { value: "" }, "nothing"));
  offer.runs.forEach(({ name }, i) => $("other").append(make("option", { value: i }, name)));
  $("other-label").hidden = offer.runs.length < 2;
  const { max_bytes, max_seconds } = offer.limits;
  const size = Number((max_bytes / 2 ** 20).toPrecision(3));
  $("bounds").textContent = `At most ${clock(max_seconds)} minutes and ${size} MiB.`;
  say("Ready.");
}

function say(text) {
  $("state").textContent = text;
}

function complain(message) {
  $("problem").replaceChildren(make("p", {}, message));
  say("");
}

function setBusy(is) {
  busy = is;
  $("state").classList.toggle("busy", is);
  for (const id of ["record", "choose", "run", "other"]) $(id).disabled = is;
}

/** The runs chosen, the first one first. */
function chosen() {
  return [...new Set([$("run").value, $("other").value])].filter((run) => run !== "");
}

async function hear(file, name) {
  if (busy || stop) return;
  clip = { file, name };
  setBusy(true);
  $("problem").replaceChildren();
  $("result").hidden = true;
  say("Listening …");
  try {
    const { answer, sound, decoded } = await ask(file, chosen(), offer);
    if (decoded) answer.notes.push("this form of sound was decoded by your browser, not by the server");
    showResult($("result"), answer, sound, name);
    say(summary(answer.answers));
  } catch (error) {
    complain(error.message);
  } finally {
    setBusy(false);
  }
}

function summary(answers) {
  if (answers.length === 1) return `Heard: ${inWords(answers[0])}.`;
  return `Heard: ${answers.map((answer) => `${inWords(answer)} by ${answer.run.name}`).join("; ")}.`;
}

async function startRecording() {
  $("problem").replaceChildren();
  setBusy(true); // the browser may ask the visitor first
  try {
    stop = await record(showLevel, offer.sample_rate);
  } catch (error) {
    const denied = error.name === "NotAllowedError" || error.name === "NotFoundError";
    complain(denied ? "There is no microphone, or this page may not use it." : error.message);
    return;
  } finally {
    setBusy(false);
  }
  recordingIs(true);
  say("Recording.");
}

async function stopRecording() {
  const finish = stop;
  stop = null;
  recordingIs(false);
  try {
    await hear(await finish(), "the recording");
  } catch (error) {
    complain(error.message);
  }
}

function recordingIs(on) {
  $("recording").hidden = !on;
  $("record").textContent = on ? "Stop" : "Record";
  $("record").classList.toggle("on", on);
  $("choose").disabled = on;
}

function showLevel(seconds, peak) {
  $("clock").textContent = clock(seconds);
  $("level").value = Math.max(0, 1 + Math.log10(Math.max(peak, 1e-4)) / 3); // 60 dB
  if (stop && seconds >= offer.limits.max_seconds - 0.5) stopRecording();
}

$("record").addEventListener("click", () => (stop ? stopRecording() : startRecording()));
$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  $("file").value = ""; // so that the same file can be chosen again
  if (file) hear(file, file.name);
});
for (const id of ["run", "other"]) {
  $(id).addEventListener("change", () => clip && hear(clip.file, clip.name));
}
for (const event of ["dragover", "drop", "dragleave"]) {
  document.addEventListener(event, (e) => {
    e.preventDefault(); // a file that misses the box would replace the page
    $("drop").classList.toggle("over", event === "dragover");
  });
}
document.addEventListener("drop", ({ dataTransfer }) => {
  const [file] = dataTransfer.files;
  if (file) hear(file, file.name);
});

begin().catch((error) => complain(error.message));
