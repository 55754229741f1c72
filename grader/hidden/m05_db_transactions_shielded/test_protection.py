"""Hidden checks of m05: what is protected, for how long, and that nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Play, Trace, at_most, cancel, check, checkpoint, cleanup, fail, near, wait

from .plans import LONG, SLOW, START, expect_an_end, expect_invalidated, happened, runs, struck

DAYS = 1e6
BY_DEFAULT = 5
AFTER = "s after the call"


def after(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def goes_on(t: Trace) -> bool:
    """Whether the caller came past the checkpoint after the block."""
    return any(s.how == "returned" for s in t.all("after", "caller"))


def expect_given_up(t: Trace, what: str, limit: float) -> None:
    """Fail the subject unless `commit` or `rollback` is called, and given up after `limit` seconds."""
    happened(t, what, who="db")
    for span in t.all(what, "db"):
        part = f"A `{what}` that takes longer than `finish_timeout` is given up then." if limit != BY_DEFAULT else ""
        t.expect(f"the {what}", span.ending, "was cancelled", part=part)
        if part and span.took is not None and span.took < 0.95 * limit:
            part = f"`{what}` has the whole `finish_timeout` for itself, counted from its start."
        seen = f"with a `finish_timeout` of {limit:g} s the {what} was given up after"
        t.expect(seen, span.took, near(limit), part=part)


def expect_whole(t: Trace, what: str, who: str = "db") -> None:
    """Fail the subject unless `commit` or `rollback` is called, and runs to its end."""
    happened(t, what, who=who)
    expect_whole_if_called(t, what, who)


def expect_whole_if_called(t: Trace, what: str, who: str = "db") -> None:
    """Fail the subject unless `commit` or `rollback`, if it was called, runs to its end."""
    for span in t.all(what, who):
        t.expect(f"the {what}", span.ending, "returned")


def polls(t: Trace) -> bool:
    """Whether the run was broken off because it wakes up again and again: G6 has a check of its own."""
    return bool(t.data["end"]["kind"] == "runaway")


def cancelled_during(traces: Iterator[Trace], what: str) -> Iterator[Trace]:
    """The runs in which the cancellation came when `what` had started."""
    for t in traces:
        came = [n["order"] for n in t.notes("cancel")]
        if came and any(s.begun < came[0] for s in t.all(what)):
            yield t


# -- R2: what has started to finish is not interrupted ---------------------------------------------------------------
@check("R2", misconception="await-in-finally", step="shield-what-must-finish")
def test_commit_is_not_interrupted(play: Play) -> None:
    """A cancellation does not interrupt a `commit` that has started."""
    a, b, c = play.draw(3)
    commit = [checkpoint(), wait(c), checkpoint(), wait(1)]
    search = play(begin=[wait(a)], body=[wait(b)], commit=commit, finish_timeout=60).cancelled("caller")
    for t in runs(search, "commit"):
        expect_whole_if_called(t, "commit")
    expect_whole_if_called(play(body=[wait(b), cancel("caller")], commit=commit, finish_timeout=60), "commit")


@check("R2", misconception="shield-after-cancellation-only", step="shield-what-must-finish")
def test_rollback_is_not_interrupted(play: Play) -> None:
    """A cancellation does not interrupt a `rollback` that has started."""
    a, b = play.draw(2)
    rollback = [checkpoint(), wait(a), checkpoint(), wait(1)]
    for kind, what in (("Fault", "rollback"), ("Abandon", "body")):  # whether that is rolled back is for G5
        search = play(body=[wait(b), fail("E1", kind)], rollback=rollback, finish_timeout=60).cancelled("caller")
        for t in cancelled_during(runs(search, what), "rollback"):
            expect_whole(t, "rollback")


@check("R2", misconception="deadline-is-no-cancellation", step="shield-what-must-finish")
def test_enclosing_deadline_does_not_interrupt(play: Play) -> None:
    """An enclosing deadline that passes during `commit` or `rollback` does not interrupt it."""
    a, b = play.draw(2)
    for what, body in (("commit", [wait(a)]), ("rollback", [wait(a), fail("E1")])):
        plan = {"body": body, what: [wait(b), wait(0.5)], "finish_timeout": 60}
        t = play(**plan).within("caller", START + a + b / 2)
        expect_whole(t, what)


@check("R2", misconception="shield-for-good", step="shield-what-must-finish")
def test_takes_effect_afterwards(play: Play) -> None:
    """A cancellation that comes during `commit` or `rollback` takes effect at the first checkpoint after it."""
    a, b = play.draw(2)
    for what, body in (("commit", [wait(a)]), ("rollback", [wait(a), fail("E1")])):
        plan = {"body": body, what: [wait(b)], "finish_timeout": 60}
        t = play(**plan).cancel("caller", at=START + a + b / 2)
        took = (t.call.end or 0) - t.one(what).start
        part = f"When `{what}` has ended the block ends, also if a cancellation came during it."
        if took < b - 0.2:
            part = f"A cancellation does not interrupt a `{what}` that has started."
        t.expect(f"from the start of `{what}` to the end of the block it took", took, near(b, within=0.2), part=part)
        t.expect_that("cancelled from outside", not goes_on(t), "the caller went on after the block")


@check("R2", misconception="shield-after-cancellation-only", step="when-finishing-fails", core=False)
def test_rollback_after_a_failed_commit_is_not_interrupted(play: Play) -> None:
    """A cancellation does not interrupt the `rollback` that follows a failed `commit`."""
    a, b = play.draw(2)
    plan = {"commit": [wait(a), fail("C1")], "rollback": [wait(b), wait(1)], "finish_timeout": 60}
    for t in runs(play(**plan).cancelled("caller"), "rollback"):
        if not struck(t, "begin", "body"):
            expect_whole_if_called(t, "rollback")


@check("R2", misconception="await-in-finally", step="when-finishing-fails", core=False)
def test_rollback_after_a_cancelled_begin_is_not_interrupted(play: Play) -> None:
    """A cancellation does not interrupt the `rollback` that follows a cancelled `begin`."""
    a, b = play.draw(2)
    trial = play(begin=SLOW, rollback=[checkpoint(), wait(b), wait(0.5)], finish_timeout=60)
    for t in (trial.cancel("caller", at=START + a), trial.within("caller", START + a)):
        happened(t, "begin")
        expect_an_end(t)
        expect_whole_if_called(t, "rollback")


# -- R3: the protection is bounded -----------------------------------------------------------------------------------
@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_commit_is_given_up(play: Play) -> None:
    """A `commit` that takes longer than `finish_timeout` is given up then."""
    a, limit = play.draw(2)
    for commit in ([wait(limit + 0.3)], [wait(LONG)]):
        t = play(body=[wait(a)], commit=commit, finish_timeout=limit)
        expect_given_up(t, "commit", limit)
        t.expect(
            "from the start of `commit` to the end of the block it took",
            (t.call.end or 0) - t.one("commit").start,
            near(limit, within=0.2),
            part="When a `commit` was given up, the block ends at once.",
        )


@check("R3", misconception="given-up-is-enough", step="bound-the-shield")
def test_given_up_commit_is_invalidated(play: Play) -> None:
    """After a `commit` that was given up the connection is invalidated, and no rollback is tried."""
    limit = play.draw(1)[0]
    for commit in (SLOW, [cleanup(wait(2)), *SLOW]):
        t = happened(play(body=[wait(1)], commit=commit, finish_timeout=limit), "commit")
        part = "A `commit` that was given up is not followed by a rollback."
        t.expect("rollbacks", t.names("rollback"), [], part=part)
        expect_invalidated(t, "After a `commit` that was given up the connection is invalidated.")


@check("R3", misconception="time-out-tells-itself", step="bound-the-shield")
def test_given_up_commit_raises_timeout_error(play: Play) -> None:
    """After a `commit` that was given up the block raises `TimeoutError`."""
    for commit in (SLOW, [cleanup(wait(2)), *SLOW]):
        again = {"body": [wait(1)], "commit": commit, "finish_timeout": 2.3, "start": START + 20}
        t = play(body=[wait(1)], commit=commit, finish_timeout=2.3, others={"second": again})
        for call in t.calls():
            t.expect("what leaves the block", call.errors, ["TimeoutError"])


@check("R3", misconception="deadline-outside-the-shield", step="bound-the-shield")
def test_bounded_when_cancelled(play: Play) -> None:
    """A `commit` that is too long is given up after `finish_timeout`, also if a cancellation came meanwhile."""
    limit = play.draw(1)[0]
    search = play(body=[wait(1)], commit=[wait(limit / 3), *SLOW], finish_timeout=limit).cancelled("caller")
    for t in cancelled_during(runs(search, "commit"), "commit"):
        t.expect(f"with a `finish_timeout` of {limit:g} s it was given up after", t.one("commit").took, at_most(limit))
        if t.one("commit").took == near(limit):
            part = "After a `commit` that was given up the connection is invalidated, also if a cancellation came meanwhile."
            expect_invalidated(t, part)
            part = "After a `commit` that was given up the block does not just end."
            t.expect_that("a commit that was given up", t.call.how != "returned", "the block just ended", part=part)


@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_rollback_is_given_up(play: Play) -> None:
    """A `rollback` that takes longer than `finish_timeout` is given up then, and the connection invalidated."""
    a, limit = play.draw(2)
    for rollback, kind in (([wait(limit + 0.3)], "Fault"), ([wait(LONG)], "Fault"), ([wait(LONG)], "Abandon")):
        t = happened(play(body=[wait(a), fail("E1", kind)], rollback=rollback, finish_timeout=limit), "body")
        if kind == "Abandon" and not t.all("rollback"):
            continue  # that is for G5
        expect_given_up(t, "rollback", limit)
        expect_invalidated(t, "After a `rollback` that was given up the connection is invalidated.")
        t.expect(
            "from the start of `rollback` to the end of the block it took",
            (t.call.end or 0) - t.one("rollback").start,
            near(limit, within=0.2),
            part="When a `rollback` was given up, the block ends at once.",
        )


@check("R3", misconception="last-exception-counts", step="bound-the-shield")
def test_given_up_rollback_hides_no_exception(play: Play) -> None:
    """After a `rollback` that was given up the body's own exception leaves the block."""
    for kind in ("Fault", "TimeoutError"):
        t = play(body=[wait(1), fail("E1", kind)], rollback=SLOW, finish_timeout=2.3)
        if kind == "TimeoutError" and not t.all("rollback"):
            continue  # that is for R1
        happened(t, "rollback")
        t.expect("what leaves the block", t.call.raised, "E1")


@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_rollback_of_a_cancelled_body_is_given_up(play: Play) -> None:
    """After the body was cancelled, `rollback` too is given up after `finish_timeout`, and the connection invalidated."""
    limit = play.draw(1)[0]
    t = happened(play(body=SLOW, rollback=SLOW, finish_timeout=limit).cancel("caller", at=START + 1.6), "body")
    if any((span.took or 0) > 0.1 for span in t.all("rollback")):  # none, or one that is interrupted at once, is for R5
        expect_given_up(t, "rollback", limit)
        expect_invalidated(t, "After a `rollback` that was given up the connection is invalidated.")
        part = "After the body was cancelled the block ends cancelled, also if the rollback was given up."
        t.expect("the block", t.call.how, "cancelled", part=part)


@check("R3", misconception="one-budget", step="bound-the-shield")
def test_each_has_the_time_for_itself(play: Play) -> None:
    """`finish_timeout` counts from the start of `commit` or `rollback`; one that takes less is not given up."""
    a, b, limit = play.draw(3)
    almost, before = [wait(0.9 * limit)], [wait(10 * limit + b)]
    expect_whole(play(begin=[wait(a / 9)], body=before, commit=almost, finish_timeout=limit), "commit")
    expect_whole(play(body=[*before, fail("E1")], rollback=almost, finish_timeout=limit), "rollback")
    later = {"commit": almost, "finish_timeout": limit, "start": START + 0.8 * limit}
    expect_whole(play(commit=almost, finish_timeout=limit, others={"second": later}), "commit", "db of second")
    later = {"body": [fail("E2")], "rollback": almost, "finish_timeout": limit, "start": START + 0.8 * limit}
    t = play(body=[fail("E1")], rollback=almost, finish_timeout=limit, others={"second": later})
    expect_whole(t, "rollback", "db of second")


@check("R3", misconception="one-budget", step="bound-the-shield")
def test_long_time(play: Play) -> None:
    """A `finish_timeout` of days is kept to: a `commit` or `rollback` that takes less is not given up."""
    almost = [wait(0.9 * DAYS)]
    for what, body in (("commit", [wait(1)]), ("rollback", [wait(1), fail("E1")])):
        t = play(**{"body": body, what: almost}, finish_timeout=DAYS).accepting("runaway")
        if not polls(t):
            expect_whole(t, what)


@check("R3", misconception="one-budget", step="bound-the-shield")
def test_five_seconds_by_default(play: Play) -> None:
    """Without `finish_timeout`, `commit` and `rollback` have 5 seconds each."""
    expect_whole(play(body=[wait(1.1)], commit=[wait(4.8)]), "commit")
    expect_given_up(play(body=[wait(1.1)], commit=[wait(5.2)]), "commit", 5)
    expect_whole(play(body=[wait(1.1), fail("E1")], rollback=[wait(4.8)]), "rollback")
    expect_given_up(play(body=[wait(1.1), fail("E1")], rollback=[wait(5.2)]), "rollback", 5)


@check("R3", misconception="one-budget", step="when-finishing-fails", core=False)
def test_rollback_after_a_failed_commit_has_its_own_time(play: Play) -> None:
    """The `rollback` that follows a failed `commit` has the whole of `finish_timeout` for itself."""
    limit = play.draw(1)[0]
    plan = {"body": [wait(1)], "commit": [wait(0.8 * limit), fail("C1")], "finish_timeout": limit}
    expect_whole(play(**plan, rollback=[wait(0.9 * limit)]), "rollback")
    expect_given_up(play(**plan, rollback=SLOW), "rollback", limit)


@check("R3", misconception="shield-without-a-bound", step="when-finishing-fails", core=False)
def test_rollback_of_a_cancelled_begin_is_given_up(play: Play) -> None:
    """After `begin` was cancelled, a `rollback` is given up after `finish_timeout` too, and the cancellation goes on."""
    limit = play.draw(1)[0]
    t = happened(play(begin=SLOW, rollback=SLOW, finish_timeout=limit).cancel("caller", at=START + 1.6), "begin")
    expect_an_end(t)
    if any((span.took or 0) > 0.1 for span in t.all("rollback")):
        expect_given_up(t, "rollback", limit)
        if t.one("begin").outside:
            t.expect("the block", t.call.how, "cancelled")


# -- R4: nothing else is protected, or bounded -----------------------------------------------------------------------
@check("R4", misconception="shield-everything", step="leave-the-rest-open")
def test_begin_can_be_cancelled(play: Play) -> None:
    """A cancellation, or an enclosing deadline, reaches `begin` at once."""
    at = START + play.draw(1)[0]
    for t in (play(begin=[wait(LONG)]).cancel("caller", at=at), play(begin=[wait(LONG)]).within("caller", at)):
        t.expect("`begin` was cancelled", after(t.one("begin").cancelled_at), near(at - START), unit=AFTER)


@check("R4", misconception="shield-everything", step="leave-the-rest-open")
def test_body_can_be_cancelled(play: Play) -> None:
    """A cancellation, or an enclosing deadline, reaches the body at once."""
    a, b = play.draw(2)
    at = START + a + b
    trial = play(begin=[wait(a)], body=[wait(b / 2), wait(LONG)])
    for t in (trial.cancel("caller", at=at), trial.within("caller", at)):
        t.expect("the body was cancelled", after(t.one("body").cancelled_at), near(at - START), unit=AFTER)


@check("R4", misconception="timeout-for-everything", step="leave-the-rest-open")
def test_finish_timeout_bounds_nothing_else(play: Play) -> None:
    """`begin` and the body may take as long as they like: `finish_timeout` does not end them."""
    a, b, limit = play.draw(3)
    begin, body = "`begin` may take longer than `finish_timeout`.", "The body may take longer than `finish_timeout`."
    t = play(begin=[wait(9 * limit + a)], body=[wait(LONG + b)], finish_timeout=limit)
    t.expect("`begin`", t.one("begin").ending, "returned", part=begin)
    t.expect("the body", t.one("body").ending, "returned", part=body)
    t = play(begin=[wait(DAYS + a)], body=[wait(DAYS + b)]).accepting("runaway")
    if not polls(t):
        t.expect("`begin`", t.one("begin").ending, "returned", part=begin)
        t.expect("the body", t.one("body").ending, "returned", part=body)


@check("R4", misconception="one-at-a-time", step="leave-the-rest-open")
def test_other_connections_do_not_wait(play: Play) -> None:
    """A transaction on another connection does not wait for this one, whatever this one is doing."""
    slow = [wait(50)]
    quick = {"begin": [wait(0.2)], "body": [wait(0.3)], "commit": [wait(0.4)]}
    wrong = {**quick, "body": [wait(0.3), fail("E2")], "rollback": [wait(0.4)]}
    alone = {
        "second": happened(play(**quick), "commit").call.took,
        "third": happened(play(**wrong), "rollback").call.took,
    }
    crowd = {f"caller {n}": {"body": slow, "start": START} for n in range(20)}
    for plan in ({"begin": slow}, {"body": slow}, {"commit": slow}, {"body": [fail("E1")], "rollback": slow}):
        others = {"second": {**quick, "start": START + 0.9}, "third": {**wrong, "start": START + 1.7}}
        others |= crowd if "commit" in plan else {}
        t = play(**plan, finish_timeout=60, others=others)
        for who, seconds in alone.items():
            call = t.first([s for s in t.calls() if s.who == who], f"the block of {who}", "was never entered")
            t.expect(f"the block of the {who} caller took", call.took, near(seconds))
