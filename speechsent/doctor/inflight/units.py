"""Units that answer 0 to everything."""

from collections.abc import Iterator, Mapping

from speechsent.doctor.findings import Finding

MOST = 0.7  # the default CNN's embedding has .56 after 10 steps, and learns; broken ones .75 to 1
GROWN = 0.05  # a pretrained network may be sparse, and stays as it is
NEAR = MOST - GROWN  # whatever is told later has grown enough since it was below this
HOPELESS = 0.9


def dead_units(now: Mapping[str, float], start: Mapping[str, float], n: int) -> Iterator[Finding]:
    """Layers most of whose channels have died while training.

    Args:
        now: Share of channels that are 0 for every sample, by layer.
        start: The same when training began.
        n: Number of samples.
    """
    grown = {name: s for name, s in now.items() if s > MOST and s - start.get(name, 0) >= GROWN}
    if not grown:
        return
    worst = max(grown, key=lambda name: grown[name])
    also = f", the worst of {len(grown)}" if len(grown) > 1 else ""
    yield Finding(
        name="dead-units",
        severity="error" if grown[worst] > HOPELESS else "warning",
        at=f"'{worst}'{also}",
        seen=f"{grown[worst]:.0%} of its channels are 0 for all of {n} samples "
        f"({start.get(worst, 0):.0%} at first)",
        expected="at most 60 %; most healthy layers have 6 % or less",
        why="no gradient passes a ReLU that is 0 for every sample, so these units never come back",
        remedy="standardise the inputs (see input-scale); else a lower learning rate, or LeakyReLU",
    )
