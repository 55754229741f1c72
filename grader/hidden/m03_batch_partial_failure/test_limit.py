"""Hidden checks of m03: never more than the limit, and one failure disturbs nobody."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, check, cleanup, fail, give, near, token, wait

from .plans import AFTER, START, after, batch, expect_busy, expect_some_work, expect_worked, tries, values


def first_waits(t: Trace, call: Any, works: list[Any], names: Any) -> list[tuple[str, float, float]]:
    """How long each item waited for its first attempt."""
    begun = {work.who: work.start for work in reversed(works)}
    return [(name, call.start, begun.get(name, call.end or t.time)) for name in names]


# -- R2: never more than limit, and that many ------------------------------------------------------------------------
@check("R2", misconception="limit-is-a-hint", step="bound-how-many")
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` calls of `worker` run at once, also after some have failed."""
    times = play.draw(8)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 0 else give(f"V{n}")] for n in range(8)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            t.expect("worker calls at once", t.most_open("work"), at_most(limit))
    many = batch(play, {f"i{n}": [wait(1 + n / 50), give(f"V{n}")] for n in range(40)}, limit=12)
    expect_worked(many, ["i0", "i39"])
    many.expect("worker calls at once, of 40", many.most_open("work"), at_most(12))


@check("R2", misconception="called-is-not-running", step="bound-how-many")
def test_calls_of_a_plain_function(play: Play) -> None:
    """`worker` is called when there is a slot for it, not before: the call of a plain function may begin the work."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(5))}
    t = batch(play, jobs, limit=2, form="function")
    expect_worked(t, jobs)
    events = [(note["order"], 1) for note in t.notes("called")]
    events += [(work.finished, -1) for work in t.all("work") if work.finished is not None]
    most = [sum(change for _, change in sorted(events)[: n + 1]) for n in range(len(events))]
    t.expect("worker calls at once", max(most, default=0), at_most(2))


@check("R2", misconception="chunks", step="bound-how-many")
def test_limit_is_used(play: Play) -> None:
    """As many calls as `limit` allows run while items wait: a slot that is free is taken at once."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(9, step=1.3))}
    for limit in (1, 4):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            expect_busy(t, limit, t.all("work"), first_waits(t, t.call, t.all("work"), jobs))


@check("R2", misconception="slot-after-success", step="bound-how-many")
def test_failure_frees_its_slot(play: Play) -> None:
    """An item that has failed gives its slot to the next one at once."""
    times = play.draw(8, step=0.9)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 2 else give(f"V{n}")] for n in range(8)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            expect_busy(t, limit, t.all("work"), first_waits(t, t.call, t.all("work"), jobs))


@check("R2", misconception="chunks", step="bound-how-many")
def test_all_at_once(play: Play) -> None:
    """As many calls as `limit` allows run at the same time, however large it is."""
    for items, limit in ((90, 90), (160, 150)):
        t = batch(play, {f"i{n}": [wait(0.2), give("V")] for n in range(items)}, limit=limit)
        began = sum(work.start == near(START, within=1e-3) for work in t.all("work"))
        t.expect(f"calls that began at once, of {items} with limit={limit}", began, limit)


@check("R2", misconception="state-of-all-calls", step="bound-how-many", wide=True)
def test_limit_of_each_batch(play: Play) -> None:
    """Two batches that run at the same time have a limit of their own each, also if it is the same number."""
    jobs = {f"a{n}": [wait(time), give(f"A{n}")] for n, time in enumerate(play.draw(4))}
    more = {f"b{n}": [wait(time), give(f"B{n}")] for n, time in enumerate(play.draw(5))}
    for limits in ((2, 3), (2, 2)):
        t = batch(play, jobs, limit=limits[0], beside={"jobs": more, "limit": limits[1]})
        calls = sorted(t.calls("run_batch"), key=lambda call: call.who)
        expect_worked(t, [*jobs, *more])
        for call, names, limit in zip(calls, (jobs, more), limits, strict=True):
            works = [work for work in t.all("work") if work.who in names]
            expect_busy(t, limit, works, first_waits(t, call, works, names))


@check("R2", misconception="limit-is-a-hint", step="try-again-without-a-slot", core=False)
def test_retries_need_a_slot(play: Play) -> None:
    """Second and third attempts count like first ones: never more than `limit` calls at once."""
    times = play.draw(5)
    jobs = {
        f"i{n}": tries([wait(1), fail(f"E{n}")], [wait(times[n]), fail(f"F{n}")], [wait(2), give(n)]) for n in range(5)
    }
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit, attempts=3, backoff=0.4).orders(4):
            expect_some_work(t)
            t.expect("worker calls at once", t.most_open("work"), at_most(limit))


# -- R3: one failure disturbs nobody ---------------------------------------------------------------------------------
@check("R3", misconception="failure-ends-the-batch", step="failure-is-a-result")
def test_others_run_on(play: Play) -> None:
    """When items fail, also several at the same moment, the other workers go on."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), fail("E2")], "c": [wait(2), fail("E3")]}
    jobs |= {"d": [wait(3.5), give("D")], "e": [cleanup(wait(1)), wait(4), give("E")], "f": [fail("E4")]}
    t = batch(play, jobs)
    for who, end in (("d", 3.5), ("e", 5)):
        t.expect_that(f"worker for {who}", t.one("work", who).how == "returned", t.one("work", who).ending)
        t.expect(f"worker for {who} ended", after(t.one("work", who).end), near(end), unit=AFTER)
    part = "A worker that goes on when others fail has its value in `succeeded`."
    t.expect("values in succeeded", values(t, "succeeded"), [token("D"), token("E")], part=part)


@check("R3", misconception="finds-nobody-else", step="failure-is-a-result")
def test_others_still_start(play: Play) -> None:
    """When an item fails, those that wait for their turn are still worked on."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n > 2 else fail(f"E{n}")] for n in range(6)}
    jobs |= {"i0": [fail("E0")]}
    for limit in (1, 4):
        for t in batch(play, jobs, limit=limit).orders(8):
            works = {work.who: work.how for work in reversed(t.all("work"))}
            ends = {who: works.get(who, "was not called") for who in jobs}
            wanted = {who: "raised" if who < "i3" else "returned" for who in jobs}
            part = (
                "When an item fails, the workers of the others are not cancelled."
                if "cancelled" in ends.values()
                else ""
            )
            t.expect("how the workers ended", ends, wanted, part=part)
            part = "An item that is worked on after others have failed has its value in `succeeded`."
            t.expect("values in succeeded", values(t, "succeeded"), [token("V")] * 3, part=part)
