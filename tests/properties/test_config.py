from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from speechsent import config

rates = st.floats(1e-9, 0.9)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
raw_configs = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**40),
        "corpus": st.fixed_dictionaries(
            {},
            optional={
                "classes": st.lists(names, max_size=3),
                "labels": st.dictionaries(names, names, max_size=3),
                "skip_bad_audio": st.booleans(),
            },
        ),
        "cnn": st.fixed_dictionaries(
            {},
            optional={
                "backbone": st.sampled_from(["compact", "inceptionv3", "vgg16"]),
                "weights": names,
                "unfreeze": st.sampled_from(["", "all", "null", "1e-3", "mixed8"]),
                "filters": st.lists(st.integers(1, 99), min_size=1, max_size=5),
            },
        ),
        "lstm": st.fixed_dictionaries(
            {},
            optional={
                "units": st.lists(st.integers(1, 9), min_size=1, max_size=8),
                "dropout": rates,
            },
        ),
        "fusion": st.fixed_dictionaries(
            {}, optional={"mode": st.sampled_from(["joint", "frozen", "finetune", "cnn", "lstm"])}
        ),
        "fit": st.fixed_dictionaries(
            {}, optional={"learning_rate": rates, "weight_decay": rates, "epochs": st.just(3)}
        ),
    },
)


@settings(deadline=None, max_examples=60)
@given(raw_configs)
def test_a_configuration_survives_being_written_and_read(raw):
    original = config.from_dict(raw)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(config.to_yaml(original), encoding="utf-8")
        assert config.load(path) == original
