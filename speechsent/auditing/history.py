"""What a run's own files tell: whether it was fitted on its test part, and how often it looked."""

from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.auditing.report import Finding, Severity, finding
from speechsent.errors import RunError

if TYPE_CHECKING:
    from speechsent.run import Run

NAMES = ("fitted-on-test", "statistics-of-test", "test-seen")
USES = ("fitted_on", "validated_on")


def history_findings(run: "Run") -> list[Finding]:
    """Test clips in any stage of the training, in its statistics, and looks at the test part."""
    return [*fitted_on_test(run), *statistics_of_test(run), *looks_at_test(run)]


def fitted_on_test(run: "Run") -> list[Finding]:
    """Test clips by which weights were fitted or an epoch was chosen.

    Raises:
        RunError: If ``stages.json`` is missing or damaged.
    """
    from speechsent.run_split import relative

    tested = run.split.of("test")
    root = Path(run.facts["root"])
    ids = {f"{relative(u.path, root)}@{u.start!r}" for u in tested}
    found = sorted(ids & _used(run))
    message = f"{len(found)} of {len(tested)} test clips took part in the training of this run"
    return finding("fitted-on-test", "leak", message, found, len(tested))


def statistics_of_test(run: "Run") -> list[Finding]:
    """Speakers of the test part whose own clips, without labels, standardise their features."""
    if run.config.view.standardize != "speaker":
        return []
    speakers = sorted(str(u) for u in run.split.speakers("test") - {None})
    message = "features of test speakers are standardised by their own clips, without labels"
    return finding("statistics-of-test", "note", message, speakers, len(speakers))


def looks_at_test(run: "Run") -> list[Finding]:
    """How often the test part was scored; each look beyond the first may have chosen something."""
    looks = [str(look.get("time")) for look in run.tests_seen if look.get("what") == "test"]
    times = "once" if len(looks) == 1 else f"{len(looks)} times"
    severity: Severity = "note" if len(looks) == 1 else "warning"
    message = f"the test part was scored {times} with this model"
    return finding("test-seen", severity, message, looks, len(run.tests_seen))


def _used(run: "Run") -> set[str]:
    """Names of the clips that any stage was fitted on or validated with."""
    try:
        stages = run.read_json("stages.json")
        return {clip for stage in stages for key in USES for clip in stage[key]}
    except (KeyError, TypeError) as error:
        raise RunError(f"{run.path / 'stages.json'}: not the stages of a training") from error
