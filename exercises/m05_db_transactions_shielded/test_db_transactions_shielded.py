"""What your `transaction` should do, one sentence a check. The caller enters the block after 3.7 seconds."""

from grader import Play, SentencePart, Trace, at_most, check, fail, near, one_of, token, wait

START = 3.7


def happened(t: Trace, *whats: str) -> Trace:
    """All of that must have happened: what never happens is neither right nor wrong."""
    for what in whats:
        t.one(what)
    return t


def expect_given_up(t: Trace, what: str) -> None:
    """`commit` or `rollback` was given up after a `finish_timeout` of 2 s, and the connection invalidated."""
    took = t.one(what).took
    sentence = f"`{what}` has the whole `finish_timeout` for itself, however long the body took."
    own = SentencePart(sentence, misconception="timeout-for-everything", step="bound-the-shield")
    part = own if took is not None and took < 1.9 else ""
    t.expect(f"with `finish_timeout=2` the {what} took", took, near(2), part=part)
    ends = " and ".join(dict.fromkeys(s.what for s in t.all("rollback") if s.how == "returned"))
    seen = f"was not invalidated, but there was a {ends}" if ends else "was not invalidated"
    part = f"When a {what} was given up, nobody knows what it did: the connection is invalidated."
    if ends:
        part = f"A {what} that was given up is not followed by a rollback: the connection is invalidated."
    t.expect_that("the connection", bool(t.notes("invalidate")), seen, part=part)


# -- core ------------------------------------------------------------------------------------------------------------
@check("R1", misconception="finally-commits", step="begin-and-end")
def test_begin_body_commit(play: Play) -> None:
    """`begin`, then the body, then `commit`."""
    t = play(begin=[wait(1)], body=[wait(2)], commit=[wait(1)])
    spans = [s.what for s in t.spans if s.what in ("begin", "body", "commit", "rollback")]
    part = ""
    if "rollback" in spans:
        part = "When the body has ended without an error, there is a `commit` and no `rollback`."
    elif "body" in spans and "commit" not in spans:
        part = "When the body has ended without an error, `commit` is called."
    t.expect("what happened", spans, ["begin", "body", "commit"], part=part)


@check("R1", misconception="as-comes-by-itself", step="begin-and-end")
def test_hands_out_the_connection(play: Play) -> None:
    """The body gets the connection from `as`."""
    t = happened(play(body=[wait(1)]), "body")
    t.expect("what `as` gives", [note["value"] for note in t.notes("handed")], [token("db")])


@check("R1", misconception="begin-cannot-fail", step="begin-and-end")
def test_no_body_without_begin(play: Play) -> None:
    """If `begin` raises, the body does not run."""
    t = happened(play(begin=[wait(1), fail("B")], body=[wait(1)]), "begin")
    t.expect("bodies", t.names("body"), [])


@check("R1", misconception="finally-commits", step="begin-and-end")
def test_body_that_raises(play: Play) -> None:
    """If the body raises, `rollback` follows, and the very same exception goes on."""
    for kind in ("ValueError", "TimeoutError", "ExceptionGroup of one"):
        t = play(begin=[wait(1)], body=[wait(2), fail("E", kind)], rollback=[wait(1)])
        spans = [s.what for s in t.spans if s.what in ("begin", "body", "commit", "rollback")]
        part = "If the body raises, whatever error it is, `rollback` follows, and no `commit`."
        t.expect(f"what happened, with a {kind} of the body", spans, ["begin", "body", "rollback"], part=part)
        part = "The exception that the body raised leaves the block, the very same one."
        t.expect("what leaves the block", t.call.raised, "E", part=part)


@check("R1", misconception="twice-is-safer", step="begin-and-end")
def test_nothing_is_called_twice(play: Play) -> None:
    """`begin`, `commit` and `rollback` are each called at most once, whenever the block is cancelled."""
    for t in play(begin=[wait(1)], body=[wait(1)], commit=[wait(1)], rollback=[wait(1)]).cancelled("caller"):
        if not t.notes("cancel"):
            happened(t, "begin")
        for what in ("begin", "commit", "rollback"):
            t.expect(f"calls of `{what}`", len(t.all(what)), at_most(1))


@check("R2", misconception="await-in-finally", step="shield-what-must-finish")
def test_commit_is_protected(play: Play) -> None:
    """A cancellation that comes during `commit` does not interrupt it."""
    t = play(body=[wait(1)], commit=[wait(2)]).cancel("caller", at=START + 2)
    t.expect("the commit", t.one("commit").ending, "returned")


@check("R2", misconception="await-in-finally", step="shield-what-must-finish", wide=True)
def test_rollback_is_protected(play: Play) -> None:
    """A cancellation that comes during `rollback` does not interrupt it."""
    for kind in ("ValueError", "Abandon"):
        t = play(body=[wait(1), fail("E", kind)], rollback=[wait(2)]).cancel("caller", at=START + 2)
        happened(t, "body")
        if kind == "ValueError" or t.all("rollback"):  # whether an `Abandon` is rolled back is asked below
            words = f"The body raised {kind}, and the caller was cancelled while `rollback` ran."
            t.expect("the rollback", t.one("rollback").ending, "returned", happened=words)


@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_slow_commit(play: Play) -> None:
    """A `commit` that takes longer than `finish_timeout` is given up: invalidated, and `TimeoutError`."""
    t = play(body=[wait(10)], commit=[wait(90)], finish_timeout=2)
    if t.one("body").how == "cancelled":
        sentence = "The body may take longer than `finish_timeout`."
        part = SentencePart(sentence, misconception="timeout-for-everything", step="leave-the-rest-open")
        t.expect("the body, which takes 10 s, with `finish_timeout=2`", t.one("body").ending, "returned", part=part)
    expect_given_up(happened(t, "commit"), "commit")
    part = "When a commit was given up, `TimeoutError` leaves the block."
    t.expect("what leaves the block", t.call.errors, ["TimeoutError"], part=part)


@check("R3", misconception="shield-without-a-bound", step="bound-the-shield")
def test_slow_rollback(play: Play) -> None:
    """A `rollback` that takes longer than `finish_timeout` is given up: invalidated, and the body's error goes on."""
    t = play(body=[wait(10), fail("E")], rollback=[wait(90)], finish_timeout=2)
    expect_given_up(t, "rollback")
    part = "When a rollback was given up, the body's own error leaves the block."
    t.expect("what leaves the block", t.call.raised, "E", part=part)


@check("R4", misconception="shield-everything", step="leave-the-rest-open")
def test_body_is_not_protected(play: Play) -> None:
    """A cancellation reaches the body at once."""
    t = play(body=[wait(90)]).cancel("caller", at=START + 20)
    late = None if (moment := t.one("body").cancelled_at) is None else moment - START - 20
    t.expect("the body was cancelled: time after the cancellation that it took", late, near(0))


@check("R4", misconception="timeout-for-everything", step="leave-the-rest-open")
def test_finish_timeout_bounds_nothing_else(play: Play) -> None:
    """`begin` and the body may take longer than `finish_timeout`."""
    t = play(begin=[wait(20)], body=[wait(20)], finish_timeout=2)
    for what, name in (("begin", "`begin`"), ("body", "the body")):
        t.expect(f"{name}, which takes 20 s, with `finish_timeout=2`", t.one(what).ending, "returned")


@check("R4", misconception="one-at-a-time", step="leave-the-rest-open")
def test_other_connections_do_not_wait(play: Play) -> None:
    """A transaction on another connection does not wait for this one."""
    t = play(body=[wait(50)], others={"second": {"body": [wait(1)], "start": START + 1}})
    starts = [body.start - START for body in t.all("body")]
    t.expect("counted from the first call, the two bodies started at", starts, [near(0), near(1)])


@check("R5", misconception="cancellation-is-an-exception", step="shield-what-must-finish")
def test_cancelled_body(play: Play) -> None:
    """After the body was cancelled, `rollback` runs, and runs to its end."""
    t = play(body=[wait(90)], rollback=[wait(1), wait(1)]).cancel("caller", at=START + 3)
    part = "After the body was cancelled, `rollback` runs."
    if t.all("commit"):
        part = "After the body was cancelled, `rollback` runs, and no `commit`."
    t.expect_that("the rollback", bool(t.all("rollback")), "never happened", part=part)
    t.expect("the rollback", t.one("rollback").ending, "returned")


@check("R7", misconception="nothing-between-two-lines", step="exactly-one-end")
def test_exactly_one_end(play: Play) -> None:
    """Cancelled when `begin` has returned, the transaction is committed, rolled back or invalidated: one of the three."""
    for t in play(begin=[wait(1)], body=[wait(1)], commit=[wait(1)], rollback=[wait(1)]).cancelled("caller"):
        if not t.notes("cancel"):
            happened(t, "begin")
        if any(s.how == "returned" for s in t.all("begin")):
            spans = [s.what for s in t.spans if s.what in ("commit", "rollback") and s.how == "returned"]
            ends = list(dict.fromkeys(spans + [n["what"] for n in t.notes("invalidate")]))  # twice is as good as once
            part = "Once `begin` was called, the transaction does not stay open: something ends it, whenever it is cancelled."
            if len(ends) > 1:
                part = f"A transaction ends once: after a {ends[0]} there is no {ends[1]} as well."
            if ends[1:] == ["invalidate"]:
                part = f"After a {ends[0]} the connection is not invalidated as well: it can be used again."
            t.expect("how the transaction ended", ends, one_of(["commit"], ["rollback"], ["invalidate"]), part=part)


@check("G1", misconception="asyncio-is-everywhere", step="begin-and-end")
def test_runs_on_both(play: Play) -> None:
    """A transaction commits on asyncio and on trio."""
    t = play(begin=[wait(1)], body=[wait(2)], commit=[wait(1)])
    t.expect("the commit", t.one("commit").ending, "returned")


@check("G2", misconception="tasks-end-by-themselves", step="exactly-one-end")
def test_leaves_nothing(play: Play) -> None:
    """When the block has ended, no task and no stream of its own is left."""
    for end in ([wait(1)], [wait(90)]):
        happened(play(body=[wait(1)], commit=end), "commit").expect_nothing_left()
        happened(play(body=[wait(1), fail("E")], rollback=end), "rollback").expect_nothing_left()


@check("G3", misconception="handled-once-is-done", step="leave-the-rest-open")
def test_cancelled_block(play: Play) -> None:
    """When the body was cancelled, the block ends cancelled: no cancellation that took effect is lost."""
    t = play(body=[wait(90)], rollback=[wait(1)]).cancel("caller", at=START + 3)
    t.expect("the block", t.call.how, "cancelled")
    for t in play(begin=[wait(1)], body=[wait(1)], commit=[wait(1)], rollback=[wait(1)]).cancelled("caller"):
        t.expect_cancellation_passes(jobs="body")


@check("G4", misconception="blocking-is-short", step="begin-and-end")
def test_does_not_block(play: Play) -> None:
    """No call blocks the event loop."""
    happened(play(body=[wait(1)], commit=[wait(1)]), "commit").expect_not_blocked()
    happened(play(body=[wait(1), fail("E")], rollback=[wait(90)]), "rollback").expect_not_blocked()


@check("G5", misconception="catch-everything", step="begin-and-end")
def test_keyboard_interrupt(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, leaves the block too, after a rollback."""
    t = play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(1)])
    t.expect("what leaves the block", t.call.errors, ["stop"])
    t.expect("the rollback", t.one("rollback").ending, "returned")


@check("G6", misconception="look-again-and-again", step="bound-the-shield")
def test_does_not_poll(play: Play) -> None:
    """A commit that takes a thousand times as long takes no more wake-ups."""
    short = happened(play(commit=[wait(1)], finish_timeout=2), "commit")
    long = happened(play(commit=[wait(1000)], finish_timeout=2000), "commit")
    long.expect(f"wake-ups, where a commit of 1 s took {short.steps}", long.steps, at_most(short.steps + 10))


# -- stretch ---------------------------------------------------------------------------------------------------------
@check("R6", misconception="failed-commit-changed-nothing", step="when-finishing-fails", core=False)
def test_commit_that_raises(play: Play) -> None:
    """If `commit` raises, `rollback` is tried, and the exception of `commit` goes on."""
    t = play(body=[wait(1)], commit=[wait(1), fail("C")], rollback=[wait(1)])
    part = "If `commit` raises, `rollback` is tried."
    t.expect_that("the rollback", bool(t.all("rollback")), "never happened", part=part)
    t.expect("the rollback", t.one("rollback").ending, "returned")
    part = "If `commit` raises, its exception leaves the block."
    t.expect("what leaves the block", t.call.errors, ["C"], part=part)


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_rollback_that_raises(play: Play) -> None:
    """If `rollback` raises after the body did: invalidated, and the body's own exception goes on."""
    t = happened(play(body=[wait(1), fail("E")], rollback=[wait(1), fail("R")]), "rollback")
    part = "If `rollback` raises, the connection is invalidated."
    t.expect_that("the connection", bool(t.notes("invalidate")), "was not invalidated", part=part)
    part = "If `rollback` raises after the body did, the body's own exception leaves the block."
    t.expect("what leaves the block", t.call.raised, "E", part=part)


@check("R7", misconception="begin-all-or-nothing", step="exactly-one-end", core=False)
def test_begin_that_is_cancelled(play: Play) -> None:
    """A `begin` that was cancelled may have begun: roll back, or invalidate."""
    t = happened(play(begin=[wait(90)], rollback=[wait(1)]).cancel("caller", at=START + 2), "begin")
    ends = [s.what for s in t.all("rollback") if s.how == "returned"]
    ends += {n["what"] for n in t.notes("invalidate")}
    t.expect("how the transaction ended", ends, one_of(["rollback"], ["invalidate"]))
