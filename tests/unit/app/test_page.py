"""The page, as a visitor meets it in a browser."""

import csv
import json
import time

import numpy as np
import pytest
import soundfile

pytest.importorskip("uvicorn", reason="needs the extra [app]")

from speechsent.app.limits import Limits

pytestmark = pytest.mark.browser
RATE = 16_000
DONE = (
    "!document.querySelector('#state').classList.contains('busy') && "
    "(state.textContent.startsWith('Heard') || problem.textContent)"
)


@pytest.fixture
def site(serve, stub):
    """The address of a page that has a run of emotions and one of numbers."""
    numbers = stub(labels=("arousal", "valence"), scale=object())
    with serve(stub(), numbers, limits=Limits(max_mb=2, max_seconds=30)) as client:
        yield f"http://{client.host}/"


@pytest.fixture
def clip(as_file, voiced, tmp_path):
    """A file with a voice in it."""
    path = tmp_path / "voice.wav"
    path.write_bytes(as_file(np.concatenate([voiced, voiced])))
    return path


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
    assert heard(page) == "Heard: anger (0.75)."
    assert page.js("document.querySelector('.side .figure').textContent") == "anger"
    assert page.js("document.querySelector('#result-title').textContent").endswith(clip.name)
    assert page.js("document.querySelectorAll('.row svg').length") == 2
    width = page.js("(({width, height}) => [width, height])(document.querySelector('canvas'))")
    assert width[0] == pytest.approx(200, abs=2)
    page.until("document.querySelector('audio').readyState > 0")
    assert page.js("document.querySelector('audio').duration") == pytest.approx(2, abs=0.05)
    page.js(
        "document.querySelector('audio').currentTime = document.querySelector('audio').duration / 2"
    )
    page.until("Math.abs(parseFloat(document.querySelector('.head').style.left) - 50) < 2")


def test_two_runs_are_shown_side_by_side_on_one_clip(page, clip):
    page.choose("#file", clip)
    heard(page)
    page.js("other.value = '1'; other.dispatchEvent(new Event('change'))")
    said = page.until("state.textContent.includes(' by ') && state.textContent")
    assert said == (
        "Heard: anger (0.75) by corpus/run-0; arousal 7.5, valence 2.5 by corpus/run-1."
    )
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


def test_two_visitors_at_once_get_their_own_answers(page, site, clip):
    clips = [clip, clip.with_name("other.wav")]
    clips[1].write_bytes(clip.read_bytes())
    with page.another() as friend:
        ready(friend, site)
        for one, file in zip((page, friend), clips, strict=True):
            one.choose("#file", file)
        for one, file in zip((page, friend), clips, strict=True):
            assert heard(one).startswith("Heard: ")
            assert file.name in one.js("document.querySelector('#result-title').textContent")


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
    assert told["answers"][0]["overall"] == {"anger": 0.75, "neutral": 0.25}
    assert "spectrogram" not in told
    rows = list(csv.DictReader(wanted[1].read_text().splitlines()))
    spoken = [row for row in rows if row["speech"] == "true"]
    assert spoken
    for row in spoken:
        assert (row["emotion"], row["anger"], row["neutral"]) == ("anger", "0.750000", "0.250000")


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
