"""From the outcomes of checks to a report, without any child: which checks are called, and what is made of their answers."""

import hashlib
import time
from dataclasses import replace

import pytest

from grader.checks.collect import checks_of
from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Trace
from grader.course import BACKENDS
from grader.course.key import SELF_CHECK_KEY, course_key
from grader.course.safe_files import sha256_of
from grader.judging import judge as judging
from grader.judging.answers import Late
from grader.judging.explaining import Failure
from grader.judging.judge import (
    Again,
    How,
    ReportBuilder,
    blank_report,
    blank_row,
    flags_of,
    grade,
    report_without_file,
)
from grader.judging.reached import Reached
from grader.judging.report import UNTRIED, Row
from grader.judging.run_check import Outcome
from grader.judging.session import Session
from grader.judging.steadiness import NOTE
from grader.judging.submission import FileFault, examine

TRACE = {"seed": 0, "order": "fifo", "cancel": None, "fault": None, "time": 1.0, "spans": [], "notes": [], "tasks": [],
         "end": {"kind": "done", "text": "", "waiting": []}, "probes": {}}  # fmt: skip
FAILED = Outcome(CheckFailed("the value", "secretly", 7, TRACE), None, Trace(TRACE), 1)
PASSED = Outcome(None, None, Trace(TRACE), 1)
IDS = ("test_value", "test_delay", "test_long_delay", "test_cancelled")


class Bird:
    """A canary that notes when it was looked at."""

    def __init__(self, session):
        self.looks, self.asked = 0, 0
        Bird.last = self

    def moment(self, count):
        self.count = count
        return 2

    def look(self):
        self.looks += 1

    def flags(self):
        self.asked += 1
        return ["something was changed"]


@pytest.fixture
def graded(tiny, script, scripts, texts, monkeypatch):
    """Grade with checks whose outcomes are given: by id, or by id and backend; others pass."""

    def run(outcomes=None, *, text=None, how=None, children=1, differs=False):
        calls = []

        def check(check, session, backend, key, reference=None, **more):
            calls.append((check.id, backend))
            session.habits.differs = differs
            outcome = (outcomes or {}).get((check.id, backend)) or (outcomes or {}).get(check.id) or PASSED
            return outcome.pop(0) if isinstance(outcome, list) else outcome

        monkeypatch.setattr(judging, "run_check", check)
        monkeypatch.setattr(judging, "Canary", Bird)
        monkeypatch.setattr(judging, "explain", lambda rows, *_: (None, rows))
        Bird.last = None
        forks = scripts(*(script([{"loaded": True}]) for _ in range(children)))
        report = grade(tiny.module("m01"), (text or texts["right"]).encode(), forks=forks, how=how)
        return report, calls

    return run


def test_every_check_is_called_on_each_backend(graded):
    report, calls = graded()
    assert calls == [(id_, backend) for backend in BACKENDS for id_ in IDS]
    assert (report.verdict, report.core, report.points, report.max_points) == ("passed", "passed", 100, 100)
    rows = [(row.id, row.backend, row.verdict) for row in report.checks]
    assert rows == [(id_, backend, "passed") for id_ in IDS for backend in BACKENDS]
    assert (report.reason, report.cause, report.late, report.isolation) == (None, None, False, "none")
    assert report.seconds == round(report.seconds, 3)


def test_one_failure_is_enough_where_no_more_is_wanted(graded):
    report, calls = graded({("test_delay", "asyncio"): FAILED}, how=How(wanted="failure"))
    assert calls == [("test_value", "asyncio"), ("test_delay", "asyncio")]
    assert [row.verdict for row in report.checks] == ["passed", "failed"]
    assert report.verdict == "failed"


def test_verdicts_alone_are_had_without_a_canary_or_a_cause(graded, monkeypatch):
    monkeypatch.setattr(judging, "explain_failures", None)
    report, calls = graded({"test_delay": FAILED}, how=How(wanted="verdicts"))
    assert (len(calls), report.verdict, report.cause, report.flags) == (8, "failed", None, ())
    assert Bird.last is None


def test_only_some_checks_leave_the_points_blank(graded):
    report, calls = graded(how=How(only=frozenset({"test_delay"})))
    assert calls == [("test_delay", backend) for backend in BACKENDS]
    assert (report.verdict, report.points) == ("passed", None)


def test_a_check_that_fails(graded):
    report, _ = graded({("test_value", "trio"): FAILED})
    assert (report.verdict, report.core, report.points) == ("failed", "failed", 30 + 24 + 15)
    (row,) = [row for row in report.checks if row.verdict == "failed"]
    assert (row.what, row.expected, row.backend) == ("the value", "7", "trio")


def test_a_stretch_check_that_fails_is_not_core(graded):
    report, _ = graded({"test_long_delay": FAILED})
    assert (report.verdict, report.core, report.points) == ("failed", "passed", 61 + 15 + 15)


def test_a_check_without_a_verdict_is_the_reason(graded):
    report, _ = graded({"test_delay": Outcome(None, NotRun("no scene"), None), "test_value": FAILED})
    assert (report.verdict, report.points, report.reason, report.late) == ("not run", None, "no scene", False)
    assert report.clauses["m01.R1"].points == 0
    assert {row.message for row in report.checks if row.id == "test_delay"} == {"no scene"}


def late(*after):
    return [Outcome(None, Late("no answer"), None), *after]


@pytest.mark.parametrize(("tries", "verdict", "again"), [(2, "passed", True), (1, "not run", False)])
def test_a_check_that_comes_late_has_the_file_graded_once_more(graded, tries, verdict, again):
    outcomes = {("test_delay", "trio"): late(*[PASSED] * again)}
    report, calls = graded(outcomes, how=How(tries=tries), children=tries)
    assert (report.verdict, report.late) == (verdict, verdict == "not run")
    assert len(calls) == 8 * tries


def test_a_file_that_is_not_late_is_graded_once(graded):
    report, calls = graded(how=How(tries=3))
    assert (report.verdict, len(calls)) == ("passed", 8)


def test_a_file_with_a_fault_is_not_loaded(graded):
    report, calls = graded(text="def f(:", children=0)
    assert (report.verdict, report.points, calls) == ("failed", 0, [])
    assert {(row.verdict, row.message, row.misconception) for row in report.checks} == {("failed", report.reason, None)}
    assert report.cause.kind == "file: syntax"


def test_what_was_given_up_is_failed_without_a_call(graded, monkeypatch):
    monkeypatch.setattr(Session, "given_up", lambda self, backend: "hung earlier" if backend == "trio" else None)
    report, calls = graded()
    assert {backend for _, backend in calls} == {"asyncio"}
    for row in report.checks:
        assert row.untried is (row.backend == "trio")
    assert {(row.expected, row.actual) for row in report.checks if row.untried} == {(UNTRIED, "hung earlier")}


# -- the canary and flags -------------------------------------------------------------------------------------------
def test_the_canary_is_looked_at_once_in_the_middle_and_at_the_end(graded):
    report, _ = graded()
    assert (Bird.last.count, Bird.last.looks, Bird.last.asked) == (8, 1, 1)
    assert (report.verdict, report.points, report.flags) == ("passed", 100, ("something was changed",))


def test_a_file_that_passes_nothing_has_no_last_look(graded):
    report, _ = graded(dict.fromkeys(IDS, FAILED))
    assert (Bird.last.looks, Bird.last.asked, report.flags) == (1, 0, ())


def test_public_checks_have_neither_canary_nor_flags(graded, texts):
    report, calls = graded(text=f"{texts['right']}\nimport gc\n", how=How(kind="public"))
    assert (Bird.last, report.flags, len(calls)) == (None, (), 8)


@pytest.mark.parametrize(("kind", "flags"), [("hidden", ("it reaches", "something was changed")), ("public", ())])
def test_what_a_file_reaches_for_is_a_flag_in_what_counts_alone(graded, monkeypatch, kind, flags):
    monkeypatch.setattr(Reached, "flags", lambda *_: ["it reaches"])
    assert graded(how=How(kind=kind))[0].flags == flags


def test_flags_by_reading_come_first(graded, texts, tiny):
    text = f"{texts['right']}\nimport gc\n"
    report, _ = graded(text=text)
    assert [flag.partition(":")[0] for flag in report.flags] == ["line 21", "something was changed"]
    submission = examine(tiny.module("m01"), text.encode())
    assert [len(flags_of(submission, kind)) for kind in ("hidden", "public")] == [1, 0]


# -- what a learner reads -------------------------------------------------------------------------------------------
RETURNED = {**TRACE, "spans": [{"value": "secretly", "subject": True, "error": None}]}


@pytest.mark.parametrize(("kind", "actual"), [("hidden", "a text of 8 characters"), ("public", "secretly")])
def test_texts_of_a_submission_are_covered_in_what_counts_alone(graded, kind, actual):
    failed = replace(FAILED, failure=CheckFailed("the value", "secretly", 7, RETURNED))
    report, _ = graded({"test_value": failed}, how=How(kind=kind))
    assert {row.actual for row in report.checks if row.id == "test_value"} == {actual.replace("a text", "a name")}


@pytest.mark.parametrize("differs", [True, False])
def test_a_file_whose_equal_runs_differ_is_told_so(graded, differs):
    swept = {**TRACE, "cancel": {"who": "caller", "after": 3}}
    failed = replace(FAILED, failure=CheckFailed("the call", "ends", None, swept))
    report, _ = graded({"test_cancelled": failed}, differs=differs)
    assert {("differ by themselves" in row.where) for row in report.checks if row.verdict == "failed"} == {differs}


@pytest.mark.parametrize("differs", [True, False])
def test_a_file_that_passes_has_a_note_if_its_equal_runs_differ(graded, differs):
    assert graded(differs=differs)[0].notes == ((NOTE,) if differs else ())
    assert graded({"test_delay": FAILED}, differs=differs)[0].notes == ()


@pytest.mark.parametrize(
    ("outcomes", "kind", "looked_at"),
    [
        ({}, "hidden", ["a plan"]),
        ({}, "public", []),  # a learner's own check is short
        ({"test_delay": FAILED}, "hidden", ["failures"]),
        ({"test_delay": FAILED}, "public", ["failures"]),
    ],
)
def test_what_is_played_again_to_see_whether_equal_runs_differ(graded, monkeypatch, outcomes, kind, looked_at):
    looks = []
    monkeypatch.setattr(judging, "is_unsteady", lambda *_: looks.append("failures"))
    monkeypatch.setattr(judging, "plan_is_unsteady", lambda _: looks.append("a plan"))
    graded(outcomes, how=How(kind=kind))
    assert looks == looked_at


# -- playing a row again --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("outcome", "has_trace"),
    [
        (FAILED, True),
        (replace(FAILED, plans=2), True),
        (PASSED, True),
        (replace(PASSED, plans=2), False),  # nobody knows which plan it belongs to
        (replace(PASSED, trace=None), False),
        (Outcome(None, NotRun("late"), Trace(TRACE), 1), False),
        (Outcome(None, NotRun("late"), None, 0), False),
    ],
)
def test_a_row_is_played_again_in_one_run(monkeypatch, tiny, outcome, has_trace):
    asked = []

    def check(check, session, backend, key, **more):
        asked.append((check, session, backend, key, more))
        return outcome

    monkeypatch.setattr(judging, "run_check", check)
    again = Again({"test_value": "the check"}, "the session", b"key")
    played = again(Row("test_value", "m01.R1", "result", "trio", "failed", ""), {"seed": 3}, True)
    assert asked == [("the check", "the session", "trio", b"key", {"only": {"seed": 3}, "observe": True})]
    assert (played.failure, played.data) == (outcome.failure, TRACE if has_trace else None)
    assert again.traces == ([TRACE] if outcome.failure is not None else [])


def test_the_outcome_of_a_failure_in_one_run_is_not_looked_at_closely(monkeypatch):
    asked = []

    def check(check, session, backend, key, **more):
        asked.append((check, backend, more))
        return FAILED

    monkeypatch.setattr(judging, "run_check", check)
    failure = Failure(Row("test_value", "m01.R1", "result", "trio", "failed", ""), FAILED.failure)
    assert Again({"test_value": "the check"}, "the session", b"key").outcome_of(failure, {"seed": 3}) is FAILED
    assert asked == [("the check", "trio", {"only": {"seed": 3}, "observe": False})]


def test_a_failure_without_a_run_leaves_an_empty_trace(monkeypatch):
    monkeypatch.setattr(judging, "run_check", lambda *_, **__: Outcome(CheckFailed("a", "b", None, None)))
    again = Again({"a": None}, None, b"")
    again(Row("a", "m01.R1", "result", "trio", "failed", ""), {}, False)
    assert again.traces == [{}]


# -- reports --------------------------------------------------------------------------------------------------------
@pytest.fixture
def builder(tiny):
    return ReportBuilder(tiny.module("m01"), How(), "none", "abc", time.monotonic())


def test_a_row_without_a_verdict_knows_its_check(tiny):
    module = tiny.module("m01")
    row = blank_row(module, checks_of(module)[2], "trio")
    assert row == Row("test_long_delay", "m01.R2", "timeout", "trio", "not run", "It comes after a very long delay.",
                      core=False, misconception="no-wait", step="sleep")  # fmt: skip


def test_what_cannot_be_checked_is_blank_with_the_reason(builder):
    report = builder.not_run("no worker", checks_of(builder.module), late=True)
    assert (report.verdict, report.core, report.points, report.reason, report.late) == (
        "not run", "not run", None, "no worker", True,
    )  # fmt: skip
    assert {(row.verdict, row.message) for row in report.checks} == {("not run", "no worker")}
    assert not builder.not_run("no worker").late
    assert builder.not_run("no checks").checks == ()


def test_a_row_that_is_late_makes_the_report_late(builder):
    check = checks_of(builder.module)[0]
    row = blank_row(builder.module, check, "trio")
    assert not builder.report([row]).late
    assert builder.report([replace(row, late=True)]).late
    assert builder.report([replace(row, message="why")]).reason == "why"
    assert builder.report([replace(row, message="why")], reason="more").reason == "more"
    assert builder.report([replace(row, verdict="passed"), replace(row, message="why")]).reason == "why"
    assert builder.report([replace(row, verdict="passed")]).reason is None


def test_a_file_that_fails_as_a_whole(builder):
    report = builder.failed_as_a_whole(checks_of(builder.module), FileFault("import", "It breaks.", 7, "a secret"))
    assert (report.verdict, report.points, report.reason) == ("failed", 0, "It breaks.")
    assert (report.cause.kind, report.cause.line, report.cause.said) == ("file: import", 7, "a secret")
    assert {(row.message, row.detail, row.misconception) for row in report.checks} == {("It breaks.", "a secret", None)}
    plain = builder.failed_as_a_whole(checks_of(builder.module), FileFault("empty", "It is empty."))
    assert ({row.detail for row in plain.checks}, plain.cause.said) == ({None}, None)


def test_a_module_that_cannot_be_used_is_not_run():
    report = blank_report("m99_none", "no such module", "none", "abc")
    assert (report.verdict, report.core, report.points, report.max_points) == ("not run", None, None, 0)
    assert (report.module, report.reason, report.isolation, report.sha256) == (
        "m99_none",
        "no such module",
        "none",
        "abc",
    )


def test_without_file_and_without_checks_nothing_is_said_of_the_learner(tiny):
    module = tiny.module("m01")
    assert report_without_file(module, "there is no file", "none").verdict == "failed"
    module.hidden_checks[0].unlink()
    report = report_without_file(module, "there is no file", "none")
    assert (report.verdict, report.points, report.checks) == ("not run", None, ())
    assert "the hidden checks of m01_tiny belong there" in report.reason


def test_what_a_verdict_depends_on_may_be_missing(tmp_path):
    assert sha256_of() is None
    assert sha256_of(tmp_path / "missing") is None
    assert judging.version_of("nobody-has-this") is None
    (tmp_path / "a").write_bytes(b"ab")
    assert sha256_of(tmp_path / "a", tmp_path / "a") == hashlib.sha256(b"abab").hexdigest()


def test_public_and_hidden_checks_have_stamps_of_their_own(tiny):
    module = tiny.module("m01")
    module.public_checks.write_text(f"{module.public_checks.read_text()}\n# more\n")
    hidden, public = judging.stamp(module), judging.stamp(module, "public")
    assert {key for key in hidden if hidden[key] != public[key]} == {"checks"}


def test_an_empty_key_is_no_key(tiny):
    (tiny.root / ".course_key").write_text(" \n")
    assert course_key(tiny.root) == SELF_CHECK_KEY
