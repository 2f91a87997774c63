from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import yaml

from speechsent import config
from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"


def all_keys(part=None, at=()):
    """Path of every key there is, sections included."""
    part = part or ExperimentConfig()
    for field in fields(part):
        yield (*at, field.name)
        if is_dataclass(getattr(part, field.name)):
            yield from all_keys(getattr(part, field.name), (*at, field.name))


def nest(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


def write(folder, text):
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(raw):
    with pytest.raises(ConfigError) as caught:
        config.from_dict(raw)
    return caught.value.problems


@pytest.mark.parametrize("path", all_keys(), ids=".".join)
def test_every_misspelled_key_is_refused_with_the_right_one(path):
    """One letter too many, one too few, and one changed, wherever that is no other key."""
    *section, key = path
    known = {p[-1] for p in all_keys() if p[:-1] == tuple(section)}
    for typo in {key + "x", key[:-1], "x" + key[1:]} - known - {""}:
        (problem,) = problems(nest([*section, typo], 1))
        assert problem.startswith(f"{'.'.join([*section, typo])}: unknown key; ")
        assert key in problem.partition(";")[2]


def test_a_key_without_its_section_names_the_section():
    assert problems({"n_mfcc": 13}) == ("n_mfcc: unknown key; did you mean mfcc.n_mfcc?",)


def test_a_key_like_no_other_lists_those_there_are():
    (problem,) = problems({"view": {"zzzz": 1}})
    known = "seconds, trim_db, standardize, centre_answers, image_levels"
    assert problem == f"view.zzzz: unknown key; known keys: {known}"


def test_all_problems_are_told_at_once():
    told = problems(
        {
            "sead": 1,
            "seed": "one",
            "fit": {"epochs": 2.5, "class_weights": 1, "learning_rate": "1e-3"},
            "cnn": {"filters": "32", "backbone": "resnet"},
            "lstm": {"streams": ["mfcc", 2.5]},
            "corpus": {"labels": ["a"]},
            "split": {"test": 2.0},
        }
    )
    assert len(told) == 10
    for problem in (
        "sead: unknown key; did you mean seed?",
        "seed: expected a whole number. Received: 'one'",
        "fit.epochs: expected a whole number. Received: 2.5",
        "fit.class_weights: expected true or false. Received: 1",
        "fit.learning_rate: expected a number. Received: '1e-3'; write 1.0e-3, not 1e-3",
        "cnn.filters: expected a list of a whole number. Received: '32'",
        "cnn.backbone: expected one of compact, blocks, inceptionv3, vgg16, vgg19. "
        "Received: 'resnet'",
        "lstm.streams: expected a list of text. Received: ['mfcc', 2.5]",
        "corpus.labels: expected a mapping of names. Received: ['a']",
    ):
        assert problem in told
    assert any(problem.startswith("split: test") for problem in told)


@pytest.mark.parametrize(
    ("text", "remedy"), [("nan", ""), ("-inf", ""), ("1e-3", "; write 1.0e-3, not 1e-3")]
)
def test_the_remedy_for_a_text_that_is_no_number_makes_one_of_it(text, remedy):
    (told,) = problems({"fit": {"learning_rate": text}})
    assert told == f"fit.learning_rate: expected a number. Received: {text!r}{remedy}"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("cnn", "filters", [8] * 9),
        ("cnn", "filters", [5_000]),
        ("cnn", "embedding", 10_000),
        ("cnn", "image_size", 5_000),
        ("lstm", "units", [8] * 9),
        ("lstm", "units", [5_000]),
        ("lstm", "embedding", 10_000),
        ("lstm", "streams", ["mfcc", "mfcc"]),
        ("fusion", "units", 10_000),
        ("fusion", "copies", 10_000),
        ("log_mel", "n_fft", 1 << 20),
        ("log_mel", "top_db", 1e30),
        ("log_mel", "hop_length", 4),
        ("mfcc", "width", 1_001),
        ("prosody", "fmin", 1e-9),
        ("augment", "time_masks", 2**62),
        ("augment", "mel_masks", 101),
        ("augment", "gain_db", 1e300),
        ("view", "seconds", 1e9),
        ("seed", None, 10**400),
        ("seed", None, 2**63),
    ],
)
def test_no_size_is_without_bound(section, key, value):
    """A configuration may come from anyone, and a network costs what it says."""
    raw = {section: value if key is None else {key: value}}
    if key == "hop_length":
        raw["prosody"] = {"hop_length": value}
    assert len(problems(raw)) == 1


def test_messages_repeat_long_and_odd_values_shortly_and_in_one_line():
    for raw in ({"seed": "x" * 10_000}, {"a\nb": 1}, {"x" * 10_000: 1}, {"fit": [[1] * 999] * 99}):
        (problem,) = problems(raw)
        assert len(problem) < 400
        assert problem.isprintable()


def test_a_key_twice_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="the key 'seed' is there twice"):
        config.load(write(tmp_path, "seed: 1\nfit: {epochs: 3}\nseed: 2\n"))


@pytest.mark.parametrize("value", [True, None, "three", [3]])
def test_nothing_is_a_whole_number_but_a_whole_number(value):
    (problem,) = problems({"fit": {"epochs": value}})
    assert problem == f"fit.epochs: expected a whole number. Received: {value!r}"


@pytest.mark.parametrize("text", [".nan", ".inf", "true"])
def test_a_number_is_finite(tmp_path, text):
    with pytest.raises(ConfigError, match=r"augment\.gain_db: expected a number\. Received: "):
        config.load(write(tmp_path, f"augment: {{gain_db: {text}}}"))


def test_a_whole_number_serves_as_a_number():
    seconds = config.from_dict({"view": {"seconds": 2}}).view.seconds
    assert (seconds, type(seconds)) == (2.0, float)


def test_a_list_serves_as_a_tuple():
    assert config.from_dict({"lstm": {"units": [8, 4]}}).lstm.units == (8, 4)


@pytest.mark.parametrize("text", ["[]", "0", "false", "''", "text", "[fit]"])
def test_anything_but_sections_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match="expected a section of keys"):
        config.load(write(tmp_path, text))


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n", "{}"])
def test_an_empty_file_means_the_defaults(tmp_path, text):
    assert config.load(write(tmp_path, text)) == ExperimentConfig()


def test_a_section_without_keys_is_refused():
    assert problems({"fit": 3}) == ("fit: expected a section of keys. Received: 3",)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "seed: !!python/name:os.system",
        "seed: [1",
        "\tseed: 1",
    ],
)
def test_code_and_broken_yaml_are_refused_with_the_file_and_one_line(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=r"study\.yaml: not YAML: ") as caught:
        config.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.yaml: no such file"):
        config.load(tmp_path / "no.yaml")


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.write_bytes(b"\xff\xfe\x00")])
def test_what_is_no_text_is_named(tmp_path, make):
    path = tmp_path / "odd.yaml"
    make(path)
    with pytest.raises(ConfigError, match=r"odd\.yaml: cannot be read as text"):
        config.load(path)


def test_overrides_win_over_the_file_and_the_file_over_the_defaults(tmp_path):
    path = write(tmp_path, "seed: 5\nfit: {epochs: 7, patience: 8}\n")
    loaded = config.load(path, ["fit.epochs=9", "fit.epochs=10", "fusion.mode=cnn"])
    assert (loaded.fit.epochs, loaded.fit.patience, loaded.seed) == (10, 8, 5)
    assert loaded.fusion.mode == "cnn"
    assert loaded.fit.batch_size == ExperimentConfig().fit.batch_size


def test_an_override_is_read_as_yaml():
    loaded = config.load(
        None, ["lstm.units=[8, 4]", "cnn.unfreeze=mixed8", "corpus.labels={W: anger}"]
    )
    assert (loaded.lstm.units, loaded.cnn.unfreeze) == ((8, 4), "mixed8")
    assert loaded.corpus.labels == {"W": "anger"}


def test_an_override_may_be_empty_text():
    assert config.load(None, ["cnn.unfreeze="]).cnn.unfreeze == ""


@pytest.mark.parametrize("override", ["fit.epochs", "=3", ""])
def test_an_override_without_key_or_value_is_refused(override):
    with pytest.raises(ConfigError, match=r"an override is written section\.key=value"):
        config.load(None, [override])


def test_an_override_that_is_no_yaml_is_refused():
    with pytest.raises(ConfigError, match=r"lstm\.units: the value is not YAML"):
        config.load(None, ["lstm.units=[8"])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"seed": -1}, "seed must not be negative"),
        ({"audio": {"sample_rate": 8000}}, "must have one sample_rate"),
        ({"prosody": {"hop_length": 100}}, "must have one hop_length"),
        ({"mfcc": {"n_mfcc": 97}}, "mfcc.n_mfcc must not exceed log_mel.n_mels"),
        ({"lstm": {"streams": ["mfcc", "video"]}}, "among mfcc and prosody. Received: video"),
        ({"view": {"seconds": 0.1}}, "view: seconds must lie in"),
        ({"view": {"trim_db": -1}}, "view: trim_db must not be negative"),
        ({"fit": {"epochs": 0}}, "fit: epochs must be positive"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(raw, message):
    (problem,) = problems(raw)
    assert message in problem


@pytest.mark.parametrize(
    ("mode", "streams", "views"),
    [
        ("joint", ["mfcc"], ("log_mel", "mfcc")),
        ("frozen", ["mfcc", "prosody"], ("log_mel", "mfcc", "prosody")),
        ("cnn", ["mfcc", "prosody"], ("log_mel",)),
        ("lstm", ["prosody"], ("prosody",)),
    ],
)
def test_a_mode_needs_the_views_its_branches_read(mode, streams, views):
    raw = {"fusion": {"mode": mode}, "lstm": {"streams": streams}}
    raw["augment"] = {"tempo": 0, "warp": 0, "noise": 0}
    loaded = config.from_dict(raw)
    assert loaded.views == loaded.extractor.views == views


@pytest.mark.parametrize("part", ["tempo", "warp", "noise"])
def test_a_changed_spectrum_is_needed_whatever_the_branches_read(part):
    augment = {"tempo": 0, "warp": 0, "noise": 0} | {part: 0.1}
    loaded = config.from_dict({"fusion": {"mode": "lstm"}, "augment": augment})
    assert loaded.views == ("log_mel", "mfcc")


def test_a_window_is_counted_in_frames():
    """Three seconds at 16 kHz in steps of 320 samples."""
    raw = {"log_mel": {"hop_length": 320}, "prosody": {"hop_length": 320}}
    assert config.from_dict(raw | {"view": {"seconds": 3}}).n_window == 151


def test_the_written_configuration_lists_every_key():
    written = yaml.safe_load(config.to_yaml(ExperimentConfig()))
    for path in all_keys():
        value = written
        for key in path:
            value = value[key]


def test_every_example_configuration_loads():
    examples = sorted(CONFIGS.glob("*.yaml"))
    assert examples
    for example in examples:
        assert isinstance(config.load(example), ExperimentConfig), example


def test_a_speaker_named_by_a_number_is_a_name():
    split = config.load(overrides=["split.test_speakers=[2, 15]"]).split
    assert split.test_speakers == ("2", "15")


def test_a_configuration_from_before_there_were_groups_merges_nothing():
    old = {"corpus": {"classes": ["anger", "fear"], "labels": {}, "skip_bad_audio": False}}
    assert config.from_dict(old).corpus.merge == {}


@pytest.mark.parametrize("merge", [{"anger": "negative"}, {"anger": "negative", "calm": " "}])
def test_a_map_makes_two_groups_with_names(merge):
    with pytest.raises(ConfigError, match="merge makes two or more groups"):
        config.from_dict({"corpus": {"merge": merge}})


def test_another_configuration_can_be_the_one_to_start_from():
    base = config.from_dict({"seed": 7, "log_mel": {"n_mels": 64}})
    assert config.load(None, ["seed=3"], base) == config.from_dict(
        {"seed": 3, "log_mel": {"n_mels": 64}}
    )


@pytest.mark.parametrize("text", ["", "# nothing differs\n", "---\n"])
def test_an_empty_file_changes_nothing(tmp_path, text):
    """What it is laid over, a preset or the run of --from, stays."""
    base = config.from_dict({"seed": 5, "fit": {"epochs": 7}})
    assert config.load(write(tmp_path, text), base=base) == base


def test_names_that_begin_with_zeros_keep_them(tmp_path):
    """YAML 1.1 reads 010 as 8, and speaker 008 would be tested in the place of 010."""
    path = write(tmp_path, "split: {test_speakers: [010, 007]}\ncorpus: {labels: {010: anger}}\n")
    loaded = config.load(path)
    assert loaded.split.test_speakers == ("010", "007")
    assert loaded.corpus.labels == {"010": "anger"}
    assert config.from_dict(yaml.safe_load(config.to_yaml(loaded))) == loaded


def test_a_label_that_yaml_reads_as_something_else_is_refused(tmp_path):
    """A folder named no is not one named False."""
    path = write(tmp_path, "corpus:\n  labels:\n    no: neutral\n")
    with pytest.raises(ConfigError, match=r"corpus\.labels: .*False.*; write names in quotes"):
        config.load(path)
    quoted = config.load(write(tmp_path, "corpus:\n  labels:\n    'no': neutral\n"))
    assert quoted.corpus.labels == {"no": "neutral"}


def test_a_label_stands_once_whatever_its_quotes():
    (problem,) = problems({"corpus": {"labels": {1: "fear", "1": "anger"}}})
    assert problem.endswith("; write names in quotes, once each")


def test_a_file_is_not_blamed_for_an_option(tmp_path):
    path = tmp_path / "sound.yaml"
    path.write_text("seed: 1")
    with pytest.raises(ConfigError, match=r"sound\.yaml with the options given: fit: epochs must"):
        config.load(path, ["fit.epochs=0"])
    path.write_text("fit: {epochs: 0}")
    with pytest.raises(ConfigError, match=r"sound\.yaml: fit: epochs must"):
        config.load(path)
