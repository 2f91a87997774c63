// The server's two addresses, and its refusals as errors in words.

import { converted } from "./wav.js";

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Which runs there are, and what is taken in. */
export async function offered() {
  return (await sent("api/runs")).json();
}

/**
 * What some runs tell of a clip.
 *
 * A form of sound that the server cannot read is decoded by this browser and sent again.
 *
 * @returns The answer, the sound that was answered, and whether it was decoded here.
 */
export async function ask(clip, runs, offer) {
  try {
    return { answer: await answer(clip, runs, offer), sound: clip, decoded: false };
  } catch (error) {
    if (error.code !== "unreadable") throw error;
    const sound = await decoded(clip, offer);
    return { answer: await answer(sound, runs, offer), sound, decoded: true };
  }
}

async function decoded(clip, { sample_rate }) {
  try {
    return await converted(clip, sample_rate);
  } catch {
    throw new Refusal(
      "unreadable",
      "Neither the server nor this browser can read this file as sound. Please record it here, or save it as WAV or FLAC.",
    );
  }
}

async function answer(clip, runs, { limits }) {
  if (clip.size > limits.max_bytes) {
    const size = (n) => `${(n / 2 ** 20).toFixed(1)} MiB`;
    throw new Refusal(
      "too-large",
      `This clip has ${size(clip.size)}, and at most ${size(limits.max_bytes)} are taken. Please send a shorter one.`,
    );
  }
  const query = runs.map((run) => `run=${run}`).join("&");
  const headers = { "Content-Type": "application/octet-stream" };
  return (await sent(`api/answers?${query}`, { method: "POST", body: clip, headers })).json();
}

async function sent(address, options) {
  const response = await fetch(address, options).catch(() => {
    throw new Refusal("gone", "Nothing came back. Is ‘speechsent app’ still running, and the file still there?");
  });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const { code = "busy", message = "Too many visitors just now. Please try again in a moment." } = told.error ?? {};
  throw new Refusal(code, message);
}
