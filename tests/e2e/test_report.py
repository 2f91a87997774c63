"""The report and the model card of a run, as their readers meet them."""

import base64
import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent.cli import main
from speechsent.run import Run

HOSTILE = "<script>alert(1)</script>'\"&.wav"
VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """Elements of a page; refuses one that is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def run(workplace, tmp_path) -> Run:
    """A copy of the run, which a test may change."""
    original = Run.newest(workplace / "runs").path
    return Run(Path(shutil.copytree(original, tmp_path / "run")))


def page_of(run: Run) -> Page:
    return Page((run.path / "report.html").read_text())


def test_a_report_is_one_whole_page_that_fetches_nothing(workplace):
    text = (Run.newest(workplace / "runs").path / "report.html").read_text()
    page = Page(text)
    assert not page.open
    assert not page.all("script")
    sources = [a["src"] for _, a in page.elements if "src" in a]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert all(link["href"].startswith("#") for link in page.all("a"))
    assert not re.search(r"url\(|@import", text)


def test_it_holds_the_score_its_interval_and_what_must_be_known(workplace):
    run = Run.newest(workplace / "runs")
    scores, page = run.read_json("scores.json"), page_of(run)
    low, high = scores["uar_interval"]["low"], scores["uar_interval"]["high"]
    assert f"{scores['uar']:.3f}[{low:.2f}, {high:.2f}] 95 %" in page.text
    assert "Linear baseline, UAR" in page.text
    assert scores["protocol"] in page.text
    assert "synthetic: a demonstration, never a result" in page.text
    for title in ("Confusion", "Speakers", "Calibration", "Branches", "Doctor", "Audit", "Clips"):
        assert title in page.text


def test_each_clip_can_be_heard_and_seen(workplace):
    page = page_of(Run.newest(workplace / "runs"))
    players = page.all("audio")
    assert len(players) == 24
    sound = base64.b64decode(players[0]["src"].split(",", 1)[1])
    signal, rate = soundfile.read(io.BytesIO(sound))
    assert rate == 16_000
    assert np.abs(signal).max() > 0.01
    assert len(page.all("img")) == 2 * 24  # spectrogram and Grad-CAM
    assert all(image["alt"] for image in page.all("img"))


def test_the_file_names_of_a_stranger_stay_text(run):
    """The name of a clip stands in split.csv, in the predictions, and on the disk."""
    victim = run.split.of("test")[0].path
    folder = Path(run.facts["root"])
    evil = run.path / HOSTILE.replace("/", "_")
    shutil.copy(victim, evil)
    for name in ("split.csv", "predictions.csv"):
        text = (run.path / name).read_text()
        quoted = '"' + str(evil).replace('"', '""') + '"'
        (run.path / name).write_text(text.replace(victim.relative_to(folder).as_posix(), quoted))
    unsealed = {key: fact for key, fact in run.facts.items() if key not in ("files", "digest")}
    run.write_json("run.json", unsealed)  # as a stranger who means harm would
    assert main(["report", str(run.path), "--quiet"]) == 0
    page = page_of(run)
    assert not page.open
    assert not page.all("script")
    assert evil.name in page.text


def test_fewer_clips_make_a_smaller_report_and_the_looks_stay(run, capsys):
    looks = len(run.tests_seen)
    assert main(["report", str(run.path), "--report-clips", "2", "--quiet"]) == 0
    assert str(run.path / "report.html") in capsys.readouterr().out
    assert len(page_of(run).all("audio")) == 2
    assert "The other 22 are in predictions.csv" in page_of(run).text
    assert len(run.tests_seen) == looks


def test_a_run_whose_audio_is_gone_and_that_nobody_examined_still_has_a_report(run):
    facts = run.read_json("run.json")
    run.write_json("run.json", {**facts, "root": "/nowhere"})
    (run.path / "doctor.json").unlink(missing_ok=True)
    assert main(["report", str(run.path), "--quiet"]) == 0
    page = page_of(run)
    assert not page.all("audio")
    assert "Recall per class" in page.text
    assert "The doctor was not asked" in page.text


def test_clips_that_have_changed_explain_no_answer(run, tmp_path, capsys):
    """What was answered was answered to other sound."""
    corpus = Path(shutil.copytree(run.facts["root"], tmp_path / "voices"))
    run.write_json("run.json", {**run.facts, "root": str(corpus)})
    clip = next(u.path for u in Run(run.path).split.of("test"))
    samples, rate = soundfile.read(clip)
    soundfile.write(clip, samples[::-1], rate)
    assert main(["report", str(run.path)]) == 0
    assert "clips of the test part have changed" in capsys.readouterr().err
    assert not page_of(run).all("audio")


def test_findings_of_the_doctor_and_leaks_are_told(run):
    finding = {"name": "<b>flat", "severity": "error", "at": "x", "seen": "1", "expected": "2",
               "why": "w", "remedy": "r", "when": "", "where": "docs"}  # fmt: skip
    run.write_json(
        "doctor.json", {"stages": [{"stage": "joint", "before": [finding], "during": []}]}
    )
    leak = {"name": "speakers-shared", "severity": "leak", "count": 1, "total": 2,
            "message": "1 of 2 speakers", "examples": ["v/<i>"]}  # fmt: skip
    run.write_json("audit.json", {"clean": False, "checked": ["a"], "findings": [leak]})
    scores = run.read_json("scores.json")
    run.write_json("scores.json", {**scores, "speaker_disjoint": False, "protocol": "x+spk"})
    assert main(["report", str(run.path), "--report-clips", "0", "--quiet"]) == 0
    text = page_of(run).text
    for told in ("<b>flat", "LEAKS were found", "v/<i>", "SPEAKERS OVERLAP", "+spk: each test"):
        assert told in text


def test_a_run_without_scores_has_a_card_but_no_report(run, capsys):
    (run.path / "scores.json").unlink()
    assert main(["report", str(run.path)]) == 1
    assert "speechsent evaluate" in capsys.readouterr().err


def test_no_report_leaves_it_out(run):
    (run.path / "report.html").unlink()
    assert main(["evaluate", "--run", str(run.path), "--no-report", "--quiet"]) == 0
    assert not (run.path / "report.html").exists()
    assert (run.path / "model_card.md").is_file()


def test_the_model_card_tells_scores_limits_and_misuse(workplace):
    run = Run.newest(workplace / "runs")
    card = (run.path / "model_card.md").read_text()
    assert f"UAR: {run.read_json('scores.json')['uar']:.3f}" in card
    for words in ("demonstration, never a result", "2024/1689", "Looks at the test part", "## Not"):
        assert words in card


def test_the_model_card_counts_looks_at_the_own_test_part_alone(run):
    own = sum(look["what"] == "test" for look in run.tests_seen)
    run.record_test("/elsewhere/clips", n=3, uar=0.5)
    assert main(["report", str(run.path), "--report-clips", "0", "--quiet"]) == 0
    card = (run.path / "model_card.md").read_text()
    assert f"Looks at the test part with this model: {own}\n" in card


@pytest.mark.browser
def test_axe_finds_nothing_serious(workplace, browser, axe):
    report = Run.newest(workplace / "runs").path / "report.html"
    with browser() as page:
        page.open(report.as_uri())
        page.js("document.querySelectorAll('details').forEach((d, i) => d.open = i < 2)")
        page.js(axe)
        violations = page.js("axe.run().then((result) => result.violations)")
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []
