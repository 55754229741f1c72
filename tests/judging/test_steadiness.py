"""Whether a file's equal runs differ by themselves: what is played twice, and what is made of the two."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from grader.checks.play import order_of
from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Trace
from grader.judging.explaining import Failure
from grader.judging.report import Row
from grader.judging.run_check import Outcome
from grader.judging.searches import plain_run
from grader.judging.steadiness import LOOKED_AT, SEED, UNSTEADY, is_unsteady, plan_is_unsteady, tell_unsteady

ROW = Row("test_it", "m01.R1", "timeout", "trio", "failed", "It ends.")


def ended_run(kind, moment):
    """The trace of a run with one note and one span."""
    note = {"t": moment, "order": 0, "who": "caller", "what": "begin", "value": None, "span": None}
    span = {"id": 0, "order": [1, None]}
    run = {"seed": 0, "order": "fifo", "cancel": None, "fault": None}
    return {**run, "end": {"kind": kind, "text": "", "waiting": []}, "spans": [span], "notes": [note]}


def failed(data):
    return Outcome(CheckFailed("end", data["end"]["kind"], None, data), None, Trace(data))


def failure_of(data):
    return Failure(ROW, CheckFailed("end", "", None, data))


class Plays:
    """Plays a failure again with outcomes that are given, and notes the runs."""

    def __init__(self, *outcomes):
        self.outcomes, self.asked = list(outcomes), []

    def __call__(self, _failure, run):
        self.asked.append(run)
        return self.outcomes.pop(0)


PASSED = Outcome(None, None, Trace(ended_run("done", 0.5)))


@pytest.mark.parametrize(
    ("kind", "moments", "differs", "plays"),
    [
        ("stuck", [0.5, 0.5], False, 1),  # as it was: to see that takes seconds each time
        ("stuck", [0.7, 0.5], True, 2),
        ("stuck", [0.7, 0.7], False, 2),  # as before, two that are played alike count
        ("deadlock", [0.5, 0.7], True, 2),  # quick: it is always played twice
    ],
)
def test_a_run_that_is_stuck_is_played_a_second_time_only_if_the_first_differs(kind, moments, differs, plays):
    play = Plays(*(failed(ended_run(kind, moment)) for moment in moments))
    assert is_unsteady([failure_of(ended_run(kind, 0.5))], play) == differs
    assert len(play.asked) == plays


ONE, OTHER = ended_run("done", 0.5), ended_run("done", 0.7)
EMPTY = {**ended_run("stuck", 0.5), "spans": []}


@pytest.mark.parametrize(
    ("outcomes", "differs"),
    [
        ([failed(ONE), failed(ONE)], False),
        ([failed(ONE), failed(OTHER)], True),
        ([failed(ONE), PASSED], True),  # whatever their traces are
        ([PASSED, failed(ONE)], True),
        ([PASSED, PASSED], False),
        ([failed(ONE), Outcome(None, NotRun("late"), Trace(OTHER))], False),  # that says nothing about the file
        ([Outcome(None, NotRun("late"), Trace(OTHER)), failed(ONE)], False),
        (
            [failed(ONE), Outcome(CheckFailed("end", "", None, None))],
            False,
        ),  # without a trace there is nothing to compare
        ([Outcome(CheckFailed("end", "", None, None)), failed(ONE)], False),
        ([failed(ONE), failed(EMPTY)], False),
        ([failed(EMPTY), failed(ONE)], False),
    ],
)
def test_of_a_failure_two_runs_are_compared(outcomes, differs):
    play = Plays(*outcomes)
    assert is_unsteady([failure_of({**ONE, "seed": 3})], play) == differs
    assert play.asked == [plain_run(3)] * 2


def test_the_first_failures_that_have_a_record_are_played_again():
    play = Plays(*[failed(ONE)] * 2 * LOOKED_AT, failed(OTHER), failed(ONE))
    failures = [
        failure_of(None),
        failure_of(EMPTY),
        *(failure_of({**ONE, "seed": seed}) for seed in range(LOOKED_AT + 1)),
    ]
    assert not is_unsteady(failures, play)
    assert play.asked == [plain_run(seed) for seed in range(LOOKED_AT) for _ in range(2)]


def test_one_failure_of_several_is_enough():
    assert is_unsteady([failure_of(ONE)] * 2, Plays(failed(ONE), failed(ONE), failed(ONE), failed(OTHER)))


# -- where nothing failed -------------------------------------------------------------------------------------------
PLAIN = {"backend": "asyncio", "plan": {"jobs": 2}, "search": {"kind": "once"}}
ORDERS = {"backend": "trio", "plan": {"jobs": 3}, "search": {"kind": "orders", "runs": []}}
STEADY = {**ONE, "steps": 3}


def looked(requests, answer):
    """What comes of a look at plans, and what was played."""
    asked = []

    def play_runs(request, runs):
        asked.append((request, runs))
        if isinstance(answer, NotRun):
            raise answer
        return answer

    return plan_is_unsteady(SimpleNamespace(requests=requests, play_runs=play_runs)), asked


@pytest.mark.parametrize(
    ("traces", "differs"),
    [
        ([STEADY, STEADY], False),
        ([STEADY, {**OTHER, "steps": 3}], True),
        ([STEADY, {**STEADY, "steps": 4}], True),  # a step need not leave anything in the record
        ([STEADY], False),  # the child ended
        ([], False),
        ([{**OTHER, "steps": 3}, {**EMPTY, "steps": 4}], False),
        ([{**EMPTY, "steps": 4}, {**OTHER, "steps": 3}], False),
        (NotRun("late"), False),
    ],
)
def test_of_a_file_in_which_nothing_failed_a_plan_is_played_twice(traces, differs):
    assert looked([PLAIN], traces) == (
        differs,
        [({"backend": "asyncio", "plan": {"jobs": 2}}, [plain_run(**order_of(SEED))] * 2)],
    )


@pytest.mark.parametrize("requests", [[PLAIN, ORDERS, PLAIN], [ORDERS, PLAIN]])
def test_it_is_a_plan_whose_order_counts(requests):
    _, asked = looked(requests, [STEADY, STEADY])
    assert [request["plan"] for request, _ in asked] == [ORDERS["plan"]]


def test_of_a_file_of_which_nothing_was_played_nothing_is():
    assert looked([], [STEADY, {**STEADY, "steps": 4}]) == (False, [])


def test_a_learner_of_a_file_whose_equal_runs_differ_is_told():
    row = replace(ROW, where="run of 3 s")
    run = {"seed": 0, "order": "fifo", "cancel": {"who": "caller", "after": 3}, "fault": None}
    assert "equal runs of the file differ" in tell_unsteady(replace(row, run=run)).where
    assert tell_unsteady(replace(row, run={**run, "cancel": None}, where=None)).where == UNSTEADY
    assert tell_unsteady(replace(row, run=None)).where == "run of 3 s"
    assert tell_unsteady(replace(row, verdict="passed", run=run)).where == "run of 3 s"
