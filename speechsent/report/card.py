"""A model card: what a run is, what it is good for, and what it must not be used for."""

from collections.abc import Iterator
from html import escape

from speechsent.corpus.fetch.sources import Source, sources
from speechsent.evaluation.headline import headline
from speechsent.evaluation.regression import AnyScores, RegressionScores
from speechsent.run import OWN_TEST, Run
from speechsent.run_records import scores_of

CARD = "model_card.md"
USE = """\
Research on and teaching of speech emotion recognition, and comparisons under the protocol above.
The classes are those of the corpus: what actors or annotators meant by these words, in its
language, in its recording conditions."""
MISUSE = """\
- Not for decisions about people: hiring, policing, credit, insurance, health, education, border
  control. In the European Union, Regulation (EU) 2024/1689, Article 5(1)(f), prohibits inferring
  emotions at the workplace and in education, but for medical or safety reasons.
- Not a measure of what somebody feels: a voice is not an inner state, and acted speech is not
  everyday speech.
- Not without the consent of those who are recorded.
- Not on other languages, ages, microphones or noise than were tested; expect lower scores there."""


def model_card(run: Run) -> str:
    """The card of a finished run, as Markdown; with scores if its test part was scored.

    Names of classes and corpora are a stranger's; markup in them is shown and not followed.
    """
    facts = run.facts
    return "\n".join(
        [
            _text(f"# {run.path.name}"),
            "",
            _text(f"Speech to {_told(run)}, mode `{facts['mode']}`, {_when(run)}."),
            "",
            *_section("Data", _data(run)),
            *_section("Protocol", _protocol(run)),
            *_section("Scores", _scores(run)),
            *_section("Limits", _limits(run)),
            *_section("Intended use", iter([USE])),
            *_section("Not for", iter([MISUSE])),
        ]
    )


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return [f"## {title}", "", *map(_text, lines), ""]


def _text(line: str) -> str:
    """A line in which no name is markup; an indented one is shown as it is anyway."""
    return line if line.startswith("    ") else escape(line, quote=False)


def _when(run: Run) -> str:
    return f"trained {run.facts['finished'][:10]}"


def _told(run: Run) -> str:
    kind = "numbers" if run.scale else "emotions"
    return f"{kind} ({', '.join(run.labels)})"


def _data(run: Run) -> Iterator[str]:
    counts = ", ".join(f"{part} {n}" for part, n in run.facts["n_clips"].items())
    yield f"- Corpus: {run.facts['corpus']}; clips: {counts}"
    known = sources()
    names = [name for name in known if name in run.facts["corpus"].split("+")]
    for name in names:
        yield _licence(known[name])
    if run.facts["corpus"] == "builtin":
        yield "- Synthetic voices made by this package: a demonstration, never a result"
    elif not names:
        yield "- Licence of the corpus: not known to this package; see where it came from"


def _licence(source: Source) -> str:
    return (
        f"- {source.title}, {source.language}. Licence: {source.licence} ({source.licence_url}). "
        f"Cite: {source.citation.strip()}"
    )


def _protocol(run: Run) -> Iterator[str]:
    facts = run.facts
    disjoint = {True: "yes", False: "NO", None: "unknown"}[facts["speaker_disjoint"]]
    yield f"- {facts['protocol']}, split {facts['split_hash']}"
    yield f"- Test speakers unseen in training: {disjoint}"
    if facts["note"]:
        yield f"- Note: {facts['note']}"
    if run.leaky:
        yield f"- LEAKY on purpose: {run.leaky}"


def _scores(run: Run) -> Iterator[str]:
    scores = scores_of(run)
    if scores is None:
        chosen = run.facts[f"validation_{run.score}"]
        yield f"Not tested. Validation {run.score.upper()} {chosen:.3f}: optimistic, chosen on it."
        return
    yield from (f"    {line}" for line in headline(scores))
    yield ""
    yield from _figures(scores)
    looks = sum(look["what"] == OWN_TEST for look in run.tests_seen)
    yield f"- Looks at the test part with this model: {looks}"


def _figures(scores: AnyScores) -> Iterator[str]:
    if isinstance(scores, RegressionScores):
        for name, target in scores.targets.items():
            span = target.ccc_interval
            yield f"- CCC of {name}: {target.ccc:.3f} [{span.low:.2f}, {span.high:.2f}]"
        return
    for name, value, span in (
        ("UAR", scores.uar, scores.uar_interval),
        ("Accuracy", scores.accuracy, scores.accuracy_interval),
    ):
        share = f"{100 * span.confidence:.0f} %"
        yield f"- {name}: {value:.3f} [{span.low:.2f}, {span.high:.2f}] ({share}, {span.method})"
    if scores.linear:
        yield f"- Linear model on clip statistics: UAR {scores.linear.uar:.3f}"
    for name, row in scores.recall.items():
        yield f"- Recall of {name}: {row.k} of {row.n}"


def _limits(run: Run) -> Iterator[str]:
    yield f"- Trained on {len(run.split.speakers('train') - {None})} known speakers"
    yield "- One split and one seed; another of either moves the scores by several points"
    yield "- Scores of other protocols are not comparable with these"
