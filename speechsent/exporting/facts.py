"""What an exported file says of itself: what it answers, on what terms, and how good it is."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from speechsent.audio import AudioConfig
from speechsent.errors import ExportError, ParameterError

PROBABILITIES, NUMBERS = "probabilities", "numbers"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The metadata of an exported file.

    Args:
        labels: Names of emotions, or of targets, in the order of the answer.
        answers: ``"probabilities"`` or ``"numbers"``.
        sample_rate: Rate of the samples it takes in Hz.
        min_seconds: Shortest clip.
        max_seconds: Longest clip; of a longer file, blocks of a minute.
        temperature: What its probabilities are calibrated with; None if they are not.
        standardize: ``"speaker"`` if it was trained on features standardised by speaker; the file
            itself always takes the statistics of the training corpus.
        corpus: What it was trained on.
        licence: Terms of that corpus, or that they are not known.
        protocol: Name of the protocol behind the score.
        score: ``"uar"`` or ``"ccc"``.
        value: The score.
        part: Part of the corpus it was reached on.
        note: What must be known of the score; empty if nothing.
        run: Name of the run.
        version: Of speechsent.
        window_seconds: Length of its windows; None in files written before this was told.
    """

    labels: tuple[str, ...]
    answers: str
    sample_rate: int
    min_seconds: float
    max_seconds: float
    temperature: float | None
    standardize: str
    corpus: str
    licence: str
    protocol: str
    score: str
    value: float
    part: str
    note: str
    run: str
    version: str
    window_seconds: float | None = None

    def as_text(self) -> dict[str, str]:
        """Text as it is, everything else as JSON: what an ONNX file can hold."""
        return {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in asdict(self).items()
        }

    def as_json(self) -> str:
        """One JSON object, for a file of its own."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path, text: Mapping[str, str]) -> "ModelFacts":
        """Undo ``as_text``.

        Args:
            path: The file, for the message.
            text: Its metadata.

        Raises:
            ExportError: If they are not those of an exported run.
        """
        try:
            values: dict[str, Any] = {
                field.name: text[field.name] if field.type is str else json.loads(text[field.name])
                for field in fields(cls)
                if field.name in text or field.default is MISSING
            }
            facts = cls(**{**values, "labels": tuple(values["labels"])})
            problem = _problem(facts)
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            problem = str(error)
        if problem:
            raise ExportError(
                f"{path}: lacks the metadata that 'speechsent export' writes ({problem})"
            )
        return facts


def _problem(facts: ModelFacts) -> str:
    """What in metadata an answer cannot be computed or told with; empty if nothing.

    Raises:
        TypeError: If a value is of another type.
    """
    held = {
        "labels": bool(facts.labels)
        and all(isinstance(label, str) for label in facts.labels)
        and len(set(facts.labels)) == len(facts.labels),
        "answers": facts.answers in (PROBABILITIES, NUMBERS),
        "temperature": facts.temperature is None or 0 < facts.temperature < math.inf,
        "window_seconds": facts.window_seconds is None or 0 < facts.window_seconds < math.inf,
    }
    try:
        AudioConfig(
            sample_rate=facts.sample_rate,
            min_seconds=facts.min_seconds,
            max_seconds=facts.max_seconds,
        )
    except ParameterError as error:
        return str(error)
    return ", ".join(f"{name}={getattr(facts, name)}" for name, well in held.items() if not well)
