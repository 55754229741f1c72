"""What the hidden checks of m05 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Play, Trace, at_most, fail, wait

START = 3.7
LONG = 1000.0
#: Longer than every `finish_timeout` below that is meant to strike.
SLOW = [wait(90)]


def ends(t: Trace) -> list[str]:
    """Which of the three ends the transaction on ``db`` came to."""
    calls = (("commit", "committed"), ("rollback", "rolled back"))
    found = [word for what, word in calls if any(s.how == "returned" for s in t.all(what, "db"))]
    return found + ["invalidated"] * bool(t.notes("invalidate", "db"))


def happened(t: Trace, *whats: str, who: str | None = None) -> Trace:
    """Fail the subject unless all of that happened: what never happens is neither right nor wrong."""
    for what in whats:
        if not t.all(what, who):
            t.expect_that(what, holds=False, seen="never happened", part=_missing(t, what))
        t.one(what, who)
    return t


def _missing(t: Trace, what: str) -> str:
    """The sentence that says when `what`, which never happened, should happen; empty if nobody can say."""
    bodies = {span.how for span in t.all("body")}
    if what == "rollback" and "raised" in bodies:
        return "If the body raises, whatever error it is, `rollback` follows."
    if what == "rollback" and "cancelled" in bodies:
        return "After the body was cancelled, `rollback` runs."
    if what == "commit" and bodies == {"returned"}:
        return "When the body has ended without an error, `commit` is called."
    if what == "body" and any(span.how == "returned" for span in t.all("begin")):
        return "When `begin` has returned, the body runs."
    return "The block calls `begin` before anything else." if what == "begin" else ""


def runs(search: Iterator[Trace], *whats: str) -> Iterator[Trace]:
    """The runs of a search; in those that nobody disturbs all of that must happen."""
    for t in search:
        if not t.notes("cancel"):
            happened(t, *whats)
        yield t


def expect_an_end(t: Trace) -> None:
    """Fail the subject unless it calls `rollback`, or invalidates: some do the one, some the other."""
    t.expect_that(
        "a `begin` that was cancelled",
        bool(t.all("rollback", "db") or ends(t)),
        "was neither rolled back nor invalidated",
    )


def expect_invalidated(t: Trace, part: str = "") -> None:
    """Fail the subject unless the connection is invalidated."""
    seen = f"not invalidated, but {' and '.join(ends(t)) or 'open'}"
    t.expect_that("how it ended", "invalidated" in ends(t), seen, part=part)


def struck(t: Trace, *whats: str) -> bool:
    """Whether `begin` or the body was cancelled."""
    return any(s.how == "cancelled" for what in whats for s in t.all(what))


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


def expect_none_twice(t: Trace) -> None:
    """Fail the subject if it called one of the three more than once."""
    for what in ("begin", "commit", "rollback"):
        t.expect(f"calls of `{what}`", len(t.all(what, "db")), at_most(1))
