"""Name the emotion in a clip with an exported file: onnxruntime, soundfile and NumPy, no more.

speechsent export RUN --format onnx --out model.onnx
python examples/onnx_minimal.py model.onnx clip.wav
"""

import json
import sys

import onnxruntime
import soundfile


def main(model: str, clip: str) -> None:
    """Print the answer."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    samples, rate = soundfile.read(clip, dtype="float32", always_2d=True)
    if rate != json.loads(facts["sample_rate"]):
        sys.exit(f"{clip}: resample it to {facts['sample_rate']} Hz first; it has {rate} Hz")
    answer = session.run([facts["answers"]], {"signal": samples.mean(axis=1)})[0]
    for label, value in zip(json.loads(facts["labels"]), answer, strict=True):
        print(f"{label:<12} {value:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
