"""A check that breaks over what a file gave has failed that file; one that breaks over the solution too has no verdict."""

import subprocess
import sys

import pytest

from grader.checks.collect import checks_of
from grader.judging.blame import Reference
from grader.judging.judge import How, grade
from grader.judging.run_check import replay
from grader.judging.session import Session
from grader.judging.submission import examine

#: Reads a value as if every file gave a number, and the span of a job as if every file started one.
UNGUARDED = '''\
from grader import check, near


@check("R1", misconception="no-wait", step="sleep")
def test_value(play):
    """The value comes back."""
    t = play(value=7, delay=1)
    t.expect("its bits", t.call.value.bit_length(), 3)


@check("R2", misconception="no-wait", step="sleep")
def test_delay(play):
    """It comes after the delay."""
    assert max(each.end for each in play(value=7, delay=3).calls() if each.how == "returned") > 2


@check("R2", misconception="no-wait", step="sleep", core=False)
def test_long_delay(play):
    """It comes after a very long delay."""
    assert [t.call.value.real for t in play(value=7, delay=1000).orders(4)] == [7, 7]


@check("G3", misconception="no-wait", step="sleep")
def test_cancelled(play):
    """Cancelled from outside, it ends."""
    assert [t.call.end for t in play(value=7, delay=3).cancelled("caller")][0] > 2
'''
RETURN = "    await anyio.sleep(delay)\n    return value\n"
SLIPS = {
    "no return": ("    await anyio.sleep(delay)\n", "returned None, and nothing was started"),
    "raises": ("    await anyio.sleep(dealy)\n", "raised NameError at line 18"),
    "a tuple": (f"{RETURN.rstrip()}, 1\n", "returned (7, 1), and nothing was started"),
    "a coroutine": ("    return anyio.sleep(delay)\n", "returned an object of coroutine, and nothing was started"),
}


@pytest.fixture(params=["solution", "no solution"])
def unguarded(tiny, request):
    """The tiny module with checks that read without care; where the solution is not at hand, the run itself decides."""
    module = tiny.module("m01")
    for path in (*module.hidden_checks, module.public_checks):
        path.write_text(UNGUARDED, encoding="utf-8")
    if request.param == "no solution":
        module.solution.unlink()
    return module


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_has_failed(unguarded, forks, texts, slip):
    body, seen = SLIPS[slip]
    report = grade(unguarded, texts["right"].replace(RETURN, body).encode(), forks=forks)
    assert report.verdict == "failed"
    assert {row.verdict for row in report.checks} <= {"failed", "passed"}
    rows = {row.id: row for row in report.checks}
    assert {rows[name].verdict for name in ("test_value", "test_long_delay")} == {"failed"}
    said = rows["test_value"].actual
    assert (rows["test_value"].message, seen in said) == ("The value comes back.", True), said
    assert rows["test_value"].run is not None
    assert report.points is not None


def test_a_right_file_passes_the_same_checks(unguarded, forks, texts):
    assert grade(unguarded, texts["right"].encode(), forks=forks).verdict == "passed"


def test_the_run_that_broke_a_check_can_be_played_again(unguarded, forks, texts):
    submission = examine(unguarded, texts["no_value"].encode())
    check = next(check for check in checks_of(unguarded) if check.id == "test_long_delay")
    with Session(unguarded, submission, forks) as session:
        assert session.load() is None
        seen = replay(check, session, "trio", b"")
    assert (seen.failure.what, seen.trace.data["seed"]) == ("`later`", 2)


def test_pytest_shows_a_card(unguarded, texts):
    unguarded.stub.write_text(texts["no_value"], encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "exercises"]
    done = subprocess.run(command, cwd=unguarded.root, capture_output=True, text=True, timeout=120, check=False)
    assert "4 failed, 4 passed" in done.stdout
    assert "look at  `later`" in done.stdout
    assert "returned None" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "AttributeError" not in done.stdout


@pytest.mark.parametrize(
    "broken",
    [
        't.expect("its bits", t.call.value.bits, 3)',
        't.expect("its bits", bits, 3)',
        '[each for each in play(value=7, delay=1).cancelled("nobody")]',
    ],
)
def test_what_breaks_over_the_solution_too_has_no_verdict(tiny, forks, texts, broken):
    module = tiny.module("m01")
    text = UNGUARDED.replace('t.expect("its bits", t.call.value.bit_length(), 3)', broken)
    module.hidden_checks[0].write_text(text, encoding="utf-8")
    for name in ("right", "no_value"):
        report = grade(module, texts[name].encode(), forks=forks)
        assert report.verdict == "not run"
        assert "the check itself broke: " in next(row.message for row in report.checks if row.verdict == "not run")
        assert "test_tiny.py, line" in report.reason


def test_a_name_that_a_check_does_not_have_is_nobody_elses_fault(unguarded, forks, texts):
    [path] = unguarded.hidden_checks
    path.write_text(UNGUARDED.replace("t.call.value.bit_length()", "bits"), encoding="utf-8")
    report = grade(unguarded, texts["no_value"].encode(), forks=forks, how=How(only=frozenset({"test_value"})))
    assert {row.verdict for row in report.checks} == {"not run"}


def test_a_check_that_breaks_before_any_run_has_no_verdict(unguarded, forks, texts):
    [path] = unguarded.hidden_checks
    path.write_text(UNGUARDED.replace("    t = play(value=7, delay=1)\n", "    t = [][0]\n"), encoding="utf-8")
    report = grade(unguarded, texts["no_value"].encode(), forks=forks, how=How(only=frozenset({"test_value"})))
    assert {row.verdict for row in report.checks} == {"not run"}


def test_nothing_is_started_before_a_check_breaks(tiny, scripts):
    forks = scripts()
    with Reference(tiny.module("m01"), forks):
        pass
    assert forks.given == []
