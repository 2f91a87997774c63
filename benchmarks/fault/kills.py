"""SIGKILL at random instants, within epochs and while saving; then gone on with."""

import random
import time

from measure import Figure

from fault.workplace import Workplace
from speechsent.run import CHECKPOINT, Run
from speechsent.training.snapshot import Slots
from speechsent.writing import UNFINISHED

STEPS = {"joint": 16, "frozen": 32}  # about as many, all stages together
WHILE_SAVING = 4  # one in so many is killed while it saves


def figures(workplace: Workplace, n: int) -> list[Figure]:
    """Kill and go on, so many times for each way to train."""
    return [row for mode in STEPS for row in killed(workplace, mode, n)]


def killed(workplace: Workplace, mode: str, n: int) -> list[Figure]:
    """Rows of one way to train."""
    rng = random.Random(mode)
    n_same = n_within = n_saving = 0
    for i in range(n):
        run = cut(workplace, mode, rng, while_saving=i % WHILE_SAVING == 0)
        newest = Slots(run.path / CHECKPOINT).newest()
        saving = any((run.path / CHECKPOINT).glob(f"{UNFINISHED}*"))
        begun = newest is not None
        n_within += begun and newest.facts["step"] > 0
        n_saving += saving
        n_same += begun and workplace.same(mode, run) and run.facts["resumed"][0]["stage"] != ""
    name = f"faults.kill_{mode}"
    return [
        Figure(
            name=name,
            what=f"{mode}: of {n} killed, gone on with, the same bits",
            value=n_same,
            at_least=n,
        ),
        Figure(
            name=f"{name}_within", what="  of them within an epoch", value=n_within, at_least=n / 2
        ),
        Figure(name=f"{name}_saving", what="  of them while saving", value=n_saving, at_least=1),
    ]


def cut(workplace: Workplace, mode: str, rng: random.Random, *, while_saving: bool) -> Run:
    """Train in another process and kill it somewhere behind the first checkpoint."""
    victim = workplace.victim(mode)
    if while_saving:
        victim.until("save", rng.randint(2, STEPS[mode]))
        time.sleep(rng.uniform(0, 0.004))
    else:
        victim.until("step done", rng.randint(1, STEPS[mode] - 1))
        time.sleep(rng.uniform(0, 0.05))
    victim.kill()
    return victim.run
