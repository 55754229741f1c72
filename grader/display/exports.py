"""A report in the form that other platforms read: JUnit, Gradescope, PrairieLearn, Classroom 50.

Learners see what these platforms show, so nothing is in it that a feedback page would not say: no flag, no text of an
exception. What was *not run* never becomes a 0: each form has its own way to say that there is no score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from grader.display import show
from grader.display.story import why
from grader.judging.report import Report, Row

NOT_RUN = "This could not be checked. It is not your fault: your instructor looks at it."
CLASSROOM50 = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
}
"""Field of Classroom 50's result → the variable that its runner sets."""


class NoResult(Exception):
    """The platform has no way to say that something was not run: it must be told by the exit code."""


def export(report: Report, form: str, environment: Mapping[str, str]) -> str:
    """A report as text.

    Args:
        report: to show.
        form: one of `FORMS`.
        environment: variables, where a platform hands in what it wants back.

    Raises:
        NoResult: the report is *not run*, and the platform would take any result for a score.
    """
    return FORMS[form](report, environment)


def junit(report: Report, _: Mapping[str, str]) -> str:
    """JUnit's XML: a test case for each check and backend; *not run* is an error, not a failure."""
    counts = {
        "tests": len(report.checks),
        "failures": report.count("failed"),
        "errors": report.count("not run"),
    }
    if not report.checks:  # the file as a whole
        counts = {"tests": 1, "failures": int(report.verdict == "failed"), "errors": int(report.verdict == "not run")}
    suite = ET.Element("testsuite", {"name": report.module, "time": f"{report.seconds:.3f}"})
    suite.attrib |= {name: str(count) for name, count in counts.items()}
    if not report.checks:
        case = ET.SubElement(suite, "testcase", {"classname": report.module, "name": "the file"})
        _outcome(case, report.verdict, NOT_RUN if report.verdict == "not run" else _plain(report.reason or ""))
    for row in report.checks:
        case = ET.SubElement(
            suite, "testcase", {"classname": row.clause, "name": f"{_plain(row.message)} [{row.backend}]"}
        )
        _outcome(case, row.verdict, words(row))
    if told := cause_of(report):
        ET.SubElement(suite, "system-out").text = told
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode")


def _outcome(case: ET.Element, verdict: str, text: str) -> None:
    if verdict != "passed":
        tag = "error" if verdict == "not run" else "failure"
        ET.SubElement(case, tag, {"message": text.splitlines()[0] if text else verdict}).text = text


def gradescope(report: Report, _: Mapping[str, str]) -> str:
    """Gradescope's ``results.json``: a test for each clause. *Not run*: no score at all, and the reason is visible."""
    plain: dict[str, Any] = {"visibility": "visible", "stdout_visibility": "hidden", "output_format": "text"}
    blank = report.points is None
    plain["output"] = NOT_RUN if blank else cause_of(report)
    if not blank:
        plain["score"] = report.points
    tests = []
    for id_, score in report.clauses.items():
        test: dict[str, Any] = {"name": id_, "max_score": score.max, "output": clause_words(report, id_)}
        if score.points is not None:
            test |= {"score": score.points, "status": "passed" if score.points == score.max else "failed"}
        tests.append(test)
    plain["tests"] = tests
    # Kept for instructors, not shown to learners.
    plain["extra_data"] = {"verdict": report.verdict, "sha256": report.sha256, "grader": dict(report.grader)}
    return json.dumps(plain, indent=1)


def prairielearn(report: Report, _: Mapping[str, str]) -> str:
    """PrairieLearn's ``results.json``; *not run* is not gradable, which costs the learner no attempt."""
    if report.points is None:
        return json.dumps({"gradable": False, "message": NOT_RUN, "format_errors": [NOT_RUN]}, indent=1)
    tests = [
        {
            "name": id_,
            "points": score.points,
            "max_points": score.max,
            "output": clause_words(report, id_),
        }
        for id_, score in report.clauses.items()
    ]
    plain = {"gradable": True, "score": _share(report.points, report.max_points), "tests": tests}
    return json.dumps(plain | ({"message": told} if (told := cause_of(report)) else {}), indent=1)


def classroom50(report: Report, environment: Mapping[str, str]) -> str:
    """Classroom 50's ``result.json``, with what its runner sets in the environment."""
    if report.points is None:
        raise NoResult(f"not run, and Classroom 50 has no word for that: no result is written ({report.reason})")
    missing = [name for name in CLASSROOM50.values() if not environment.get(name)]
    if missing:
        raise NoResult(f"{', '.join(missing)} not set: run this from Classroom 50's autograder.py")
    plain: dict[str, Any] = {"schema": "classroom50/result/v1"}
    plain |= {field: environment[name] for field, name in CLASSROOM50.items()}
    plain["review"] = environment.get("REVIEW_URL") or environment["COMMIT_URL"]
    plain["datetime"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    plain |= {"score": report.points, "max-score": report.max_points}
    plain["tests"] = [
        {"test-name": id_, "passed": score.points == score.max, "score": score.points, "max-score": score.max}
        for id_, score in report.clauses.items()
    ]
    return json.dumps(plain, indent=1)


FORMS: dict[str, Callable[[Report, Mapping[str, str]], str]] = {
    "junit": junit,
    "gradescope": gradescope,
    "prairielearn": prairielearn,
    "classroom50": classroom50,
}


def words(row: Row) -> str:
    """What a learner is told of one row."""
    if row.verdict == "not run":
        return NOT_RUN
    known = [("happened", row.happened), ("looked at", row.what), ("expected", row.expected), ("seen", row.actual)]
    known.append(("where", row.where))
    return _plain("\n".join([row.sentence, *(f"{label}: {text}" for label, text in known if text)]))


def cause_of(report: Report) -> str:
    """Why a file fails, in one line as its learner's page says it; empty if it passed, or was not run."""
    return _plain(why(report)) if report.verdict == "failed" else ""


def clause_words(report: Report, id_: str) -> str:
    """What a learner is told of one clause: the rows that did not pass, the same sentence once."""
    rows = [row for row in report.checks if row.clause == id_ and row.verdict != "passed"]
    said = [f"{words(row)}\non {row.backend}" for row in rows if row.verdict == "failed"]
    said += [NOT_RUN] if any(row.verdict == "not run" for row in rows) else []
    return "\n\n".join(dict.fromkeys(said))


def _share(points: int, most: int) -> float:
    return round(points / most, 6) if most else 0.0


def _plain(text: str) -> str:
    # XML knows no control characters, and a terminal should not see them.
    return show.clean(text)
