"""Protocols by name: who is trained on and who is tested on, so that scores can be compared."""

from speechsent.corpus.named.definition import load_protocol, protocol_names
from speechsent.corpus.named.protocol import Protocol

__all__ = ["Protocol", "load_protocol", "protocol_names"]
