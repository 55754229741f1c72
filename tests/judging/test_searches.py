"""Which runs a search plays, and how a sweep ends whose runs are not what they should be."""

import itertools

import pytest

from grader.checks.play import Covered
from grader.checks.rule import NotRun
from grader.judging.searches import (
    LIMIT,
    Habits,
    first_runs,
    has_record,
    is_run,
    plain_run,
    play_search,
    runs_of_sweep,
    spread_evenly,
)
from grader.judging.sweep_proof import AGAIN
from tests.records import note, span

PLAIN = {"seed": 0, "order": "fifo", "cancel": None, "fault": None}
SWEEP = {"kind": "cancel", "who": "caller"}


def test_the_runs_that_are_known_beforehand():
    assert first_runs({"kind": "once"}) == [PLAIN]
    orders = [{"seed": 3, "order": "pos", "more": 1}, {"seed": 5, "order": "uniform"}]
    assert first_runs({"kind": "orders", "runs": orders}) == [
        {**PLAIN, "seed": 3, "order": "pos"},
        {**PLAIN, "seed": 5, "order": "uniform"},
    ]
    for kind in ("cancel", "faults"):
        assert first_runs({"kind": kind, "who": "db"}) == [{**PLAIN, "cancel": {"who": "db", "after": -1}}]


def test_one_run_is_the_one_that_is_named():
    fault, choices = {"who": "db", "call": 2}, ((5, 1), (9, 2))
    assert first_runs({"kind": "one", "seed": 7, "order": "pos", "fault": fault}) == [
        {**PLAIN, "seed": 7, "order": "pos", "fault": fault}
    ]
    assert first_runs({"kind": "one", "seed": 7, "order": "fifo", "choices": choices}) == [
        {**PLAIN, "seed": 7, "choices": [[5, 1], [9, 2]]}
    ]


def undisturbed(steps=3, calls=2, kind="done"):
    return {
        **plain_run(cancel={"who": "caller", "after": -1}),
        "end": {"kind": kind},
        "sweep_steps": steps,
        "sweep_at": [[number, float(number)] for number in range(steps)],
        "spans": [span(number, what="run", who="db") for number in range(calls)],
        "notes": [],
    }


def test_a_sweep_cancels_after_each_step_or_fails_at_each_call():
    moments = [run["cancel"] for run in runs_of_sweep(undisturbed(3), SWEEP)]
    assert moments == [{"who": "caller", "after": step} for step in (1, 2, 3)]
    faults = runs_of_sweep(undisturbed(3, calls=2), {"kind": "faults", "who": "db"})
    assert faults == [{**PLAIN, "fault": {"who": "db", "call": call}} for call in (1, 2)]


def test_a_sweep_of_what_does_not_end_or_makes_no_step_has_no_more_runs():
    assert runs_of_sweep(undisturbed(kind="deadlock"), SWEEP) == []
    assert runs_of_sweep(undisturbed(0), SWEEP) == []
    assert runs_of_sweep({"end": {"kind": "done"}}, SWEEP) == []


@pytest.mark.parametrize("search", [SWEEP, {"kind": "faults", "who": "db"}])
def test_a_sweep_has_a_limit(search):
    first = undisturbed(LIMIT + 50, calls=LIMIT + 50)
    assert len(runs_of_sweep(first, search)) == LIMIT
    assert len(runs_of_sweep(first, {**search, "limit": 5})) == 5


@pytest.mark.parametrize(
    ("count", "limit", "places"),
    [
        (3, 5, [0, 1, 2]),
        (3, 3, [0, 1, 2]),
        (10, 4, [0, 3, 6, 9]),
        (11, 3, [0, 5, 10]),
        (10, 2, [0, 9]),
        (10, 1, [0]),
        (10, 0, []),
    ],
)
def test_what_is_too_much_is_spread_first_and_last_included(count, limit, places):
    assert spread_evenly(range(count), limit) == places


def test_which_trace_is_of_a_run():
    trace = {**plain_run(seed=3), "spans": []}
    assert is_run(trace, plain_run(seed=3))
    assert not is_run(trace, plain_run(seed=4))
    assert not is_run(trace, plain_run(seed=3, cancel={"who": "caller", "after": 1}))


@pytest.mark.parametrize(
    ("spans", "kind", "has"),
    [([], "stuck", False), ([], "exit", False), ([], "error", True), ([1], "stuck", True), ([], "done", True)],
)
def test_of_a_child_that_died_there_is_only_how_it_ended(spans, kind, has):
    assert has_record({"spans": spans, "end": {"kind": kind}}) is has


# -- how a search is played -----------------------------------------------------------------------------------------
class Player:
    """Plays runs from a function of a run and of how often it was played before."""

    def __init__(self, trace_of):
        self.trace_of, self.asked, self.played, self.open = trace_of, [], [], 0

    def __call__(self, runs):
        self.asked.append(runs)
        self.open += 1
        try:
            for run in runs:
                before = self.played.count(run)
                self.played.append(run)
                yield {**run, **self.trace_of(run, before)}
        finally:
            self.open -= 1


def open_span(number, parent, what):
    return span(number, parent, what, steps=3, end=None, order=[number, None], subject=what == "later")


def of(run, *, shown=True, late=0, early=0, kind="done"):
    """The trace of a run of a sweep with three steps, 10, 20 and 30 events after its begin.

    Args:
        shown: whether the cancellation is in it.
        late: so many events too late.
        early: what the first event holds.
    """
    after = run["cancel"]["after"]
    notes = [note(2, "take", who="db", t=0.0, value=early)]
    if after > 0 and shown:
        notes.append(note(10 * after + 1 + late, t=float(after)))
    return {
        **run,
        "end": {"kind": kind},
        "spans": [open_span(0, None, "actor"), open_span(1, 0, "later")] if kind == "done" else [],
        "notes": notes,
        "sweep_steps": 3,
        "sweep_at": [[10 * number, float(number)] for number in (1, 2, 3)],
    }


def at_two(run, **changes):
    """Only the run that is cancelled after the second step is another."""
    return of(run, **changes) if run["cancel"]["after"] == 2 else of(run)


def moments(player, habits=None):
    return [trace["cancel"]["after"] for trace in play_search(SWEEP, player, habits)]


def test_what_is_no_sweep_is_played_as_it_is():
    player = Player(lambda run, _: {"end": {"kind": "error"}})
    search = {"kind": "orders", "runs": [{"seed": n, "order": "pos"} for n in (3, 5)]}
    assert [trace["seed"] for trace in play_search(search, player)] == [3, 5]
    assert len(player.asked) == 1


def test_a_sweep_is_played_run_after_run():
    player = Player(lambda run, _: of(run))
    assert moments(player) == [-1, 1, 2, 3]
    assert (len(player.asked), player.open) == (2, 0)


def test_a_sweep_that_is_closed_early_closes_what_plays_it():
    player = Player(lambda run, _: of(run))
    playing = play_search(SWEEP, player)
    assert [next(playing)["cancel"]["after"] for _ in range(3)] == [-1, 1, 2]
    playing.close()
    assert player.open == 0


def test_a_sweep_without_an_undisturbed_run_ends():
    assert moments(lambda runs: (trace for trace in ())) == []


def test_a_sweep_whose_undisturbed_run_does_not_end_is_that_run():
    """Its steps are not looked at: it may lack them."""
    player = Player(lambda run, _: {"spans": [], "notes": [], "end": {"kind": "deadlock"}})
    assert moments(player) == [-1]


def test_a_sweep_whose_undisturbed_run_has_no_steps_written_down_is_not_run():
    with pytest.raises(NotRun, match="does not say where they are"):
        moments(Player(lambda run, _: {"spans": [], "notes": [], "end": {"kind": "done"}}))


def test_a_run_without_a_record_passes_on():
    player = Player(lambda run, _: at_two(run, shown=False, kind="exit"))
    assert moments(player) == [-1, 1, 2, 3]


def test_a_run_that_is_not_disturbed_is_played_again_and_not_run():
    player = Player(lambda run, _: at_two(run, shown=False))
    seen = []
    with pytest.raises(NotRun, match="does not begin like the undisturbed run, and no two equal runs differ"):
        seen.extend(trace["cancel"]["after"] for trace in play_search(SWEEP, player))
    assert seen == [-1, 1]
    assert [run["cancel"]["after"] for run in player.asked[-1]] == [-1] * AGAIN + [2] * AGAIN


@pytest.mark.parametrize(
    "trace_of",
    [
        lambda run, before: at_two(run, early=before == 0),  # once
        lambda run, before: of(run, early=before) if run["cancel"]["after"] < 0 else of(run, early=1),
    ],
    ids=["the disturbed run", "the undisturbed run"],
)
def test_a_file_whose_equal_runs_differ_is_remembered_and_its_sweep_goes_on(trace_of):
    habits, player = Habits(), Player(trace_of)
    assert moments(player, habits) == [-1, 1, 2, 3]
    assert habits.differs
    assert (
        len([run for runs in player.asked for run in runs if run["cancel"]["after"] < 0]) == 1 + AGAIN
    )  # looked at once


def test_of_a_file_whose_equal_runs_differ_each_run_must_be_disturbed_somewhere():
    anywhere = Player(lambda run, _: at_two(run, late=3))
    assert moments(anywhere, Habits(differs=True)) == [-1, 1, 2, 3]
    nowhere = Player(lambda run, _: at_two(run, shown=False))
    with pytest.raises(NotRun, match="was not disturbed"):
        moments(nowhere, Habits(differs=True))


# -- all orders within a few deviations ----------------------------------------------------------------------------
THREE = [3, 2, 2]  # ready tasks at each choice, whatever was chosen before


def traces_of(played):
    def play_runs(runs):
        for run in runs:
            played.append([tuple(choice) for choice in run["choices"]])
            yield {"offered": THREE, **run}

    return play_runs


def everything(within):
    """The choices out of order that `THREE` offers, at most so many in a run."""
    options = [[(number, which) for which in range(ready)] for number, ready in enumerate(THREE)]
    runs = ([choice for choice in run if choice[1]] for run in itertools.product(*options))
    return sorted(run for run in runs if len(run) <= within)


@pytest.mark.parametrize(
    ("most", "within", "left", "runs"), [(5000, 2, 0, 10), (9, 1, 5, 5), (5, 1, 5, 5), (4, 0, 4, 1)]
)
def test_each_order_within_the_deviations_is_played_once(most, within, left, runs):
    played, covered = [], Covered(most)
    assert len(list(play_search({"kind": "deviations", "covered": covered}, traces_of(played)))) == runs
    assert sorted(played) == everything(within)
    assert (covered.runs, covered.within, covered.left, covered.exhausted) == (runs, within, left, False)


def test_a_plan_without_a_choice_is_exhausted_at_once():
    covered = Covered(5)
    list(play_search({"kind": "deviations", "covered": covered}, lambda runs: ({**run, "offered": []} for run in runs)))
    assert (covered.runs, covered.within, covered.exhausted) == (1, 0, True)


def test_orders_whose_runs_were_given_up_are_no_fault_of_the_search():
    """A file that never ends is not played any more: there are fewer traces than runs."""

    def play_runs(runs):
        yield from ({**run, "offered": THREE} for run in runs[:2])

    covered = Covered(5000)
    assert len(list(play_search({"kind": "deviations", "covered": covered}, play_runs))) == 1 + 2 + 2
    assert covered.runs == 5


def test_orders_that_are_closed_early_close_what_plays_them():
    player = Player(lambda run, _: {"offered": THREE})
    playing = play_search({"kind": "deviations", "covered": Covered(5000)}, player)
    next(playing)
    playing.close()
    assert player.open == 0
