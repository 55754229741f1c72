"""What comes of one check: the run that it failed in, and that run once more with a closer look."""

import pytest

from grader.checks.collect import checks_of
from grader.course import CourseError
from grader.judging.run_check import closer_look, replay, run_check
from grader.judging.session import Session
from grader.judging.submission import examine

CHECKS = """\
from grader import check
from grader.checks.rule import CheckFailed


@check("R1", misconception="no-wait", step="sleep")
def test_second(play):
    \"\"\"The second run is looked at.\"\"\"
    first, second = play(value=7, delay=1).orders(4)
    second.expect("its value", second.call.value, 8)


@check("R2", misconception="no-wait", step="sleep")
def test_without_a_run(play):
    \"\"\"It fails for what no run shows.\"\"\"
    assert play(value=7, delay=1).call.value == 7
    raise CheckFailed("its name", "short", "long", None)


@check("G3", misconception="no-wait", step="sleep")
def test_passes(play):
    \"\"\"The value comes back.\"\"\"
    assert play(value=7, delay=1).call.value == 7


@check("G3", misconception="no-wait", step="sleep")
def test_blind(play):
    \"\"\"It plays nothing.\"\"\"
"""


@pytest.fixture
def session(tiny, forks, texts):
    module = tiny.module("m01")
    module.hidden_checks[0].write_text(CHECKS, encoding="utf-8")
    with Session(module, examine(module, texts["right"].encode()), forks) as session:
        assert session.load() is None
        yield session


def check_of(session, name):
    return next(check for check in checks_of(session.module) if check.id == name)


def test_the_run_that_failed_is_shown(session):
    seen = replay(check_of(session, "test_second"), session, "trio", b"")
    assert seen.failure.what == "its value"
    assert seen.trace.data is seen.failure.trace
    assert seen.trace.data["seed"] > 0
    assert "observed" not in seen.trace.data["probes"]


def test_of_a_failure_that_no_run_shows_the_first_is_shown(session):
    outcome = run_check(check_of(session, "test_without_a_run"), session, "asyncio", b"")
    assert (outcome.failure.what, outcome.failure.trace, outcome.plans) == ("its name", None, 1)
    assert outcome.trace.data["seed"] == 0
    assert "observed" not in outcome.trace.data["probes"]


def test_a_closer_look_is_at_the_same_run(session):
    check = check_of(session, "test_passes")
    seen = replay(check, session, "trio", b"")
    closer = closer_look(check, session, b"", seen)
    assert (closer.trace.backend, closer.trace.data["spans"]) == ("trio", seen.trace.data["spans"])
    assert closer.failure is None
    assert closer.trace.data["probes"]["observed"] is not None


def test_a_check_that_looks_at_no_run_is_not_shown(session):
    with pytest.raises(CourseError, match="test_blind was not run: the check looked at no trace"):
        replay(check_of(session, "test_blind"), session, "trio", b"")
