"""Hidden checks of m03: attempts, backoff and the time for each attempt."""

from __future__ import annotations

from grader import Play, Trace, at_least, at_most, check, cleanup, fail, give, hang, near, on_cancel, token, wait

from .plans import AFTER, NEVER, START, after, batch, expect_busy, expect_worked, settled, tries, values


# -- R4: attempts and backoff ----------------------------------------------------------------------------------------
def due(t: Trace, who: str, backoff: float) -> list[tuple[str, float, float]]:
    """For each attempt after the first: from when it should run, and when it did."""
    works = t.all("work", who)
    ends = [work.end if work.end is not None else t.time for work in works]
    return [(who, ends[n] + backoff * 2**n, work.start) for n, work in enumerate(works[1:])]


@check("R4", misconception="attempts-are-retries", step="try-again-without-a-slot", core=False)
def test_number_of_attempts(play: Play) -> None:
    """An item is tried until it succeeds, and at most `attempts` times; without `attempts`, once."""
    jobs = {
        "none": [wait(1), give(None)],
        "third": tries([wait(1), fail("E1")], [wait(2), fail("E2")], [wait(1), give("C")]),
        "never": [wait(1.5), fail("E3")],
    }
    for attempts, wanted in ((None, (1, 1, 1)), (1, (1, 1, 1)), (2, (1, 2, 2)), (3, (1, 3, 3)), (5, (1, 3, 5))):
        t = batch(play, jobs, attempts=attempts, backoff=0.3)
        _ = t.call.value
        t.expect(f"calls with attempts={attempts}", tuple(len(t.all("work", who)) for who in jobs), wanted)


@check("R4", misconception="special-errors", step="try-again-without-a-slot", core=False)
def test_every_failure_is_retried(play: Play) -> None:
    """Whatever `Exception` an attempt raises, the item is tried again."""
    kinds = ["TimeoutError", "ValueError", "OSError", "RuntimeError", "IndexError", "EndOfStream", "ExceptionGroup"]
    kinds += ["TypeError", "KeyError", "AssertionError", "ConnectionError", "BrokenResourceError"]
    jobs = {kind: [wait(1 + n / 2), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}
    t = batch(play, jobs, attempts=2, backoff=0.3)
    t.expect("calls", {kind: len(t.all("work", kind)) for kind in kinds}, dict.fromkeys(kinds, 2))


@check("R4", misconception="off-by-one", step="try-again-without-a-slot", core=False)
def test_growing_pauses(play: Play) -> None:
    """Attempt n+1 starts `backoff * 2**(n-1)` seconds after attempt n failed."""
    lengths = play.draw(7, low=0.2)
    jobs = {"a": tries(*[[wait(length), fail(f"E{n}")] for n, length in enumerate(lengths)])}
    t = batch(play, jobs, attempts=7, backoff=4.3, limit=1)
    for n, (_, wanted, start) in enumerate(due(t, "a", 4.3)):
        t.expect(f"attempt {n + 2} started", after(start), near(wanted - START), unit=AFTER)
    t.expect("attempts", len(t.all("work")), 7)


@check("R4", misconception="one-pause-for-all", step="try-again-without-a-slot", core=False)
def test_pauses_of_each_item(play: Play) -> None:
    """Each item has pauses of its own, counted from its own failures."""
    times = play.draw(4)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}")] for n in range(4)}
    t = batch(play, jobs, attempts=4, backoff=1.7)
    for who in jobs:
        for n, (_, wanted, start) in enumerate(due(t, who, 1.7)):
            t.expect(f"attempt {n + 2} of {who} started", after(start), near(wanted - START), unit=AFTER)
        t.expect(f"attempts of {who}", len(t.all("work", who)), 4)


@check("R4", misconception="off-by-one", step="try-again-without-a-slot", core=False)
def test_other_pauses(play: Play) -> None:
    """By default the first pause is 0.1 s; with `backoff=0` there is none."""
    jobs = {"a": tries([wait(1), fail("E")], [wait(1), give("A")])}
    for backoff, pause in ((None, 0.1), (0, 0), (0.013, 0.013)):
        t = batch(play, jobs, attempts=2, backoff=backoff)
        starts = [work.start - START for work in t.all("work")][1:]
        t.expect("counted from the call, attempt 2 started at", starts, [near(1 + pause)])


@check("R4", misconception="retry-holds-slot", step="try-again-without-a-slot", core=False)
def test_pause_without_slot(play: Play) -> None:
    """An item that waits to be retried holds no slot: the next one starts as soon as it has failed."""
    jobs = {who: tries([wait(1.5), fail(f"E{who}")], [wait(1), give(who)]) for who in ("a", "b", "c")}
    for t in batch(play, jobs, limit=1, attempts=2, backoff=20).orders(8):
        starts = sorted(t.one("work", who).start - START for who in jobs)
        what = "counted from the call, first attempts, each of which fails after 1.5 s, started at"
        t.expect(what, starts, [at_most(1.5 * n) for n in range(3)])


@check("R4", misconception="measured-from-the-start", step="try-again-without-a-slot", core=False)
def test_retry_takes_a_free_slot(play: Play) -> None:
    """An attempt that is due starts as soon as a slot is free; its pause does not begin again, and never ends sooner."""
    times = play.draw(12, low=0.5)
    jobs = {
        f"i{n}": tries([wait(times[n]), fail(f"E{n}")], [wait(times[n + 6]), fail(f"F{n}")], [wait(1.1), give(n)])
        for n in range(6)
    }
    for limit, backoff in ((1, 2.3), (2, 1.9), (4, 1.9)):
        for t in batch(play, jobs, limit=limit, attempts=3, backoff=backoff).orders(4):
            expect_worked(t, jobs)
            waits = [wait for who in jobs for wait in due(t, who, backoff)]
            for who, wanted, start in waits:
                t.expect_that(f"{who} is tried again", start > wanted - 1e-6, f"{wanted - start:.2f} s too soon")
            expect_busy(t, limit, t.all("work"), waits)


@check("R4", misconception="wait-after-the-last", step="try-again-without-a-slot", core=False)
def test_no_pause_at_the_end(play: Play) -> None:
    """The call returns when the last item is settled; there is no pause after a last attempt or a success."""
    jobs = {
        "a": [wait(1), fail("E1")],
        "b": tries([wait(2), fail("E2")], [wait(1), give("B")]),
        "c": [wait(3), give("C")],
    }
    for attempts, end in ((1, 3), (2, 43), (3, 121 + 2)):
        t = batch(play, jobs, attempts=attempts, backoff=40, timeout=500)
        t.expect(f"with attempts={attempts} the call took", t.call.took, near(end))


# -- R5: each attempt is bounded -------------------------------------------------------------------------------------
@check("R5", misconception="late-is-no-failure", step="bound-each-attempt", core=False)
def test_late_attempt(play: Play) -> None:
    """An attempt that takes longer than `timeout` is cancelled then and has failed with `TimeoutError`."""
    jobs = {
        "quick": [wait(1), give("Q")],
        "late": [hang()],
        "slow": [wait(14), give("S")],
        "close": [wait(10.3), give("C")],
    }
    t = batch(play, jobs, timeout=10.4)
    for who in ("late", "slow"):
        t.expect(f"{who} was cancelled", after(t.one("work", who).cancelled_at), near(10.4), unit=AFTER)
    t.expect("values in succeeded", values(t, "succeeded"), [token("C"), token("Q")])
    t.expect("exceptions in failed", values(t, "failed"), ["TimeoutError", "TimeoutError"])


@check("R5", misconception="timeout-with-queue", step="bound-each-attempt", core=False)
def test_waiting_for_a_slot_is_free(play: Play) -> None:
    """`timeout` counts from the call of `worker`: waiting for a slot is not part of it."""
    jobs = {f"i{n}": [wait(3 + n / 5), give("V")] for n in range(5)}
    t = batch(play, jobs, limit=1, timeout=4)
    t.expect("exceptions in failed", values(t, "failed"), [])
    for late in batch(play, {who: [hang()] for who in ("a", "b", "c")}, limit=1, timeout=4).orders(4):
        moments = sorted((late.one("work", who).cancelled_at or NEVER) - START for who in ("a", "b", "c"))
        what = "counted from the call, late attempts were cancelled at"
        late.expect(what, moments, [near(4 * n) for n in (1, 2, 3)])


@check("R5", misconception="one-timeout-for-all-attempts", step="bound-each-attempt", core=False)
def test_each_attempt_has_its_timeout(play: Play) -> None:
    """Every attempt has the whole `timeout`, also the last, and is cancelled at its own; pauses do not count."""
    jobs = {"a": tries([hang()], [wait(3.9), fail("E")], [wait(3.8), give("A")]), "b": [hang()]}
    jobs |= {"c": [wait(1), fail("E2")]}
    t = batch(play, jobs, attempts=3, backoff=6, timeout=4)
    t.expect("values in succeeded", values(t, "succeeded"), [token("A")])
    t.expect_that(
        "b", "TimeoutError" in values(t, "failed"), "all its attempts were late, and failed has no TimeoutError"
    )
    for work in t.all("work"):
        if work.how == "cancelled":
            t.expect(f"attempt of {work.who} cancelled after", work.cancelled_at - work.start, near(4))
    t.expect("attempts of b, as many as of one that fails", len(t.all("work", "b")), len(t.all("work", "c")))


@check("R5", misconception="late-is-over", step="bound-each-attempt", core=False)
def test_cleanup_keeps_the_slot(play: Play) -> None:
    """An attempt that ran out of time keeps its slot until its cleanup has ended."""
    jobs = {who: [cleanup(wait(2.5)), hang()] for who in ("a", "b", "c")}
    for t in batch(play, jobs, limit=1, timeout=4).orders(6):
        starts = sorted(work.start for work in t.all("work"))
        what = "counted from the call, first calls of worker started at"
        t.expect(what, [start - START for start in starts[:3]], [near(6.5 * n) for n in range(3)])


@check("R5", misconception="late-is-special", step="bound-each-attempt", core=False)
def test_late_attempt_is_retried(play: Play) -> None:
    """An attempt that ran out of time is tried again like any failure, `backoff` after its cleanup has ended."""
    jobs = {
        "late": tries([cleanup(wait(2.5)), hang()], [wait(1), give("A")]),
        "b": tries([wait(1), fail("E")], [give("B")]),
    }
    t = batch(play, jobs, attempts=2, backoff=5, timeout=4)
    pauses = {who: [work.start - (t.one("work", who).end or NEVER) for work in t.all("work", who)[1:2]] for who in jobs}
    t.expect_that("late", bool(pauses["late"]), "was not tried again")
    t.expect("pause of late, like that after any failure", pauses["late"], [near(pause) for pause in pauses["b"]])


@check("R5", misconception="late-is-special", step="bound-each-attempt", core=False)
def test_error_of_a_late_attempt(play: Play) -> None:
    """An attempt that raises an error when its timeout cancels it has failed, and is tried again."""
    jobs = {"a": [on_cancel(wait(1), fail("E")), hang()], "b": [wait(7), give("B")], "c": [cleanup(fail("F")), hang()]}
    t = batch(play, jobs, attempts=2, backoff=1, timeout=8)
    t.expect("number of failed items", len(settled(t, "failed")), 2)
    t.expect("values in succeeded", values(t, "succeeded"), [token("B")])
    t.expect("calls for a and c", [len(t.all("work", who)) for who in ("a", "c")], [at_least(2), at_least(2)])


@check("R5", misconception="late-is-no-failure", step="bound-each-attempt", core=False)
def test_no_timeout(play: Play) -> None:
    """Without `timeout` an attempt may take as long as it likes."""
    t = batch(play, {"a": [wait(5e6), give("A")]})
    t.expect("values in succeeded", values(t, "succeeded"), [token("A")])
