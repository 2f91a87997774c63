"""Damaged and hostile input: an answer or one error of ours, whatever is wrong.

``pytest tests/e2e/test_damaged_input.py --fuzz 5000`` damages more than the suite does.
"""

import shutil
import time

import numpy as np
import pytest
import soundfile
from attacks import ATTACKS, answer, attacked, listing, mutated_run
from fuzzing import (
    CONTAINERS,
    PATIENCE,
    TRIES,
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

from speechsent import config
from speechsent.errors import AudioError, SpeechsentError
from speechsent.run import SEALED, Run

MANIFEST = """\
file,speaker,emotion,gender,sentence,intensity,start,end,split
a.wav,s1,anger,f,dogs,strong,0,1.5,train
x/b.wav,s2,fear,m,kids,normal,0.5,2.5,dev
x/c d.wav,s3,joy,f,dogs,,1,3.5,test
ä.wav,s4,sad,,,,,,
"""


@pytest.fixture
def n_damaged(request):
    """How much is damaged."""
    return request.config.getoption("--fuzz")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """On a new machine librosa compiles on its first clip, for longer than a fault may take."""
    folder = tmp_path_factory.mktemp("compiled")
    features_of(folder / next(iter(good_clips(folder))))


@pytest.fixture
def clips(tmp_path, compiled):
    return good_clips(tmp_path)


@pytest.fixture
def listed(tmp_path):
    """The files the manifest lists."""
    (tmp_path / "x").mkdir()
    for name in ("a.wav", "x/b.wav", "x/c d.wav", "ä.wav"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture(scope="session")
def run(workplace):
    """A finished run."""
    return next((workplace / "runs").glob("*/*"))


@pytest.fixture(scope="session")
def signal():
    return clip()[:, 0].astype(np.float32)


@pytest.fixture(scope="session")
def expected(run, signal):
    """What the run answers as it is."""
    return answer(run, signal)


@pytest.fixture(scope="session")
def patience(run, signal, expected):
    """Damage may not make a run several times as dear to open as it is undamaged."""
    start = time.process_time()
    answer(run, signal)
    return max(PATIENCE, 3 * (time.process_time() - start))


def test_what_is_not_damaged_is_accepted(clips, listed):
    for name in clips:
        assert outcome(lambda name=name: features_of(listed / name)) == "accepted"
    (listed / "c.yaml").write_text(config.to_yaml(config.ExperimentConfig()))
    assert outcome(lambda: configuration_of(listed / "c.yaml")) == "accepted"
    (listed / "m.csv").write_text(MANIFEST)
    assert outcome(lambda: corpus_of(listed / "m.csv")) == "accepted"


@pytest.mark.parametrize(
    "error", [ValueError("x"), AudioError("a.wav", "one\ntwo"), FaultError("x")]
)
def test_a_fault_is_seen(error):
    def fail():
        raise error

    with pytest.raises(FaultError):
        outcome(fail)


def test_what_takes_too_long_each_time_is_seen():
    calls = []
    with pytest.raises(FaultError, match="took"):
        outcome(lambda: calls.append(sum(range(100_000))), patience=0)
    assert len(calls) == TRIES


def test_what_took_too_long_once_is_asked_again():
    calls = []

    def once():
        calls.append(1)
        if len(calls) == 1:
            start = time.process_time()
            while time.process_time() < start + 0.4:
                pass

    assert outcome(once, patience=0.2) == "accepted"
    assert len(calls) == 2


@pytest.mark.parametrize("name", CONTAINERS)
def test_damaged_audio_gives_numbers_or_one_error(clips, tmp_path, n_damaged, name):
    path = tmp_path / f"damaged-{name}"
    for seed in range(max(1, n_damaged // len(clips))):
        path.write_bytes(mutated(clips[name], np.random.default_rng(seed)))
        outcome(lambda: features_of(path))


def test_a_damaged_configuration_is_what_it_says_or_refused(tmp_path, n_damaged):
    text = config.to_yaml(config.ExperimentConfig()).encode()
    path = tmp_path / "c.yaml"
    for seed in range(n_damaged):
        path.write_bytes(mutated_text(text, np.random.default_rng(seed)))
        outcome(lambda: configuration_of(path))


def test_a_damaged_manifest_lists_what_it_says_or_is_refused(listed, n_damaged):
    path = listed / "m.csv"
    for seed in range(n_damaged):
        path.write_bytes(mutated_text(MANIFEST.encode(), np.random.default_rng(seed)))
        outcome(lambda: corpus_of(path))


@pytest.mark.parametrize("seal", [False, True])
def test_a_damaged_run_is_refused_or_answers_the_same(
    run, signal, expected, patience, tmp_path, n_damaged, seal
):
    """One that was sealed again may answer otherwise, but with probabilities."""
    for seed in range(max(1, n_damaged // 10)):
        copy = tmp_path / f"{seed}"
        mutated_run(run, copy, np.random.default_rng(seed), seal=seal)

        def answers(copy=copy):
            found = answer(copy, signal)
            assert seal or np.array_equal(found, expected)
            assert abs(found.sum() - 1) < 1e-4

        outcome(answers, patience)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_by_the_file_and_leaves_nothing(run, signal, tmp_path, attack):
    mark = tmp_path / "mark"
    copy = attacked(run, tmp_path / "run", attack, mark)
    before = listing(tmp_path)
    with pytest.raises(SpeechsentError) as caught:
        answer(copy, signal)
    named = str(caught.value).removeprefix(f"{copy}/").partition(":")[0]
    assert named in (*SEALED, "run.json")
    assert "\n" not in str(caught.value)
    assert not mark.exists()
    assert listing(tmp_path) == before


def test_every_file_that_decides_the_answers_is_sealed(run, signal, tmp_path, expected):
    """One flipped bit in any of them is found."""
    for name in (*SEALED, "run.json"):
        if not (run / name).is_file():
            continue
        copy = tmp_path / name
        shutil.copytree(run, copy)
        content = bytearray((copy / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copy / name).write_bytes(content)
        with pytest.raises(SpeechsentError, match=name):
            Run(copy).sound(name if name in SEALED else SEALED[0])
    np.testing.assert_array_equal(answer(run, signal), expected)


def test_a_finished_run_is_sealed_by_what_it_holds(run):
    facts = Run(run).facts
    assert set(facts["files"]) == set(SEALED)
    assert sum(digest is not None for digest in facts["files"].values()) >= 7


def test_the_damage_is_the_same_in_every_run(clips, tmp_path):
    """A seed that found something can be given to someone else."""
    content = next(iter(clips.values()))
    one, two = (mutated(content, np.random.default_rng(3)) for _ in range(2))
    assert one == two != content
    assert soundfile.info(tmp_path / next(iter(clips))).samplerate == 16_000
