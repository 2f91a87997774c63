"""Damaged and hostile input: each row of ``hardening`` as a figure that is 1 where it must be."""

import re

import hardening
from measure import Figure

from fault.workplace import Workplace


def figures(_workplace: Workplace, _n: int) -> list[Figure]:
    """As many of each as ``hardening`` has; it makes its own folders and its own run."""
    return [
        Figure(
            name=f"faults.{re.sub(r'[^a-z]+', '_', row.test.lower()).strip('_')}",
            what=f"{row.test}: {row.seen}",
            value=int(row.passed),
            at_least=1,
        )
        for row in hardening.rows()
    ]
