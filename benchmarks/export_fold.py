"""Does the exported ONNX file tell what the run tells, on every clip of its test part?

    python benchmarks/export_fold.py RUN

No label is looked at, so this is no look at the test part.
"""

import tempfile
from pathlib import Path

import numpy as np
from measure import Figure, arguments, report

from speechsent import audio
from speechsent.exporting.export import export
from speechsent.exporting.parity import TOLERANCE
from speechsent.exporting.runtime import OnnxRecogniser
from speechsent.recogniser import Recogniser
from speechsent.run import Run


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__, "run")
    run = Run.open(args.run)
    trained = Recogniser(run)
    with tempfile.TemporaryDirectory() as folder:
        exported = OnnxRecogniser(export(run, "onnx", out=Path(folder) / "fold").path)
        pairs = []
        for clip in run.split.of("test"):
            signal = audio.load(clip.path, trained.extractor.audio, start=clip.start, end=clip.end)
            pairs.append((exported.signal(signal), trained.signal(signal)))
    one, other = (np.stack(answers) for answers in zip(*pairs, strict=True))
    same = int((one.argmax(axis=1) == other.argmax(axis=1)).sum())
    report(
        [
            Figure(what=f"clips of {len(pairs)} that are told the same label", value=same),
            Figure(
                name="export.worst_difference",
                what="largest difference of a probability",
                value=float(np.abs(one - other).max()),
                at_most=TOLERANCE,
            ),
        ],
        args.json,
    )


if __name__ == "__main__":
    main()
