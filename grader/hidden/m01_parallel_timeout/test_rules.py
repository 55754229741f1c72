"""Hidden checks of m01: the rules of every exercise."""

from __future__ import annotations

from grader import (
    Play,
    Trace,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    one_of,
    token,
    wait,
)

from .plans import (
    LONG,
    TIMED_OUT,
    A,
    B,
    entries_of,
    expect_called_unless_cancelled,
    expect_cancellation_goes_on,
    expect_ends_by_cancellation,
    expect_error_leaves,
    expect_list,
)


# -- G: rules of every exercise --------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="start-together")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio: jobs return, run out of time or raise, or the call is cancelled."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, timeout=LONG)
    expect_list(t, [A, B])
    t = play(jobs={"a": [wait(1), give("A")], "late": [wait(50), give("A")]}, timeout=10)
    t.expect_begun("a")
    expect_no_error_of_its_own(t)
    part = "Each entry is what the job in its place returned, or `TIMED_OUT`."
    for entry in entries_of(t):
        t.expect("an entry", entry, one_of(A, TIMED_OUT), part=part)
    for bad in ([wait(2), fail("E1")], [cleanup(wait(1), fail("E1")), wait(50)]):
        t = play(jobs={"bad": bad, "b": [cleanup(wait(1)), wait(50)]}, timeout=10)
        t.expect_begun("bad")
        expect_no_error_of_its_own(t)
    expect_no_error_of_its_own(play(jobs={"a": [wait(50)], "b": [wait(50)]}, timeout=10).cancel("caller", at=104))


@check("G2", misconception="streams-close-themselves", step="keep-what-is-finished")
def test_nothing_left(play: Play) -> None:
    """When the call has ended, by a list or by an error of a job, no task, stream or lock of its own is left."""
    lists = {"b": [wait(2)]}, {"b": [cleanup(wait(1)), wait(50)]}
    errors = ({"bad": bad, "b": [wait(50)]} for bad in ([wait(2), fail("E1")], [on_cancel(fail("E1")), wait(50)]))
    for others in (*lists, *errors):
        t = play(jobs={"a": [wait(1), give("A")], **others}, timeout=10)
        t.expect_begun("a")
        expect_nothing_left(t)


@check("G2", misconception="streams-close-themselves", step="let-cancellation-through")
def test_nothing_left_after_a_cancellation(play: Play) -> None:
    """When the call is cancelled from outside, at any moment, no task, stream or lock of its own is left."""
    for t in play(jobs={"a": [wait(1), give("A")], "b": [wait(3)]}, timeout=LONG).cancelled("caller"):
        expect_called_unless_cancelled(t, "a")
        expect_nothing_left(t)


@check("G3", misconception="shield-everything", step="let-cancellation-through")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside takes effect at once, in the jobs and in the call, at any moment."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(4), give("B")], "c": [wait(3), give("C")]}
    for t in play(jobs=jobs, timeout=LONG).cancelled("caller"):
        expect_called_unless_cancelled(t, "a")
        expect_cancellation_goes_on(t, cleanup_takes=0)


@check("G3", misconception="shield-everything", step="let-cancellation-through")
def test_jobs_are_not_shielded(play: Play) -> None:
    """A cancellation from outside reaches the jobs when it comes, not at their timeout, and none is tried again."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(8), give("B")], "c": [wait(700)]}
    t = play(jobs=jobs, timeout=300).cancel("caller", at=104)
    t.expect_begun("a")
    expect_cancelled(t, "b", "c", at=104)
    expect_ends_by_cancellation(t, at=104)
    part = "Each job is called only once, also when the call is cancelled from outside."
    t.expect("calls of one job", max([len(t.all("run", name)) for name in jobs]), at_most(1), part=part)


@check("G3", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_deadline_passes(play: Play) -> None:
    """The deadline of a scope around the call cancels it like any other: it is not taken for the timeout."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(700)]}, timeout=300).within("caller", 104)
    t.expect_begun("a")
    expect_ends_by_cancellation(t, at=104)


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop, whether jobs return, run out of time or raise."""
    value, late, bad = [wait(1), give("A")], [cleanup(wait(1)), wait(50)], [wait(2), fail("E1")]
    for jobs in ({"a": value}, {"a": value, "b": late}, {"bad": bad, "b": late}, {"bad": [on_cancel(*bad), wait(50)]}):
        t = play(jobs=jobs, timeout=10)
        t.expect_not_blocked()
        t.expect_begun(next(iter(jobs)))


@check("G4", misconception="blocking-is-short", step="let-cancellation-through")
def test_nothing_blocks_when_cancelled(play: Play) -> None:
    """No call blocks the event loop when the call is cancelled from outside."""
    for at in (104, 111):
        t = play(jobs={"a": [wait(1), give("A")], "b": [cleanup(wait(2)), wait(50)]}, timeout=10)
        t = t.cancel("caller", at=at)
        t.expect_not_blocked()
        t.expect_begun("a")


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_exits_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, leaves the call, and the other jobs end."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        jobs = {"a": [wait(1), give("A")], "bad": [wait(2), fail("X", kind)], "b": [cleanup(wait(1)), wait(9)]}
        t = play(jobs=jobs, timeout=LONG)
        expect_error_leaves(t, "An exception that is not an `Exception`, such as `SystemExit`, leaves the call.")
        t.expect_all_ended(
            part="When a job raises what is not an `Exception`, the call waits until the others have ended."
        )


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_exits_pass_beside_errors(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, also if another job then raises an error as it is cancelled."""
    for kind in play.interrupts:
        jobs = {"bad": [wait(2), fail("X", kind)], "b": [on_cancel(fail("E1")), wait(50)]}
        t = play(jobs=jobs, timeout=LONG)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending}, where the {kind} of a job should leave it")


@check("G5", misconception="catch-everything", step="tell-the-two-timeouts-apart")
def test_exits_of_late_jobs_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, also if a job raises it while it is being cancelled for its timeout."""
    ways = [[on_cancel(fail("X", "Abandon")), wait(50)]]
    ways += [[cleanup(wait(1), fail("X", kind)), wait(50)] for kind in play.interrupts]
    for bad in ways:
        t = play(jobs={"a": [wait(1), give("A")], "bad": bad, "b": [cleanup(wait(2)), wait(50)]}, timeout=10)
        expect_error_leaves(t)
        t.expect_all_ended(
            part="When a job raises what is not an `Exception`, the call waits until the others have ended."
        )


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: a wait that is a thousand times longer takes no more wake-ups."""
    expect_same_steps(*(play(jobs={"a": [wait(time)]}, timeout=10_000) for time in (9, 9000)))
    expect_same_steps(*(play(jobs={"a": [wait(9)], "b": [wait(2 * time)]}, timeout=time) for time in (10, 10_000)))


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting_for_cleanups(play: Play) -> None:
    """Tasks sleep until something happens, also while jobs that ran out of time, or were cancelled, clean up."""

    def trial(scale: int, **more: list) -> Trace:
        return play(jobs={"a": [cleanup(wait(5 * scale)), hang()], **more}, timeout=10)

    expect_same_steps(trial(1), trial(1000))
    bad = [wait(2), fail("E1")]
    expect_same_steps(trial(1, bad=bad), trial(1000, bad=bad))
    expect_same_steps(*(trial(scale).cancel("caller", at=104) for scale in (1, 1000)))


@check("G9", misconception="jobs-are-coroutines", step="start-together")
def test_kinds_of_jobs(play: Play) -> None:
    """A job is any callable that returns an awaitable, which need not be a coroutine: a partial, a method, an object."""
    forms = ["partial", "function", "instance", "method"]
    jobs = {form: [wait(index + 1), give(form)] for index, form in enumerate(forms)}
    jobs |= {"awaitable": [awaitable(), wait(2), give("awaitable")], "another": [awaitable(), wait(1), give("another")]}
    t = play(jobs=jobs, forms={form: form for form in forms}, timeout=LONG)
    t.expect("the list", t.call.value, [token(name) for name in jobs])


@check("G9", misconception="jobs-are-coroutines", step="keep-what-is-finished")
def test_jobs_that_cannot_be_called(play: Play) -> None:
    """A job that raises when it is called, before anything is awaited, has failed like one that raises later."""
    bad, good = [at_once(), fail("E1")], [wait(50), give("A")]
    for jobs in ({"bad": bad}, {"bad": bad, "a": good}, {"a": good, "bad": bad, "b": good}):
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


def expect_cancelled(t: Trace, *names: str, at: float) -> None:
    """These jobs, if they were started, were cancelled at that time."""
    part = "A cancellation from outside reaches the jobs when it comes, not at their timeout."
    for job in (job for name in names for job in t.all("run", name)):
        t.expect(f"how the job {job.who} ended", job.how, "cancelled", part=part)
        t.expect(f"when the job {job.who} was cancelled", job.cancelled_at, near(at), part=part)


def expect_no_error_of_its_own(t: Trace) -> None:
    """What leaves the call, if anything does, is the jobs'."""
    raised = t.call.errors
    known = t.call.is_cancelled or not raised or any(error.token for error in raised)
    part = "What leaves the call is an error that a job raised, and no other."
    t.expect_that("an error that no job raised", known, f"the call {t.call.ending}", part=part)


def expect_nothing_left(t: Trace) -> None:
    """No task, stream, file or lock that was made during the call is left."""
    left = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in t.call.left.items())
    t.expect_that("left behind by the call", not left, left)


def expect_same_steps(short: Trace, long: Trace) -> None:
    """The run with the longer waits took about as many steps."""
    t = long
    t.expect_begun("a")
    t.expect(f"wake-ups, where the short wait took {short.steps}", t.steps, at_most(2 * short.steps + 10))
