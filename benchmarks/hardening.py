"""What is promised of damaged and hostile input, put to the test.

Damaged audio is read in a process of its own, so that a crash or a hang is seen as one. Run alone,
this prints one table; ``--json FILE`` writes the figures. Everything is made from a seed.
"""

import argparse
import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from attacks import ATTACKS, answer, attacked, listing, mutated_run
from fuzzing import (
    CONTAINERS,
    PATIENCE,
    RATE,
    FaultError,
    clip,
    configuration_of,
    corpus_of,
    features_of,
    good_clips,
    mutated,
    mutated_text,
    outcome,
)
from memory import noise

from speechsent import config, experiment
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.errors import SpeechsentError

SEED = 20
N_AUDIO, N_TEXTS, N_RUNS = 2_000, 500, 200
STALLED = 120.0  # seconds without a word from the process that reads audio
HOURS = 10
MORE = 150  # MiB above what a minute takes
N_FILES, LIST_SECONDS, LIST_MIB = 100_000, 30, 300
# Peak of a process in MiB, by Linux itself: what resource.getrusage tells begins with the peak of
# the process that started this one.
PEAK = """
import sys, time
from pathlib import Path
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
"""
LIST = f"""
{PEAK}
from speechsent.corpus import read_corpus
before, start = peak(), time.process_time()
read_corpus(Path(sys.argv[1]))
print(time.process_time() - start, peak() - before)
"""
PREDICT = f"""
{PEAK}
from speechsent.recogniser import Recogniser
from speechsent.run import Run
start = time.process_time()
Recogniser(Run(Path(sys.argv[1]))).file(sys.argv[2])
print(time.process_time() - start, peak())
"""
TINY = {
    "view": {"seconds": 1.6},
    "log_mel": {"n_mels": 32},
    "mfcc": {"n_mfcc": 13},
    "cnn": {"stem": [8], "channels": 8, "embedding": 8},
    "lstm": {"channels": 8, "units": [8], "embedding": 8},
    "fusion": {"units": 8, "copies": 2},
    "fit": {"epochs": 2, "head_epochs": 2, "batch_size": 16},
}
MANIFEST = """\
file,speaker,emotion,gender,sentence,intensity,start,end,split
a.wav,s1,anger,f,dogs,strong,0,1.5,train
x/b.wav,s2,fear,m,kids,normal,0.5,2.5,dev
x/c d.wav,s3,joy,f,dogs,,1,3.5,test
ä.wav,s4,sad,,,,,,
"""


class Row(NamedTuple):
    """One line of the table: what was done, what was seen, what was asked for, and whether so."""

    test: str
    seen: str
    target: str
    passed: bool


def rows() -> list[Row]:
    """All that this module tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = good_run(folder / "good")
        return [
            *audio_rows(folder),
            *text_rows(folder),
            *run_rows(folder, run),
            *attack_rows(folder, run),
            *listing_rows(folder),
            *length_rows(folder, run),
        ]


def good_run(folder: Path) -> Path:
    """A finished run of the smallest network on a few synthetic voices."""
    voices = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=2)
    corpus = synthesize(folder / "voices", voices)
    return experiment.train(config.from_dict(TINY), corpus, out=folder / "runs").path


def audio_rows(folder: Path, n: int = N_AUDIO) -> list[Row]:
    """Damaged audio in all containers: features that are numbers, or one error."""
    seen = Counter(told.partition(":")[0] for told in audio_outcomes(folder / "audio", n))
    told = f"{seen['crash']} crashes, {seen['hang']} hangs, {seen['fault']} other faults"
    whole = seen["accepted"] + seen["refused"] == n
    return [
        Row(
            f"{n} damaged audio files in {len(CONTAINERS)} containers",
            f"{told} ({seen['refused']} refused)",
            "0 crashes, 0 hangs over 5 s, 0 features that are no numbers",
            whole,
        )
    ]


def audio_outcomes(folder: Path, n: int) -> Iterator[str]:
    """What became of each file; starts the reading process again behind a crash or hang."""
    folder.mkdir()
    done = 0
    while done < n:
        for told in _read_audio(folder, done, n):
            done += 1
            yield told


def _read_audio(folder: Path, first: int, last: int) -> Iterator[str]:
    """Outcomes from a process that reads files ``first`` to ``last``, as far as it comes."""
    command = [sys.executable, __file__, "--read", str(folder), str(first), str(last)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pass_on, args=(process, lines), daemon=True).start()
    for number in range(first, last):
        try:
            line = lines.get(timeout=STALLED)
        except queue.Empty:
            process.kill()
            line = ""
        if not line:
            stopped = process.wait() in (-signal.SIGPROF, -signal.SIGKILL)
            yield f"{'hang' if stopped else 'crash'}: file {number}"
            return
        yield line
    process.wait()


def _pass_on(process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
    """Queue each line of a process, and an empty text at its end."""
    for line in process.stdout or ():
        lines.put(line.strip())
    lines.put("")


def read_audio(folder: Path, first: int, last: int) -> None:
    """The reading process: print the outcome of each file; a timer of CPU ends what hangs."""
    good = good_clips(folder)
    for number in range(first, last):
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        name = list(good)[number % len(good)]
        path = folder / f"damaged-{name}"
        path.write_bytes(mutated(good[name], np.random.default_rng([SEED, number])))
        print(_told(lambda path=path: features_of(path)), flush=True)


def _told(what: Callable[[], object]) -> str:
    try:
        return outcome(what)
    except FaultError as fault:
        return f"fault: {fault}".replace("\n", " ")


def text_rows(folder: Path, n: int = N_TEXTS) -> list[Row]:
    """Damaged configurations and manifests: read as they are written, or one error."""
    text = config.to_yaml(config.from_dict(TINY))
    (folder / "x").mkdir()
    for name in ("a.wav", "x/b.wav", "x/c d.wav", "ä.wav"):
        (folder / name).touch()
    return [
        _text_row("configurations", folder / "c.yaml", text, configuration_of, n),
        _text_row("manifests", folder / "m.csv", MANIFEST, corpus_of, n),
    ]


def _text_row(what: str, path: Path, good: str, read: Callable[[Path], object], n: int) -> Row:
    seen: Counter[str] = Counter()
    for number in range(n):
        path.write_bytes(mutated_text(good.encode(), np.random.default_rng([SEED, number])))
        seen[_told(lambda: read(path)).partition(":")[0]] += 1
    return Row(
        f"{n} damaged {what}",
        f"{seen['fault']} faults ({seen['refused']} refused, {seen['accepted']} as written)",
        "0 tracebacks, 0 accepted as anything but what they say",
        not seen["fault"],
    )


def run_rows(folder: Path, run: Path, n: int = N_RUNS) -> list[Row]:
    """Damaged run folders: refused, or the same answers; sealed again, at least an answer."""
    heard = clip()[:, 0].astype(np.float32)
    expected = answer(run, heard)

    def check(copy: Path, seal: bool) -> None:
        found = answer(copy, heard)
        if not seal and not np.array_equal(found, expected):
            raise FaultError("other answers")

    seen: Counter[tuple[bool, str]] = Counter()
    for number in range(n):
        for seal in (False, True):
            copy = folder / f"damaged-{number}-{seal}"
            rng = np.random.default_rng([SEED, number, seal])
            mutated_run(run, copy, rng, seal=seal)
            told = _told(lambda copy=copy, seal=seal: check(copy, seal))
            seen[seal, told.partition(":")[0]] += 1
    target = "0 tracebacks, 0 accepted silently"
    return [
        Row(
            f"{n} damaged run folders" + (", sealed again" if seal else ""),
            f"{seen[seal, 'fault']} faults ({seen[seal, 'refused']} refused)",
            "0 tracebacks" if seal else target,
            not seen[seal, "fault"],
        )
        for seal in (False, True)
    ]


def attack_rows(folder: Path, run: Path) -> list[Row]:
    """Run folders that mean harm: each refused with one error that names the file."""
    heard = clip()[:, 0].astype(np.float32)
    refused, executed, outside = 0, 0, 0
    room = folder / "attacks"
    for number, attack in enumerate(ATTACKS):
        mark = room / f"mark-{number}"
        copy = attacked(run, room / f"{number}", attack, mark)
        before = listing(folder)
        refused += _refused(lambda copy=copy: answer(copy, heard), copy)
        executed += mark.exists()
        outside += listing(folder) != before
    return [
        Row(
            f"{len(ATTACKS)} attacks by a run folder",
            f"{refused} refused, {executed} executed, {outside} files outside",
            "all refused, 0 executed, 0 files outside",
            refused == len(ATTACKS) and not executed and not outside,
        )
    ]


def _refused(what: Callable[[], object], folder: Path) -> bool:
    """Whether there is one error, in one line, that names a file of the folder."""
    try:
        what()
    except SpeechsentError as error:
        return str(error).startswith(str(folder)) and "\n" not in str(error)
    return False


def listing_rows(folder: Path, n: int = N_FILES) -> list[Row]:
    """A folder and a manifest of very many files."""
    root = folder / "many"
    files = [f"{('anger', 'fear', 'sadness')[i % 3]}/{i:06}.wav" for i in range(n)]
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    listed = "".join(f"{name},{name.partition('/')[0]}\n" for name in files)
    (root / "clips.csv").write_text(f"file,emotion\n{listed}", encoding="utf-8")
    return [
        _listing_row(f"{n} files in a folder", root),
        _listing_row(f"{n} files in a manifest", root / "clips.csv"),
    ]


def _listing_row(test: str, place: Path) -> Row:
    seconds, more = _measured(LIST, place)
    return Row(
        test,
        f"{seconds:.1f} s of CPU, {more:.0f} MiB",
        f"at most {LIST_SECONDS} s of CPU, {LIST_MIB} MiB",
        seconds <= LIST_SECONDS and more <= LIST_MIB,
    )


def _measured(program: str, *arguments: Path) -> tuple[float, float]:
    """Seconds of CPU and MiB that a program prints at its end."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, mib = map(float, done.stdout.split()[-2:])
    return seconds, mib


def length_rows(folder: Path, run: Path) -> list[Row]:
    """Memory for a very long file, above that for a short one."""
    short, long = folder / "short.wav", folder / "long.wav"
    write_long(short, minutes=1)
    write_long(long, minutes=60 * HOURS)
    _, base = _measured(PREDICT, run, short)
    seconds, high = _measured(PREDICT, run, long)
    long.unlink()
    return [
        Row(
            f"a file of {HOURS} hours",
            f"{high - base:.0f} MiB above the {base:.0f} of a minute, {seconds:.0f} s of CPU",
            f"at most {MORE} MiB above",
            high - base <= MORE,
        )
    ]


def write_long(path: Path, *, minutes: int) -> None:
    """The same minute of noise over and over, 8 bits a sample."""
    minute = noise(60.0, seed=0)
    with soundfile.SoundFile(str(path), "w", RATE, 1, subtype="PCM_U8") as file:
        for _ in range(minutes):
            file.write(minute)


def table(found: list[Row]) -> str:
    """The rows as text."""
    widths = [max(len(str(row[i])) for row in found) for i in range(3)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row[:3], widths, strict=True))
        + f"  {last}"
        for row, last in [
            (Row("test", "seen", "target", True), "met"),
            *((row, "yes" if row.passed else "NO") for row in found),
        ]
    )


def main() -> int:
    """Test, print, write; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there")
    parser.add_argument("--read", nargs=3, help=argparse.SUPPRESS)
    args: Any = parser.parse_args()
    if args.read:
        read_audio(Path(args.read[0]), int(args.read[1]), int(args.read[2]))
        return 0
    found = rows()
    print(table(found))
    if args.json:
        args.json.write_text(json.dumps([row._asdict() for row in found], indent=2) + "\n")
    return 0 if all(row.passed for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
