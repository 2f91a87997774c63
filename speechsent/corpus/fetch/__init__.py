"""Published corpora: where they come from, and getting them safely."""

from speechsent.corpus.fetch.at_hand import at_hand
from speechsent.corpus.fetch.recipe import Fetched, by_hand, fetch, from_where
from speechsent.corpus.fetch.sources import Source, source, sources

__all__ = ["Fetched", "Source", "at_hand", "by_hand", "fetch", "from_where", "source", "sources"]
