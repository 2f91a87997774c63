"""The page, as a visitor meets it in a browser."""

import csv
import json
import shutil
import threading
import time

import numpy as np
import pytest
import soundfile

from speechsent.cli import main
from speechsent.corpus.open import read_corpus
from speechsent.run import Run

pytest.importorskip("uvicorn", reason="needs the extra [app]")

from speechsent.app.guard import Names
from speechsent.app.limits import Limits
from speechsent.app.models import load_models
from speechsent.app.server import application
from speechsent.app.serving import Server, address, listen
from speechsent.training.listener import Listener

pytestmark = pytest.mark.browser
RATE = 16_000
DONE = (
    "!document.querySelector('#state').classList.contains('busy') && "
    "(state.textContent.startsWith('Heard') || problem.textContent)"
)


@pytest.fixture(scope="module")
def numbers(voices, tiny, tmp_path_factory):
    """A run that tells numbers, hardly trained."""
    folder = tmp_path_factory.mktemp("numbers")
    with (folder / "rated.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "speaker", "arousal", "valence", "split"])
        for i, u in enumerate(read_corpus(voices)):
            shutil.copy(u.path, folder)
            writer.writerow([u.path.name, u.speaker, i % 7, 100 + i % 5, u.part])
    command = ["train", str(folder / "rated.csv"), "--target", "arousal,valence", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*command, "--config", str(tiny), "--fusion", "lstm", "--epochs", "1"]) == 0
    return Run.newest(folder / "runs")


@pytest.fixture(scope="module")
def site(workplace, numbers):
    """The address of a page that has a run of emotions and one of numbers."""
    models = load_models([Run.newest(workplace / "runs").path, numbers.path], Listener())
    limits = Limits(max_mb=2, max_seconds=30)
    ready = threading.Event()
    server = Server(application(models, limits, Names.of("127.0.0.1")), ready.set)
    listening = listen("127.0.0.1", 0)
    where = address(listening)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert ready.wait(60)
    yield where
    server.should_exit = True
    thread.join()


@pytest.fixture
def clip(voices):
    return sorted((voices / "test").rglob("*.wav"))[0]


@pytest.fixture
def page(browser, site):
    """The page, ready; nothing may have gone wrong on it, or gone elsewhere, in the end."""
    with browser() as found:
        ready(found, site)
        yield found
        assert found.complaints == []
        stayed = (site, "blob:", "data:image/svg+xml", "about:")  # the player's icons are data
        assert [r for r in found.requests if not r.startswith(stayed)] == []


def ready(page, site):
    page.open(site)
    page.until("state.textContent === 'Ready.'")


def heard(page):
    return page.until(DONE) and page.js("state.textContent + problem.textContent")


def test_a_dropped_file_is_named_drawn_and_played(page, clip):
    page.drop("#drop", clip)
    assert heard(page).startswith("Heard: ")
    emotion = page.js("document.querySelector('.side .figure').textContent")
    assert f"Heard: {emotion} (" in page.js("state.textContent")
    assert page.js("document.querySelector('#result-title').textContent").endswith(clip.name)
    assert page.js("document.querySelectorAll('.row svg').length") == 6
    width = page.js("(({width, height}) => [width, height])(document.querySelector('canvas'))")
    seconds = soundfile.info(clip).duration
    assert width[0] == pytest.approx(min(1000, seconds * 100), abs=2)
    page.until("document.querySelector('audio').readyState > 0")
    assert page.js("document.querySelector('audio').duration") == pytest.approx(seconds, abs=0.05)
    page.js(
        "document.querySelector('audio').currentTime = document.querySelector('audio').duration / 2"
    )
    page.until("Math.abs(parseFloat(document.querySelector('.head').style.left) - 50) < 2")


def test_two_runs_are_shown_side_by_side_on_one_clip(page, clip):
    page.choose("#file", clip)
    heard(page)
    page.js("other.value = '1'; other.dispatchEvent(new Event('change'))")
    assert " by " in page.until("state.textContent.includes(' by ') && state.textContent")
    tops = page.js(
        "[...document.querySelectorAll('.side')].map(s => s.getBoundingClientRect().top)"
    )
    assert len(tops) == 2
    assert tops[0] == tops[1]
    names = page.js(
        "[...document.querySelectorAll('.numbers .row')].map(r => r.innerText.split('\\n')[0])"
    )
    assert names == ["arousal", "valence"]


def test_a_bad_file_is_told_kindly_and_the_next_one_is_heard(browser, site, clip, tmp_path):
    bad = tmp_path / "song.mp3"
    bad.write_text("no sound at all")
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE), RATE)
    large = tmp_path / "large.wav"
    soundfile.write(large, np.zeros(2 * RATE * 40), RATE)
    with browser() as page:
        ready(page, site)
        for file, words in (
            (bad, "record it here"),
            (silent, "silent"),
            (large, "at most 2.0 MiB"),
        ):
            page.choose("#file", file)
            assert words in page.until("problem.textContent")
            assert page.js("result.hidden")
            page.js("problem.replaceChildren()")
        page.choose("#file", clip)
        assert heard(page).startswith("Heard")


def test_the_name_of_a_file_stays_text(page, clip, tmp_path):
    evil = tmp_path / "<img src=x onerror=document.title='bad'>.wav"
    evil.write_bytes(clip.read_bytes())
    page.choose("#file", evil)
    heard(page)
    assert evil.name in page.js("result.innerText")
    assert page.js("document.querySelector('#result img')") is None
    assert "bad" not in page.js("document.title")


def test_two_visitors_at_once_get_their_own_answers(page, site, voices):
    clips = sorted((voices / "test").rglob("*.wav"))[:2]
    with page.another() as friend:
        ready(friend, site)
        for one, clip in zip((page, friend), clips, strict=True):
            one.choose("#file", clip)
        for one, clip in zip((page, friend), clips, strict=True):
            assert heard(one).startswith("Heard: ")
            assert clip.name in one.js("document.querySelector('#result-title').textContent")


def test_the_microphone_is_recorded_and_heard(browser, site, clip):
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={clip}")
    with browser(*flags) as page:
        ready(page, site)
        page.js("record.click()")
        page.until("clock.textContent === '0:02'")
        page.js("record.click()")
        assert heard(page).startswith("Heard: ")
        assert page.js("document.querySelector('#result-title').textContent").endswith("recording")
        page.until("document.querySelector('audio').readyState > 0")
        assert 1.5 < page.js("document.querySelector('audio').duration") < 10
        assert page.js("[...document.querySelectorAll('.told')].some((p) => p.getAttribute('d'))")


def test_what_only_the_browser_can_read_is_decoded_there(browser, site, clip):
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={clip}")
    made = (
        "navigator.mediaDevices.getUserMedia({ audio: true })"
        ".then((stream) => new Promise((done) => {"
        "  const tape = new MediaRecorder(stream, { mimeType: 'audio/webm' });"
        "  tape.ondataavailable = ({ data }) => {"
        "    const carried = new DataTransfer();"
        "    carried.items.add(new File([data], 'voice.webm'));"
        "    file.files = carried.files;"
        "    file.dispatchEvent(new Event('change'));"
        "    done();"
        "  };"
        "  tape.start();"
        "  setTimeout(() => tape.stop(), 1500);"
        "}))"
    )
    with browser(*flags) as page:
        ready(page, site)
        page.js(made)
        assert heard(page).startswith("Heard: ")
        assert "decoded by your browser" in page.js("result.innerText")


def test_answers_can_be_kept(page, clip, tmp_path):
    kept = tmp_path / "kept"
    page.tell("Page.setDownloadBehavior", behavior="allow", downloadPath=str(kept))
    page.choose("#file", clip)
    heard(page)
    page.js("document.querySelectorAll('.downloads button').forEach((b) => b.click())")
    wanted = [kept / f"{clip.stem}{end}" for end in (".json", ".csv")]
    for _ in range(200):
        if all(file.is_file() for file in wanted):
            break
        time.sleep(0.05)
    told = json.loads(wanted[0].read_text())
    assert sum(told["answers"][0]["overall"].values()) == pytest.approx(1)
    assert "spectrogram" not in told
    rows = list(csv.DictReader(wanted[1].open()))
    spoken = [row for row in rows if row["speech"] == "true"]
    assert spoken
    for row in spoken:
        assert float(row[row["emotion"]]) == max(float(row[name]) for name in list(row)[4:])


def test_it_can_be_used_by_keyboard_alone(page, clip):
    page.choose("#file", clip)
    heard(page)
    page.js("document.querySelectorAll('details')[0].open = true; document.activeElement.blur()")
    reached = set()
    for _ in range(30):
        page.press("Tab")
        reached.add(page.js("document.activeElement.id || document.activeElement.tagName"))
    assert {"run", "other", "record", "choose", "AUDIO", "SUMMARY", "BUTTON"} <= reached
    page.js("document.querySelectorAll('.told-table button')[1].focus()")
    page.press("Enter")
    page.until("document.querySelector('audio').currentTime > 0")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_cut_and_axe_finds_nothing_serious(page, clip, axe, width, dark):
    page.look(width=width, dark=dark)
    page.choose("#file", clip)
    heard(page)
    page.js("other.value = '1'; other.dispatchEvent(new Event('change'))")
    page.until("document.querySelectorAll('.side').length === 2")
    page.js("document.querySelectorAll('details').forEach((d) => d.open = true)")
    assert page.js("document.documentElement.scrollWidth") <= width
    page.js(axe)
    violations = page.js("axe.run().then((result) => result.violations)")
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []
