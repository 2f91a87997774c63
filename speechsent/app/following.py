"""One run's answers over the time of a clip, as the page draws them."""

from pathlib import Path
from typing import Any

from speechsent import audio
from speechsent.app.models import Model
from speechsent.app.waiting import Turn


def over_time(model: Model, path: Path, turn: Turn) -> dict[str, Any]:
    """Follow a clip.

    Returns:
        ``starts`` and ``ends`` of short parts in seconds, their ``values`` (null where nobody
        speaks), and ``segments`` of one emotion.
    """
    recogniser = model.recogniser
    config = recogniser.extractor.audio
    signal = audio.load(path, config)
    turn.check()
    values = recogniser.windows(signal)
    seconds = len(signal) / config.sample_rate
    edges = [seconds * k / len(values) for k in range(len(values) + 1)]
    segments: list[Any] = []
    if not model.tells_numbers:
        for start, end, p in zip(edges, edges[1:], values, strict=False):
            label = recogniser.labels[int(p.argmax())]
            if segments and segments[-1]["emotion"] == label:
                segments[-1]["end"] = end
            else:
                segments.append(
                    {"start": start, "end": end, "emotion": label, "probability": float(p.max())}
                )
    return {
        "starts": edges[:-1],
        "ends": edges[1:],
        "values": values.tolist(),
        "segments": segments,
    }
