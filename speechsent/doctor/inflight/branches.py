"""A fused network that listens to one of its branches only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keras import layers

from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import Graph, Node

MERGING = (
    layers.Concatenate,
    layers.Add,
    layers.Average,
    layers.Maximum,
    layers.Multiply,
)
MERGING_OPERATIONS = ("Concatenate", "Add")
IGNORED = 0.02  # of what all branches together take off the loss
LEARNT = 0.9  # the loss must have come below this share of what it is without any branch


@dataclass(frozen=True, kw_only=True)
class BranchUse:
    """What a network makes of its branches, on some samples.

    Args:
        join: The layer that joins them.
        names: What it joins.
        loss: Loss with all branches.
        without: Loss with one branch's embedding replaced by its mean over the samples, by branch.
        without_all: Loss with every embedding replaced.
        gradient: Share of each branch in the gradient that reaches the embeddings.
    """

    join: str
    names: tuple[str, ...]
    loss: float
    without: tuple[float, ...]
    without_all: float
    gradient: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """What each branch alone takes off the loss, as a share of what all do."""
        gained = self.without_all - self.loss
        return tuple((value - self.loss) / gained for value in self.without)

    @property
    def ignored(self) -> tuple[int, ...]:
        """Branches the answer hardly depends on; none while nothing has been learnt."""
        if not self.loss < LEARNT * self.without_all:
            return ()
        return tuple(i for i, share in enumerate(self.shares) if share < IGNORED)


def join_of(graph: Graph | None) -> Node | None:
    """The last call that joins branches: what it reads shares no weights, and each has some."""
    nodes = graph.nodes if graph else ()
    joins = (node for node in reversed(nodes) if _joins(node))
    return next((join for join in joins if _all_behind(join, nodes)), None)


def outputs_behind(join: Node | None, graph: Graph | None) -> list[int]:
    """Indices of the outputs that depend on what is joined."""
    if join is None or graph is None:
        return []
    behind = _behind(join, graph.nodes)
    return [i for i, node in enumerate(graph.outputs) if id(node) in behind]


def _all_behind(join: Node, nodes: tuple[Node, ...]) -> bool:
    """Whether whatever reads the joined branches reads nothing else."""
    behind = _behind(join, nodes)
    readers = [node for node in nodes if id(node) in behind and node is not join]
    return all(id(parent) in behind for node in readers for parent in node.parents)


def _behind(join: Node, nodes: tuple[Node, ...]) -> set[int]:
    """Calls that depend on one, itself included, by ``id``."""
    found = {id(join)}
    for node in nodes:
        if any(id(parent) in found for parent in node.parents):
            found.add(id(node))
    return found


def _joins(node: Node) -> bool:
    operation = node.operation
    merges = isinstance(operation, MERGING) or type(operation).__name__ in MERGING_OPERATIONS
    if not merges or len(node.parents) < 2:
        return False
    seen: set[int] = set()
    for parent in node.parents:
        own = _weighted_above(parent)
        if not own or not seen.isdisjoint(own):
            return False
        seen |= own
    return True


def _weighted_above(node: Node) -> set[int]:
    """Layers with weights on the way to a call, itself included, by ``id``."""
    found: set[int] = set()
    stack: list[Any] = [node]
    visited: set[int] = set()
    while stack:
        here = stack.pop()
        if id(here) in visited:
            continue
        visited.add(id(here))
        if here.weighs:
            found.add(id(here.operation))
        stack.extend(here.parents)
    return found


def ignored_branches(use: BranchUse, before: BranchUse | None) -> Iterator[Finding]:
    """A branch that neither this look nor the one before found to matter.

    Args:
        use: The look.
        before: The look before it; None if there was none.
    """
    lasting = set(use.ignored).intersection(before.ignored if before else ())
    for i in sorted(lasting):
        yield Finding(
            name="branch-ignored",
            severity="warning",
            at=f"'{use.names[i]}' at '{use.join}'",
            seen=f"loss {use.loss:.3g}, and {use.without[i]:.3g} with this branch replaced by its "
            f"mean: {max(use.shares[i], 0):.1%} of what the branches do; it gets "
            f"{use.gradient[i]:.1%} of the gradient",
            expected=f"{IGNORED:.0%} or more of what the branches do",
            why="the network answers from its other branches alone, and is no better than they are",
            remedy="scale the embeddings alike before they are joined (LayerNormalization), or "
            "give each branch a loss of its own (speechsent: --set fusion.auxiliary=1)",
        )
