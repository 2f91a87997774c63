import json
import re
from pathlib import Path

import speechsent.doctor
import speechsent.legacy
from speechsent.doctor import Diagnosis, Finding
from speechsent.doctor.findings import in_order

ROOT = Path(__file__).parents[3]


def finding(name="a", severity="error"):
    return Finding(
        name=name, severity=severity, at="x", seen="1", expected="2", why="so", remedy="that"
    )


def test_errors_come_first_and_otherwise_the_order_stays():
    given = [finding("a", "note"), finding("b", "warning"), finding("c"), finding("d")]
    assert [f.name for f in in_order(given)] == ["c", "d", "b", "a"]


def test_errors_and_warnings_are_told_apart():
    diagnosis = Diagnosis((finding("a"), finding("b", "warning"), finding("c", "note")), ("x",))
    assert [f.name for f in diagnosis.errors] == ["a"]
    assert [f.name for f in diagnosis.warnings] == ["b"]


def test_the_table_tells_figures_remedy_place_and_verdict():
    diagnosis = Diagnosis((finding("a"), finding("b"), finding("c", "note")), ("layers", "loss"))
    lines = str(diagnosis).splitlines()
    assert lines[0] == "error    a: x"
    assert lines[1:3] == ["  seen      1", "  expected  2"]
    assert "  where     docs/doctor.md#a" in lines
    assert lines[-2:] == ["looked at layers, loss", "2 errors, 1 note"]


def test_a_diagnosis_is_plain_json():
    plain = json.loads(json.dumps(Diagnosis((finding(),), ("layers",)).as_dict()))
    assert plain["errors"] == 1
    assert plain["findings"][0]["where"] == "docs/doctor.md#a"


def test_the_manual_has_a_section_for_every_finding_and_no_other():
    rooms = (speechsent.doctor, speechsent.legacy)
    files = (f for room in rooms for f in Path(room.__file__).parent.rglob("*.py"))
    source = "".join(path.read_text() for path in files)
    named = set(re.findall(r'name="([a-z0-9-]+)"', source))
    manual = (ROOT / "docs" / "doctor.md").read_text()
    assert named == set(re.findall(r"^### ([a-z0-9-]+)$", manual, re.MULTILINE))
    assert len(named) > 30


def test_every_label_of_a_detector_leads_to_sections():
    manual = (ROOT / "docs" / "doctor.md").read_text()
    sections = set(re.findall(r"^### ([a-z0-9-]+)$", manual, re.MULTILINE))
    rows = re.findall(r"^\| (D-[A-Z0-9]+) \| (.+) \|$", manual, re.MULTILINE)
    assert len(rows) == 26
    for _, findings in rows:
        named = re.findall(r"\*([a-z0-9-]+)\*", findings)
        assert named
        assert sections.issuperset(named)
    used = set(re.findall(r"\((D-[A-Z0-9]+)\)", manual))
    assert used <= {label for label, _ in rows}
