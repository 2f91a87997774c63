// Sound as 16-bit PCM in a WAV file, which every server reads.

const HEADER = 44;

/** One channel of samples in [-1, 1] as a WAV file. */
export function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(HEADER + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER - 8 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => {
    const bounded = Math.max(-1, Math.min(1, value));
    view.setInt16(HEADER + 2 * i, Math.round(bounded * 32767), true);
  });
  return new Blob([view], { type: "audio/wav" });
}

/** Samples at one rate as samples at another, by the browser's own resampler. */
export async function resampled(samples, from, to) {
  if (from === to) return samples;
  const context = new OfflineAudioContext(1, Math.max(1, Math.round((samples.length * to) / from)), to);
  const buffer = context.createBuffer(1, Math.max(1, samples.length), from);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

/** Whatever this browser can decode, as a WAV file of one channel. Throws if it cannot. */
export async function converted(file, rate) {
  const context = new OfflineAudioContext(1, 1, rate);
  const buffer = await context.decodeAudioData(await file.arrayBuffer());
  const mean = new Float32Array(buffer.length);
  for (let c = 0; c < buffer.numberOfChannels; c++) {
    buffer.getChannelData(c).forEach((value, i) => {
      mean[i] += value / buffer.numberOfChannels;
    });
  }
  return wav(mean, rate);
}
