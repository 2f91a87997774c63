"""The model card of a run whose names are a stranger's."""

import json

from speechsent.report import model_card
from speechsent.run import FORMAT, Run

NAMES = ["<img src=x onerror=alert(1)>", "calm & cold"]
FACTS = {
    "format": FORMAT,
    "finished": "2026-01-01T10:20:30+00:00",
    "corpus": "mine",
    "root": "/corpus",
    "mode": "joint",
    "protocol": "mine-2-holdout+<b>",
    "split_hash": "5717",
    "note": "<script>alert(2)</script>",
    "speaker_disjoint": True,
    "n_clips": {"train": 1},
    "validation_uar": 0.75,
}


def test_names_are_no_markup(tmp_path):
    """Markdown may hold HTML, which whoever shows the card would follow."""
    (tmp_path / "run.json").write_text(json.dumps(FACTS))
    (tmp_path / "labels.json").write_text(json.dumps(NAMES))
    head = "file,sha256,speaker,gender,emotion,start,end,part\n"
    (tmp_path / "split.csv").write_text(head + "a.wav,0,s,,anger,0,,train\n")
    (tmp_path / "config.yaml").write_text("")
    card = model_card(Run(tmp_path))
    assert "<" not in card
    assert "(&lt;img src=x onerror=alert(1)&gt;, calm &amp; cold)" in card
