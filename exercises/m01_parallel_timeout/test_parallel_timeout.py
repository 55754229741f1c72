"""The checks of m01 that you can read. Each plays a small scene on both backends, in virtual time.

A plan names jobs and says what each does: `wait(2)` sleeps 2 s, `give("A")` returns the object A, `fail("E1")` raises
the error E1, `cleanup(wait(3))` is a `finally` block of 3 s, `hang()` never ends. The call begins at 100 s.
"""

from grader import (
    Play,
    SentencePart,
    Trace,
    at_most,
    at_once,
    awaitable,
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

A, B, C = token("A"), token("B"), token("C")
TIMED_OUT = token("TIMED_OUT")


def expect_called(t: Trace, *names: str) -> None:
    """Expect that those jobs were called: else nothing is shown."""
    t.expect("of these jobs, those that were called", [name for name in names if name in t.names("run")], [*names])


def expect_list(t: Trace, wanted: list) -> None:
    """Expect that the call gave this list; of a list with other entries say what is wrong with it."""
    seen, part = t.call.value, ""
    if isinstance(seen, list) and len(seen) == len(wanted):
        pairs = list(zip(seen, wanted, strict=True))
        if any("TaskHandle" in repr(entry) for entry in seen):
            part = "The list holds what the jobs returned, not the handles of their tasks."
        elif sorted(seen, key=repr) == sorted(wanted, key=repr):
            part = "The list is in the order of the jobs, whoever finishes first or runs out of time."
        elif any(entry == TIMED_OUT != right for entry, right in pairs):
            part = "A job that ends within its timeout has what it returned as its entry, and not `TIMED_OUT`."
            part = SentencePart(part, misconception="relative-deadline", step="bound-the-wait")
        elif any(entry != TIMED_OUT == right for entry, right in pairs):
            part = "A job that runs out of time has the entry `TIMED_OUT`."
        elif seen != wanted:
            part = "Each entry of the list is what the job in its place returned."
        if len(t.names("run")) < len(wanted):
            part = "All jobs are started, not only some of them."
    elif isinstance(seen, list):
        part = "The list has one entry for each job, whatever the jobs are called and however they end."
    t.expect("the list", seen, wanted, part=part)


@check("R1", misconception="finishing-order", step="start-together")
def test_order_of_jobs(play: Play) -> None:
    """The list is in the order of the jobs, whoever starts or finishes first, also if a callable is in it twice."""
    jobs = {"a": [wait(3), give("A")], "b": [wait(1), give("B")], "c": [wait(2), give("C")]}
    for t in play(jobs=jobs, timeout=60).orders(6):
        expect_list(t, [A, B, C])
    jobs = {"a": [wait(3), give("A")], "b": [wait(2), give("B")], "c": [wait(1), give("C")]}
    expect_list(play(jobs=jobs, timeout=60), [A, B, C])
    part = "A callable that is in the list twice is called twice, not more often, and each call has its own entry."
    twice = play(jobs={"a": [wait(1), give("A")], "b": [wait(1), give("B")]}, one_callable=True, timeout=60)
    t = twice.naming(part)
    t.expect("the two entries", sorted(t.call.value_as(list), key=repr), [A, B], part=part)


@check("R1", misconception="last-job-ends-it", step="start-together")
def test_no_jobs(play: Play) -> None:
    """Without jobs the list is empty."""
    t = play(jobs={}, timeout=5)
    t.expect("the list", t.call.value, [])


@check("R1", misconception="empty-means-late", step="keep-what-is-finished")
def test_none_is_a_value(play: Play) -> None:
    """A job that returns `None` gives `None`; an error that is returned, and not raised, is a value too."""
    t = play(jobs={"a": [wait(1), give(None)], "b": [wait(2), give_error("E1")]}, fixed=True, timeout=60)
    expect_list(t, [None, token("E1")])


@check("R1", misconception="one-call-at-a-time", step="keep-what-is-finished", wide=True)
def test_several_calls(play: Play) -> None:
    """Calls that overlap, or follow one that failed, each give their own list."""
    jobs = {"a": [wait(5), give("A")], "b": [wait(2), give("B")], "c": [wait(1), give("C")], "bad": [fail("E1")]}
    lists = {"first": [100, "b", "a"], "second": [101, "c", "b"], "fourth": [120, "a"]}
    t = play(jobs=jobs, callers={**lists, "third": [102, "bad", "a"]}, timeout=60)
    for call in (call for call in t.calls() if call.who in lists):
        wanted = [token(name.upper()) for name in lists[call.who][1:]]
        t.expect(f"the list of the {call.who} call", call.value, wanted)


@check("R1", misconception="empty-means-late", step="keep-what-is-finished", wide=True)
def test_value_after_the_timeout(play: Play) -> None:
    """A job that shields itself past its timeout, and then returns, has that value as its entry, or `TIMED_OUT`."""
    t = play(jobs={"a": [cleanup(wait(12)), give("A")], "b": [wait(1), give("B")]}, timeout=10)
    t.expect("the list", t.call.value, one_of([A, B], [TIMED_OUT, B]))


@check("R2", misconception="one-after-another", step="start-together")
def test_at_the_same_time(play: Play) -> None:
    """All jobs run at the same time: the call takes as long as the slowest of them."""
    t = play(jobs={f"job{number}": [wait(3)] for number in range(12)}, timeout=60)
    timer = (t.call.took or 0) >= 60
    part = "The call does not wait for the timeout when all jobs are done." if timer else ""
    t.expect("the call with twelve jobs of 3 s took", t.call.took, near(3), part=part)
    late = play(jobs={"a": [cleanup(wait(3)), hang()], "b": [cleanup(wait(2)), hang()]}, timeout=10)
    t = late.naming("A job that is not done after `timeout` seconds is cancelled.")
    part = "Jobs that run out of time clean up at the same time, and the call waits for all of them."
    t.expect("the call with a timeout of 10 s and cleanups of 3 s and 2 s took", t.call.took, near(13), part=part)


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_timeout_from_the_call_on(play: Play) -> None:
    """A job is cancelled when it has taken `timeout` seconds, not before and not later."""
    t = play(jobs={"a": [wait(90.25)], "b": [hang()]}, timeout=90.5)
    t.expect("how the job of 90.25 s ended", t.of("a").how, "returned")
    t.expect("when the endless job was cancelled", t.of("b").cancelled_at, near(190.5))


@check("R2", misconception="one-call-at-a-time", step="bound-the-wait", wide=True)
def test_timeout_of_each_call(play: Play) -> None:
    """Of calls that overlap each has a timeout of its own."""
    t = play(jobs={"a": [hang()]}, callers={"first": [100, "a"], "second": [103, "a"]}, timeout=10)
    t.expect(
        "the two calls, each with a timeout of 10 s, took", [call.took for call in t.calls()], [near(10), near(10)]
    )


@check("R3", misconception="scope-around-start-soon", step="bound-the-wait")
def test_late_job(play: Play) -> None:
    """A job that runs out of time has the entry `TIMED_OUT`; the others keep what they returned."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [hang()], "c": [wait(3), give("C")]}, timeout=10)
    expect_list(t, [A, TIMED_OUT, C])


@check("R3", misconception="waiting-ends-the-job", step="bound-the-wait")
def test_cleanup_has_finished(play: Play) -> None:
    """When the call returns, a job that ran out of time has finished its `finally` block."""
    t = play(jobs={"a": [cleanup(wait(3)), hang()], "b": [wait(1), give("B")]}, timeout=10)
    t.expect("when the job's cleanup ended", t.of("a").end, near(113))
    t.expect("when the call ended", t.call.end, near(113))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_leaves(play: Play) -> None:
    """A job that raises is not hidden: the others are cancelled, and its error leaves the call."""
    t = play(jobs={"a": [wait(2), fail("E1")], "b": [wait(50), give("B")]}, timeout=60)
    t.expect_that("the call", "E1" in t.call.errors, f"{t.call.ending}, where the error E1 should leave it")
    part = "A job that raises is not hidden: the others are cancelled at once, wherever it is in the list."
    t.expect("the call, in which a job raised after 2 s, took", t.call.took, near(2), part=part)
    t = play(jobs={"a": [wait(50), give("A")], "b": [wait(2), fail("E1")]}, timeout=60)
    t.expect("the call, in which the last job raised after 2 s, took", t.call.took, near(2), part=part)
    t = play(jobs={"a": [wait(2), fail("E1")], "b": [on_cancel(fail("E2")), hang()]}, timeout=60)
    left = "E1" in t.call.errors or "E2" in t.call.errors
    part = "When two jobs raise, one of their errors, or both, leave the call, and no other error."
    t.expect_that(
        "the call", left, f"{t.call.ending}, where E1 or E2, which two jobs raised, should leave it", part=part
    )


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_own_timeout_error(play: Play) -> None:
    """A `TimeoutError` that a job raises by itself is an error, not `TIMED_OUT`."""
    for others in ({"b": [wait(5), give("B")]}, {}):
        t = play(jobs={"a": [wait(2), fail("E1", "TimeoutError")], **others}, timeout=10)
        t.expect_that("the call", "E1" in t.call.errors, f"{t.call.ending}, where the error E1 should leave it")


@check("R4", misconception="cancel-called", step="keep-what-is-finished")
def test_error_of_a_late_job(play: Play) -> None:
    """A job that raises while it is being cancelled for its timeout is not hidden either, a `TimeoutError` included."""
    for kind in ("ValueError", "TimeoutError"):
        t = play(jobs={"a": [on_cancel(wait(1), fail("E1", kind)), hang()], "b": [wait(1), give("B")]}, timeout=10)
        t.expect_that("the call", "E1" in t.call.errors, f"{t.call.ending}, where the error E1 should leave it")


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, the call returns no list, and the jobs have ended when it ends."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [cleanup(wait(2)), wait(50)]}, timeout=60).cancel("caller", at=104)
    t.expect("how the call ended", t.call.how, "cancelled")
    t.expect("when the job ended", t.of("b").end, near(106))
    t.expect("when the call ended", t.call.end, near(106))


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_deadline_of_the_caller(play: Play) -> None:
    """A tighter deadline around the call is not the timeout, also if a cleanup lasts until that has passed: no list."""
    for job in ([hang()], [cleanup(wait(60)), hang()]):
        t = play(jobs={"a": job}, timeout=30).within("caller", 104)
        expect_called(t, "a")
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"the call {t.call.ending}")


@check("G1", misconception="asyncio-is-everywhere", step="start-together")
def test_both_backends(play: Play) -> None:
    """The same file works on asyncio and on trio."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, timeout=60)
    t.expect("the list", t.call.value, [A, B])


@check("G2", misconception="streams-close-themselves", step="keep-what-is-finished")
def test_nothing_left(play: Play) -> None:
    """When the call has ended, none of its tasks runs and none of its streams is open."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(50)]}, timeout=10)
    expect_called(t, "a", "b")
    t.expect("left behind when the call ended", t.call.left, {})
    t = play(jobs={"a": [wait(1), fail("E1")], "b": [wait(50)]}, timeout=10)
    t.expect("left behind when the call ended by an error", t.call.left, {})


@check("G3", misconception="shield-everything", step="let-cancellation-through")
def test_cancellation_is_not_delayed(play: Play) -> None:
    """A cancellation from outside takes effect when it comes."""
    t = play(jobs={"a": [wait(50), give("A")]}, timeout=60).cancel("caller", at=104)
    expect_called(t, "a")
    t.expect("when the call ended", t.call.end, near(104))
    t.expect("how the call ended", t.call.how, "cancelled")


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(50)]}, timeout=10)
    t.expect_not_blocked()
    expect_called(t, "a", "b")


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, is not caught: here a class of our own, `Abandon`."""
    for kind in play.interrupts:
        t = play(jobs={"a": [wait(2), fail("X", kind)], "b": [on_cancel(fail("E1")), hang()]}, timeout=60)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending}, where X, {kind}, should leave it")
    t = play(jobs={"a": [on_cancel(fail("X", "Abandon")), hang()]}, timeout=10)
    t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending}, where X of a late job should leave it")


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """Waiting a thousand times longer takes no more wake-ups."""
    short = play(jobs={"a": [cleanup(wait(1)), wait(50)]}, timeout=10)
    long = play(jobs={"a": [cleanup(wait(1000)), wait(50_000)]}, timeout=10_000)
    expect_called(long, "a")
    long.expect(f"wake-ups, where the short wait took {short.steps}", long.steps, at_most(2 * short.steps + 10))


@check("G9", misconception="jobs-are-coroutines", step="start-together")
def test_kinds_of_jobs(play: Play) -> None:
    """A job is anything that can be called without arguments and gives something to await: a partial, an object …."""
    jobs = {"a": [wait(1), give("A")], "b": [awaitable(), wait(2), give("B")]}
    t = play(jobs=jobs, forms={"a": "partial", "b": "instance"}, timeout=60)
    t.expect("the list", t.call.value, [A, B])


@check("G9", misconception="jobs-are-coroutines", step="keep-what-is-finished")
def test_job_that_cannot_be_called(play: Play) -> None:
    """A job that raises when it is called, before anything is awaited, has failed like one that raises later."""
    t = play(jobs={"a": [at_once(), fail("E1")], "b": [wait(50)]}, timeout=60)
    t.expect_that("the call", "E1" in t.call.errors, f"{t.call.ending}, where the error E1 should leave it")
