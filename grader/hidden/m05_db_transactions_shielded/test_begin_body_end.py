"""Hidden checks of m05: begin, the body, then exactly one end."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Play, Trace, at_most, cancel, check, checkpoint, fail, near, on_cancel, one_of, token, wait

from .plans import LONG, SLOW, START, ends, expect_none_twice, happened, runs, struck, unlucky_ways

#: The three ways to end; each check of R7 wants exactly one.
ONE_END = one_of(["committed"], ["rolled back"], ["invalidated"])
NO_COMMIT = one_of(["rolled back"], ["invalidated"])


def begun(traces: Iterator[Trace]) -> Iterator[Trace]:
    """The runs in which `begin` returned; it must be called where nobody disturbs."""
    return (t for t in runs(traces, "begin") if any(s.how == "returned" for s in t.all("begin", "db")))


# -- R1: begin, the body, then commit or rollback --------------------------------------------------------------------
@check("R1", misconception="finally-commits", step="begin-and-end")
def test_commits(play: Play) -> None:
    """`begin`, then the body, then `commit`, one after the other, and nothing else."""
    a, b, c = play.draw(3)
    trial = play(begin=[wait(a)], body=[wait(b)], commit=[wait(c)], finish_timeout=60)
    for t in (trial, trial.within("caller", LONG)):
        spans = [s for s in t.spans if s.what in ("begin", "body", "commit", "rollback")]
        part, seen = "", [s.what for s in spans]
        if "rollback" in seen:
            part = "When the body has ended without an error, there is a `commit` and no `rollback`."
        elif "body" in seen and "commit" not in seen:
            part = "When the body has ended without an error, `commit` is called."
        t.expect("what happened", seen, ["begin", "body", "commit"], part=part)
        starts = [s.start - START for s in spans]
        part = "The body starts when `begin` has ended, and `commit` when the body has ended."
        t.expect("counted from the call, the three started at", starts, [near(0), near(a), near(a + b)], part=part)
        part = "After a `commit` that succeeded the block ends without an error."
        t.expect("the block", t.call.ending, "returned", part=part)


@check("R1", misconception="as-comes-by-itself", step="begin-and-end")
def test_hands_out_the_connection(play: Play) -> None:
    """The body gets the connection itself from `as`."""
    t = play(body=[wait(1)])
    t.expect("what `as` gives", [n["value"] for n in t.notes("handed")], [token("db")])


@check("R1", misconception="finally-commits", step="begin-and-end")
def test_rolls_back(play: Play) -> None:
    """A body that raises is followed by `rollback`, and not by `commit`."""
    a, b, c = play.draw(3)
    kinds = (fail("E1"), fail("E1", "TimeoutError"), fail("E1", "ExceptionGroup"))
    for body in ([fail("E1")], *([wait(b), kind] for kind in kinds)):
        t = play(begin=[wait(a)], body=body, rollback=[wait(c)], finish_timeout=60)
        spans = [s.what for s in t.spans if s.what in ("begin", "body", "commit", "rollback")]
        part = "If the body raises, whatever error it is, `rollback` follows, and no `commit`."
        t.expect("what happened", spans, ["begin", "body", "rollback"], part=part)
        part = "The `rollback` after a body that raised runs to its end."
        t.expect("the rollback", t.one("rollback").ending, "returned", part=part)


@check("R1", misconception="another-exception-will-do", step="begin-and-end")
def test_very_same_exception(play: Play) -> None:
    """The very exception that the body raised leaves the block, not wrapped in another."""
    for kind in ("Fault", "TimeoutError", "RuntimeError", "ExceptionGroup", "ExceptionGroup of one"):
        t = happened(play(body=[wait(1.3), fail("E1", kind)], rollback=[wait(0.4)]), "rollback")
        t.expect("what leaves the block", t.call.raised, "E1")
    t = play(body=[wait(1.3), fail("E1")], rollback=[wait(2)]).cancel("caller", at=START + 2.4)
    part = "After a body that raised the block does not just end, also if a cancellation comes during the rollback."
    what = "an error, and a cancellation during the rollback"
    t.expect_that(what, t.call.how != "returned", "the block just ended", part=part)


@check("R1", misconception="begin-cannot-fail", step="begin-and-end")
def test_no_body_without_begin(play: Play) -> None:
    """If `begin` raises, the body does not run."""
    t = happened(play(begin=[wait(1.2), fail("B1")], body=[wait(1)]), "begin")
    t.expect("bodies", t.names("body"), [])


@check("R1", misconception="twice-is-safer", step="begin-and-end")
def test_nothing_is_called_twice(play: Play) -> None:
    """`begin`, `commit` and `rollback` are each called at most once, also if one is slow or something was cancelled."""
    for t in unlucky_ways(play):
        expect_none_twice(t)
    expect_none_twice(happened(play(body=[wait(1)], commit=SLOW, finish_timeout=2.3), "commit"))
    expect_none_twice(happened(play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7)]), "body"))
    plan = {"begin": [wait(1)], "body": [wait(1.2)], "commit": [wait(0.7)], "rollback": [wait(0.9)]}
    for t in runs(play(**plan, finish_timeout=60).cancelled("caller"), "commit"):
        if not struck(t, "begin"):
            expect_none_twice(t)


# -- R7: exactly one end ---------------------------------------------------------------------------------------------
@check("R7", misconception="nothing-between-two-lines", step="exactly-one-end")
def test_one_end_when_cancelled(play: Play) -> None:
    """Cancelled at any moment, the transaction ends committed, rolled back or invalidated: exactly one of them."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b), checkpoint()], "commit": [wait(c)], "rollback": [wait(c)]}
    for t in begun(play(**plan, finish_timeout=60).cancelled("caller")):
        expect_one_end(t)


def expect_one_end(t: Trace, *, commit: bool = True) -> None:
    """Expect one end of the transaction; a commit only if there may be one."""
    found, part = ends(t), ""
    if not found:
        part = "Once `begin` has returned, the transaction does not stay open: something ends it."
    elif len(found) > 1:
        part = f"A transaction ends once: one that was {found[0]} is not {found[1]} as well."
    t.expect("how it ended", found, ONE_END if commit else NO_COMMIT, part=part)


@check("R7", misconception="invalidate-to-be-safe", step="exactly-one-end")
def test_one_end_when_the_body_fails(play: Play) -> None:
    """If the body fails, and is cancelled or not, the transaction ends rolled back or invalidated: one of the two."""
    a, b = play.draw(2)
    for t in begun(play(body=[wait(a), fail("E1")], rollback=[wait(b)], finish_timeout=60).cancelled("caller")):
        expect_one_end(t, commit=False)


@check("R7", misconception="given-up-is-enough", step="exactly-one-end")
def test_one_end_when_given_up(play: Play) -> None:
    """If `commit` or `rollback` is too slow, and cancelled or not, there is exactly one end."""
    for body in ([wait(1)], [wait(1), fail("E1")]):
        for t in begun(play(body=body, commit=SLOW, rollback=SLOW, finish_timeout=1.4).cancelled("caller")):
            expect_one_end(t)


@check("R7", misconception="nothing-between-two-lines", step="exactly-one-end")
def test_one_end_at_the_same_instant(play: Play) -> None:
    """A cancellation at the very instant at which the body or `commit` ends leaves exactly one end."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b)], "commit": [wait(c)], "rollback": [wait(c)], "finish_timeout": 60}
    for at in (START + a, START + a + b, START + a + b + c):
        for t in begun(play(**plan, actors={"stopper": [wait(at), cancel("caller")]}).orders(8)):
            expect_one_end(t)
    for body in ([wait(b), cancel("caller")], [wait(b), cancel("caller"), fail("E1")]):
        t = happened(play(**{**plan, "body": body}), "begin")
        expect_one_end(t)


@check("R7", misconception="invalidate-to-be-safe", step="exactly-one-end")
def test_at_most_one_end_without_begin(play: Play) -> None:
    """A `begin` that raised needs no end: two are too many."""
    for kind in ("Fault", "TimeoutError", "Abandon"):
        t = happened(play(begin=[wait(1.2), fail("B1", kind)], body=[wait(1)], rollback=[wait(0.3)]), "begin")
        t.expect("ends", len(ends(t)), at_most(1))


@check("R7", misconception="begin-all-or-nothing", step="exactly-one-end", core=False)
def test_cancelled_begin(play: Play) -> None:
    """A `begin` that was cancelled may have begun: the transaction ends rolled back or invalidated."""
    a, b = play.draw(2)
    trial = play(begin=[checkpoint(), wait(a), wait(a)], rollback=[wait(b), wait(0.5)], finish_timeout=60)
    for t in runs(trial.cancelled("caller"), "begin"):
        if struck(t, "begin"):
            t.expect("how it ended", ends(t), NO_COMMIT)
    begin = [on_cancel(wait(0.4), fail("B1")), *SLOW]
    t = happened(play(begin=begin, rollback=[wait(b)]).cancel("caller", at=START + a), "begin")
    t.expect("ends after a `begin` that answered its cancellation with an error", len(ends(t)), at_most(1))


@check("R7", misconception="rollback-never-fails", step="exactly-one-end", core=False)
def test_cancelled_begin_and_failed_rollback(play: Play) -> None:
    """If `begin` was cancelled, and then `rollback` fails or is given up, the connection is invalidated."""
    for rollback in ([wait(0.6), fail("R1")], SLOW):
        t = happened(play(begin=SLOW, rollback=rollback, finish_timeout=2.3).cancel("caller", at=START + 1.4), "begin")
        if struck(t, "begin"):
            t.expect("how it ended", ends(t), NO_COMMIT)


@check("R7", misconception="rollback-never-fails", step="exactly-one-end", core=False)
def test_one_end_after_two_failures(play: Play) -> None:
    """If `commit` fails and then `rollback` fails or is given up, and cancelled or not, there is exactly one end."""
    for rollback in ([wait(0.6)], [wait(0.6), fail("R1")], SLOW):
        plan = {"body": [wait(1)], "commit": [wait(0.7), fail("C1")], "rollback": rollback, "finish_timeout": 2.3}
        for t in begun(play(**plan).cancelled("caller")):
            t.expect("how it ended", ends(t), NO_COMMIT)
        t = happened(play(**{**plan, "commit": [wait(0.7), fail("stop", "Abandon")]}), "commit")
        t.expect("how many ends", len(ends(t)), at_most(1))


@check("R7", misconception="every-timeout-error-is-mine", step="exactly-one-end", core=False)
def test_one_end_when_commit_raises_as_it_is_given_up(play: Play) -> None:
    """If `commit` raises as it is given up, there is exactly one end."""
    for rollback in ([wait(0.6)], [fail("R1")], SLOW):
        plan = {"body": [wait(1)], "commit": [on_cancel(fail("C1")), *SLOW], "rollback": rollback}
        t = happened(play(**plan, finish_timeout=2.3), "commit")
        t.expect("how it ended", ends(t), ONE_END)
