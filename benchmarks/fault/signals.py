"""SIGTERM, Ctrl-C and a second Ctrl-C: exit status, message, and the same bits afterwards."""

from measure import Figure

from fault.workplace import Workplace

STEP = 6  # behind which the signal comes; the fourth step ends an epoch
CASES = (("TERM", 143, "SIGTERM", STEP), ("INT", 130, "Ctrl-C", STEP))
CASES = (*CASES, ("INTINT", 130, "two Ctrl-C at once", STEP - 1))  # the step is not kept


def figures(workplace: Workplace, n: int) -> list[Figure]:
    """A row for each signal."""
    return [_figure(workplace, *case) for case in CASES]


def _figure(workplace: Workplace, fault: str, status: int, what: str, kept: int) -> Figure:
    victim = workplace.victim("joint", f"{fault} {STEP}")
    found, told = victim.end()
    run = victim.run
    good = (
        found == status
        and told
        == [
            "speechsent: interrupted",
            f"speechsent: go on with: speechsent train --resume {run.path}",
        ]
        and workplace.same("joint", run)
        and [(r["epoch"], r["step"]) for r in run.facts["resumed"]] == [(2, kept - 4)]
    )
    return Figure(
        name=f"faults.{fault.lower()}",
        what=f"{what}: status {status}, the way on told, the same bits",
        value=int(good),
        at_least=1,
    )
