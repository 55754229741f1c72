"""What a run of a sweep must show, one rule after the other, on records written by hand."""

import copy

import pytest

from grader.checks.rule import NotRun
from grader.judging.sweep_proof import (
    AT_ONCE,
    begin_alike,
    check_undisturbed,
    equal_runs_differ,
    fake_calls,
    is_as_due,
    is_disturbed,
)
from tests import records
from tests.records import note


def span(number, parent, what, order, **changes):
    return records.span(number, parent, what, order=order, subject=what == "later", **changes)


#: An actor makes a step, in it a call of the subject, which calls a fake twice; a sweep could cancel it at two places.
FIRST = {
    "cancel": {"who": "caller", "after": -1},
    "fault": None,
    "spans": [
        span(0, None, "actor", [0, 20]),
        span(1, 0, "go", [1, 19]),
        span(2, 1, "later", [2, 18], steps=2),
        span(3, 2, "run", [4, 6], who="db", end=0.5),
        span(4, 2, "run", [9, 11], who="db", start=1.0, end=1.5),
    ],
    "notes": [note(3, "take"), note(8, "drop", t=0.7)],
    "sweep_steps": 2,
    "sweep_at": [[6, 0.5], [11, 1.5]],
}


def changed(trace, change):
    trace = copy.deepcopy(trace)
    change(trace)
    return trace


# -- the undisturbed run --------------------------------------------------------------------------------------------
def test_a_run_whose_steps_follow_from_its_spans_is_taken():
    check_undisturbed(FIRST, "caller")


NOWHERE, NUMBER = "does not say where they are", "is not that of its calls"
OUTSIDE, TIMELESS = "lie outside its calls", "took time and made no step"


def without_steps(trace, end):
    trace.update(sweep_steps=0, sweep_at=[])
    trace["spans"][2].update(steps=0, end=end)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("sweep_at"), NOWHERE),
        (lambda t: t.update(sweep_at={}), NOWHERE),
        (lambda t: t.update(sweep_at=[(6, 0.5), (11, 1.5)]), NOWHERE),
        (lambda t: t.update(sweep_at=[[6], [11]]), NOWHERE),
        (lambda t: t.update(sweep_at=[[6, 1], [11, 2]]), NOWHERE),
        (lambda t: t.update(sweep_at=[[True, 0.5], [11, 1.5]]), NOWHERE),
        (lambda t: t.update(sweep_at=[[11, 1.5], [6, 0.5]]), NOWHERE),
        (lambda t: t.update(sweep_steps=3), NUMBER),
        (lambda t: t.pop("sweep_steps"), NUMBER),
        (lambda t: t.update(sweep_at=[[6, 0.5]]), NUMBER),
        (lambda t: t["spans"][2].update(steps=3), NUMBER),
        (lambda t: t.update(sweep_steps=0, sweep_at=[]), NUMBER),
        (lambda t: t.update(sweep_at=[[6, 0.5], [18, 2.0]]), OUTSIDE),
        (lambda t: t.update(sweep_at=[[1, 0.0], [11, 1.5]]), OUTSIDE),
        (lambda t: without_steps(t, 2.0), TIMELESS),
        (lambda t: without_steps(t, 2e-6), TIMELESS),
    ],
    ids=range(16),
)
def test_a_run_whose_steps_do_not_follow_from_its_spans_is_not_run(change, said):
    with pytest.raises(NotRun, match=said):
        check_undisturbed(changed(FIRST, change), "caller")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t["spans"][2].update(end=None, order=[2, None]),  # the call never ended
        lambda t: (t["spans"][2].update(left={"tasks": ["a"]}), t.update(sweep_at=[[6, 0.5], [19, 2.0]])),
        lambda t: without_steps(t, AT_ONCE),  # no checkpoint, and no time
        lambda t: (without_steps(t, None), t["spans"][2].update(order=[2, None])),
        lambda t: t["spans"].append(span(5, 2, "later", [12, 13], steps=1)),  # a call in a call counts once
        lambda t: t["spans"].append(span(5, 3, "later", [5, 7], steps=1)),  # also where a job is between them
        lambda t: t["spans"].append(span(5, None, "later", [12, 13], steps=4)),  # of nobody
        lambda t: t["spans"][2].update(parent=0),  # the actor's own
        lambda t: t["spans"].extend(
            [span(5, None, "actor", [12, 16], who="other"), span(6, 5, "later", [13, 15], who="other", steps=4)]
        ),
    ],
    ids=range(9),
)
def test_what_is_unusual_and_taken(change):
    check_undisturbed(changed(FIRST, change), "caller")


def test_steps_of_several_calls_lie_in_each_of_them():
    def second(trace):
        trace["spans"].append(span(5, 1, "later", [18, 19], start=2.0, end=2.0, steps=1))
        trace["spans"][2]["order"] = [2, 17]
        trace.update(sweep_steps=3, sweep_at=[[6, 0.5], [11, 1.5], [18, 2.0]])

    two = changed(FIRST, second)
    check_undisturbed(two, "caller")
    two["sweep_at"][1] = [18, 1.9]
    with pytest.raises(NotRun, match=OUTSIDE):
        check_undisturbed(two, "caller")


# -- a run that is cancelled ----------------------------------------------------------------------------------------
def cancelled(after, order, t):
    """The run that is cancelled after a step: what came before is the same, the rest is not."""

    def cut(trace):
        trace["cancel"] = {"who": "caller", "after": after}
        trace["notes"] = [*(each for each in trace["notes"] if each["order"] < order), note(order, t=t)]
        trace["spans"] = [each for each in trace["spans"] if each["order"][0] < order]
        for each in trace["spans"]:
            if each["order"][1] >= order:
                each.update(order=[each["order"][0], order + 9 - each["id"]], end=t, how="cancelled", steps=1)

    return changed(FIRST, cut)


@pytest.mark.parametrize(("after", "order", "t"), [(1, 7, 0.5), (2, 12, 1.5)])
def test_a_cancellation_at_its_place_is_as_due(after, order, t):
    assert is_as_due(FIRST, cancelled(after, order, t))
    assert not is_as_due(FIRST, cancelled(3 - after, order, t))
    assert not is_as_due(FIRST, cancelled(after, order, t + 0.1))
    assert not is_as_due(FIRST, cancelled(after, order + 1, t))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t["notes"].clear(),
        lambda t: t["notes"][-1].update(what="take"),
        lambda t: t["notes"][-1].update(who="somebody else"),
        lambda t: t["notes"][0].update(who="somebody else"),
        lambda t: t["notes"].pop(0),
        lambda t: t["spans"].pop(),
        lambda t: t["spans"].append(span(4, 2, "run", [5, 30])),
        lambda t: t["spans"][1].update(who="somebody else"),  # it has not ended: how it began must be the same
        lambda t: t["spans"][1].update(order=[0, 19]),
        lambda t: t["spans"][3].update(value=7),  # it has ended
        lambda t: t["spans"][3].update(end=0.4),
        lambda t: t["spans"][3].update(order=[4, 30]),
    ],
    ids=range(12),
)
def test_a_run_that_begins_in_another_way_is_not_as_due(change):
    assert not is_as_due(FIRST, changed(cancelled(1, 7, 0.5), change))


def test_what_happens_at_the_place_itself_belongs_to_the_disturbance():
    """In the undisturbed run something else has the number of the cancellation: the next span, or the end of one."""
    begins = changed(FIRST, lambda t: t["spans"].append(span(5, 2, "run", [7, 8], who="db")))
    assert is_as_due(begins, cancelled(1, 7, 0.5))
    ends = changed(FIRST, lambda t: t["spans"][3].update(order=[4, 7]))
    assert is_as_due(ends, changed(cancelled(1, 7, 0.5), lambda t: t["spans"][3].update(order=[4, 9], how="cancelled")))


def test_steps_of_tasks_that_were_left_behind_may_differ():
    assert is_as_due(FIRST, changed(cancelled(1, 7, 0.5), lambda t: t["spans"][3].update(steps=5)))


@pytest.mark.parametrize(
    ("change", "disturbed"),
    [
        (lambda t: None, True),
        (lambda t: t["notes"][-1].update(t=9.0, order=99), True),  # wherever it is
        (lambda t: t["notes"].pop(), False),
        (lambda t: t["notes"][-1].update(who="somebody else"), False),
        (lambda t: (t["notes"].pop(), t.update(sweep_steps=0)), True),  # it did not get so far
        (lambda t: (t["notes"].pop(), t.pop("sweep_steps")), True),
        (lambda t: (t["notes"].pop(), t.update(sweep_steps=1)), False),
    ],
    ids=range(7),
)
def test_all_that_can_be_asked_of_a_cancelled_run_if_equal_runs_differ(change, disturbed):
    assert is_disturbed(changed({**cancelled(1, 7, 0.5), "sweep_steps": 9}, change)) is disturbed


# -- a run with a fault ---------------------------------------------------------------------------------------------
def failing(number):
    """The run in which a call of the fake fails, at once."""

    def fail(trace):
        trace.update(cancel=None, fault={"who": "db", "call": number})
        del trace["spans"][3 + number :]
        call = trace["spans"][2 + number]
        call.update(error={"token": f"fault {number} of db"}, how="raised", end=call["start"])

    return changed(FIRST, fail)


def test_the_calls_of_a_fake_are_counted_without_those_that_it_makes_itself():
    def more(trace):
        trace["spans"] += [span(5, 4, "again", [10, 11], who="db"), span(6, None, "actor", [12, 13], who="db")]

    assert [call["id"] for call in fake_calls(changed(FIRST, more), "db")] == [3, 4]
    assert fake_calls(FIRST, "nobody") == []


@pytest.mark.parametrize("number", [1, 2])
def test_a_fault_at_its_call_is_as_due(number):
    assert is_as_due(FIRST, failing(number))
    assert is_disturbed(failing(number))


@pytest.mark.parametrize(
    ("change", "due"),
    [
        (lambda call: call.update(error=None, how="returned"), False),
        (lambda call: call.update(error={"token": "fault 1 of db"}), False),
        (lambda call: call.update(error={"error": "ValueError"}), False),
        (lambda call: call.update(error=None, how="returned", end=call["start"]), False),
        (lambda call: call.update(error=None, how="cancelled", end=call["start"]), True),  # before it could fail
        (lambda call: call.update(error=None, how="cancelled", start=0.0, end=AT_ONCE), False),
        (lambda call: call.update(error=None, how="cancelled", end=call["start"] + 1), False),
        (lambda call: call.update(error=None, how="open", end=None, order=[9, None]), True),
    ],
    ids=range(8),
)
def test_which_call_has_failed(change, due):
    trace = changed(failing(2), lambda t: change(t["spans"][4]))
    assert is_as_due(FIRST, trace) is due
    assert is_disturbed(trace) is due


def test_calls_after_the_one_that_failed_do_not_matter():
    def once_more(trace):
        trace["spans"] += [span(number, 2, "run", [number, number + 9], who="db") for number in (7, 8)]

    assert is_as_due(FIRST, changed(failing(1), once_more))


def test_a_fault_in_a_run_that_begins_in_another_way_is_not_as_due():
    assert not is_as_due(FIRST, changed(failing(2), lambda t: t["spans"][3].update(value=7)))
    assert not is_as_due(FIRST, changed(failing(2), lambda t: t["notes"].pop()))


def test_a_run_that_makes_fewer_calls_cannot_show_the_fault():
    trace = changed(failing(2), lambda t: t["spans"].pop())
    assert not is_as_due(FIRST, trace)
    assert is_disturbed(trace)
    trace["fault"]["call"] = 1
    assert not is_disturbed(trace)


# -- equal runs -----------------------------------------------------------------------------------------------------
def test_records_are_compared_up_to_a_place():
    other = changed(FIRST, lambda t: t["notes"][1].update(value=7))
    assert begin_alike(FIRST, other, 8)
    assert not begin_alike(FIRST, other, 9)


def test_equal_runs_of_a_steady_file_do_not_differ():
    wrong = cancelled(1, 9, 0.9)
    assert not equal_runs_differ(FIRST, [copy.deepcopy(FIRST)] * 2, [wrong, copy.deepcopy(wrong)])
    assert not equal_runs_differ(FIRST, [], [])


@pytest.mark.parametrize(
    ("undisturbed", "disturbed"),
    [
        ([changed(FIRST, lambda t: t["notes"][1].update(value=7))], []),
        ([FIRST, changed(FIRST, lambda t: t["spans"][4].update(end=1.4))], [cancelled(1, 9, 0.9)]),
        ([FIRST], [cancelled(1, 9, 0.9), cancelled(1, 9, 0.8)]),
        ([FIRST], [cancelled(1, 9, 0.9), cancelled(1, 7, 0.5)]),  # this time it is as due
        ([changed(FIRST, lambda t: t.pop("sweep_steps"))], []),
    ],
    ids=range(5),
)
def test_equal_runs_that_differ(undisturbed, disturbed):
    assert equal_runs_differ(FIRST, undisturbed, disturbed) is True
