"""Hidden checks of m01: one entry for each job, in their order."""

from __future__ import annotations

from grader import Play, check, cleanup, fail, give, give_error, hang, one_of, token, wait

from .plans import LONG, START, TIMED_OUT, A, B, C, D, entries_of, expect_list


# -- R1: one entry per job, in order ---------------------------------------------------------------------------------
@check("R1", misconception="finishing-order", step="start-together")
def test_order_of_jobs(play: Play) -> None:
    """The list has one entry for each job, in the order of the jobs, whoever starts or finishes first."""
    names = [f"job{index}" for index in range(12)]
    jobs = {name: [wait(time), give(name)] for name, time in zip(names, play.draw(12), strict=True)}
    for t in play(jobs=jobs, timeout=LONG).orders(6):
        expect_list(t, [token(name) for name in names])


@check("R1", misconception="finishing-order", step="keep-what-is-finished")
def test_places_beside_late_jobs(play: Play) -> None:
    """Each value is at the place of its own job, also where jobs before it run out of time: it does not move up."""
    jobs = {"A": [wait(50), give("A")], "B": [wait(2), give("B")], "C": [wait(50)], "D": [wait(1), give("D")]}
    for t in play(jobs=jobs, timeout=10).orders(4):
        t.expect_begun(*jobs)
        part = "A call in which jobs run out of time returns a list with an entry for each job."
        t.expect_that("the list", bool(entries_of(t)), f"the call {t.call.ending}, and gave no entries", part=part)
        for name, entry in zip(jobs, entries_of(t), strict=False):
            if entry in (A, B, C, D):
                t.expect(f"the entry of the job {name}", entry, token(name))


@check("R1", misconception="empty-means-late", step="keep-what-is-finished")
def test_empty_values(play: Play) -> None:
    """A job that returns `None`, 0, `False` or something empty has exactly that as its entry."""
    values = [None, 0, False, [], {}, 7]
    jobs = {f"job{index}": [wait(index + 1), give(value)] for index, value in enumerate(values)}
    t = play(jobs=jobs, timeout=LONG)
    expect_list(t, values)


@check("R1", misconception="errors-are-results", step="keep-what-is-finished")
def test_errors_as_values(play: Play) -> None:
    """An exception that a job *returns* is its result like any other value."""
    jobs = {
        "a": [wait(1), give("A")],
        "b": [wait(2), give_error("E1", "ValueError")],
        "c": [wait(3), give_error("E2", "TimeoutError")],
    }
    t = play(jobs=jobs, timeout=LONG)
    expect_list(t, [A, token("E1"), token("E2")])


@check("R1", misconception="one-place-per-job-object", step="keep-what-is-finished")
def test_same_job_twice(play: Play) -> None:
    """The same callable may be in the list several times: each call has an entry of its own."""
    jobs = {"first": [wait(3), give("A")], "second": [wait(1), give("B")], "third": [wait(2), give("C")]}
    t = play(jobs=jobs, one_callable=True, timeout=LONG)
    entries = t.call.value
    t.expect("the entries", sorted(entries, key=repr) if isinstance(entries, list) else entries, [A, B, C])


@check("R1", misconception="last-job-ends-it", step="start-together")
def test_no_jobs(play: Play) -> None:
    """Without jobs the list is empty."""
    t = play(jobs={}, timeout=5)
    expect_list(t, [])


@check("R1", misconception="last-job-ends-it", step="keep-what-is-finished")
def test_jobs_that_never_wait(play: Play) -> None:
    """A job that returns at once, without waiting for anything, has its entry too."""
    for names in ("A", "BCD"):
        t = play(jobs={name: [give(name)] for name in names}, timeout=LONG)
        expect_list(t, [token(name) for name in names])


@check("R1", misconception="one-call-at-a-time", step="keep-what-is-finished", wide=True)
def test_several_calls(play: Play) -> None:
    """Calls that overlap, or follow each other, do not affect each other: each gives its own list."""
    jobs = {"a": [wait(5), give("A")], "b": [wait(2), give("B")], "c": [wait(3), give("C")], "d": [wait(1), give("D")]}
    callers = {"caller": [START, "b", "a", "c"], "second": [101, "b"], "inside": [102.4, "d"], "third": [120, "c", "a"]}
    t = play(jobs=jobs, callers=callers, timeout=LONG)
    for call in t.calls():
        names = [token(name.upper()) for name in callers[call.who][1:]]
        t.expect(f"the list of the {call.who}", call.value, names)


@check("R1", misconception="one-call-at-a-time", step="keep-what-is-finished", wide=True)
def test_beside_a_call_that_fails(play: Play) -> None:
    """A call that fails, or is cancelled, does not affect other calls, neither at the same time nor later."""
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
    """`jobs` may be any sequence, also a tuple, which cannot be changed."""
    t = play(jobs={"a": [wait(2), give("A")], "b": [wait(1), give("B")]}, fixed=True, timeout=LONG)
    expect_list(t, [A, B])


@check("R1", misconception="empty-means-late", step="tell-the-two-timeouts-apart", wide=True)
def test_value_after_the_timeout(play: Play) -> None:
    """A job that shields itself past its timeout, and then returns, has that value as its entry, or `TIMED_OUT`."""
    t = play(jobs={"a": [cleanup(wait(12)), give("A")], "b": [wait(1), give("B")]}, timeout=10)
    t.expect("the list", t.call.value, one_of([A, B], [TIMED_OUT, B]))
