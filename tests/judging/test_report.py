"""A report as plain data, there and back."""

import json
from dataclasses import replace

import pytest

from grader.judging.report import UNTRIED, Cause, Report, Row, Score, verdict_of

ROW = Row("test_it", "m01.R1", "result", "trio", "passed", "It says.")
CAUSE = Cause("concept", "Nothing waits.", clause="m01.R1", check="test_it", backend="trio")
WHOLE = Report(
    module="m01_tiny",
    verdict="failed",
    core="failed",
    points=3,
    max_points=5,
    clauses={"m01.R1": Score(3, 5)},
    aspects={"result": Score(None, 5)},
    checks=(ROW, Row("test_it", "m01.R1", "result", "asyncio", "failed", "It says.", points=0, seed=0, actual="7")),
    grader={"version": "1", "anyio": None},
    sha256="abc",
    seconds=1.23456,
)


def test_blank_stays_blank():
    assert Score(1, 2) + Score(3, 4) == Score(4, 6)
    assert Score(0, 2) + Score(0, 4) == Score(0, 6)
    assert Score(None, 2) + Score(3, 4) == Score(3, 2) + Score(None, 4) == Score(None, 6)
    assert Score(None, 2).plain() == {"points": None, "max": 2}


def test_a_row_holds_what_is_known():
    assert ROW.plain() == {
        "id": "test_it",
        "clause": "m01.R1",
        "aspect": "result",
        "backend": "trio",
        "verdict": "passed",
        "points": None,
        "message": "It says.",
        "core": True,
        "misconception": None,
        "step": None,
    }
    assert WHOLE.checks[1].plain() == {**ROW.plain(), "backend": "asyncio", "verdict": "failed"} | {
        "points": 0,
        "seed": 0,
        "actual": "7",
    }
    assert ROW.clause_name == "R1"
    assert not ROW.late


def test_which_row_was_not_tried():
    tried = Row("test_it", "m01.R1", "result", "trio", "failed", "It says.", expected=UNTRIED)
    assert tried.untried is True
    for change in ({"what": "the list"}, {"expected": "7"}, {"expected": None}, {"verdict": "passed"}):
        assert Row(**{**tried.plain(), **change}).untried is False


def test_a_cause_holds_what_is_known():
    plain = {"kind": "concept", "text": "Nothing waits.", "line": None, "clause": "m01.R1"}
    assert CAUSE.plain() == {**plain, "check": "test_it", "backend": "trio"}
    same = Cause("exception", "It raises.", 7, same=("test_a", "test_b"), said="a secret")
    assert same.plain()["same"] == ["test_a", "test_b"]
    assert [Cause.from_plain(json.loads(json.dumps(cause.plain()))) for cause in (CAUSE, same)] == [CAUSE, same]


def test_a_report_holds_what_is_known():
    plain = WHOLE.plain()
    assert not {"reason", "cause", "flags", "notes"} & plain.keys()
    assert (plain["seconds"], plain["submission"], plain["format"]) == (1.235, {"sha256": "abc"}, 1)
    said = {"reason": "no scene", "flags": ("line 7: gc",), "notes": ("Equal runs differ.",), "cause": CAUSE}
    more = Report("m01_tiny", "not run", None, None, 5, **said).plain()
    assert (more["reason"], more["flags"], more["cause"]) == ("no scene", ["line 7: gc"], CAUSE.plain())
    assert more["notes"] == ["Equal runs differ."]
    assert WHOLE.short == "m01"


def test_what_comes_late_is_judged_no_other_way():
    for each in (ROW, WHOLE):
        assert not each.late
        assert replace(each, late=True) == each
    assert not ROW.wide
    assert replace(ROW, wide=True) == ROW


def test_a_row_says_the_part_that_its_check_names():
    assert ROW.sentence == "It says."
    assert replace(ROW, part="the second half").sentence == "the second half"


@pytest.mark.parametrize(
    "more", [{}, {"reason": "", "flags": ("line 7: gc",), "cause": CAUSE}, {"notes": ("Equal runs differ.",)}]
)
def test_a_report_is_read_back(more):
    report = Report(**{**vars(WHOLE), "seconds": 1.235, **more})
    line = report.json(learner="\udcff")
    assert line.isascii()
    data = json.loads(line)
    assert data.pop("learner") == "\udcff"
    assert Report.from_plain(data) == report


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"checks": [{"id": 1}]}, {"checks": None}, {"clauses": []}, {"submission": None}, {"cause": {}}],
    ids=str,
)
def test_what_is_not_a_report(change):
    with pytest.raises(ValueError, match="report"):
        Report.from_plain({**WHOLE.plain(), **change})
    with pytest.raises(ValueError, match="this is not a report of format 1"):
        Report.from_plain({})


def test_the_row_of_a_cause():
    assert WHOLE.row_of(CAUSE) is ROW
    assert WHOLE.row_of(Cause("file: syntax", "It is not Python.")) is None
    assert [WHOLE.count(verdict) for verdict in ("passed", "failed", "not run")] == [1, 1, 0]


def test_the_worst_verdict_counts():
    rows = {verdict: Row("a", "m01.R1", "result", "trio", verdict, "") for verdict in ("passed", "failed", "not run")}
    assert verdict_of([rows["passed"], rows["failed"]]) == "failed"
    assert verdict_of(list(rows.values())) == "not run"
    assert verdict_of([rows["passed"]]) == "passed"
    assert verdict_of(()) is None
