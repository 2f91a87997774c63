// The microphone as a WAV file, recorded as samples because no server reads every browser's webm.

import { resampled, wav } from "./wav.js";

// The browser's clean-up would change loudness, which tells emotions.
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/**
 * Start to record.
 *
 * @param heard Called with the seconds so far and the level in [0, 1].
 * @returns What stops, with a promise of the WAV file.
 */
export async function record(heard, rate) {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers lend the microphone only to pages of this machine, or over https.");
  }
  const stream = await navigator.mediaDevices.getUserMedia({ audio: RAW });
  const context = new AudioContext();
  const chunks = [];
  let length = 0;
  try {
    await context.audioWorklet.addModule("recorder-worklet.js");
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    tap.port.onmessage = ({ data }) => {
      chunks.push(data);
      length += data.length;
      heard(length / context.sampleRate, Math.max(...data.map(Math.abs)));
    };
    context.createMediaStreamSource(stream).connect(tap);
    await context.resume();
  } catch (error) {
    await release(stream, context);
    throw error;
  }
  return async () => {
    const from = context.sampleRate;
    await release(stream, context);
    return wav(await resampled(joined(chunks, length), from, rate), rate);
  };
}

async function release(stream, context) {
  stream.getTracks().forEach((track) => track.stop());
  await context.close();
}

function joined(chunks, length) {
  const all = new Float32Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
