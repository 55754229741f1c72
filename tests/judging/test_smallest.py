"""A failing run is brought back to the order of the queue, as far as it still fails; what is left is said in one sentence."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from grader import CheckFailed, Play
from grader.judging import smallest as module
from grader.judging.learner_code import LearnerCode
from grader.judging.report import Row
from grader.judging.searches import plain_run
from grader.judging.smallest import Played, Smaller, difference, observed_path, order_of, smallest
from grader.worker.loops.shrink import NO_ORDER

ROW = Row("test_x", "m01.R1", "result", "trio", "failed", "It works.", what="the list", run=plain_run(7, "uniform"))


class Fails:
    """A check that fails in some runs."""

    def __init__(self, when: Callable[[Mapping[str, Any]], bool], what: str = "the list") -> None:
        self.when, self.what = when, what
        self.runs: list[Mapping[str, Any]] = []

    def __call__(self, row: Row, run: Mapping[str, Any], observe: bool) -> Played:
        self.runs.append(run)
        data = {**run, "spans": [], "time": 1.0, "end": {"kind": "done"}, "probes": {}, "ran": []}
        failed = CheckFailed(self.what, [2], [1], data) if self.when(run) else None
        return Played(failed, data)


def choices(run: Mapping[str, Any]) -> set[tuple[int, int]]:
    return {(number, which) for number, which in run.get("choices") or ()}


def trace(**changes: Any) -> dict[str, Any]:
    return {**plain_run(7, "uniform"), "taken": [[n, 1] for n in range(12)], **changes}


def test_what_fails_in_order_needs_no_special_order() -> None:
    fails = Fails(lambda _: True)
    assert Smaller(ROW, fails).run(trace()) == plain_run(choices=[])
    assert len(fails.runs) == 1


@pytest.mark.parametrize("needed", [{(3, 1)}, {(0, 1), (11, 1)}, {(4, 1), (5, 1), (9, 1)}])
def test_choices_that_are_not_needed_go(needed: set[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SECONDS", 60.0)
    fails = Fails(lambda run: needed <= choices(run))
    found = Smaller(ROW, fails).run(trace())
    assert found is not None
    assert choices(found) == needed
    assert len(fails.runs) <= module.MOST_REPLAYS


def test_another_complaint_is_another_failure() -> None:
    assert Smaller(ROW, Fails(lambda _: True, what="the time")).run(trace()) is None


def test_a_run_that_cannot_be_brought_back_stays() -> None:
    assert Smaller(ROW, Fails(lambda _: False)).run(trace()) is None


def test_no_more_replays_than_a_learner_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SECONDS", 60.0)
    fails = Fails(lambda run: len(choices(run)) > 300)
    Smaller(ROW, fails).run(trace(taken=[[n, 1] for n in range(400)]))
    assert len(fails.runs) <= module.MOST_REPLAYS + 1


def test_a_cancellation_comes_as_early_as_it_fails() -> None:
    run = plain_run(cancel={"who": "caller", "after": 9})
    fails = Fails(lambda run: bool(run["cancel"]) and run["cancel"]["after"] >= 7)
    found = Smaller(ROW, fails).run({**run, "order": "fifo"})
    assert found is not None
    assert found["cancel"] == {"who": "caller", "after": 7}


def test_a_fault_comes_as_early_as_it_fails() -> None:
    run = plain_run(fault={"who": "db", "call": 3})
    found = Smaller(ROW, Fails(lambda _: True)).run(run)
    assert found is not None
    assert found["fault"] == {"who": "db", "call": 1}


def test_the_row_shows_the_smallest_run() -> None:
    error = CheckFailed("the list", [2], [1], trace(spans=[], time=1.0, end={"kind": "done"}))
    row, data = smallest(ROW, error, LearnerCode(""), Fails(lambda _: True))
    assert row.run == plain_run(choices=[])
    assert row.smallest == NO_ORDER
    assert data["choices"] == []
    assert (row.verdict, row.expected, row.actual) == ("failed", "1", "2")


def test_the_sentence_names_who_ran_before_whom() -> None:
    run = plain_run(choices=[[3, 1]])
    said = order_of(run, {"ran": [[3, "b", "a", 2.0]]})
    assert said == "It fails when `b` runs before `a` at 2 s; everything else may go in order."
    many = plain_run(choices=[[1, 1], [2, 1], [3, 1]])
    ran = [[n, "b", "a", 2.0] for n in (1, 2, 3)]
    assert (
        order_of(many, {"ran": ran})
        == "It takes 3 steps out of order, the first at 2 s; everything else may go in order."
    )
    assert order_of(plain_run(5, "pos"), {}) == ""


def test_the_first_line_that_differs() -> None:
    code = LearnerCode("one\ntwo\nthree\nfour\n")
    passing = [("a#0", 1), ("b#0", 1), ("a#0", 2), ("b#0", 2)]
    failing = [("b#0", 1), ("a#0", 1), ("b#0", 2), ("a#0", 3)]
    assert (
        difference(failing, passing, code)
        == "Line 1 (`one`) is followed by line 3 (`three`) here, and by line 2 (`two`) in a run that passes."
    )
    assert difference(failing[:3], passing, code) == "Line 2 (`two`) is not reached here; in a run that passes it is."
    begins = difference([("a#0", 3)], passing, code)
    assert begins == "It begins with line 3 (`three`) here, and with line 1 (`one`) in a run that passes."
    assert difference(passing, passing, code) == ""


def test_tasks_of_one_name_are_told_apart_by_their_age() -> None:
    data = {"probes": {"observed": {"path": [["run#12", 3], ["run#9", 4], ["caller#2", 1]]}}}
    assert observed_path(data) == [("run#1", 3), ("run#0", 4), ("caller#0", 1)]


LOST_UPDATE = """
import anyio
from anyio.lowlevel import checkpoint

async def main(world):
    total = [0]
    async def add():
        seen = total[0]
        await checkpoint()
        total[0] = seen + 1
    async with anyio.create_task_group() as group:
        group.start_soon(add)
        await checkpoint()
        await checkpoint()
        await checkpoint()
        group.start_soon(add)
    return total[0]
"""


@pytest.fixture(autouse=True)
def collect() -> Iterator[None]:
    """A search that is left half way keeps its child's line until the garbage collector comes: not in another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def forks() -> Iterator[Any]:
    from grader.sandbox import ForkServer

    with ForkServer(walls=False) as server:
        yield server


@pytest.mark.parametrize("backend", ["asyncio", pytest.param("trio", marks=pytest.mark.slow)])
def test_a_lost_update_is_brought_down_to_the_choices_that_lose_it(
    backend: str, forks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.worker.conftest import ONE_CALL, Direct

    monkeypatch.setattr(module, "MOST_SECONDS", 60.0)
    session = Direct(forks, LOST_UPDATE, ONE_CALL)

    def check(play: Play) -> None:
        for run in play().orders(60):
            run.expect("the total", run.call.value, 2)

    def again(row: Row, run: Mapping[str, Any], observe: bool) -> Played:
        play = Play(session, backend=row.backend, only=run, observe=observe)
        try:
            check(play)
        except CheckFailed as failure:
            return Played(failure, failure.trace)
        return Played(None, play.last.data if play.last else None)

    with pytest.raises(CheckFailed) as failed:
        check(Play(session, backend=backend))
    row = Row("test_x", "m01.R1", "result", backend, "failed", "", what="the total", run=plain_run(1, "pos"))
    found, data = smallest(row, failed.value, LearnerCode(LOST_UPDATE), again)
    session.close()
    taken = (failed.value.trace or {}).get("taken", ())
    assert found.run is not None
    assert len(found.run["choices"]) <= min(4, len(taken))
    assert again(found, found.run, False).failure is not None
    assert found.smallest
    assert data["backend"] == backend
