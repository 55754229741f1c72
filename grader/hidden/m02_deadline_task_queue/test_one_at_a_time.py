"""Hidden checks of m02: one task at a time, in order."""

from __future__ import annotations

from grader import Play, Trace, about, check, fail, give, give_error, one_of, token, wait

from .plans import AFTER, LONG, START, Tasks, after, both, expect_settled, expect_started, report_of


# -- R1: one at a time, in order -------------------------------------------------------------------------------------
@check("R1", misconception="all-at-once", step="look-then-take")
def test_queue_order(play: Play) -> None:
    """Tasks run one at a time, in the order of the queue."""
    names = play.shuffled(["a", "b", "c", "d"])
    tasks = {name: [wait(time), give(0)] for name, time in zip(names, play.draw(4), strict=True)}
    for t in both(play, tasks, ends=60):
        expect_started(t, names, "All tasks of the queue are run.")
        t.expect("tasks that ran at the same time", t.most_open("run"), 1, part="Tasks run one at a time.")


@check("R1", misconception="queue-copied", step="look-then-take")
def test_done(play: Play) -> None:
    """A task that finished is in `done` and no longer in the queue."""
    tasks = {name: [wait(0.5)] for name in play.shuffled([*"abcdefghijkl"])}
    for t in both(play, tasks):
        expect_settled(t, list(tasks))


@check("R1", misconception="truth-of-the-result", step="look-then-take")
def test_any_result(play: Play) -> None:
    """Whatever a task returns, also `None`, 0 or `False`, it is done."""
    results = {"a": None, "b": 0, "c": False, "d": True, "e": "object", "f": []}
    for t in both(play, {name: [wait(1), give(result)] for name, result in results.items()}):
        expect_settled(t, list(results))


@check("R1", misconception="truth-of-the-result", step="look-then-take")
def test_returned_error(play: Play) -> None:
    """A task that returns an exception, and does not raise it, is done."""
    for t in both(play, {"a": [wait(1), give_error("E", "ValueError")], "b": [wait(1)]}):
        expect_settled(t, ["a", "b"])


@check("R1", misconception="stop-at-first-error", step="whose-timeout")
def test_failed(play: Play) -> None:
    """A task that raised is in `failed`, no longer in the queue, and the next one runs."""
    for t in both(play, {"a": [wait(1), fail("E1")], "b": [wait(1)], "c": [fail("E2")], "d": [wait(1)]}):
        expect_started(t, ["a", "b", "c", "d"])
        expect_settled(t, ["b", "d"], {"a": "E1", "c": "E2"})


@check("R1", misconception="error-class-guessed", step="whose-timeout")
def test_any_exception(play: Play) -> None:
    """Whatever `Exception` a task raises, `failed` has that very exception."""
    classes = ["OSError", "ValueError", "RuntimeError", "ConnectionError"]
    tasks = {f"of E{i}": [wait(1), fail(f"E{i}", kind)] for i, kind in enumerate(classes)}
    for t in both(play, tasks):
        expect_started(t, list(tasks))
        expect_settled(t, [], {name: name.removeprefix("of ") for name in tasks})


@check("R1", misconception="error-class-guessed", step="whose-timeout")
def test_group_of_errors(play: Play) -> None:
    """A task that raises an `ExceptionGroup` has failed with the group, not with one of the errors in it."""
    one = fail("E of one", "ExceptionGroup of one")
    for t in both(play, {"a": [wait(1), fail("E", "ExceptionGroup")], "b": [wait(1)], "c": [wait(1), one]}):
        expect_settled(t, ["b"], {"a": None, "c": None})
        if t.call.how == "returned":  # a task group on trio may have made the group again
            failed = report_of(t)[1]
            for name, error in (("a", "E"), ("c", "E of one")):
                t.expect(f"failed, in the report: {name}", failed[name], one_of(token(error), "ExceptionGroup"))


@check("R1", misconception="every-timeout-error-is-the-deadline", step="whose-timeout")
def test_own_timeout_error(play: Play) -> None:
    """A task that raises a `TimeoutError` of its own has failed, and the next one runs."""
    for t in both(play, {"a": [wait(2), fail("E", "TimeoutError")], "b": [wait(1)]}):
        expect_started(t, ["a", "b"])
        expect_settled(t, ["b"], {"a": "E"})


@check("R1", misconception="wait-for-the-deadline", step="soft-or-hard")
def test_ends_with_the_last_task(play: Play) -> None:
    """The call ends when the last task has ended, whether it finished or failed, and at once if there is none."""
    plans: list[Tasks] = [{}, {"a": [wait(1)], "b": [wait(2)]}, {"a": [wait(1)], "b": [wait(2), fail("E")]}]
    for tasks in plans:
        for t in both(play, tasks):
            t.expect_begun(*tasks)
            part = "When the last task has ended the call ends: it does not wait for the deadline."
            if not tasks:
                part = "When no task is left the call ends at once: it does not wait for the deadline."
            elif t.call.end is not None and t.call.end < last_end(t) - 0.01:
                part = "The call ends when the last task has ended, not before."
            t.expect("the call ended", after(t.call.end), about(last_end(t) - START), unit=AFTER, part=part)


def last_end(t: Trace) -> float:
    """When the last task ended; when the call began, if there was none."""
    return max([START, *(t.time if run.end is None else run.end for run in t.all("run"))])


@check("R1", misconception="wait-for-the-deadline", step="deadlines-around", core=False)
def test_does_not_wait_for_what_does_not_fit(play: Play) -> None:
    """When only tasks are left that do not fit, the call ends; it does not wait."""
    for t in both(play, {"a": [wait(1)], "b": [wait(1)]}, estimates={"a": 5, "b": LONG}):
        t.expect_begun("a")
        t.expect("the call ended", after(t.call.end), about(last_end(t) - START), unit=AFTER)


@check("R1", misconception="estimates-added-up", step="deadlines-around", core=False)
def test_estimates_do_not_change_the_order(play: Play) -> None:
    """Tasks that all fit run in the order of the queue, whatever their estimates."""
    tasks = {"a": [wait(3)], "b": [wait(1)], "c": [wait(2)]}
    for estimates in ({"a": 4, "b": 1, "c": 3}, {"a": 1, "b": 3, "c": 2}):
        for t in both(play, tasks, estimates=estimates):
            started = t.names("run")
            t.expect_that("the tasks", len(started) > 1, "fewer than two were started")
            t.expect("tasks as they were started", started, sorted(started))
