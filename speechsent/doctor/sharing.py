"""Who and what is on both sides of a split: speakers, samples, and what earlier stages were given.

Identifiers decide, so that there is nothing to estimate: one in common is one too many.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from speechsent.doctor.findings import Finding
from speechsent.errors import ParameterError, some

Ids = Collection[Hashable]
VALIDATION = "validation"


@dataclass(frozen=True)
class SharedIds:
    """Who speaks in two parts, and what parts of the model have been fitted on.

    Args:
        groups: Speaker of each training sample; None if unknown.
        validation_groups: Speaker of each validation sample; None if unknown.
        fitted_ids: Identifiers of samples by what was fitted on them.
        validation_ids: Identifier of each validation sample.

    Raises:
        ParameterError: If there are identifiers of one side alone.
    """

    groups: Any
    validation_groups: Any
    fitted_ids: Mapping[str, Ids]
    validation_ids: Ids

    @property
    def scope(self) -> tuple[str, ...]:
        """What can be compared, in words."""
        speakers = ("speakers",) if self.groups is not None else ()
        return (*speakers, "earlier stages") if self.fitted_ids else speakers

    def split_off(self, n: int, share: float) -> "SharedIds":
        """The same where the last rows are the validation part.

        Args:
            n: Number of samples.
            share: Share of the last rows.
        """
        if self.groups is not None and len(self.groups) != n:
            raise ParameterError(
                f"groups must name the speaker of each sample. Received: {len(self.groups)} for {n}"
            )
        if not share or self.groups is None:
            self._check()
            return self
        first, last = split_rows(n, share)
        split = replace(self, groups=self.groups[first], validation_groups=self.groups[last])
        split._check()
        return split

    def findings(self) -> Iterator[Finding]:
        """What both sides have in common."""
        if self.groups is not None:
            yield from shared_speakers(list(self.groups), list(self.validation_groups), VALIDATION)
        yield from shared_with_stages(self.fitted_ids, self.validation_ids, f"{VALIDATION} part")

    def _check(self) -> None:
        if (self.groups is None) != (self.validation_groups is None):
            raise ParameterError("groups and validation_groups are compared; give both or neither")
        if bool(self.fitted_ids) != bool(len(self.validation_ids)):
            raise ParameterError("fitted_ids and validation_ids are compared; give both or neither")


def split_rows(n: int, share: float) -> tuple[slice, slice]:
    """Training rows and the last ones, which ``validation_split`` takes."""
    n_train = int(n * (1 - share))
    return slice(0, n_train), slice(n_train, n)


def shared_speakers(
    trained: Sequence[Hashable], held_out: Sequence[Hashable], part: str
) -> Iterator[Finding]:
    """Speakers of a held-out part whom training has heard.

    Args:
        trained: Speaker of each training sample; None, NaN or an empty text if unknown.
        held_out: Speaker of each sample of the other part.
        part: What the other part is called, such as ``"validation"``.
    """
    unknown = sum(not _known(speaker) for speaker in (*trained, *held_out))
    there, here = set(filter(_known, trained)), set(filter(_known, held_out))
    shared = sorted(map(str, there & here), key=lambda name: (len(name), name))
    if shared:
        n = sum(speaker in there for speaker in held_out)
        yield Finding(
            name="speakers-shared",
            severity="error",
            at=f"training and {part} part",
            seen=f"{len(shared)} of {len(here)} {part} speakers are trained on ({n} of "
            f"{len(held_out)} samples): {some(shared)}",
            expected="none",
            why="the network knows these voices, so the score says nothing of new ones (.89 "
            "against .58 for strangers, in our reproduction)",
            remedy="GroupShuffleSplit(...).split(x, y, groups=speakers); speechsent splits by "
            "speaker unless --allow-speaker-overlap is given",
        )
    elif unknown:
        yield Finding(
            name="speakers-unknown",
            severity="note",
            at=f"training and {part} part",
            seen=f"{unknown} of {len(trained) + len(held_out)} samples without a speaker",
            expected="a speaker for every sample",
            why="one voice may lie on both sides, and nothing in the curves would tell",
            remedy="a column 'speaker' in the CSV, or a reader that knows the corpus",
        )


def _known(speaker: Hashable) -> bool:
    """Whether a speaker is named; NaN, as tables have it in empty cells, is not like itself."""
    return speaker not in (None, "") and bool(speaker == speaker)


def shared_with_stages(fitted: Mapping[str, Ids], held_out: Ids, part: str) -> Iterator[Finding]:
    """Samples held out that an earlier stage was fitted on.

    Args:
        fitted: For each stage, identifiers of the samples that it was fitted on.
        held_out: Identifiers of the samples that are held out now.
        part: What they are called, such as ``"validation part of the head"``.
    """
    held = set(held_out)
    for stage, ids in fitted.items():
        n = len(held & set(ids))
        if n:
            yield Finding(
                name="stage-leak",
                severity="error",
                at=f"{part}, and stage '{stage}'",
                seen=f"{n} of {len(held)} held-out samples are what '{stage}' was fitted on",
                expected="none",
                why="it knows them by heart (.99 there and .55 on unseen clips in our "
                "reproduction), so epochs and scores chosen on them mean nothing",
                remedy="split once, before the first stage is fitted, and keep the parts for all",
            )
