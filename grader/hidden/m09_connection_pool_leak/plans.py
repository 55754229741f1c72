"""What the hidden checks of m09 share: plans, and what is read from a trace."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from grader import Span, Trace, at_most, checkpoint, token, verb, wait, within

lease, aclose, pool, stats, make = verb("lease"), verb("aclose"), verb("pool"), verb("stats"), verb("make")
lose, shut, reset = verb("lose"), verb("shut"), verb("reset")
at, another = verb("at"), verb("another")
#: Errors whose classes pools use themselves, or that mean something to those who catch them.
ODD = (
    *("KeyError", "IndexError", "WouldBlock", "EndOfStream", "ClosedResourceError", "BrokenResourceError"),
    *("ExceptionGroup", "ExceptionGroup of one"),
)
#: Longer than anything that a check waits for.
LONG = 9000.0
#: When everything that a check begins with is over, and the pool is looked at.
LATER = 500.0
NEVER = 10**9


# -- reading ---------------------------------------------------------------------------------------------------------
def life(t: Trace) -> dict[str, tuple[int, int, float | None]]:
    """Connection → the moments of its beginning and its end in the order of events, and the time of its end."""
    lives = {}
    for made in t.all("connect"):
        ends = [(s.finished or NEVER, s.end) for s in t.all("close", made.who)]
        ends += [(n["order"], n["t"]) for n in t.notes("lost", made.who)]
        if made.how in ("raised", "cancelled"):
            ends = [(made.finished or NEVER, made.end)]
        lives[made.who] = (made.begun, *min(ends, default=(NEVER, None)))
    return lives


def most(t: Trace) -> int:
    """How many connections there were at once, at most."""
    events = sorted(
        (moment, change) for begun, ended, _ in life(t).values() for moment, change in ((begun, 1), (ended, -1))
    )
    return max(itertools.accumulate(change for _, change in events), default=0)


def expect_within_size(t: Trace, size: int, *, part: str = "") -> None:
    """Fail the subject if there were more connections than the pool's size at once."""
    t.expect("connections that existed at once", most(t), at_most(size), part=part)


def leases(t: Trace, *who: str) -> list[Span]:
    """The leases of these actors, or of all, in the order in which they were asked for."""
    return [s for s in t.calls("lease") if not who or s.who in who]


def got(t: Trace, *who: str) -> list[tuple[str, float, str]]:
    """Who got a connection that `connect` made, when, and which one, in that order."""
    made = [token(name) for name in t.names("connect")]
    notes = [n for n in t.notes("got") if n["value"] in made and (not who or n["who"] in who)]
    return [(n["who"], n["t"], n["value"].name) for n in notes]


def got_at(t: Trace, *who: str) -> dict[str, float]:
    """Who got a connection → when (the first time)."""
    times: dict[str, float] = {}
    for name, when, _ in got(t, *who):
        times.setdefault(name, when)
    return times


def used(t: Trace, *who: str) -> list[str]:
    """The connections that were lent, in order."""
    return [name for _, _, name in got(t, *who)]


def lease_of(t: Trace, who: str) -> Span:
    """The first lease that the actor asked for."""
    return t.first(leases(t, who), f"the lease of {who}", "was never asked for")


def expect_lent(t: Trace, *who: str) -> None:
    """Fail the subject unless each of these, or anybody, got a connection that `connect` made.

    A pool that lends nothing has nothing to lose, to close or to bound.
    """
    t.expect_that("somebody should get a connection that `connect` made", bool(got(t)), "nobody did")
    t.expect("those who got a connection", sorted({name for name, _, _ in got(t, *who)} & {*who}), sorted(who))


COUNTS = ("leased", "idle", "waiting")
WRONG_COUNT = {
    "leased": "`stats.leased` counts the connections that blocks have now.",
    "idle": "`stats.idle` counts the connections that are open and that nobody has.",
    "waiting": "`stats.waiting` counts all callers that wait now, and nobody who gave up.",
}


def numbers(t: Trace, *who: str) -> list[dict[str, Any]]:
    """What `stats` said: leased, idle and waiting, each time."""
    values = [s.value for s in t.all("stats") if not who or s.who in who]
    return [{name: getattr(v, name, repr(v)) for name in COUNTS} for v in values]


def counts(leased: int, idle: int, waiting: int) -> dict[str, int]:
    """What `stats` should say."""
    return dict(zip(COUNTS, (leased, idle, waiting), strict=True))


def expect_stats(t: Trace, wanted: Mapping[str, tuple[int, int, int]]) -> None:
    """Expect what `stats` said, each time that it was asked: when → leased, idle and waiting."""
    said = numbers(t)
    t.expect("answers of `stats`", len(said), len(wanted))
    for (moment, expected), seen in zip(wanted.items(), said, strict=True):
        wrong = [name for name, count in counts(*expected).items() if seen[name] != count]
        part = WRONG_COUNT[wrong[0]] if len(wrong) == 1 else ""
        if wrong == ["waiting"] and isinstance(seen["waiting"], int) and seen["waiting"] < expected[2]:
            part = "`stats.waiting` counts all callers that wait now, also one that waits for a lock of the pool."
        t.expect(f"`stats` {moment}", seen, counts(*expected), part=part)


def expect_idle_pool(t: Trace, idle: int, when: str = "when all is over") -> None:
    """Expect that `stats`, asked once, says that nothing is leased and nobody waits."""
    told, wanted = numbers(t), counts(0, idle, 0)
    wrong = [name for name, count in wanted.items() if len(told) == 1 and told[0][name] != count]
    part = WRONG_COUNT[wrong[0]] if len(wrong) == 1 else "`stats` says how many are leased, idle and waiting now."
    t.expect(f"`stats` {when}", told, [wanted], part=part)


def probes(count: int, *, after: float = LATER) -> dict[str, list[Any]]:
    """Actors that come late and at the same time, to see whether that many connections can be leased."""
    return {f"p{n}": [at(after), within(7, lease(wait(3)))] for n in range(count)}


def expect_room(t: Trace, count: int, *, after: float = LATER, part: str = "") -> None:
    """Fail the subject unless the `probes` were all served at once, with connections that `connect` made."""
    served = [when for name, when, _ in got(t) if name.startswith("p") and after <= when < after + 1]
    t.expect("leases that can be taken at once when all is over", len(served), count, part=part)


SLOW_CLOSE = [checkpoint(), wait(1.3), checkpoint(), wait(0.4)]


def took(span: Span) -> float | str:
    """Seconds that it took."""
    return "forever" if span.end is None else span.end - span.start
