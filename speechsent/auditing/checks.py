"""What file names and labels tell: shared speakers, sentences, second takes, missing classes."""

from speechsent.auditing.report import Finding, Severity, finding
from speechsent.auditing.sides import Side
from speechsent.corpus.inspect import UNKNOWN
from speechsent.corpus.spelling import spelled_alike
from speechsent.corpus.utterance import Utterance


def checked(train: Side, test: Side) -> list[str]:
    """Checks that labels allow: where one side tells nothing, nothing can be said of it."""
    sides = (train.utterances, test.utterances)
    names = []
    if all(any(u.speaker for u in side) for side in sides):
        names.append("speakers-shared")
    if all(u.emotion != UNKNOWN for side in sides for u in side):
        names.append("classes-missing")
    if all(any(u.sentence for u in side) for side in sides):
        names.append("sentences-shared")
    if all(any(u.speaker and u.sentence for u in side) for side in sides):
        names.append("second-takes")
    return names


def label_findings(train: Side, test: Side, *, text_independent: bool) -> list[Finding]:
    """What the labels of both sides have in common and should not."""
    return [
        *shared_speakers(train, test),
        *unknown_speakers(train, test),
        *shared_sentences(train, test, text_independent=text_independent),
        *second_takes(train, test),
        *missing_classes(train, test),
        *left_out(train, test),
    ]


def shared_speakers(train: Side, test: Side) -> list[Finding]:
    """Speakers of the test side whom training has heard."""
    tested = {u.speaker for u in test.utterances if u.speaker}
    trained = {spelled_alike(u.speaker) for u in train.utterances if u.speaker}
    shared = sorted(speaker for speaker in tested if spelled_alike(speaker) in trained)
    message = f"{len(shared)} of {len(tested)} test speakers are trained on"
    return finding("speakers-shared", "leak", message, shared, len(tested))


def unknown_speakers(train: Side, test: Side) -> list[Finding]:
    """Clips nobody can vouch for."""
    sides = (train, test)
    unknown = [s.clip(i) for s in sides for i, u in enumerate(s.utterances) if not u.speaker]
    total = len(train) + len(test)
    message = (
        f"speakers of {len(unknown)} of {total} clips are unknown: "
        "one speaker may lie on both sides"
    )
    return finding("speakers-unknown", "note", message, unknown, total)


def shared_sentences(train: Side, test: Side, *, text_independent: bool) -> list[Finding]:
    """Sentences of the test side which training has heard; wrong only where texts must differ."""
    tested = set(map(_text, test.utterances)) - {None}
    shared = sorted(str(text) for text in tested & set(map(_text, train.utterances)))
    message = f"{len(shared)} of {len(tested)} test sentences are trained on"
    severity: Severity = "leak" if text_independent else "note"
    return finding("sentences-shared", severity, message, shared, len(tested))


def second_takes(train: Side, test: Side) -> list[Finding]:
    """Test clips which training has as another take: same voice, words, emotion and intensity."""
    trained = {_take(u) for u in train.utterances} - {None}
    found = [test.clip(i) for i, u in enumerate(test.utterances) if _take(u) in trained]
    message = (
        f"{len(found)} of {len(test)} test clips have another take in training: same speaker, "
        "sentence, emotion and intensity"
    )
    return finding("second-takes", "leak", message, found, len(test))


def missing_classes(train: Side, test: Side) -> list[Finding]:
    """Emotions only one side has; nothing is said where emotions are unknown."""
    trained, tested = ({u.emotion for u in side.utterances} for side in (train, test))
    if UNKNOWN in trained | tested:
        return []
    missing = [f"{name} in training" for name in sorted(tested - trained)]
    missing += [f"{name} in test" for name in sorted(trained - tested)]
    total = len(trained | tested)
    message = f"{len(missing)} of {total} emotions are missing on one side"
    return finding("classes-missing", "warning", message, missing, total)


def left_out(train: Side, test: Side) -> list[Finding]:
    """Files that could not be read as clips, and so were compared with nothing."""
    files = dict.fromkeys(map(str, (*train.refused, *test.refused)))
    message = f"{len(files)} files are no clips and are left out"
    total = len(train) + len(test) + len(files)
    return finding("files-left-out", "note", message, list(files), total)


def _text(utterance: Utterance) -> str | None:
    """A sentence, with its corpus if the speaker tells which."""
    if utterance.sentence is None:
        return None
    corpus = (utterance.speaker or "").rpartition("/")[0]
    return f"{corpus}/{utterance.sentence}".lstrip("/")


def _take(utterance: Utterance) -> tuple[str | None, ...] | None:
    if utterance.speaker is None or utterance.sentence is None:
        return None
    return (
        spelled_alike(utterance.speaker),
        utterance.sentence,
        utterance.emotion,
        utterance.intensity,
    )
