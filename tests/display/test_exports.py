"""Reports in the forms of other platforms: what is not run is never a 0, and nothing is said that a page would not say."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from grader.display.exports import CLASSROOM50, NOT_RUN, NoResult, export
from grader.judging.report import Cause, Report, Row, Score

RUNNER = {name: f"x{number}" for number, name in enumerate(CLASSROOM50.values())}


def row(clause, backend, verdict, **more):
    return Row(f"test_{clause}", f"m01.{clause}", "result", backend, verdict, f"{clause} holds <&>.", **more)


def report(*rows, points=5, reason=None, **more):
    clauses = {"m01.R1": Score(3 if points is not None else None, 3), "m01.R2": Score(points and points - 3, 7)}
    verdicts = {each.verdict for each in rows}
    verdict = "not run" if "not run" in verdicts else "failed" if "failed" in verdicts or reason else "passed"
    return Report("m01_tiny", verdict, verdict, points, 10, clauses, checks=rows, sha256="ab", reason=reason, **more)


FAILED = report(
    row("R1", "asyncio", "passed"),
    row("R1", "trio", "passed"),
    row("R2", "asyncio", "passed"),
    row("R2", "trio", "failed", what="the list", expected="3", actual="4", where="line 7", detail="SECRET TEXT"),
    flags=("line 3: uses `sys.modules`",),
)
BLANK = report(row("R1", "asyncio", "not run"), points=None, reason="the suite SECRET is broken")
WHOLE = report(points=0, reason="line 2: Python cannot read this")
FORMS = ("junit", "gradescope", "prairielearn", "classroom50")


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_said_that_learners_should_not_read(form):
    for each in (FAILED, WHOLE):
        text = export(each, form, RUNNER)
        for word in ("SECRET", "sys.modules", "test_R2"):
            assert word not in text


def test_junit_counts_and_words():
    suite = ET.fromstring(export(FAILED, "junit", {}).partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "R2 holds <&>."
    assert "expected: 3\nseen: 4\nwhere: line 7" in failure.text
    suite = ET.fromstring(export(BLANK, "junit", {}).partition("\n")[2])
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    suite = ET.fromstring(export(WHOLE, "junit", {}).partition("\n")[2])
    assert (suite.get("tests"), next(suite.iter("failure")).text) == ("1", "line 2: Python cannot read this")


def test_junit_is_xml_whatever_a_file_holds():
    odd = report(row("R1", "trio", "failed", actual="\x00\x1b[31m\ud800]]>"))
    assert ET.fromstring(export(odd, "junit", {}).partition("\n")[2]).get("failures") == "1"


def test_gradescope_has_a_score_or_none_with_a_visible_reason():
    plain = json.loads(export(FAILED, "gradescope", {}))
    assert (plain["score"], [each["score"] for each in plain["tests"]]) == (5, [3, 2])
    assert [each["status"] for each in plain["tests"]] == ["passed", "failed"]
    assert "on trio" in plain["tests"][1]["output"]
    plain = json.loads(export(BLANK, "gradescope", {}))
    assert "score" not in plain
    assert not any("score" in each for each in plain["tests"])
    assert plain["output"] == NOT_RUN


def test_prairielearn_has_a_share_or_is_not_gradable():
    plain = json.loads(export(FAILED, "prairielearn", {}))
    assert (plain["gradable"], plain["score"]) == (True, 0.5)
    assert [(each["points"], each["max_points"]) for each in plain["tests"]] == [(3, 3), (2, 7)]
    assert json.loads(export(BLANK, "prairielearn", {})) == {
        "gradable": False,
        "message": NOT_RUN,
        "format_errors": [NOT_RUN],
    }
    assert json.loads(export(WHOLE, "prairielearn", {}))["message"].startswith("line 2")


def test_classroom50_gets_what_its_runner_set_or_no_result():
    plain = json.loads(export(FAILED, "classroom50", RUNNER))
    assert plain["schema"] == "classroom50/result/v1"
    assert (plain["score"], plain["max-score"], plain["review"]) == (5, 10, RUNNER["COMMIT_URL"])
    assert sum(each["score"] for each in plain["tests"]) == plain["score"]
    assert [set(each) for each in plain["tests"]] == [{"test-name", "passed", "score", "max-score"}] * 2
    with pytest.raises(NoResult, match="not run"):
        export(BLANK, "classroom50", RUNNER)
    with pytest.raises(NoResult, match="SUBMISSION_TAG"):
        export(FAILED, "classroom50", {})


SLIP = Cause("exception", "Line 3 raises NameError", 3, "m01.R2", "retrun 7", "SECRET TEXT", "test_R2", "trio")


@pytest.mark.parametrize("form", ["junit", "gradescope", "prairielearn"])
def test_the_cause_is_said_once_in_one_line(form):
    text = export(replace(FAILED, cause=SLIP), form, RUNNER)
    assert text.count("Line 3 raises NameError. [3: retrun 7]") == 1
    assert "SECRET" not in text
    passing = report(row("R1", "trio", "passed"))
    assert "Line 3" not in export(passing, form, RUNNER)
