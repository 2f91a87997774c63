"""No room for a file: one line that names it, and what was kept before is still there."""

import re

from measure import Figure

from fault.workplace import Workplace

POINTS = (
    "a.checkpoint 2",
    "b.checkpoint 2",
    "a.checkpoint 5",
    "b.checkpoint 8",
    "joint.finished 1",
    "model.weights.h5 1",
    "history.csv 1",
    "history-joint.png 1",
    "run.json 1",
    "scores.json 1",
)


def figures(workplace: Workplace, n: int) -> list[Figure]:
    """One row for all points, or as many as asked for."""
    points = POINTS[: max(1, n // 2)]
    n_good = sum(_good(workplace, point) for point in points)
    what = f"disk full at {len(points)} points: told in a line, status 1, the same bits after"
    return [Figure(name="faults.full_disk", what=what, value=n_good, at_least=len(points))]


def _good(workplace: Workplace, point: str) -> bool:
    victim = workplace.victim("joint", f"FULL {point}")
    status, told = victim.end()
    run, name = victim.run, point.split()[0]
    where = rf"{re.escape(str(run.path))}/.*{re.escape(name)}"
    line = rf"speechsent: {where}: (needs \d+ bytes, )?a file may have \d+ here; .*"
    way_on = f"speechsent: go on with: speechsent train --resume {run.path}"
    good = status == 1 and len(told) == 2 and re.fullmatch(line, told[0]) and told[1] == way_on
    return bool(good) and run.resumable and workplace.same("joint", run)
