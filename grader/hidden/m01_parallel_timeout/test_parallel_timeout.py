"""Hidden checks of m01: what `gather_within` promises, on both backends.

The caller calls at 100 s. Where time is not what a check looks at, the timeout is `LONG`: nothing runs out of time.
"""

import math

from grader import (
    Play,
    Trace,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    fail_after,
    give,
    give_error,
    hang,
    in_group,
    near,
    on_cancel,
    one_of,
    token,
    wait,
)

A, B, C, D = (token(name) for name in "ABCD")
TIMED_OUT = token("TIMED_OUT")
START = 100
LONG = 1000


# -- R1: one entry per job, in order -------------------------------------------------------------------------------
@check("R1", misconception="finishing-order", step="start-together")
def test_order_of_jobs(play: Play) -> None:
    """The list has one entry for each job, in the order of the jobs, whoever starts or finishes first."""
    names = [f"job{index}" for index in range(12)]
    jobs = {name: [wait(time), give(name)] for name, time in zip(names, play.draw(12), strict=True)}
    for t in play(jobs=jobs, timeout=LONG).orders(6):
        t.expect("the list", t.call.value, [token(name) for name in names])


@check("R1", misconception="finishing-order", step="keep-what-is-finished")
def test_places_beside_late_jobs(play: Play) -> None:
    """A value stands in the place of its own job, also behind jobs that run out of time: it does not move up."""
    jobs = {"A": [wait(50), give("A")], "B": [wait(2), give("B")], "C": [wait(50)], "D": [wait(1), give("D")]}
    for t in play(jobs=jobs, timeout=10).orders(4):
        expect_called(t, *jobs)
        t.expect_that("the list", bool(entries_of(t)), f"the call {t.call.ending}, and gave no entries")
        for name, entry in zip(jobs, entries_of(t), strict=False):
            if entry in (A, B, C, D):
                t.expect(f"the entry of the job {name}", entry, token(name))


@check("R1", misconception="empty-means-late", step="keep-what-is-finished")
def test_empty_values(play: Play) -> None:
    """A job that returns `None`, 0, False or something empty gives just that."""
    values = [None, 0, False, [], {}, 7]
    jobs = {f"job{index}": [wait(index + 1), give(value)] for index, value in enumerate(values)}
    t = play(jobs=jobs, timeout=LONG)
    t.expect("the list", t.call.value, values)


@check("R1", misconception="errors-are-results", step="keep-what-is-finished")
def test_errors_as_values(play: Play) -> None:
    """An exception that a job *returns* is its result like any other value."""
    jobs = {
        "a": [wait(1), give("A")],
        "b": [wait(2), give_error("E1", "ValueError")],
        "c": [wait(3), give_error("E2", "TimeoutError")],
    }
    t = play(jobs=jobs, timeout=LONG)
    t.expect("the list", t.call.value, [A, token("E1"), token("E2")])


@check("R1", misconception="one-place-per-job-object", step="keep-what-is-finished")
def test_same_job_twice(play: Play) -> None:
    """The same callable may be in the list several times: each call has an entry of its own."""
    jobs = {"first": [wait(3), give("A")], "second": [wait(1), give("B")], "third": [wait(2), give("C")]}
    t = play(jobs=jobs, one_callable=True, timeout=LONG)
    entries = t.call.value
    t.expect("the entries", sorted(entries, key=repr) if isinstance(entries, list) else entries, [A, B, C])


@check("R1", misconception="last-job-ends-it", step="start-together")
def test_no_jobs(play: Play) -> None:
    """No jobs give an empty list."""
    t = play(jobs={}, timeout=5)
    t.expect("the list", t.call.value, [])


@check("R1", misconception="last-job-ends-it", step="keep-what-is-finished")
def test_jobs_that_never_wait(play: Play) -> None:
    """A job that returns at once, without waiting for anything, has its entry too."""
    for names in ("A", "BCD"):
        t = play(jobs={name: [give(name)] for name in names}, timeout=LONG)
        t.expect("the list", t.call.value, [token(name) for name in names])


@check("R1", misconception="one-call-at-a-time", step="keep-what-is-finished")
def test_several_calls(play: Play) -> None:
    """Calls that overlap, or follow each other, have nothing to do with each other: each gives its own list."""
    jobs = {"a": [wait(5), give("A")], "b": [wait(2), give("B")], "c": [wait(3), give("C")], "d": [wait(1), give("D")]}
    callers = {"caller": [START, "b", "a", "c"], "second": [101, "b"], "inside": [102.4, "d"], "third": [120, "c", "a"]}
    t = play(jobs=jobs, callers=callers, timeout=LONG)
    for call in t.calls():
        names = [token(name.upper()) for name in callers[call.who][1:]]
        t.expect(f"the list of the {call.who}", call.value, names)


@check("R1", misconception="one-call-at-a-time", step="keep-what-is-finished")
def test_beside_a_call_that_fails(play: Play) -> None:
    """A call that fails, or is cancelled, disturbs no other: one beside it, and one that follows, give their lists."""
    jobs = {"a": [wait(5), give("A")], "b": [wait(2), give("B")], "bad": [wait(1), fail("E1")], "never": [hang()]}
    callers = {"caller": [START, "b", "a"], "third": [103.5, "b"]}
    failing = play(jobs=jobs, callers={**callers, "second": [101, "never", "bad"]}, timeout=LONG)
    cut_off = play(jobs=jobs, callers={**callers, "second": [101, "never"]}, timeout=LONG).cancel("second", at=103)
    for t in (failing, cut_off):
        for call in [call for call in t.calls() if call.who in callers]:
            names = [token(name.upper()) for name in callers[call.who][1:]]
            t.expect(f"the list of the {call.who}", call.value, names)


@check("R1", misconception="jobs-are-mine", step="start-together")
def test_jobs_in_a_tuple(play: Play) -> None:
    """`jobs` may be any sequence, also a tuple, from which nothing can be taken out."""
    t = play(jobs={"a": [wait(2), give("A")], "b": [wait(1), give("B")]}, fixed=True, timeout=LONG)
    t.expect("the list", t.call.value, [A, B])


@check("R1", misconception="empty-means-late", step="tell-the-two-timeouts-apart")
def test_value_after_the_timeout(play: Play) -> None:
    """A job that shields itself past its timeout, and then returns, has that value as its entry, or `TIMED_OUT`."""
    t = play(jobs={"a": [cleanup(wait(12)), give("A")], "b": [wait(1), give("B")]}, timeout=10)
    t.expect("the list", t.call.value, one_of([A, B], [TIMED_OUT, B]))


# -- R2: at the same time, each with its own timeout -----------------------------------------------------------------
@check("R2", misconception="one-after-another", step="start-together")
def test_all_at_the_same_time(play: Play) -> None:
    """All jobs run at the same time, however many there are."""
    jobs = {f"job{index}": [wait(3)] for index in range(101)}
    t = play(jobs=jobs, timeout=LONG)
    t.expect("when 101 jobs of 3 s were done", t.call.end, near(103))


@check("R2", misconception="timer-left-running", step="start-together")
def test_as_long_as_the_slowest(play: Play) -> None:
    """The call takes as long as the slowest job: it does not wait for the timeout when all jobs are done."""
    for times in ([1.0], play.draw(4)):
        jobs = {f"job{index}": [wait(time), give("A")] for index, time in enumerate(times)}
        t = play(jobs=jobs, timeout=LONG)
        t.expect("when the call ended", t.call.end, near(START + max(times)))
    t = play(jobs={"a": [wait(7), give("A")], "b": [wait(9.9), give("B")]}, timeout=10)
    t.expect("when the call ended", t.call.end, near(109.9))
    t.expect("the list", t.call.value, [A, B])


@check("R2", misconception="timer-left-running", step="start-together")
def test_no_jobs_take_no_time(play: Play) -> None:
    """Without jobs there is nothing to wait for; with one the call takes as long as that."""
    for jobs, took in ({}, 0), ({"a": [wait(2)]}, 2):
        t = play(jobs=jobs, timeout=5)
        t.expect("when the call ended", t.call.end, near(START + took))


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_whole_timeout(play: Play) -> None:
    """Each job has the whole timeout, counted from the call, whatever the others do."""
    in_time = {f"job{time}": [wait(time)] for time in (1, 2, 3, 8, 10.4)}
    late = {"late": [wait(14)], "never": [hang()]}
    for jobs in (in_time, in_time | {"late": [wait(14)]}, in_time | late):
        t = play(jobs=jobs, timeout=10.5)
        t.expect("how the job of 10.4 s ended", t.of("job10.4").ending, "returned")
        for name in jobs.keys() & late.keys():
            t.expect(f"when the job {name} was cancelled", t.of(name).cancelled_at, near(110.5))
    t.expect("when the call ended", t.call.end, near(110.5))


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_timeouts_of_any_size(play: Play) -> None:
    """A timeout counts as it is, also if it is less than a second or many minutes."""
    for timeout in (0.25, 900):
        t = play(jobs={"quick": [wait(timeout * 0.96)], "late": [hang()]}, timeout=timeout)
        t.expect("how the quick job ended", t.of("quick").ending, "returned")
        t.expect("when the late job was cancelled", t.of("late").cancelled_at, near(START + timeout))


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_a_later_deadline_of_the_caller(play: Play) -> None:
    """A deadline of the caller's that is later than the timeout changes nothing."""
    t = play(jobs={"a": [wait(8)], "never": [hang()]}, timeout=10).within("caller", 150)
    t.expect("when the job was cancelled", t.of("never").cancelled_at, near(110))
    t.expect("when the call ended", t.call.end, near(110))


@check("R2", misconception="one-after-another", step="bound-the-wait")
def test_cleanups_at_the_same_time(play: Play) -> None:
    """Jobs that run out of time are cancelled together; the call takes longer only by their longest cleanup."""
    t = play(jobs={"a": [cleanup(wait(5)), hang()], "b": [cleanup(wait(2)), hang()]}, timeout=10)
    for name in ("a", "b"):
        t.expect(f"when the job {name} was cancelled", t.of(name).cancelled_at, near(110))
    t.expect("when the call ended", t.call.end, near(115))


@check("R2", misconception="one-call-at-a-time", step="bound-the-wait")
def test_timeout_of_each_call(play: Play) -> None:
    """Of calls that overlap, or follow each other, each runs at once and has a timeout of its own."""
    callers = {"caller": [START, "a", "b"], "second": [103, "b"], "third": [120, "b", "a"]}
    t = play(jobs={"a": [wait(1)], "b": [hang()]}, callers=callers, timeout=10)
    for call in t.calls():
        t.expect(f"when the call of the {call.who} ended", call.end, near(callers[call.who][0] + 10))
    t.expect("how often the job a, which is in two calls, was called", len(t.all("run", "a")), 2)


# -- R3: cancelled, cleaned up, TIMED_OUT ------------------------------------------------------------------------------
@check("R3", misconception="scope-around-start-soon", step="bound-the-wait")
def test_late_entries(play: Play) -> None:
    """A job that runs out of time has the entry `TIMED_OUT`; the others keep what they returned."""
    quick = {name: [wait(time), give(name)] for name, time in zip("ABC", play.draw(3, low=1), strict=True)}
    late = {"never": [hang()], "late": [wait(50), give("D")]}
    names = play.shuffled([*quick, *late])
    for t in play(jobs={name: (quick | late)[name] for name in names}, timeout=10).orders(4):
        t.expect("the list", t.call.value, [token(name) if name in quick else TIMED_OUT for name in names])


@check("R3", misconception="one-timeout-for-all", step="bound-the-wait")
def test_all_late(play: Play) -> None:
    """When every job runs out of time, the call returns, and every entry is `TIMED_OUT`."""
    for count in (1, 3):
        t = play(jobs={f"job{index}": [hang()] for index in range(count)}, timeout=10)
        expect_called(t, *[f"job{index}" for index in range(count)])
        t.expect("the list", t.call.value, [TIMED_OUT] * count)


@check("R3", misconception="waiting-ends-the-job", step="bound-the-wait")
def test_late_jobs_are_cancelled(play: Play) -> None:
    """A job that runs out of time is cancelled: it does not run on."""
    t = play(jobs={"late": [wait(50), give("A")], "quick": [wait(1), give("B")]}, timeout=10)
    t.expect("how the late job ended", t.of("late").how, "cancelled")
    t.expect("how the quick job ended", t.of("quick").how, "returned")
    t.expect("calls of the late job", len(t.all("run", "late")), 1)


@check("R3", misconception="waiting-ends-the-job", step="bound-the-wait")
def test_cleanup_is_awaited(play: Play) -> None:
    """When the call returns, the `finally` blocks of the jobs that ran out of time have finished."""
    jobs = {"a": [cleanup(wait(25)), hang()], "b": [wait(1), give("B")], "c": [cleanup(wait(2)), hang()]}
    for t in play(jobs=jobs, timeout=10).orders(4):
        expect_all_ended(t)
        t.expect("the list", t.call.value, [TIMED_OUT, B, TIMED_OUT])


@check("R3", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_later_timeout_inside_a_job(play: Play) -> None:
    """A job with a longer timeout of its own inside, that has not struck, ran out of time like any other."""
    t = play(jobs={"a": [fail_after(20), hang()], "b": [wait(1), give("B")]}, timeout=10)
    t.expect("the list", t.call.value, [TIMED_OUT, B])


# -- R4: errors leave the call ------------------------------------------------------------------------------------------
@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_cancels_the_others(play: Play) -> None:
    """A job that raises is not hidden: the others are cancelled at once, and its error leaves the call."""
    jobs = {"bad": [wait(2), fail("E1")], "a": [wait(1), give("A")], "b": [wait(9), give("B")]}
    t = play(jobs=jobs, timeout=LONG)
    expect_error_leaves(t)
    t.expect("when the call ended", t.call.end, at_most(102.5))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_of_the_last_job(play: Play) -> None:
    """Also when the job that raises is at the end of the list, the others are cancelled at once."""
    jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(3)), wait(50)], "bad": [wait(2), fail("E1", "OSError")]}
    t = play(jobs=jobs, timeout=LONG)
    expect_error_leaves(t)
    expect_all_ended(t)


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_without_waiting(play: Play) -> None:
    """A job that raises as soon as it starts is not hidden either: its error leaves the call."""
    bad, good = [fail("E1")], [wait(50), give("A")]
    for jobs in ({"bad": bad}, {"bad": bad, "a": good}, {"a": good, "bad": bad}):
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_when_the_others_are_done(play: Play) -> None:
    """A job that raises after all others have returned is not hidden either."""
    jobs = {"a": [wait(1), give("A")], "bad": [wait(3), fail("E1")], "b": [give("B")]}
    expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="one-error-at-a-time", step="keep-what-is-finished")
def test_two_errors(play: Play) -> None:
    """When two jobs raise, at least one of their errors leaves the call, and nothing takes its place."""
    for second in ([wait(2), fail("E2")], [on_cancel(fail("E2")), wait(50)]):
        expect_error_leaves(play(jobs={"bad": [wait(2), fail("E1")], "b": second, "c": [wait(50)]}, timeout=LONG))


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_own_timeout_error(play: Play) -> None:
    """A `TimeoutError` that a job raises by itself is an error, not `TIMED_OUT`."""
    for bad in ([fail("E1", "TimeoutError")], [wait(2), fail("E1", "TimeoutError")]):
        for others in ({}, {"a": [wait(1), give("A")], "b": [wait(9), give("B")]}):
            expect_error_leaves(play(jobs={**others, "bad": bad}, timeout=LONG))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_errors_of_any_class(play: Play) -> None:
    """Whatever `Exception` a job raises leaves the call, also a group, or one that the file uses for itself."""
    kinds = ["KeyError", "ValueError", "IndexError", "WouldBlock", "EndOfStream", "BrokenResourceError"]
    for kind in (*kinds, "ClosedResourceError", "ExceptionGroup", "ExceptionGroup of one"):
        jobs = {"a": [wait(1), give("A")], "bad": [wait(2), fail("E1", kind)], "b": [wait(9), give("B")]}
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_timeout_inside_a_job(play: Play) -> None:
    """A job that runs into a timeout of its own, inside, has failed: that is not `TIMED_OUT`."""
    for around in ([], [in_group()]):
        t = play(jobs={"bad": [*around, fail_after(3), hang()], "a": [wait(9)]}, timeout=LONG)
        left = f"{t.call.ending}, where a TimeoutError should leave it"
        t.expect_that("the call", "TimeoutError" in t.call.errors, left)


@check("R4", misconception="cancel-called", step="tell-the-two-timeouts-apart")
def test_error_of_a_late_job(play: Play) -> None:
    """A job that raises while it is being cancelled for its timeout is not hidden: its error leaves the call."""
    bad = [on_cancel(fail("E1")), wait(50)]
    for others in ({}, {"a": [wait(1), give("A")], "b": [wait(50)]}):
        expect_error_leaves(play(jobs={**others, "bad": bad}, timeout=10))


@check("R4", misconception="cancel-called", step="tell-the-two-timeouts-apart")
def test_error_after_a_cleanup(play: Play) -> None:
    """What a job raises at the end of its cleanup leaves the call, before or after the others have ended theirs."""
    for short, long in ((1, 5), (25, 2)):
        bad, other = [cleanup(wait(short), fail("E1")), wait(50)], [cleanup(wait(long)), wait(50)]
        t = play(jobs={"bad": bad, "a": other, "b": [wait(1), give("B")]}, timeout=10)
        expect_error_leaves(t)
        expect_all_ended(t)


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_timeout_error_of_a_late_job(play: Play) -> None:
    """A `TimeoutError` that a job raises while it is being cancelled for its timeout is an error as well."""
    for steps in ([fail("E1", "TimeoutError")], [wait(1), fail("E1", "TimeoutError")]):
        jobs = {"a": [wait(1), give("A")], "bad": [on_cancel(*steps), wait(50)]}
        expect_error_leaves(play(jobs=jobs, timeout=10))


@check("R4", misconception="one-error-at-a-time", step="tell-the-two-timeouts-apart")
def test_two_errors_of_late_jobs(play: Play) -> None:
    """When two jobs raise while they are cancelled for their timeout, at least one of the errors leaves the call."""
    jobs = {"bad": [on_cancel(fail("E1")), wait(50)], "b": [on_cancel(wait(1), fail("E2")), wait(50)]}
    expect_error_leaves(play(jobs=jobs, timeout=10))


# -- R5: cancelled from outside -----------------------------------------------------------------------------------------
@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, every job ends and the call ends by the cancellation: no list."""
    jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(2)), wait(5), give("B")]}
    for t in play(jobs=jobs, timeout=LONG).cancelled("caller"):
        expect_called_unless_cancelled(t, *jobs)
        expect_cancellation_goes_on(t, cleanup_takes=2)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_past_the_timeout(play: Play) -> None:
    """Cancelled from outside, the call gives no list, also if the jobs clean up until their timeout has passed."""
    slow = [cleanup(wait(400)), wait(700)]
    for jobs in ({"a": slow}, {"a": [wait(1), give("A")], "b": slow, "c": slow}):
        t = play(jobs=jobs, timeout=300).cancel("caller", at=104)
        expect_called(t, "a")
        expect_ends_by_cancellation(t, at=504)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_deadline_of_the_caller(play: Play) -> None:
    """A tighter deadline around the call is not the timeout: every job ends and the cancellation goes on."""
    for took in (0, 1, 400):
        jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(took)), wait(700)]}
        t = play(jobs=jobs, timeout=300).within("caller", 104)
        expect_called(t, "a")
        expect_ends_by_cancellation(t, at=104 + took)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_before_the_call(play: Play) -> None:
    """A caller that is cancelled already gets no list of jobs that look as if they had run out of time."""
    jobs = {"a": [wait(50)], "b": [cleanup(wait(2)), wait(50)]}
    expect_called(play(jobs=jobs, timeout=LONG), "a", "b")
    expect_cancellation_goes_on(play(jobs=jobs, timeout=LONG, cancelled_before=True), cleanup_takes=2)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_during_the_cleanup(play: Play) -> None:
    """Cancelled while jobs that ran out of time clean up, every job ends and the cancellation is not lost."""
    jobs = {"a": [cleanup(wait(5)), wait(50)], "b": [wait(1), give("B")], "c": [cleanup(wait(1)), wait(50)]}
    t = play(jobs=jobs, timeout=10).cancel("caller", at=112)
    expect_called(t, "a")
    expect_all_ended(t)
    if t.call.how == "returned":
        t.expect("the list", t.call.value, [TIMED_OUT, B, TIMED_OUT])
        t.expect("how the caller's next checkpoint ended", t.one("after").how, "cancelled")


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_after_an_error(play: Play) -> None:
    """Cancelled while the others clean up after an error, the call gives no list, and every job ends."""
    jobs = {"bad": [wait(2), fail("E1")], "b": [cleanup(wait(5)), wait(50)]}
    t = play(jobs=jobs, timeout=LONG).cancel("caller", at=104)
    expect_called(t, "bad")
    expect_all_ended(t)
    t.expect_that("cancelled after an error", t.call.how != "returned", "a list all the same")


# -- G: rules of every exercise ---------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="start-together")
def test_values_on_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio: jobs return their values."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, timeout=LONG)
    t.expect("the list", t.call.value, [A, B])


@check("G1", misconception="asyncio-is-everywhere", step="bound-the-wait")
def test_timeout_on_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio, also when a job runs out of time."""
    t = play(jobs={"a": [wait(1), give("A")], "late": [wait(50), give("A")]}, timeout=10)
    expect_called(t, "a")
    expect_no_error_of_its_own(t)
    for entry in entries_of(t):
        t.expect("an entry", entry, one_of(A, TIMED_OUT))


@check("G1", misconception="asyncio-is-everywhere", step="let-cancellation-through")
def test_errors_on_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio, also when a job raises or the call is cancelled."""
    for bad in ([wait(2), fail("E1")], [cleanup(wait(1), fail("E1")), wait(50)]):
        t = play(jobs={"bad": bad, "b": [cleanup(wait(1)), wait(50)]}, timeout=10)
        expect_called(t, "bad")
        expect_no_error_of_its_own(t)
    expect_no_error_of_its_own(play(jobs={"a": [wait(50)], "b": [wait(50)]}, timeout=10).cancel("caller", at=104))


@check("G2", misconception="streams-close-themselves", step="keep-what-is-finished")
def test_nothing_left_after_a_list(play: Play) -> None:
    """When the call has returned, no task, stream or lock of its own is left."""
    for late in ([wait(2)], [cleanup(wait(1)), wait(50)]):
        t = play(jobs={"a": [wait(1), give("A")], "b": late}, timeout=10)
        expect_called(t, "a")
        expect_nothing_left(t)


@check("G2", misconception="streams-close-themselves", step="keep-what-is-finished")
def test_nothing_left_after_an_error(play: Play) -> None:
    """When the call ends by an error of a job, no task, stream or lock of its own is left."""
    for bad in ([wait(2), fail("E1")], [on_cancel(fail("E1")), wait(50)]):
        t = play(jobs={"a": [wait(1), give("A")], "bad": bad, "b": [wait(50)]}, timeout=10)
        expect_called(t, "a")
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
    expect_called(t, "a")
    expect_cancelled(t, "b", "c", at=104)
    expect_ends_by_cancellation(t, at=104)
    t.expect("calls of one job", max([len(t.all("run", name)) for name in jobs]), at_most(1))


@check("G3", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_deadline_passes(play: Play) -> None:
    """The deadline of a scope around the call cancels it like any other: it is not taken for the timeout."""
    t = play(jobs={"a": [wait(1), give("A")], "b": [wait(700)]}, timeout=300).within("caller", 104)
    expect_called(t, "a")
    expect_ends_by_cancellation(t, at=104)


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop, whether jobs return, run out of time or raise."""
    value, late, bad = [wait(1), give("A")], [cleanup(wait(1)), wait(50)], [wait(2), fail("E1")]
    for jobs in ({"a": value}, {"a": value, "b": late}, {"bad": bad, "b": late}, {"bad": [on_cancel(*bad), wait(50)]}):
        t = play(jobs=jobs, timeout=10)
        t.expect_not_blocked()
        expect_called(t, next(iter(jobs)))


@check("G4", misconception="blocking-is-short", step="let-cancellation-through")
def test_nothing_blocks_when_cancelled(play: Play) -> None:
    """No call blocks the event loop when the call is cancelled from outside."""
    for at in (104, 111):
        t = play(jobs={"a": [wait(1), give("A")], "b": [cleanup(wait(2)), wait(50)]}, timeout=10)
        t = t.cancel("caller", at=at)
        t.expect_not_blocked()
        expect_called(t, "a")


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_exits_pass(play: Play) -> None:
    """What is no `Exception`, such as `SystemExit`, is no failed job: it leaves the call, and the other jobs end."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        jobs = {"a": [wait(1), give("A")], "bad": [wait(2), fail("X", kind)], "b": [cleanup(wait(1)), wait(9)]}
        t = play(jobs=jobs, timeout=LONG)
        expect_error_leaves(t)
        expect_all_ended(t)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_exits_pass_beside_errors(play: Play) -> None:
    """What is no `Exception` leaves the call also if another job raises an error as it is cancelled for that."""
    for kind in play.interrupts:
        jobs = {"bad": [wait(2), fail("X", kind)], "b": [on_cancel(fail("E1")), wait(50)]}
        t = play(jobs=jobs, timeout=LONG)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending}, where the {kind} of a job should leave it")


@check("G5", misconception="catch-everything", step="tell-the-two-timeouts-apart")
def test_exits_of_late_jobs_pass(play: Play) -> None:
    """What is no `Exception` leaves the call also if a job raises it while it is being cancelled for its timeout."""
    ways = [[on_cancel(fail("X", "Abandon")), wait(50)]]
    ways += [[cleanup(wait(1), fail("X", kind)), wait(50)] for kind in play.interrupts]
    for bad in ways:
        t = play(jobs={"a": [wait(1), give("A")], "bad": bad, "b": [cleanup(wait(2)), wait(50)]}, timeout=10)
        expect_error_leaves(t)
        expect_all_ended(t)


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """Nobody looks again and again: a wait that is a thousand times longer takes no more wake-ups."""
    expect_same_steps(*(play(jobs={"a": [wait(time)]}, timeout=10_000) for time in (9, 9000)))
    expect_same_steps(*(play(jobs={"a": [wait(9)], "b": [wait(2 * time)]}, timeout=time) for time in (10, 10_000)))


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting_for_cleanups(play: Play) -> None:
    """Nobody looks again and again while jobs that ran out of time, or were cancelled, clean up."""

    def trial(scale: int, **more: list) -> Trace:
        return play(jobs={"a": [cleanup(wait(5 * scale)), hang()], **more}, timeout=10)

    expect_same_steps(trial(1), trial(1000))
    bad = [wait(2), fail("E1")]
    expect_same_steps(trial(1, bad=bad), trial(1000, bad=bad))
    expect_same_steps(*(trial(scale).cancel("caller", at=104) for scale in (1, 1000)))


@check("G9", misconception="jobs-are-coroutines", step="start-together")
def test_kinds_of_jobs(play: Play) -> None:
    """A job is any callable that returns an awaitable: a partial, a method, an object, a plain function."""
    forms = ["partial", "function", "instance", "method"]
    jobs = {form: [wait(index + 1), give(form)] for index, form in enumerate(forms)}
    t = play(jobs=jobs, forms={form: form for form in forms}, timeout=LONG)
    t.expect("the list", t.call.value, [token(form) for form in forms])


@check("G9", misconception="jobs-are-coroutines", step="start-together")
def test_awaitable_objects(play: Play) -> None:
    """What a job returns need not be a coroutine: anything that can be awaited will do."""
    t = play(jobs={"a": [awaitable(), wait(1), give("A")], "b": [awaitable(), wait(2), give("B")]}, timeout=LONG)
    t.expect("the list", t.call.value, [A, B])


@check("G9", misconception="jobs-are-coroutines", step="keep-what-is-finished")
def test_jobs_that_cannot_be_called(play: Play) -> None:
    """A job that raises when it is called counts as one that raises later."""
    bad, good = [at_once(), fail("E1")], [wait(50), give("A")]
    for jobs in ({"bad": bad}, {"bad": bad, "a": good}, {"a": good, "bad": bad, "b": good}):
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


# -- what several checks look at -----------------------------------------------------------------------------------------
def entries_of(t: Trace) -> list:
    """Return the entries that the call returned; none if it raised, or returned something else than a list."""
    value = t.call.value if t.call.how == "returned" else []
    return list(value) if isinstance(value, list | tuple) else []


def expect_called(t: Trace, *names: str) -> None:
    """Those jobs were called, whatever else was: without that nothing is shown by what follows."""
    t.expect("of these jobs, those that were called", [name for name in names if name in t.names("run")], [*names])


def expect_called_unless_cancelled(t: Trace, *names: str) -> None:
    """Those jobs were called, in the run of a sweep that is undisturbed."""
    if not t.notes("cancel"):
        expect_called(t, *names)


def expect_all_ended(t: Trace) -> None:
    """Every job that was started has ended before the call."""
    for job in t.all("run"):
        ended = job.finished is not None and job.finished < (t.call.finished or 0)
        t.expect_that(f"the job {job.who}", ended, "still running when the call ended")


def expect_error_leaves(t: Trace) -> None:
    """The job `bad` was called; if jobs raised, an error of theirs has left the call, and none ran on after the first."""
    expect_called(t, "bad")
    bad = [job for job in t.all("run") if job.raised]
    names = " or ".join(repr(job.raised) for job in bad)
    left = not bad or any(error in t.call.errors for job in bad for error in job.errors)
    t.expect_that("the call", left, f"{t.call.ending}, where {names} of a job should leave it")
    first = min([job.end for job in bad if job.end is not None], default=math.inf)
    for job in t.all("run"):
        if job.end is not None and job.end > first + 0.5:
            t.expect(f"when the job {job.who} was cancelled", job.cancelled_at, at_most(first + 0.5))


def expect_cancelled(t: Trace, *names: str, at: float) -> None:
    """These jobs, if they were started, were cancelled at that time."""
    for job in (job for name in names for job in t.all("run", name)):
        t.expect(f"how the job {job.who} ended", job.how, "cancelled")
        t.expect(f"when the job {job.who} was cancelled", job.cancelled_at, near(at))


def expect_ends_by_cancellation(t: Trace, *, at: float) -> None:
    """The call, and every job before it, ended by the cancellation from outside, at that time."""
    expect_all_ended(t)
    t.expect_that("cancelled from outside", is_cancelled(t), f"the call {t.call.ending} at {t.call.end:g}")
    t.expect("when the call ended", t.call.end, near(at))


def expect_cancellation_goes_on(t: Trace, *, cleanup_takes: float) -> None:
    """If the caller was cancelled and a job cut off, the call ended by that, and no later than the cleanup."""
    expect_all_ended(t)
    for cancelled in t.notes("cancel"):
        t.expect("when the call ended", t.call.end, at_most(cancelled["t"] + cleanup_takes))
        cut = [job.who for job in t.all("run") if job.how == "cancelled"]
        if t.call.how == "returned":
            t.expect_that("cancelled from outside", not cut, f"a list all the same, though it cut off {', '.join(cut)}")
            t.expect("entries that say TIMED_OUT", entries_of(t).count(TIMED_OUT), 0)
            t.expect("how the caller's next checkpoint ended", t.one("after").how, "cancelled")
        else:
            t.expect_that("cancelled from outside", is_cancelled(t), f"the call {t.call.ending}")


def is_cancelled(t: Trace) -> bool:
    """The call ended by a cancellation, maybe in a group."""
    errors = t.call.errors
    return t.call.how == "cancelled" or (bool(errors) and all(e in ("Cancelled", "CancelledError") for e in errors))


def expect_no_error_of_its_own(t: Trace) -> None:
    """What leaves the call, if anything does, is the jobs'."""
    raised = t.call.errors
    known = is_cancelled(t) or not raised or any(error.token for error in raised)
    t.expect_that("an error that no job raised", known, f"the call {t.call.ending}")


def expect_nothing_left(t: Trace) -> None:
    """No task, stream, file or lock that was made during the call is left."""
    left = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in t.call.left.items())
    t.expect_that("left behind by the call", not left, left)


def expect_same_steps(short: Trace, long: Trace) -> None:
    """The run with the longer waits took about as many steps."""
    t = long
    expect_called(t, "a")
    t.expect(f"wake-ups, where the short wait took {short.steps}", t.steps, at_most(2 * short.steps + 10))
