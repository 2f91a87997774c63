"""Pictures of the report and of the page in a browser, from runs on the built-in voices.

    python docs/screenshots.py RUN [OTHER]

writes docs/images/{report,report-dark,report-phone,report-curves,app,app-idle,app-error}.png from
the report of RUN, and from the page on RUN and OTHER. Needs chromium and the extra [app].
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from speechsent.corpus.delivery import utter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browsing"))
from chromium import Page, chromium

IMAGES = Path(__file__).parent / "images"
DESK, PHONE = 1080, 390  # width of a window in CSS pixels
PHONE_HEIGHT = 860
GAP = 20
SAID = ("happiness", "anger", "sadness", "neutral")
CLIP = "section[aria-labelledby=clips] details"
DONE = "state.textContent.startsWith('Heard') || problem.textContent"


def main() -> None:
    """Write all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with chromium(str(shutil.which("chromium")), place / "profile") as page:
            of_report(page, args.run / "report.html", place)
            runs = [args.run, args.other] if args.other else [args.run]
            with served(runs) as address:
                of_page(page, address, place)


def of_report(page: Page, report: Path, place: Path) -> None:
    """The head, a clip in detail, both on a telephone, and the learning curves."""
    address = report.resolve().as_uri()
    page.look(width=DESK)
    page.open(address)
    save(seen(page, place, tallest=1060), "report")
    save(seen(page, place, first="#learning-curves", last="#doctor"), "report-curves")
    page.look(width=DESK, dark=True)
    page.js(f"document.querySelector('{CLIP}').open = true")
    page.js(f"document.querySelector('{CLIP}').scrollIntoView()")
    page.until(f"[...document.querySelectorAll('{CLIP} img')].slice(0, 2).every(i => i.complete)")
    save(seen(page, place, first="#clips", tallest=1000), "report-dark")
    page.look(width=PHONE)
    clip = seen(page, place, first=CLIP, tallest=PHONE_HEIGHT)
    head = seen(page, place, tallest=PHONE_HEIGHT)
    both = Image.new("RGB", (head.width + GAP + clip.width, PHONE_HEIGHT), "#888888")
    both.paste(head, (0, 0))
    both.paste(clip, (head.width + GAP, 0))
    save(both, "report-phone")


def of_page(page: Page, address: str, place: Path) -> None:
    """The page before anything is dropped, with a result, and with a file that is none."""
    page.look(width=1000, height=400)
    page.open(address)
    page.until("state.textContent === 'Ready.'")
    save(seen(page, place), "app-idle")
    bad = place / "holiday.wav"
    bad.write_bytes(b"no sound at all")
    page.drop("#drop", bad)
    page.until("problem.textContent")
    save(seen(page, place), "app-error")
    page.js("other.selectedIndex = other.options.length - 1")
    page.js("other.dispatchEvent(new Event('change'))")
    page.drop("#drop", talk(place))
    page.until(DONE)
    page.until("!document.querySelector('#state').classList.contains('busy')")
    page.js("document.querySelector('audio').currentTime = 5")
    page.until("!document.querySelector('audio').seeking")
    save(seen(page, place, tallest=1500), "app")


def talk(place: Path) -> Path:
    """Four emotions of one built-in voice, two sentences each, with pauses between."""
    rate = 16_000
    silence = np.zeros(rate // 2)
    parts = [
        piece
        for emotion in SAID
        for piece in (
            utter(3, emotion, 1, 1, seed=0, sample_rate=rate),
            utter(3, emotion, 2, 1, seed=0, sample_rate=rate),
            silence,
        )
    ]
    path = place / "talk.wav"
    soundfile.write(path, np.concatenate(parts), rate)
    return path


@contextmanager
def served(runs: list[Path]) -> Iterator[str]:
    """The address of the page on these runs."""
    command = [sys.executable, "-m", "speechsent", "app", "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [*command, "--run", *map(str, runs)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = process.stdout or ()
            yield next(word for line in lines for word in line.split() if "://" in word)
        finally:
            process.terminate()


def seen(
    page: Page, place: Path, *, first: str = "", last: str = "", tallest: int | None = None
) -> Image.Image:
    """The page, or what lies between two of its elements."""
    whole = place / "whole.png"
    page.picture(whole)
    picture = Image.open(whole).convert("RGB")
    top, bottom = (top_of(page, selector) if selector else None for selector in (first, last))
    top = max((top or 0) - GAP, 0)
    bottom = bottom - GAP if bottom else picture.height
    if tallest:
        bottom = min(bottom, top + tallest)
    return picture.crop((0, top, picture.width, bottom))


def top_of(page: Page, selector: str) -> int:
    """Where an element begins on the page, in pixels from its top."""
    place = f"document.querySelector({selector!r}).getBoundingClientRect().top + scrollY"
    return int(page.js(place))


def save(picture: Image.Image, name: str) -> None:
    """As an image of 256 colours, which takes a third of the bytes."""
    picture.quantize(256).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
