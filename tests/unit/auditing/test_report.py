import json

from speechsent.auditing.report import AuditReport, finding, in_order, table


def report(*findings):
    return AuditReport(
        train="a/",
        test="b/",
        n_train=10,
        n_test=5,
        checked=("speakers-shared", "identical-files"),
        findings=in_order(findings),
    )


(LEAK,) = finding("speakers-shared", "leak", "2 of 2 speakers", ["c/1", "c/2"], 2)
(NOTE,) = finding("identical-files", "note", "4 times", ["p", "q", "r", "s"], 15)


def test_only_a_leak_makes_a_report_unclean():
    assert report(NOTE).clean
    assert not report(NOTE, LEAK).clean


def test_no_example_is_no_finding():
    assert finding("speakers-shared", "leak", "0 of 2 speakers", [], 2) == []


def test_the_table_shows_leaks_first_and_three_examples():
    assert table(report(NOTE, LEAK)).splitlines() == [
        "train  a/: 10 clips",
        "test   b/: 5 clips",
        "leak     speakers-shared    2 of 2 speakers",
        "                            c/1, c/2",
        "note     identical-files    4 times",
        "                            p, q, r and 1 more (4 in all)",
        "leaking: speakers-shared",
    ]


def test_the_table_names_what_is_clean():
    assert table(report(NOTE)).splitlines()[-2:] == ["clean    speakers-shared", "no leak found"]


def test_json_has_every_example_and_the_verdict():
    plain = json.loads(json.dumps(report(NOTE).as_dict()))
    assert plain["clean"] is True
    assert plain["findings"][0]["examples"] == ["p", "q", "r", "s"]
    assert plain["checked"] == ["speakers-shared", "identical-files"]
