"""Hidden checks of m01: all at the same time, each with a timeout of its own, and what a timeout cancels."""

from __future__ import annotations

from grader import Play, check, cleanup, fail_after, give, hang, near, token, wait

from .plans import LONG, START, TIMED_OUT, A, B, expect_list


# -- R2: at the same time, each with its own timeout -----------------------------------------------------------------
@check("R2", misconception="one-after-another", step="start-together")
def test_all_at_the_same_time(play: Play) -> None:
    """All jobs run at the same time, however many there are."""
    jobs = {f"job{index}": [wait(3)] for index in range(101)}
    t = play(jobs=jobs, timeout=LONG)
    waited = t.call.end is not None and t.call.end >= START + LONG
    part = "The call does not wait for the timeout when all jobs are done." if waited else ""
    t.expect("the call with 101 jobs of 3 s took", t.call.took, near(3), part=part)


@check("R2", misconception="timer-left-running", step="start-together")
def test_as_long_as_the_slowest(play: Play) -> None:
    """The call takes as long as the slowest job: it does not wait for the timeout when all jobs are done."""
    part = "All jobs run at the same time: the call takes as long as the slowest of them."
    waits = "The call does not wait for the timeout when all jobs are done."
    for times in ([1.0], play.draw(4)):
        jobs = {f"job{index}": [wait(time), give("A")] for index, time in enumerate(times)}
        t = play(jobs=jobs, timeout=LONG)
        said = waits if t.call.took == near(LONG) else part
        t.expect(f"the call, whose slowest job takes {max(times):g} s, took", t.call.took, near(max(times)), part=said)
    t = play(jobs={"a": [wait(7), give("A")], "b": [wait(9.9), give("B")]}, timeout=10)
    said = waits if t.call.took == near(10) else part
    t.expect("the call, whose slowest job takes 9.9 s, took", t.call.took, near(9.9), part=said)
    expect_list(t, [A, B])


@check("R2", misconception="timer-left-running", step="start-together")
def test_no_jobs_take_no_time(play: Play) -> None:
    """Without jobs the call returns at once; with one job it takes as long as that job."""
    for jobs, took in ({}, 0), ({"a": [wait(2)]}, 2):
        t = play(jobs=jobs, timeout=5)
        what = "one job of 2 s" if jobs else "no jobs"
        part = "With one job the call takes as long as that job." if jobs else "Without jobs the call returns at once."
        t.expect(f"the call with {what} took", t.call.took, near(took), part=part)


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_whole_timeout(play: Play) -> None:
    """Each job has the whole timeout, counted from the call, whatever the others do."""
    in_time = {f"job{time}": [wait(time)] for time in (1, 2, 3, 8, 10.4)}
    late = {"late": [wait(14)], "never": [hang()]}
    for jobs in (in_time, in_time | {"late": [wait(14)]}, in_time | late):
        t = play(jobs=jobs, timeout=10.5)
        part = (
            "A job that takes less than `timeout` seconds returns: each has the whole timeout, whatever the others do."
        )
        t.expect("how the job of 10.4 s ended", t.of("job10.4").ending, "returned", part=part)
        part = "A job is cancelled when it has taken `timeout` seconds, not before and not later."
        for name in jobs.keys() & late.keys():
            t.expect(f"when the job {name} was cancelled", t.of(name).cancelled_at, near(110.5), part=part)
    part = "The call ends when the last job has returned or run out of time."
    t.expect("the call with a timeout of 10.5 s took", t.call.took, near(10.5), part=part)


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_timeouts_of_any_size(play: Play) -> None:
    """The timeout is kept exactly, be it less than a second or many minutes."""
    for timeout in (0.25, 900):
        t = play(jobs={"quick": [wait(timeout * 0.96)], "late": [hang()]}, timeout=timeout)
        t.expect("how the quick job ended", t.of("quick").ending, "returned")
        t.expect("when the late job was cancelled", t.of("late").cancelled_at, near(START + timeout))


@check("R2", misconception="relative-deadline", step="bound-the-wait")
def test_a_later_deadline_of_the_caller(play: Play) -> None:
    """A deadline around the call that is later than the timeout changes nothing."""
    t = play(jobs={"a": [wait(8)], "never": [hang()]}, timeout=10).within("caller", 150)
    t.expect("when the job was cancelled", t.of("never").cancelled_at, near(110))
    t.expect("when the call ended", t.call.end, near(110))


@check("R2", misconception="one-after-another", step="bound-the-wait")
def test_cleanups_at_the_same_time(play: Play) -> None:
    """Jobs that run out of time are cancelled together; the call takes longer only by their longest cleanup."""
    t = play(jobs={"a": [cleanup(wait(5)), hang()], "b": [cleanup(wait(2)), hang()]}, timeout=10)
    part = "Jobs that run out of time are cancelled together, `timeout` seconds after the call."
    for name in ("a", "b"):
        t.expect(f"when the job {name} was cancelled", t.of(name).cancelled_at, near(110), part=part)
    part = "Jobs that run out of time clean up at the same time, and the call waits for all of them."
    t.expect("the call with a timeout of 10 s and cleanups of 5 s and 2 s took", t.call.took, near(15), part=part)


@check("R2", misconception="one-call-at-a-time", step="bound-the-wait", wide=True)
def test_timeout_of_each_call(play: Play) -> None:
    """Of calls that overlap, or follow each other, each runs at once and has a timeout of its own."""
    callers = {"caller": [START, "a", "b"], "second": [103, "b"], "third": [120, "b", "a"]}
    t = play(jobs={"a": [wait(1)], "b": [hang()]}, callers=callers, timeout=10)
    for call in t.calls():
        t.expect(f"the call of the {call.who}, with a timeout of 10 s, took", call.took, near(10))
    part = "A callable that is in two calls is called once in each of them."
    t.expect("how often the job a, which is in two calls, was called", len(t.all("run", "a")), 2, part=part)


# -- R3: cancelled, cleaned up, TIMED_OUT ----------------------------------------------------------------------------
@check("R3", misconception="scope-around-start-soon", step="bound-the-wait")
def test_late_entries(play: Play) -> None:
    """A job that runs out of time has the entry `TIMED_OUT`; the others keep what they returned."""
    quick = {name: [wait(time), give(name)] for name, time in zip("ABC", play.draw(3, low=1), strict=True)}
    late = {"never": [hang()], "late": [wait(50), give("D")]}
    names = play.shuffled([*quick, *late])
    for t in play(jobs={name: (quick | late)[name] for name in names}, timeout=10).orders(4):
        expect_list(t, [token(name) if name in quick else TIMED_OUT for name in names])


@check("R3", misconception="one-timeout-for-all", step="bound-the-wait")
def test_all_late(play: Play) -> None:
    """When every job runs out of time, the call returns, and every entry is `TIMED_OUT`."""
    for count in (1, 3):
        t = play(jobs={f"job{index}": [hang()] for index in range(count)}, timeout=10)
        t.expect_begun(*[f"job{index}" for index in range(count)])
        returned = t.call.how == "returned"
        t.expect_that("the call", returned, t.call.ending, part="When every job runs out of time, the call returns.")
        expect_list(t, [TIMED_OUT] * count)


@check("R3", misconception="waiting-ends-the-job", step="bound-the-wait")
def test_late_jobs_are_cancelled(play: Play) -> None:
    """A job that runs out of time is cancelled: it does not run on."""
    t = play(jobs={"late": [wait(50), give("A")], "quick": [wait(1), give("B")]}, timeout=10)
    t.expect("how the late job ended", t.of("late").how, "cancelled")
    part = "A job that ends within its timeout is not cancelled, also if another one runs out of time."
    t.expect("how the quick job ended", t.of("quick").how, "returned", part=part)
    part = "A job that ran out of time is not called again."
    t.expect("calls of the late job", len(t.all("run", "late")), 1, part=part)


@check("R3", misconception="waiting-ends-the-job", step="bound-the-wait")
def test_cleanup_is_awaited(play: Play) -> None:
    """When the call returns, the `finally` blocks of the jobs that ran out of time have finished."""
    jobs = {"a": [cleanup(wait(25)), hang()], "b": [wait(1), give("B")], "c": [cleanup(wait(2)), hang()]}
    for t in play(jobs=jobs, timeout=10).orders(4):
        t.expect_all_ended()
        expect_list(t, [TIMED_OUT, B, TIMED_OUT])


@check("R3", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_later_timeout_inside_a_job(play: Play) -> None:
    """A job that has a longer timeout of its own inside, which has not expired, runs out of time like any other."""
    t = play(jobs={"a": [fail_after(20), hang()], "b": [wait(1), give("B")]}, timeout=10)
    expect_list(t, [TIMED_OUT, B])
