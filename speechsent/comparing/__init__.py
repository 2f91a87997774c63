"""What finished runs say beside each other: which there are, which is better, which comes again."""

from speechsent.comparing.listing import Listing, list_runs
from speechsent.comparing.pairing import RunComparison, compare_runs
from speechsent.comparing.reproduction import Reproduction, reproduce
from speechsent.comparing.summary import RunSummary, summarize

__all__ = [
    "Listing",
    "Reproduction",
    "RunComparison",
    "RunSummary",
    "compare_runs",
    "list_runs",
    "reproduce",
    "summarize",
]
