"""A folder of clips: folders named after emotions, or files named as a corpus publishes them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from speechsent.corpus.labels import canonical, canonical_names
from speechsent.corpus.naming import corpus_name
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.readers import Reader, reader_of, recognise
from speechsent.corpus.spelling import composed
from speechsent.corpus.utterance import Corpus, Part, Refusal, Utterance
from speechsent.errors import CorpusError, some

AUDIO_SUFFIXES = frozenset({
    ".wav", ".wave", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3",
    ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf", ".sph",
})  # fmt: skip
UNREADABLE_SUFFIXES = frozenset({
    ".m4a", ".mp4", ".aac", ".wma", ".amr", ".3gp", ".webm", ".mka", ".mkv",
    ".mov", ".avi", ".flv", ".ape", ".wv",
})  # fmt: skip
PART_FOLDERS: dict[str, Part] = {
    "train": "train",
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class Clip:
    """One audio file and what its folders say.

    Args:
        path: The file.
        part: Part named by the outermost folder, if that is ``train``, ``dev``, ``test``, ...
        folder: Next folder inwards, which may name the emotion; None if there is none.
    """

    path: Path
    part: Part | None
    folder: str | None


def read_folder(
    root: Path, *, labels: Mapping[str, str] | None = None, skip_bad: bool = False
) -> Corpus:
    """Read every clip below a folder.

    The emotion comes from the folder (``anger/``, or ``train/anger/`` and so on), and else from
    file names as a corpus publishes them; speaker, gender and sentence from such names only.

    Args:
        root: The folder.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out files that break a rule, and list them in ``Corpus.refused``.

    Raises:
        CorpusError: If there is no audio file, a folder or a sound file cannot be read, an emotion
            is unknown, a file name breaks the rule of its corpus, or the folder and the file name
            tell different emotions.
    """
    labels = labels or {}
    files, unreadable = find_audio(root)
    clips = [_clip(root, path) for path in files]
    if any(clip.part for clip in clips):
        _check_parts(root, clips)
    published = recognise(files)
    if published is None or _named_after_emotions(clips, labels):
        utterances, spellings, bad = _read_class_folders(root, clips, labels)
    else:
        utterances, spellings, bad = _read_published_names(clips, published, labels)
    bad = [*unreadable, *bad]
    if bad and (not skip_bad or not utterances):
        raise corpus_error(root, [f"{b.path.relative_to(root)}: {b.reason}" for b in bad])
    return Corpus(
        name=corpus_name(root, files),
        root=root,
        utterances=tuple(utterances),
        spellings=spellings,
        refused=tuple(bad),
    )


def find_audio(root: Path) -> tuple[list[Path], list[Refusal]]:
    """All audio files in order, and the sound files that cannot be opened here, and why.

    Raises:
        CorpusError: If there is no audio file, or a folder cannot be read.
    """
    files, unreadable = [], []
    for path in sorted(walk(root), key=lambda path: path.as_posix()):
        suffix = path.suffix.lower()
        if suffix in UNREADABLE_SUFFIXES:
            unreadable.append(Refusal(path, "convert to wav or flac first"))
        elif suffix in AUDIO_SUFFIXES and not is_text(path):
            unreadable.append(Refusal(path, "its name is not UTF-8; rename it"))
        elif suffix in AUDIO_SUFFIXES:
            files.append(path)
    if not files:
        remedy = f" ({unreadable[0].path.name}: {unreadable[0].reason})" if unreadable else ""
        known = " ".join(sorted(AUDIO_SUFFIXES))
        raise CorpusError(f"empty: no audio file ({known}) under {root}{remedy}")
    return files, unreadable


def is_text(path: Path) -> bool:
    """Whether a name can be written into tables and hashed as UTF-8, as most systems have it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def walk(root: Path) -> Iterator[Path]:
    """All files that are not hidden; follows links to folders, each folder once."""
    seen: set[Path] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=_refuse_folder):
        real = Path(folder).resolve()
        subfolders[:] = [] if real in seen else sorted(s for s in subfolders if s[0] != ".")
        if real not in seen:
            yield from (Path(folder, name) for name in names if not name.startswith("."))
        seen.add(real)


def _refuse_folder(error: OSError) -> None:
    """A folder that is passed over would be missed by nobody."""
    raise CorpusError(
        f"{error.filename}: the folder cannot be read ({error.strerror}); allow it, or move it away"
    ) from error


def _clip(root: Path, path: Path) -> Clip:
    folders = path.relative_to(root).parts[:-1]
    part = PART_FOLDERS.get(folders[0].lower()) if folders else None
    inner = folders[1:] if part else folders
    return Clip(path, part, inner[0] if inner else None)


def _check_parts(root: Path, clips: Sequence[Clip]) -> None:
    """Where there is a train or test folder, every clip must lie in such a one."""
    stray = [str(clip.path.relative_to(root)) for clip in clips if clip.part is None]
    if stray:
        raise CorpusError(
            f"{root}: beside train, dev and test folders there may be no other clips, "
            f"or their part is unknown. Received: {some(stray)}"
        )


def _named_after_emotions(clips: Sequence[Clip], labels: Mapping[str, str]) -> bool:
    """One folder named after an emotion is enough: then the others are meant to be as well."""
    folders = {clip.folder for clip in clips if clip.folder}
    own = {composed(name).lower() for name in (*labels, *labels.values())}
    return any(canonical(folder) or composed(folder).lower() in own for folder in folders)


Reading = tuple[list[Utterance], dict[str, str], list[Refusal]]


def _read_class_folders(root: Path, clips: Sequence[Clip], labels: Mapping[str, str]) -> Reading:
    try:
        names = canonical_names(sorted({c.folder for c in clips if c.folder}), labels)
    except CorpusError as error:
        raise CorpusError(
            f"{root}: name folders after emotions, or files as a corpus publishes them; {error}. "
            "If paths tell it otherwise, list the clips by them: speechsent corpus tabulate "
            f"{quote(str(root))} {quote(str(root / 'clips.csv'))} --names "
            f"'{_likely_pattern(root, clips)}'"
        ) from error
    utterances, bad = [], []
    for clip in clips:
        try:
            utterances.append(_in_class_folder(clip, names, labels))
        except CorpusError as error:
            bad.append(Refusal(clip.path, str(error)))
    return utterances, names, bad


def _likely_pattern(root: Path, clips: Sequence[Clip]) -> str:
    """The pattern of paths whose folders further in are named after emotions."""
    paths = [clip.path.relative_to(root).parts for clip in clips]
    n_folders = min(map(len, paths)) - 1
    levels = [{path[level] for path in paths} for level in range(n_folders)]
    emotion = next((i for i, names in enumerate(levels) if all(map(canonical, names))), None)
    if emotion is None:
        return "{speaker}/{emotion}/{}"
    outer = ["{speaker}" if len(names) > 1 else "{}" for names in levels[:emotion]]
    if clips[0].part:
        outer[0] = "{split}"
    return "/".join([*outer, "{emotion}", *["{}"] * (n_folders - emotion)])


def _in_class_folder(clip: Clip, names: Mapping[str, str], labels: Mapping[str, str]) -> Utterance:
    """Take the emotion from the folder, everything else from the file name if that tells it."""
    if clip.folder is None:
        raise CorpusError(
            "lies in no folder named after an emotion; move it into one, or list the clips in a CSV"
        )
    emotion = names[clip.folder]
    reader = reader_of(clip.path)
    if reader is None:
        return Utterance(path=clip.path, emotion=emotion, part=clip.part)
    told = reader.parse(clip.path)
    meant = canonical_names([told.emotion], labels)[told.emotion]
    if meant != emotion:
        raise CorpusError(
            f"the folder says {emotion}, the {reader.name} file name says {meant}; "
            "move or rename the file"
        )
    return replace(told, emotion=emotion, part=clip.part)


def _read_published_names(
    clips: Sequence[Clip], expected: Reader, labels: Mapping[str, str]
) -> Reading:
    utterances, bad = [], []
    for clip in clips:
        reader = reader_of(clip.path) or expected
        try:
            utterances.append(replace(reader.parse(clip.path), part=clip.part))
        except CorpusError as error:
            bad.append(Refusal(clip.path, str(error)))
    names = canonical_names(sorted({u.emotion for u in utterances}), labels)
    return [replace(u, emotion=names[u.emotion]) for u in utterances], names, bad
