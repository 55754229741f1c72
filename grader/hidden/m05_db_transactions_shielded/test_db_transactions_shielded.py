"""Hidden checks of m05: what `transaction` promises, whatever fails, hangs or is cancelled, at every moment."""

from collections.abc import Iterator, Mapping
from typing import Any

from grader import (
    Play,
    Trace,
    at_most,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    near,
    on_cancel,
    one_of,
    token,
    wait,
)

START = 3.7
LONG = 1000.0
DAYS = 1e6
#: Longer than every `finish_timeout` below that is meant to strike.
SLOW = [wait(90)]
#: The three ways to end; each check of R7 wants exactly one.
ONE_END = one_of(["committed"], ["rolled back"], ["invalidated"])
NO_COMMIT = one_of(["rolled back"], ["invalidated"])


def ends(t: Trace) -> list[str]:
    """Which of the three ends the transaction on ``db`` came to."""
    calls = (("commit", "committed"), ("rollback", "rolled back"))
    found = [word for what, word in calls if any(s.how == "returned" for s in t.all(what, "db"))]
    return found + ["invalidated"] * bool(t.notes("invalidate", "db"))


def took(span: Any) -> float:
    """How long it took (virtual s)."""
    return (span.end or 0.0) - span.start


def goes_on(t: Trace) -> bool:
    """Whether the caller came past the checkpoint after the block."""
    return any(s.how == "returned" for s in t.all("after", "caller"))


def happened(t: Trace, *whats: str, who: str | None = None) -> Trace:
    """Fail the subject unless all of that happened: what never happens is neither right nor wrong."""
    for what in whats:
        t.one(what, who)
    return t


def runs(search: Iterator[Trace], *whats: str) -> Iterator[Trace]:
    """The runs of a search; in those that nobody disturbs all of that must happen."""
    for t in search:
        if not t.notes("cancel"):
            happened(t, *whats)
        yield t


def expect_given_up(t: Trace, what: str, limit: float) -> None:
    """Fail the subject unless `commit` or `rollback` is called, and given up after `limit` seconds."""
    happened(t, what, who="db")
    for span in t.all(what, "db"):
        t.expect(f"the {what}", span.ending, "was cancelled")
        t.expect("given up after", took(span), near(limit))


def expect_whole(t: Trace, what: str, who: str = "db") -> None:
    """Fail the subject unless `commit` or `rollback` is called, and runs to its end."""
    happened(t, what, who=who)
    expect_whole_if_called(t, what, who)


def expect_whole_if_called(t: Trace, what: str, who: str = "db") -> None:
    """Fail the subject unless `commit` or `rollback`, if it was called, runs to its end."""
    for span in t.all(what, who):
        t.expect(f"the {what}", span.ending, "returned")


def expect_an_end(t: Trace) -> None:
    """Fail the subject unless it calls `rollback`, or invalidates: some do the one, some the other."""
    t.expect_that(
        "a `begin` that was cancelled",
        bool(t.all("rollback", "db") or ends(t)),
        "was neither rolled back nor invalidated",
    )


def expect_invalidated(t: Trace) -> None:
    """Fail the subject unless the connection is invalidated."""
    t.expect_that("how it ended", "invalidated" in ends(t), f"not invalidated, but {' and '.join(ends(t)) or 'open'}")


def struck(t: Trace, *whats: str) -> bool:
    """Whether `begin` or the body was cancelled."""
    return any(s.how == "cancelled" for what in whats for s in t.all(what))


def begun(traces: Iterator[Trace]) -> Iterator[Trace]:
    """The runs in which `begin` returned; it must be called where nobody disturbs."""
    return (t for t in runs(traces, "begin") if any(s.how == "returned" for s in t.all("begin", "db")))


def polls(t: Trace) -> bool:
    """Whether the run was broken off because it wakes up again and again: G6 has a check of its own."""
    return bool(t.data["end"]["kind"] == "runaway")


def unlucky_ways(play: Play) -> Iterator[Trace]:
    """Transactions that do not end as anybody wishes."""
    slow = {"rollback": SLOW, "finish_timeout": 2.3}
    yield happened(play(begin=[wait(1), fail("B1")]), "begin")
    yield happened(play(body=SLOW, **slow).cancel("caller", at=START + 1.4), "body")
    yield happened(play(body=[wait(1), fail("E1")], **slow), "rollback")


def rare_ways(play: Play) -> Iterator[Trace]:
    """Transactions that end in ways that nobody plans for."""
    failed, slow = [wait(0.7), fail("C1")], {"rollback": SLOW, "finish_timeout": 2.3}
    yield happened(play(begin=SLOW, rollback=[wait(0.6)]).cancel("caller", at=START + 1.4), "begin")
    yield happened(play(begin=SLOW, **slow).cancel("caller", at=START + 1.4), "begin")
    yield happened(play(body=[wait(1), fail("E1")], rollback=[wait(0.6), fail("R1")]), "rollback")
    yield happened(play(commit=failed, rollback=[wait(0.6)]), "commit", "rollback")
    yield happened(play(commit=failed, **slow), "commit", "rollback")


def cancelled_during(traces: Iterator[Trace], what: str) -> Iterator[Trace]:
    """The runs in which the cancellation came when `what` had started."""
    for t in traces:
        came = [n["order"] for n in t.notes("cancel")]
        if came and any(s.begun < came[0] for s in t.all(what)):
            yield t


# -- R1: begin, the body, then commit or rollback --------------------------------------------------------------------
@check("R1", misconception="finally-commits", step="begin-and-end")
def test_commits(play: Play) -> None:
    """`begin`, then the body, then `commit`, one after the other, and nothing else."""
    a, b, c = play.draw(3)
    trial = play(begin=[wait(a)], body=[wait(b)], commit=[wait(c)], finish_timeout=60)
    for t in (trial, trial.within("caller", LONG)):
        spans = [s for s in t.spans if s.what in ("begin", "body", "commit", "rollback")]
        t.expect("what happened", [s.what for s in spans], ["begin", "body", "commit"])
        t.expect("starts", [s.start for s in spans], [near(START), near(START + a), near(START + a + b)])
        t.expect("the block", t.call.ending, "returned")


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
        t.expect("what happened", spans, ["begin", "body", "rollback"])
        t.expect("the rollback", t.one("rollback").ending, "returned")


@check("R1", misconception="another-exception-will-do", step="begin-and-end")
def test_very_same_exception(play: Play) -> None:
    """The very exception that the body raised leaves the block, not wrapped in another."""
    for kind in ("Fault", "TimeoutError", "RuntimeError", "ExceptionGroup", "ExceptionGroup of one"):
        t = happened(play(body=[wait(1.3), fail("E1", kind)], rollback=[wait(0.4)]), "rollback")
        t.expect("what leaves the block", t.call.raised, "E1")
    t = play(body=[wait(1.3), fail("E1")], rollback=[wait(2)]).cancel("caller", at=START + 2.4)
    t.expect_that("an error, and a cancellation during the rollback", t.call.how != "returned", "the block just ended")


@check("R1", misconception="begin-cannot-fail", step="begin-and-end")
def test_no_body_without_begin(play: Play) -> None:
    """If `begin` raises, the body does not run."""
    t = happened(play(begin=[wait(1.2), fail("B1")], body=[wait(1)]), "begin")
    t.expect("bodies", t.names("body"), [])


def expect_none_twice(t: Trace) -> None:
    """Fail the subject if it called one of the three more than once."""
    for what in ("begin", "commit", "rollback"):
        t.expect(f"calls of `{what}`", len(t.all(what, "db")), at_most(1))


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
        t.expect("the block ended at", t.call.end, near(t.one(what).start + b, within=0.2))
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
        t.expect("the block ended at", t.call.end, near(t.one("commit").start + limit, within=0.2))


@check("R3", misconception="given-up-is-enough", step="bound-the-shield")
def test_given_up_commit_is_invalidated(play: Play) -> None:
    """After a `commit` that was given up the connection is invalidated, and no rollback is tried."""
    limit = play.draw(1)[0]
    for commit in (SLOW, [cleanup(wait(2)), *SLOW]):
        t = happened(play(body=[wait(1)], commit=commit, finish_timeout=limit), "commit")
        t.expect("rollbacks", t.names("rollback"), [])
        expect_invalidated(t)


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
        t.expect("given up after", took(t.one("commit")), at_most(limit))
        if took(t.one("commit")) == near(limit):
            expect_invalidated(t)
            t.expect_that("a commit that was given up", t.call.how != "returned", "the block just ended")


@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_rollback_is_given_up(play: Play) -> None:
    """A `rollback` that takes longer than `finish_timeout` is given up then, and the connection invalidated."""
    a, limit = play.draw(2)
    for rollback, kind in (([wait(limit + 0.3)], "Fault"), ([wait(LONG)], "Fault"), ([wait(LONG)], "Abandon")):
        t = happened(play(body=[wait(a), fail("E1", kind)], rollback=rollback, finish_timeout=limit), "body")
        if kind == "Abandon" and not t.all("rollback"):
            continue  # that is for G5
        expect_given_up(t, "rollback", limit)
        expect_invalidated(t)
        t.expect("the block ended at", t.call.end, near(t.one("rollback").start + limit, within=0.2))


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
    if any(took(span) > 0.1 for span in t.all("rollback")):  # none, or one that is interrupted at once, is for R5
        expect_given_up(t, "rollback", limit)
        expect_invalidated(t)
        t.expect("the block", t.call.how, "cancelled")


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
    if any(took(span) > 0.1 for span in t.all("rollback")):
        expect_given_up(t, "rollback", limit)
        if t.one("begin").outside:
            t.expect("the block", t.call.how, "cancelled")


# -- R4: nothing else is protected, or bounded -----------------------------------------------------------------------
@check("R4", misconception="shield-everything", step="leave-the-rest-open")
def test_begin_can_be_cancelled(play: Play) -> None:
    """A cancellation, or an enclosing deadline, reaches `begin` at once."""
    at = START + play.draw(1)[0]
    for t in (play(begin=[wait(LONG)]).cancel("caller", at=at), play(begin=[wait(LONG)]).within("caller", at)):
        t.expect("`begin` was cancelled at", t.one("begin").cancelled_at, near(at))


@check("R4", misconception="shield-everything", step="leave-the-rest-open")
def test_body_can_be_cancelled(play: Play) -> None:
    """A cancellation, or an enclosing deadline, reaches the body at once."""
    a, b = play.draw(2)
    at = START + a + b
    trial = play(begin=[wait(a)], body=[wait(b / 2), wait(LONG)])
    for t in (trial.cancel("caller", at=at), trial.within("caller", at)):
        t.expect("the body was cancelled at", t.one("body").cancelled_at, near(at))


@check("R4", misconception="timeout-for-everything", step="leave-the-rest-open")
def test_finish_timeout_bounds_nothing_else(play: Play) -> None:
    """`begin` and the body may take as long as they like: `finish_timeout` does not end them."""
    a, b, limit = play.draw(3)
    t = play(begin=[wait(9 * limit + a)], body=[wait(LONG + b)], finish_timeout=limit)
    t.expect("`begin`", t.one("begin").ending, "returned")
    t.expect("the body", t.one("body").ending, "returned")
    t = play(begin=[wait(DAYS + a)], body=[wait(DAYS + b)]).accepting("runaway")
    if not polls(t):
        t.expect("`begin`", t.one("begin").ending, "returned")
        t.expect("the body", t.one("body").ending, "returned")


@check("R4", misconception="one-at-a-time", step="leave-the-rest-open")
def test_other_connections_do_not_wait(play: Play) -> None:
    """A transaction on another connection does not wait for this one, whatever this one is doing."""
    slow = [wait(50)]
    quick = {"begin": [wait(0.2)], "body": [wait(0.3)], "commit": [wait(0.4)]}
    wrong = {**quick, "body": [wait(0.3), fail("E2")], "rollback": [wait(0.4)]}
    alone = {
        "second": took(happened(play(**quick), "commit").call),
        "third": took(happened(play(**wrong), "rollback").call),
    }
    crowd = {f"caller {n}": {"body": slow, "start": START} for n in range(20)}
    for plan in ({"begin": slow}, {"body": slow}, {"commit": slow}, {"body": [fail("E1")], "rollback": slow}):
        others = {"second": {**quick, "start": START + 0.9}, "third": {**wrong, "start": START + 1.7}}
        others |= crowd if "commit" in plan else {}
        t = play(**plan, finish_timeout=60, others=others)
        for who, seconds in alone.items():
            call = t.first([s for s in t.calls() if s.who == who], f"the block of {who}", "was never entered")
            t.expect(f"the block of the {who} caller took", took(call), near(seconds))


# -- R5: a cancelled body is rolled back -----------------------------------------------------------------------------
@check("R5", misconception="cancellation-is-an-exception", step="shield-what-must-finish")
def test_cancelled_body_is_rolled_back(play: Play) -> None:
    """After the body was cancelled, or met an enclosing deadline, `rollback` runs, and runs whole."""
    a, b = play.draw(2)
    trial = play(body=SLOW, rollback=[wait(b), checkpoint(), wait(0.5)], finish_timeout=60)
    for t in (trial.cancel("caller", at=START + a), trial.within("caller", START + a)):
        happened(t, "body")
        if struck(t, "body"):
            t.expect("the rollback", t.one("rollback").ending, "returned")
            t.expect("commits", t.names("commit"), [])


@check("R5", misconception="cancellation-is-an-exception", step="shield-what-must-finish")
def test_cancelled_at_every_step_of_the_body(play: Play) -> None:
    """Whenever the body is cancelled, `rollback` runs, and runs whole."""
    a, b = play.draw(2)
    body = [checkpoint(), wait(a), checkpoint(), wait(b), checkpoint(), wait(1)]
    for t in runs(play(body=body, rollback=[checkpoint(), wait(b)], finish_timeout=60).cancelled("caller"), "body"):
        if struck(t, "body"):
            t.expect("the rollback", t.one("rollback").ending, "returned")


@check("R5", misconception="shield-after-cancellation-only", step="shield-what-must-finish")
def test_body_that_answers_a_cancellation_with_an_error(play: Play) -> None:
    """A body that raises an error as it is cancelled is rolled back too, and `rollback` runs whole."""
    a, b = play.draw(2)
    body = [on_cancel(wait(0.4), fail("E1")), *SLOW]
    t = play(body=body, rollback=[wait(b), wait(0.5)], finish_timeout=60).cancel("caller", at=START + a)
    if t.one("body").how == "raised":
        t.expect("the rollback", t.one("rollback").ending, "returned")


# -- R6: commit or rollback raises -----------------------------------------------------------------------------------
@check("R6", misconception="failed-commit-changed-nothing", step="when-finishing-fails", core=False)
def test_failed_commit_is_rolled_back(play: Play) -> None:
    """If `commit` raises, `rollback` is tried."""
    for early in ([], [wait(0.7)]):
        t = play(body=[wait(1)], commit=[*early, fail("C1")], rollback=[wait(1.2)])
        t.expect("the rollback", t.one("rollback").ending, "returned")
    for t in play(body=[wait(1)], commit=[wait(0.7)], rollback=[wait(1.2)]).faults("db"):
        if any(s.how == "raised" for s in t.all("commit")):
            t.expect("the rollback", t.one("rollback").ending, "returned")


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_commit_goes_on(play: Play) -> None:
    """The exception of a `commit` that raises leaves the block."""
    for kind in (fail("C1"), fail("C1", "ConnectionError")):
        t = play(body=[wait(1)], commit=[wait(0.7), kind], rollback=[wait(1.2)])
        t.expect("what leaves the block", t.call.errors, ["C1"])
    given_up = play(body=[wait(1)], commit=[on_cancel(fail("C1")), *SLOW], finish_timeout=2.3)
    cancelled = play(body=[wait(1)], commit=[wait(2), fail("C1")]).cancel("caller", at=START + 2.4)
    for t in (given_up, cancelled):
        if t.one("commit").how == "raised":
            t.expect_that("a commit that failed", t.call.how != "returned", "the block just ended")


@check("R6", misconception="every-timeout-error-is-mine", step="when-finishing-fails", core=False)
def test_timeout_error_of_commit_is_an_error(play: Play) -> None:
    """A `TimeoutError` that `commit` itself raises is an error of `commit`: `rollback` is tried, and it goes on."""
    t = play(body=[wait(1)], commit=[wait(0.7), fail("C1", "TimeoutError")], rollback=[wait(1.2)])
    t.expect("the rollback", t.one("rollback").ending, "returned")
    t.expect("what leaves the block", t.call.errors, ["C1"])


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_commit_and_rollback_fail(play: Play) -> None:
    """If `commit` raises and then `rollback` raises too, the connection is invalidated."""
    for kind in ("Fault", "TimeoutError"):
        t = play(body=[wait(1)], commit=[wait(0.7), fail("C1")], rollback=[wait(0.6), fail("R1", kind)])
        expect_invalidated(happened(t, "commit", "rollback"))


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_commit_before_that_of_rollback(play: Play) -> None:
    """If `commit` raises and then `rollback` raises or is given up, it is still the exception of `commit` that goes on."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], SLOW):
        t = play(body=[wait(1)], commit=[wait(0.7), fail("C1")], rollback=rollback, finish_timeout=2.3)
        t.expect("what leaves the block", t.call.errors, ["C1"])


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_commit_fails_and_rollback_hangs(play: Play) -> None:
    """If `commit` raises and then `rollback` is given up, the connection is invalidated."""
    t = play(body=[wait(1)], commit=[wait(0.7), fail("C1")], rollback=SLOW, finish_timeout=2.3)
    if struck(happened(t, "commit", "rollback"), "rollback"):
        expect_invalidated(t)


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_failed_rollback_is_invalidated(play: Play) -> None:
    """If `rollback` raises after the body did, or was cancelled, the connection is invalidated."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], [on_cancel(fail("R1")), *SLOW]):
        trial = play(body=[wait(1), fail("E1")], rollback=rollback, finish_timeout=2.3)
        cancelled = play(body=SLOW, rollback=rollback, finish_timeout=2.3).cancel("caller", at=START + 1.4)
        for t in (happened(trial, "rollback"), happened(cancelled, "body")):
            if any(s.how == "raised" for s in t.all("rollback")):
                expect_invalidated(t)
    for t in play(body=[wait(1), fail("E1")], rollback=[wait(1.2)]).faults("db"):
        happened(t, "begin")
        if any(s.how == "raised" for s in t.all("rollback")) and not any(s.how == "raised" for s in t.all("begin")):
            expect_invalidated(t)


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_the_body_before_that_of_rollback(play: Play) -> None:
    """If `rollback` raises after the body did, the body's own exception goes on, not that of `rollback`."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], [on_cancel(fail("R1")), *SLOW]):
        t = happened(play(body=[wait(1), fail("E1")], rollback=rollback, finish_timeout=2.3), "rollback")
        t.expect("what leaves the block", t.call.raised, "E1")


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_cancellation_before_the_exception_of_rollback(play: Play) -> None:
    """If `rollback` raises after `begin` or the body was cancelled, the cancellation goes on."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")]):
        for slow in ({"body": SLOW}, {"begin": SLOW}):
            t = happened(play(**slow, rollback=rollback).cancel("caller", at=START + 1.4), *slow)
            expect_an_end(t)
            if any(s.how == "raised" for s in t.all("rollback")):
                t.expect("the block", t.call.how, "cancelled")


@check("R6", misconception="twice-is-safer", step="when-finishing-fails", core=False)
def test_what_failed_is_not_tried_again(play: Play) -> None:
    """A `commit` or `rollback` that raised is not called again."""
    for t in rare_ways(play):
        expect_none_twice(t)
    for kind in ("Fault", "ConnectionError", "TimeoutError"):
        plan = {"body": [wait(1)], "commit": [wait(0.7), fail("C1", kind)], "rollback": [wait(0.6), fail("R1", kind)]}
        expect_none_twice(happened(play(**plan), "commit"))
        expect_none_twice(happened(play(**{**plan, "body": [wait(1), fail("E1")]}), "rollback"))


# -- R7: exactly one end ---------------------------------------------------------------------------------------------
@check("R7", misconception="nothing-between-two-lines", step="exactly-one-end")
def test_one_end_when_cancelled(play: Play) -> None:
    """Cancelled at any moment, the transaction ends committed, rolled back or invalidated: exactly one of them."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b), checkpoint()], "commit": [wait(c)], "rollback": [wait(c)]}
    for t in begun(play(**plan, finish_timeout=60).cancelled("caller")):
        t.expect("how it ended", ends(t), ONE_END)


@check("R7", misconception="invalidate-to-be-safe", step="exactly-one-end")
def test_one_end_when_the_body_fails(play: Play) -> None:
    """If the body fails, and is cancelled or not, the transaction ends rolled back or invalidated: one of the two."""
    a, b = play.draw(2)
    for t in begun(play(body=[wait(a), fail("E1")], rollback=[wait(b)], finish_timeout=60).cancelled("caller")):
        t.expect("how it ended", ends(t), NO_COMMIT)


@check("R7", misconception="given-up-is-enough", step="exactly-one-end")
def test_one_end_when_given_up(play: Play) -> None:
    """If `commit` or `rollback` is too slow, and cancelled or not, there is exactly one end."""
    for body in ([wait(1)], [wait(1), fail("E1")]):
        for t in begun(play(body=body, commit=SLOW, rollback=SLOW, finish_timeout=1.4).cancelled("caller")):
            t.expect("how it ended", ends(t), ONE_END)


@check("R7", misconception="nothing-between-two-lines", step="exactly-one-end")
def test_one_end_at_the_same_instant(play: Play) -> None:
    """A cancellation at the very instant at which the body or `commit` ends leaves exactly one end."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b)], "commit": [wait(c)], "rollback": [wait(c)], "finish_timeout": 60}
    for at in (START + a, START + a + b, START + a + b + c):
        for t in begun(play(**plan, actors={"stopper": [wait(at), cancel("caller")]}).orders(8)):
            t.expect("how it ended", ends(t), ONE_END)
    for body in ([wait(b), cancel("caller")], [wait(b), cancel("caller"), fail("E1")]):
        t = happened(play(**{**plan, "body": body}), "begin")
        t.expect("how it ended", ends(t), ONE_END)


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


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="begin-and-end")
def test_both_backends(play: Play) -> None:
    """A transaction commits, and rolls back, on asyncio and on trio."""
    t = play(begin=[wait(1)], body=[wait(1)], commit=[wait(1)])
    t.expect("the commit", t.one("commit").ending, "returned")
    t = play(begin=[wait(1)], body=[wait(1), fail("E1")], rollback=[wait(1)])
    t.expect("the rollback", t.one("rollback").ending, "returned")


@check("G2", misconception="tasks-end-by-themselves", step="exactly-one-end")
def test_nothing_is_left(play: Play) -> None:
    """When the block has ended, no task and no stream of its own is left."""
    plans = (
        {"body": [wait(1)], "commit": [wait(0.7)]},
        {"body": [wait(1), fail("E1")], "rollback": [wait(0.7)]},
        {"body": [wait(1)], "commit": SLOW},
    )
    for plan in plans:
        for t in runs(play(**plan, finish_timeout=2.3).cancelled("caller"), list(plan)[-1]):
            t.expect_nothing_left()
    for t in unlucky_ways(play):
        t.expect_nothing_left()


@check("G2", misconception="tasks-end-by-themselves", step="when-finishing-fails", core=False)
def test_nothing_is_left_in_rare_cases(play: Play) -> None:
    """No task and no stream is left either if `commit` or `rollback` fails, or `begin` was cancelled."""
    for t in rare_ways(play):
        t.expect_nothing_left()


@check("G3", misconception="handled-once-is-done", step="leave-the-rest-open")
def test_cancellation_goes_on(play: Play) -> None:
    """When `begin` or the body was cancelled from outside, the block ends by the cancellation, and `begin` is not called again."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b), wait(1)], "commit": [wait(c)], "rollback": [wait(c)]}
    for t in runs(play(**plan, finish_timeout=60).cancelled("caller"), "begin", "body"):
        t.expect_cancellation_passes(jobs="body")
        if struck(t, "begin", "body"):
            t.expect("the block", t.call.how, "cancelled")
            t.expect("calls of `begin`", len(t.all("begin")), 1)
    for rollback in (SLOW, [wait(0.6), fail("R1")]):
        t = happened(play(body=SLOW, rollback=rollback, finish_timeout=2.3).cancel("caller", at=START + a), "body")
        t.expect_that(
            "cancelled from outside", not struck(t, "body") or t.call.how != "returned", "the block just ended"
        )


@check("G4", misconception="blocking-is-short", step="begin-and-end")
def test_blocks_nothing(play: Play) -> None:
    """No call blocks the event loop."""
    second = {"body": [wait(1.3)], "commit": [wait(1)]}
    trials = (
        happened(play(body=[wait(1)], commit=[wait(1)], others={"second": second}), "commit"),
        happened(play(body=[wait(1)], commit=SLOW, finish_timeout=2.3), "commit"),
        happened(play(body=SLOW, rollback=[wait(1)]).cancel("caller", at=START + 1.4), "body"),
    )
    for t in (*trials, *unlucky_ways(play)):
        t.expect_not_blocked()


@check("G4", misconception="blocking-is-short", step="when-finishing-fails", core=False)
def test_blocks_nothing_in_rare_cases(play: Play) -> None:
    """No call blocks the event loop either if `commit` or `rollback` fails, or `begin` was cancelled."""
    for t in rare_ways(play):
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="begin-and-end")
def test_other_base_exceptions_of_the_body(play: Play) -> None:
    """A `BaseException` of `begin` or the body, such as KeyboardInterrupt, leaves the block; the body is rolled back."""
    t = play(begin=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7)])
    t.expect("what leaves the block", t.call.errors, ["stop"])
    t = play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7)])
    t.expect("what leaves the block", t.call.errors, ["stop"])
    t.expect("the rollback", t.one("rollback").ending, "returned")
    t = play(body=[wait(1), fail("stop", "Abandon")], rollback=SLOW, finish_timeout=2.3)
    t.expect("what leaves the block", t.call.errors, ["stop"])


@check("G5", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_failed_rollback_hides_no_base_exception(play: Play) -> None:
    """A `BaseException` of the body, such as KeyboardInterrupt, leaves the block also if `rollback` raises."""
    t = happened(play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7), fail("R1")]), "rollback")
    t.expect("what leaves the block", t.call.errors, ["stop"])


@check("G5", misconception="catch-everything", step="when-finishing-fails", core=False)
def test_other_base_exceptions_of_commit(play: Play) -> None:
    """A `BaseException` of `commit`, such as KeyboardInterrupt, leaves the block, and nothing stays open."""
    for rollback in ([wait(0.7)], [wait(0.7), fail("R1")], SLOW):
        commit = [wait(0.7), fail("stop", "Abandon")]
        t = play(body=[wait(1)], commit=commit, rollback=rollback, finish_timeout=2.3)
        t.expect("what leaves the block", t.call.errors, ["stop"])
        if all(s.how == "returned" for s in t.all("rollback")):
            t.expect_that("how it ended", bool(ends(t)), "neither rolled back nor invalidated")


@check("G5", misconception="catch-everything", step="when-finishing-fails", core=False)
def test_other_base_exceptions_of_rollback(play: Play) -> None:
    """A `BaseException` of `rollback`, such as KeyboardInterrupt, leaves the block, and nothing stays open."""
    plans = ({"body": [wait(1), fail("E1")]}, {"body": [wait(1)], "commit": [wait(0.7), fail("C1")]})
    for plan in plans:
        t = happened(play(**plan, rollback=[wait(0.7), fail("stop", "Abandon")]), "rollback")
        seen = f"not the BaseException: it {t.call.ending}"
        t.expect_that("what leaves the block", "stop" in t.call.errors, seen)
        expect_invalidated(t)


def steps_of(play: Play, scale: float, *plans: Mapping[str, Any], cancelled: bool = False) -> int:
    """Wake-ups of transactions in which each step takes that long; each must come to what its plan names last."""
    steps = 0
    for plan in plans:
        t = play(**plan, finish_timeout=2 * scale)
        t = t.cancel("caller", at=START + scale) if cancelled else t
        steps += happened(t, list(plan)[-1]).steps
    return steps


@check("G6", misconception="look-again-and-again", step="bound-the-shield")
def test_no_busy_waiting(play: Play) -> None:
    """Waiting a thousand times as long takes no more wake-ups."""

    def steps(scale: float) -> int:
        slow = [wait(scale)]
        plans = (
            {"begin": slow, "body": slow, "commit": slow},
            {"body": [*slow, fail("E1")], "rollback": slow},
            {"body": slow, "commit": [wait(9 * scale)]},
            {"body": [fail("E1")], "rollback": [wait(9 * scale)]},
        )
        last = {"rollback": slow, "body": [wait(2 * scale)]}
        return steps_of(play, scale, *plans) + steps_of(play, scale, last, cancelled=True)

    few, many = steps(1.0), steps(1000.0)
    play.last.expect("wake-ups of transactions a thousand times as long", many, at_most(few + 10))


@check("G6", misconception="look-again-and-again", step="when-finishing-fails", core=False)
def test_no_busy_waiting_in_rare_cases(play: Play) -> None:
    """A `rollback` after a failed `commit` takes no more wake-ups if it takes a thousand times as long."""

    def steps(scale: float) -> int:
        return steps_of(play, scale, *({"commit": [fail("C1")], "rollback": [wait(n * scale)]} for n in (1, 9)))

    few, many = steps(1.0), steps(1000.0)
    play.last.expect("wake-ups of a rollback a thousand times as long", many, at_most(few + 10))
