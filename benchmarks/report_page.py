"""How large is a report, and how long does a browser take to open it?

    speechsent report RUN --report-clips 300
    python benchmarks/report_page.py RUN/report.html

Times are those the browser itself tells (navigation timing), on the wall, in a headless Chromium
that is started anew each time; needs chromium.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import Figure, arguments, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browsing"))
from chromium import chromium

MEGABYTES, SECONDS = 15, 2
TIMES = """(() => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return {load: page.loadEventEnd, seen: paint ? paint.startTime : 0};
})()"""
UNFOLD = """(() => {
    const before = performance.now();
    document.querySelectorAll("details").forEach(one => { one.open = true; });
    document.body.getBoundingClientRect();
    return performance.now() - before;
})()"""


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__, "page")
    opened = [once(args.page) for _ in range(args.rounds)]
    middle = {key: statistics.median(one[key] for one in opened) for key in opened[0]}
    report(
        [
            Figure(what="clips in detail", value=middle["clips"]),
            Figure(
                name="report.megabytes",
                what="size of the file, MB",
                value=args.page.stat().st_size / 1e6,
                at_most=MEGABYTES,
            ),
            Figure(
                name="report.load_seconds",
                what="until it has loaded, s",
                value=middle["load"] / 1e3,
                at_most=SECONDS,
            ),
            Figure(what="  until something is seen, s", value=middle["seen"] / 1e3),
            Figure(what="  all clips unfolded at once, s", value=middle["unfold"] / 1e3),
        ],
        args.json,
    )


def once(page: Path) -> dict[str, Any]:
    """Milliseconds of one opening, and how many clips the page holds."""
    binary = shutil.which("chromium")
    if binary is None:
        sys.exit("chromium: not found")
    with tempfile.TemporaryDirectory() as folder, chromium(binary, Path(folder)) as tab:
        tab.look(width=1280)
        tab.open(page.resolve().as_uri())
        tab.until("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        tab.until("performance.getEntriesByName('first-contentful-paint').length > 0")
        times: dict[str, Any] = tab.js(TIMES)
        clips = tab.js("document.querySelectorAll('details.clip').length")
        return {**times, "clips": clips, "unfold": tab.js(UNFOLD)}


if __name__ == "__main__":
    main()
