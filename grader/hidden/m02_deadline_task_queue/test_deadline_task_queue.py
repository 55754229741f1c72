"""Hidden checks of m02: what `drain_until` and `drain_or_fail` promise, on both backends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import (
    CheckFailed,
    Play,
    Trace,
    Trial,
    at_most,
    at_once,
    awaitable,
    cancel,
    check,
    cleanup,
    fail,
    give,
    give_error,
    hang,
    near,
    on_cancel,
    one_of,
    token,
    wait,
)

BOTH = ("drain_until", "drain_or_fail")
START = 137.31
LONG = 500.0
"""An estimate that fits nowhere."""

Tasks = Mapping[str, Sequence[Any]]
Failed = Mapping[str, str | None] | None


# -- calls -------------------------------------------------------------------------------------------------------------
def drained(play: Play, function: str, tasks: Tasks, *, ends: float = 10, **more: Any) -> Trial:
    """A call at `START` with a deadline `ends` seconds later."""
    plan = {"functions": [function], "begin": [wait(START)], **more}
    return play(tasks=tasks, deadline=START + ends, **plan)


def both(
    play: Play, tasks: Tasks, *, cancelled: float | None = None, within: float | None = None, **more: Any
) -> Iterator[Trace]:
    """The calls of both functions, as two traces of one run, each with a queue of its own.

    Args:
        play: what plays.
        tasks: what each queue holds.
        cancelled: when both callers are cancelled from outside (s after `START`).
        within: when a deadline around both callers strikes (s after `START`).
        more: as for `drained`.
    """
    trial = drained(play, "", tasks, functions=BOTH, **more)
    for function in BOTH:
        trial = trial if cancelled is None else trial.cancel(function, at=START + cancelled)
        trial = trial if within is None else trial.within(function, START + within)
    for function in BOTH:
        actor = trial.of(function).span
        raw = zip(trial.spans, trial.data["spans"], strict=True)
        spans = [{**data, "who": _caller(data, function)} for span, data in raw if span.inside(actor)]
        notes = [{**note, "who": _caller(note, function)} for note in trial.data["notes"] if note["who"] == function]
        yield Trace({**trial.data, "spans": spans, "notes": notes})


def _caller(entry: Mapping[str, Any], function: str) -> str:
    return "caller" if entry["who"] == function else str(entry["who"])


# -- what is read from them --------------------------------------------------------------------------------------------
def report_of(t: Trace, number: int = 0) -> tuple[list[Any], dict[Any, Any]]:
    """What a call reports: ``done``, sorted, and ``failed``, sorted by name. No clause orders them."""
    report = t.first(t.calls()[number:], "the call", "was never made").value
    fields = getattr(report, "fields", {})
    done, failed = fields.get("done"), fields.get("failed")
    fits = isinstance(done, list) and isinstance(failed, dict)
    t.expect_that("what the call returned", fits, f"{report!r}, which is not a `Report`")
    return sorted(done or (), key=repr), dict(sorted((failed or {}).items(), key=repr))


def queue_of(t: Trace) -> list[Any]:
    """The tasks in the queue after the first call."""
    notes = t.notes("queue")
    t.expect_that("the call", bool(notes), "was never made")
    return list(notes[0]["value"])


def expect_report(t: Trace, done: Sequence[str], failed: Failed = None, number: int = 0) -> None:
    """Expect a report of those tasks: names in ``done``, and in ``failed`` task → the error that it raised, if given."""
    seen_done, seen_failed = report_of(t, number)
    t.expect("done, in the report", seen_done, sorted(done))
    t.expect("failed, in the report", list(seen_failed), sorted(failed or ()))
    errors = {name: token(error) for name, error in (failed or {}).items() if error is not None}
    t.expect("failed, in the report", {name: seen_failed[name] for name in errors}, errors)


def expect_queue(t: Trace, names: Sequence[str]) -> None:
    """Expect those tasks in the queue after the first call."""
    t.expect("the queue after the call", queue_of(t), list(names))


def expect_settled(t: Trace, done: Sequence[str], failed: Failed = None) -> None:
    """Expect that just those tasks are settled, and out of the queue. Whether the hard function may raise is R6's."""
    loud = t.call.what == "drain_or_fail" and t.call.raised == "TimeoutError" and t.call.raised.token is None
    if not loud:
        expect_report(t, done, failed)
    t.expect("of these, still in the queue", [name for name in queue_of(t) if name in {*done, *(failed or ())}], [])


def expect_started(t: Trace, names: Sequence[str]) -> None:
    """Expect that those tasks, and no others, were started, in that order."""
    t.expect("tasks as they were started", t.names("run"), list(names))


def expect_begun(t: Trace, *names: str) -> None:
    """Expect that those tasks were started, whatever else was: without that nothing is shown by what follows."""
    t.expect("of these tasks, those that were started", [name for name in names if name in t.names("run")], [*names])


def expect_nothing_lost(t: Trace, tasks: Tasks) -> None:
    """Expect each task either settled or in the queue, once: settled is what the report says, else what happened."""
    if t.call.how == "returned":
        done, failed = report_of(t)
        settled = [*done, *failed]
        t.expect_that("done and failed together", len(set(map(repr, settled))) == len(settled), f"{settled}: one twice")
    else:
        settled = [run.who for run in t.all("run") if run.how == "returned" or is_failure(run)]
    # A task whose error left the call (R1, G5) is in the queue or not: in neither case is it counted twice.
    either = [run.who for run in t.all("run") if run.raised is not None and run.raised in t.call.errors]
    seen = [name for name in queue_of(t) if name not in either]
    t.expect("the queue after the call", seen, [name for name in tasks if name not in [*settled, *either]])


def is_failure(run: Any) -> bool:
    """Whether a task raised an `Exception`."""
    return run.raised is not None and "Exception" in run.raised.kinds


def expect_hard_if_left(t: Trace) -> None:
    """Expect a hard end: `TimeoutError` if the queue is not empty, else a report. Why a task is left, others ask."""
    if t.call.how == "cancelled":
        return  # it waited until a deadline around it struck: R1's
    if queue_of(t):
        t.expect_that("TimeoutError wanted: tasks are left", "TimeoutError" in t.call.errors, f"it {t.call.ending}")
    else:
        report_of(t)


def expect_cancelled(t: Trace, *, by: float) -> None:
    """Expect that the first call was left by the cancellation from outside, at that time at the latest."""
    t.expect_that("cancelled from outside", t.call.how == "cancelled", f"{t.call.what} {t.call.ending}")
    t.expect("the call ended at", t.call.end, at_most(by + 0.05))


def at(seconds: float) -> Any:
    """That long after the call, or a moment later: who blocks or polls for a moment breaks other clauses."""
    return near(START + seconds, within=0.05)


# -- R1: one at a time, in order ---------------------------------------------------------------------------------------
@check("R1", misconception="all-at-once", step="look-then-take")
def test_queue_order(play: Play) -> None:
    """Tasks run one at a time, in the order of the queue."""
    names = play.shuffled(["a", "b", "c", "d"])
    tasks = {name: [wait(time), give(0)] for name, time in zip(names, play.draw(4), strict=True)}
    for t in both(play, tasks, ends=60):
        expect_started(t, names)
        t.expect("tasks that ran at the same time", t.most_open("run"), 1)


@check("R1", misconception="queue-copied", step="look-then-take")
def test_done(play: Play) -> None:
    """A task that finished is in `done` and no longer in the queue."""
    tasks = {name: [wait(0.5)] for name in play.shuffled([*"abcdefghijkl"])}
    for t in both(play, tasks):
        expect_settled(t, list(tasks))


@check("R1", misconception="truth-of-the-result", step="look-then-take")
def test_any_result(play: Play) -> None:
    """Whatever a task returns, also nothing, zero or False: it is done."""
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
        if t.call.how == "returned":  # a task group on trio may have made the group anew
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
            expect_begun(t, *tasks)
            t.expect("the call ended at", t.call.end, at(last_end(t) - START))


def last_end(t: Trace) -> float:
    """When the last task ended; when the call began, if there was none."""
    return max([START, *(t.time if run.end is None else run.end for run in t.all("run"))])


@check("R1", misconception="wait-for-the-deadline", step="deadlines-around", core=False)
def test_does_not_wait_for_what_does_not_fit(play: Play) -> None:
    """When only tasks are left that do not fit, the call ends; it does not wait."""
    for t in both(play, {"a": [wait(1)], "b": [wait(1)]}, estimates={"a": 5, "b": LONG}):
        expect_begun(t, "a")
        t.expect("the call ended at", t.call.end, at(last_end(t) - START))


@check("R1", misconception="estimates-added-up", step="deadlines-around", core=False)
def test_estimates_do_not_change_the_order(play: Play) -> None:
    """Tasks that all fit run in the order of the queue, whatever their estimates."""
    tasks = {"a": [wait(3)], "b": [wait(1)], "c": [wait(2)]}
    for estimates in ({"a": 4, "b": 1, "c": 3}, {"a": 1, "b": 3, "c": 2}):
        for t in both(play, tasks, estimates=estimates):
            started = t.names("run")
            t.expect_that("the tasks", len(started) > 1, "fewer than two were started")
            t.expect("tasks as they were started", started, sorted(started))


# -- R2: the deadline --------------------------------------------------------------------------------------------------
@check("R2", misconception="relative-deadline", step="one-clock")
def test_cancelled_at_the_deadline(play: Play) -> None:
    """At `deadline`, a point in time, the task that runs is cancelled, and the call ends."""
    for running in ([hang()], [wait(9)]):
        for t in both(play, {"a": [wait(4)], "b": [wait(3)], "c": running, "d": [wait(1)]}):
            t.expect("c was cancelled at", t.of("c").cancelled_at, at(10))
            t.expect("the call ended at", t.call.end, at(10))


@check("R2", misconception="relative-deadline", step="one-clock")
def test_not_cancelled_before_the_deadline(play: Play) -> None:
    """A task that ends just before `deadline` is not disturbed."""
    for t in both(play, {"a": [wait(4)], "b": [wait(5.9)]}):
        t.expect("b", t.of("b").how, "returned")


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_soft_end(play: Play) -> None:
    """When the deadline interrupts a task, `drain_until` returns its report of what was done by then."""
    t = drained(play, "drain_until", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    expect_report(t, ["a"])


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_soft_end_with_nothing_done(play: Play) -> None:
    """`drain_until` returns a report also if nothing was done by `deadline`, or if it has passed already."""
    t = drained(play, "drain_until", {"a": [hang()], "b": [wait(1)]})
    expect_begun(t, "a")
    expect_report(t, [])
    expect_report(drained(play, "drain_until", {"a": [wait(1)]}, ends=-1), [])


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_hard_end(play: Play) -> None:
    """When the deadline interrupts a task, `drain_or_fail` raises a `TimeoutError` that is in no group."""
    t = drained(play, "drain_or_fail", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    expect_begun(t, "a", "b")
    t.expect("raised", t.call.raised, "TimeoutError")


def expect_interrupted(t: Trace) -> None:
    """Expect what R2 says of a call whose second task was interrupted: a report without it, or `TimeoutError`."""
    if t.call.what == "drain_until":
        expect_report(t, ["a"])
    else:
        t.expect("raised", t.call.raised, "TimeoutError")


@check("R2", misconception="waiting-ends-the-task", step="look-then-take")
def test_cleanup_awaited(play: Play) -> None:
    """The call ends when the cleanup of the interrupted task has ended; the task counts as interrupted."""
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(3)), hang()], "c": [wait(1)]}):
        t.expect("b was cancelled at", t.of("b").cancelled_at, at(10))
        t.expect("the call ended at", t.call.end, at(13))
        expect_interrupted(t)


@check("R2", misconception="own-deadline-only", step="deadlines-around")
def test_later_deadline_around(play: Play) -> None:
    """A later deadline around the call changes nothing: `deadline` strikes."""
    for t in both(play, {"a": [wait(4)], "b": [hang()], "c": [wait(1)]}, enclosing=[START + 90, START + 50]):
        t.expect("b was cancelled at", t.of("b").cancelled_at, at(10))
        expect_interrupted(t)


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_error_at_the_deadline(play: Play) -> None:
    """A task that answers the deadline with an `Exception`, whichever, at once or later, has failed with it."""
    answers = ([fail("E")], [wait(1), fail("E", "TimeoutError")], [wait(1), fail("E", "ConnectionError")])
    for steps in answers:
        for t in both(play, {"a": [wait(4)], "b": [on_cancel(*steps), hang()]}):
            expect_settled(t, ["a"], {"b": "E"})


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_error_in_the_cleanup(play: Play) -> None:
    """A task whose cleanup raises an `Exception` at the deadline has failed, and has left the queue."""
    for kind in ("Fault", "TimeoutError"):
        for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(2), fail("E", kind)), hang()], "c": [wait(1)]}):
            expect_settled(t, ["a"], {"b": None})


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_finishes_all_the_same(play: Play) -> None:
    """A task that finishes although the deadline interrupted it is done, and has left the queue."""
    for steps in ([give(1)], [wait(1), give(None)]):
        for t in both(play, {"a": [wait(4)], "b": [on_cancel(*steps), hang()], "c": [wait(1)]}):
            expect_settled(t, ["a", "b"])


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_never_noticed_the_deadline(play: Play) -> None:
    """A task that was busy with what must not be interrupted, and ended after the deadline, is done or has failed."""
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(9)), give(1)], "c": [wait(1)]}):
        expect_settled(t, ["a", "b"])
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(9)), fail("E")], "c": [wait(1)]}):
        expect_settled(t, ["a"], {"b": None})


# -- R3: nothing is lost -----------------------------------------------------------------------------------------------
@check("R3", misconception="pop-before-work", step="look-then-take")
def test_interrupted_stays(play: Play) -> None:
    """The task that the deadline interrupts is still in the queue, in its place."""
    names = play.shuffled(["a", "b", "c", "d", "e"])
    for place in (0, play.pick(1, 3), 4):
        tasks = {name: [cleanup(wait(1)), hang()] if i == place else [wait(1)] for i, name in enumerate(names)}
        for t in both(play, tasks):
            expect_begun(t, names[place])
            expect_nothing_lost(t, tasks)


@check("R3", misconception="pop-before-work", step="look-then-take")
def test_failed_and_interrupted(play: Play) -> None:
    """Failed tasks before the one that the deadline interrupts change nothing: it and the rest stay in order."""
    tasks = {"c": [wait(1), fail("E1")], "b": [wait(1)], "e": [fail("E2")], "d": [hang()], "a": [wait(1)]}
    for t in both(play, tasks):
        expect_begun(t, "c")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="cancelled-means-undone", step="look-then-take")
def test_in_one_place_only(play: Play) -> None:
    """A task that answers the deadline by an end of its own is done, failed or in the queue: one of the three."""
    for end in (give(1), fail("E")):
        tasks = {"a": [wait(2)], "b": [on_cancel(wait(1), end), hang()], "c": [wait(1)]}
        t = drained(play, "drain_until", tasks)
        expect_begun(t, "b")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="pop-after-a-checkpoint", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment: what has ended is out of the queue, all else is in it, once, in order."""
    tasks = {"d": [wait(2)], "a": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(3)], "b": [hang()], "e": [wait(1)]}
    for function in BOTH:
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "d")
            expect_nothing_lost(t, tasks)


def expect_begun_unless_cancelled(t: Trace, *names: str) -> None:
    """Expect that those tasks were started, in the run of a sweep that is undisturbed."""
    if not t.notes("cancel"):
        expect_begun(t, *names)


@check("R3", misconception="pop-before-work", step="let-cancellation-through")
def test_deadline_around_interrupts(play: Play) -> None:
    """The task that a tighter deadline around the call interrupts is still in the queue, in its place."""
    tasks = {"c": [wait(2)], "a": [cleanup(wait(1)), hang()], "b": [wait(1)]}
    for t in both(play, tasks, within=6):
        expect_begun(t, "a")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_deadline_and_cancellation(play: Play) -> None:
    """The deadline strikes and somebody cancels the call during one cleanup, in either order: nothing is lost."""
    tasks = {"c": [wait(2)], "a": [cleanup(wait(9)), hang()], "b": [wait(1)]}
    for moment in (6, 12):
        for t in both(play, tasks, cancelled=moment):
            expect_begun(t, "a")
            expect_nothing_lost(t, tasks)


@check("R3", misconception="cancelled-means-undone", step="let-cancellation-through")
def test_ends_all_the_same_when_cancelled(play: Play) -> None:
    """A task that finishes or fails although the call was cancelled from outside is not left in the queue."""
    ends = ([cleanup(wait(5)), give(1)], [on_cancel(wait(1), give(1)), hang()], [on_cancel(fail("E")), hang()])
    for steps in ends:
        for t in both(play, {"a": [wait(2)], "b": steps, "c": [hang()]}, cancelled=4):
            expect_queue(t, ["c"])


@check("R3", misconception="pop-before-work", step="let-cancellation-through")
def test_cancelled_before_the_call(play: Play) -> None:
    """When the caller was cancelled before the call, the queue is as it was; else the same tasks run."""
    tasks = {"b": [wait(1)], "c": [wait(1)], "a": [wait(1)]}
    for function in BOTH:
        expect_begun(drained(play, function, tasks), "b")
        expect_queue(drained(play, function, tasks, begin=[wait(START), cancel("caller")]), ["b", "c", "a"])


@check("R3", misconception="put-back-at-the-end", step="deadlines-around", core=False)
def test_skipped_stay_in_order(play: Play) -> None:
    """Tasks that were not started for their estimates are still in the queue, in the original order."""
    names = ["first", *play.shuffled(["a", "b", "c", "d", "e", "f"])]
    tasks = {name: [wait(1)] for name in names}
    estimates = {names[index]: LONG + index for index in (1, 2, 4, 5)}
    for t in both(play, tasks, estimates=estimates):
        expect_begun(t, "first")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="put-back-at-the-end", step="deadlines-around", core=False)
def test_skipped_and_interrupted(play: Play) -> None:
    """A task that is interrupted behind others that did not fit keeps its place, and so do they."""
    names = ("first", "c", "e", "a", "d", "f", "b")
    tasks = {name: [hang()] if name == "d" else [wait(1)] for name in names}
    estimates = {"c": LONG, "a": LONG, "f": LONG}
    for function in BOTH:  # the first run of a sweep is undisturbed: there the deadline interrupts
        for t in drained(play, function, tasks, estimates=estimates).cancelled("caller"):
            expect_begun_unless_cancelled(t, "first")
            expect_nothing_lost(t, tasks)


@check("R3", misconception="catch-everything", step="deadlines-around", core=False)
def test_skipped_and_left_by_an_interrupt(play: Play) -> None:
    """An exception that is no `Exception` ends the call: the tasks that were skipped before keep their places."""
    tasks = {name: [wait(1)] for name in ("first", "c", "e", "a", "d", "b")}
    tasks["a"] = [wait(1), fail("stop", "Abandon")]
    for t in both(play, tasks, estimates={"c": LONG, "d": LONG}):
        expect_begun(t, "first")
        if "stop" in t.call.errors:  # else G5 is broken; whether `a` is given back is G5's too
            expect_nothing_lost(t, tasks)


# -- R4: estimates -----------------------------------------------------------------------------------------------------
@check("R4", misconception="first-misfit-ends-it", step="deadlines-around", core=False)
def test_misfits_are_skipped(play: Play) -> None:
    """A task whose estimate is more than the time left is not started; later ones that fit still run."""
    tasks = {name: [wait(1)] for name in "abcdefg"}
    estimates = {"a": 11, "b": 9.5, "c": 9.5, "d": 30, "e": 8.5, "f": 3, "g": 8}
    for t in both(play, tasks, estimates=estimates):
        expect_started(t, ["b", "e", "f"])
        t.expect("what of a, c, d, g is in the queue", sorted({*"acdg"} & {*map(str, queue_of(t))}), [*"acdg"])


@check("R4", misconception="first-misfit-ends-it", step="deadlines-around", core=False)
def test_soft_end_with_misfits(play: Play) -> None:
    """`drain_until` reports what ran; tasks that did not fit are neither done nor failed."""
    t = drained(play, "drain_until", {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}, estimates={"a": 11, "c": 9.5})
    expect_report(t, ["b"])


@check("R4", misconception="estimates-added-up", step="deadlines-around", core=False)
def test_looked_at_when_it_would_start(play: Play) -> None:
    """Whether a task fits is looked at when it would start: what ran until then counts as long as it took."""
    slow = {"a": [wait(6)], "b": [wait(1)], "c": [wait(1)]}
    for t in both(play, slow, estimates={"a": 2, "b": 5, "c": 3.5}):
        expect_started(t, ["a", "c"])
    quick = {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}
    for t in both(play, quick, estimates={"a": 8, "b": 8.5, "c": 7.5}):
        expect_started(t, ["a", "b", "c"])


@check("R4", misconception="estimate-is-a-timeout", step="deadlines-around", core=False)
def test_an_estimate_is_no_limit(play: Play) -> None:
    """A task that takes longer than its estimate is not cancelled for that."""
    for t in both(play, {"a": [wait(6)], "b": [wait(1)]}, estimates={"a": 2, "b": 0.5}):
        t.expect("a and b", [t.of("a").how, t.of("b").how], ["returned", "returned"])


@check("R4", misconception="own-deadline-only", step="deadlines-around", core=False)
def test_tighter_deadline_around(play: Play) -> None:
    """The time left ends at the tightest of the deadlines around the call, if that is sooner than `deadline`."""
    tasks = {"a": [wait(2)], "b": [wait(1)], "c": [wait(1)]}
    for enclosing in ([START + 6, START + 80], [START + 80, START + 6, START + 90]):
        for t in both(play, tasks, ends=60, estimates={"a": 5.5, "b": 4.5, "c": 3.5}, enclosing=enclosing):
            expect_started(t, ["a", "c"])


@check("R4", misconception="own-deadline-only", step="deadlines-around", core=False)
def test_own_deadline_is_the_sooner(play: Play) -> None:
    """The time left ends at `deadline` if the deadlines around the call are later."""
    tasks = {"a": [wait(2)], "b": [wait(1)], "c": [wait(1)]}
    for t in both(play, tasks, estimates={"a": 9.5, "b": 8.5, "c": 7.5}, enclosing=[START + 60, START + 30]):
        expect_started(t, ["a", "c"])


@check("R4", misconception="first-misfit-ends-it", step="soft-or-hard", core=False)
def test_fits_in_the_next_call(play: Play) -> None:
    """A task that did not fit runs in a later call with more time."""
    for t in both(play, {"a": [wait(1)], "b": [wait(1)]}, estimates={"a": 12}, again=START + 60):
        t.expect_that("a", "a" in t.names("run"), "was not started in the second call either")


# -- R5: a deadline that has passed ------------------------------------------------------------------------------------
@check("R5", misconception="cancellation-stops-the-loop", step="one-clock")
def test_deadline_has_passed(play: Play) -> None:
    """With a deadline that has passed nothing is started, not even called; with one that is ahead the same tasks are."""
    for ends, first in ((-0.25, [give(1)]), (-START - 5, [at_once(), fail("E")])):
        for t in both(play, {"a": first, "b": [wait(1)]}, ends=ends):
            expect_started(t, [])
    for t in both(play, {"a": [give(1)], "b": [wait(1)]}, ends=5):
        expect_begun(t, "a")


@check("R5", misconception="cancellation-stops-the-loop", step="one-clock")
def test_nothing_started_after_the_deadline(play: Play) -> None:
    """When a task ended after the deadline, however it ended, no other is started."""
    late = (
        [on_cancel(wait(1), give(1)), hang()],
        [on_cancel(wait(1), fail("E")), hang()],
        [cleanup(wait(2)), hang()],
        [cleanup(wait(12)), give(1)],
        [cleanup(wait(12)), fail("E")],
    )
    for steps in late:
        for t in both(play, {"a": [wait(1)], "b": steps, "c": [give(1)], "d": [wait(1)]}):
            expect_started(t, ["a", "b"])


# -- R6: the hard variant ----------------------------------------------------------------------------------------------
@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_all_of_it(play: Play) -> None:
    """`drain_or_fail` returns the report if no task is left, also when some or all have failed."""
    expect_report(drained(play, "drain_or_fail", {"a": [wait(3)], "b": [wait(4)]}), ["a", "b"])
    for first in ([wait(4)], [wait(4), fail("E1")]):
        tasks = {"a": first, "b": [wait(1), fail("E", "TimeoutError")]}
        expect_hard_if_left(drained(play, "drain_or_fail", tasks))


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_last_task_ends_late(play: Play) -> None:
    """`drain_or_fail` returns the report if the last task finished or failed after the deadline: nothing is left."""
    for end in (give(1), fail("E", "TimeoutError")):
        for last in ([on_cancel(wait(1), end), hang()], [cleanup(wait(12)), end]):
            t = drained(play, "drain_or_fail", {"a": [wait(4)], "b": last})
            expect_begun(t, "a", "b")
            expect_hard_if_left(t)


@check("R6", misconception="cancelled-means-undone", step="soft-or-hard")
def test_tasks_left_although_none_was_interrupted(play: Play) -> None:
    """`drain_or_fail` raises `TimeoutError` if tasks are left because the running one ended after the deadline."""
    for end in (give(1), fail("E")):
        for running in ([on_cancel(wait(1), end), hang()], [cleanup(wait(12)), end]):
            t = drained(play, "drain_or_fail", {"a": running, "b": [wait(1)]})
            expect_begun(t, "a")
            expect_hard_if_left(t)


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_too_late_to_begin(play: Play) -> None:
    """With a deadline that has passed and tasks in the queue, `drain_or_fail` raises `TimeoutError`; with time it does not."""
    for ends in (-1, 10):
        expect_hard_if_left(drained(play, "drain_or_fail", {"a": [wait(1)], "b": [wait(1)]}, ends=ends))
    expect_begun(drained(play, "drain_or_fail", {"a": [wait(1)], "b": [wait(1)]}), "a")


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_empty_queue(play: Play) -> None:
    """An empty queue gives an empty report, also when the deadline has passed."""
    for ends in (10, -1):
        for t in both(play, {}, ends=ends):
            expect_report(t, [])


@check("R6", misconception="report-for-all-calls", step="soft-or-hard")
def test_a_second_call_finds_an_empty_queue(play: Play) -> None:
    """A second call, when the first did all, gives an empty report: each call has its own."""
    for t in both(play, {"a": [wait(1)], "b": [fail("E")]}, again=START + 60):
        expect_begun(t, "a")
        if not queue_of(t):
            expect_report(t, [], number=1)


@check("R6", misconception="hard-means-loud", step="deadlines-around", core=False)
def test_misfits_are_left_because_of_time(play: Play) -> None:
    """`drain_or_fail` raises `TimeoutError` just if tasks are left, also those that do not fit in any of the deadlines."""
    plans: list[tuple[dict[str, float], list[float]]] = [
        ({"a": LONG}, []),
        ({"b": LONG}, []),
        ({"a": LONG, "b": LONG}, []),
        ({"b": 8}, [START + 6]),
        ({"b": 8}, [START + 90]),
    ]
    for estimates, enclosing in plans:
        tasks = {"first": [wait(1)], "a": [wait(1)], "b": [wait(1)]}
        t = drained(play, "drain_or_fail", tasks, estimates=estimates, enclosing=enclosing)
        expect_begun(t, "first")
        expect_hard_if_left(t)


# -- rules for every exercise ------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="one-clock")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    tasks = {"a": [wait(1)], "b": [wait(1), fail("E")], "c": [hang()], "d": [wait(1)]}
    for function, right in zip(BOTH, ("returned", "raised"), strict=True):
        t = drained(play, function, tasks)
        expect_begun(t, "a")
        here, there = _seen(t), _seen(drained(other, function, tasks))
        wanted = [["a", "b", "c"], ["c", "d"], right]
        if there == wanted:  # what is wrong on both is for other clauses
            t.expect(f"tasks started, tasks left, ending (as on {other.backend})", here, wanted)


def _seen(t: Trace) -> list[Any]:
    try:
        return [t.names("run"), queue_of(t), t.call.how]
    except CheckFailed as failure:
        return [failure.sentence]


@check("G2", misconception="things-close-themselves", step="let-cancellation-through")
def test_nothing_left_behind(play: Play) -> None:
    """When a call ends, however it ends, no task, stream or lock of it is left."""
    plans: list[Tasks] = [
        {"a": [wait(1)], "b": [wait(1), fail("E")]},
        {"a": [wait(1)], "b": [on_cancel(fail("E")), hang()]},
        {"a": [wait(1), fail("stop", "Abandon")], "b": [wait(1)]},
    ]
    for tasks in plans:
        for t in both(play, tasks):
            expect_begun(t, "a")
            t.expect_nothing_left()
    for t in both(play, {"a": [wait(1)]}, ends=-1):
        t.expect_nothing_left()
    for function in BOTH:
        tasks = {"a": [wait(1)], "b": [cleanup(wait(1)), hang()], "c": [wait(1)]}
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "a")
            t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, the call ends by that at once: no report, no `TimeoutError`, no task goes on."""
    tasks = {"a": [wait(2)], "b": [wait(3)], "c": [cleanup(wait(1)), hang()]}
    for moment, task, by in ((1.5, "a", 1.5), (4, "b", 4), (7.5, "c", 8.5)):
        for t in both(play, tasks, cancelled=moment):
            t.expect(f"{task} was cancelled at", t.of(task).cancelled_at, at(moment))
            expect_cancelled(t, by=START + by)


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_tighter_deadline_strikes(play: Play) -> None:
    """A tighter deadline around the call cancels the running task and then the call: it is somebody else's deadline."""
    for t in both(play, {"a": [wait(2)], "b": [hang()], "c": [wait(1)]}, within=6):
        t.expect("b was cancelled at", t.of("b").cancelled_at, at(6))
        expect_cancelled(t, by=START + 6)


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_cancelled_with_a_long_cleanup(play: Play) -> None:
    """Cancelled from outside before the deadline, the call ends by that, also if the cleanup lasts past the deadline."""
    for t in both(play, {"a": [cleanup(wait(8)), hang()], "b": [wait(1)]}, cancelled=4):
        expect_begun(t, "a")
        expect_cancelled(t, by=START + 12)


@check("G3", misconception="shield-keeps-the-queue", step="let-cancellation-through")
def test_cancellation_passes_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment before the deadline, the call does not go on."""
    tasks = {"a": [wait(2)], "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(2)], "d": [wait(9)]}
    for function in BOTH:
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "a")
            moments = [entry["t"] for entry in t.notes("cancel")]
            if any(run.outside and run.how == "cancelled" for run in t.all("run")):
                expect_cancelled(t, by=moments[0] + 1)


@check("G4", misconception="blocking-is-short", step="one-clock")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, whatever becomes of the tasks."""
    tasks = {"a": [wait(0.1)], "b": [wait(0.1), fail("E")], "e": [wait(0.1)], "c": [hang()], "d": [wait(1)]}
    more: list[dict[str, Any]] = [{}, {"ends": 0.5}, {"ends": 0.5, "cancelled": 0.3}, {"ends": -1}]
    for plan in more:
        for t in both(play, tasks, estimates={"e": LONG}, **plan):
            t.expect_not_blocked()
            if not plan:
                expect_begun(t, "a")


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is no `Exception`, such as `SystemExit`, is no failed task: it leaves the call, and no other runs."""
    stops = [[wait(2), fail("stop", kind)] for kind in play.interrupts]
    for steps in (*stops, [at_once(), fail("stop", "Abandon")]):
        for t in both(play, {"a": [wait(1)], "b": steps, "c": [wait(1)]}):
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")
            expect_started(t, ["a", "b"])


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_groups_of_interrupts_pass(play: Play) -> None:
    """A group of exceptions that are no `Exception` is no `Exception` either: it leaves the call."""
    for t in both(play, {"a": [wait(1), fail("stop", "BaseExceptionGroup")], "b": [wait(1)]}):
        t.expect_that("the group of a should leave the call", t.call.how == "raised", f"it {t.call.ending}")
        expect_started(t, ["a"])


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_interrupts_in_the_cleanup_pass(play: Play) -> None:
    """An exception that is no `Exception` leaves the call also when a task raises it at the deadline."""
    for steps in ([on_cancel(fail("stop", "Abandon"))], [cleanup(wait(1), fail("stop", "Abandon"))]):
        for t in both(play, {"a": [wait(1)], "b": [*steps, hang()], "c": [wait(1)]}):
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="look-then-take")
def test_interrupted_tasks_are_given_back(play: Play) -> None:
    """When a task raises what is no `Exception`, those behind it stay in the queue, in order, as under cancellation."""
    for stop in ([wait(2), fail("stop", "Abandon")], [on_cancel(wait(1), fail("stop", "Abandon")), hang()]):
        for t in both(play, {"b": stop, "a": [wait(1)], "c": [wait(1)]}):
            expect_begun(t, "b")
            # `b` raised, which says that it leaves the queue, and was interrupted, which says that it stays: either.
            t.expect("the queue after the call", queue_of(t), one_of(["b", "a", "c"], ["a", "c"]))


@check("G6", misconception="look-again-and-again", step="one-clock")
def test_no_busy_waiting(play: Play) -> None:
    """The call does not wake up more often if everything takes forty times as long."""
    quick, slow = (
        list(both(play, {"a": [wait(2 * s)], "b": [cleanup(wait(5 * s)), hang()]}, ends=10 * s)) for s in (1, 40)
    )
    for before, t in zip(quick, slow, strict=True):
        expect_begun(t, "a", "b")
        t.expect("wake-ups when all takes forty times as long", t.call.steps, at_most(before.call.steps + 20))


@check("G6", misconception="look-again-and-again", step="deadlines-around", core=False)
def test_no_busy_waiting_for_misfits(play: Play) -> None:
    """The call does not wake up again and again for tasks that do not fit."""
    for t in both(play, {"a": [wait(10)], "b": [wait(1)]}, ends=100, estimates={"b": 200}):
        expect_begun(t, "a")
        t.expect("wake-ups", t.call.steps, at_most(30))


@check("G9", misconception="work-is-a-coroutine-function", step="look-then-take")
def test_any_callable(play: Play) -> None:
    """`work` may be anything that returns an awaitable when it is called."""
    for t in both(play, {"a": [awaitable(), wait(1)], "b": [wait(1)]}, partials=True):
        t.expect("how a and b ended", [t.of("a").how, t.of("b").how], ["returned", "returned"])
    t = drained(play, "drain_until", {"a": [awaitable(), wait(1), fail("E")], "b": [awaitable(), wait(1)]})
    expect_report(t, ["b"], {"a": None})


@check("G9", misconception="work-is-a-coroutine-function", step="whose-timeout")
def test_raises_at_once(play: Play) -> None:
    """A `work` that raises when it is called has failed like any other."""
    for t in both(play, {"a": [at_once(), fail("E1")], "b": [wait(1)], "c": [at_once(), fail("E2")], "d": [wait(1)]}):
        expect_started(t, ["a", "b", "c", "d"])
        if t.call.what == "drain_until":
            expect_report(t, ["b", "d"], {"a": None, "c": None})
