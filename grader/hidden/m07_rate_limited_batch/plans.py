"""What the hidden checks of m07 share: plans, and what is read from a trace."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, near, verb

START = 7.3
CLOSE = 2e-5
"""Allowed for rounding, a handful of grants that were each a millionth early or late included."""
LOOSE = 0.05
"""Allowed where a clause other than R2 is asked for: who serves a moment late breaks that one only."""
AFTER = "s after the bucket was made"
at, acquire, other, look, make, batch = map(verb, ("at", "acquire", "other", "look", "make", "batch"))
Actors = Mapping[str, Sequence[Any]]


# -- the bucket as it should be --------------------------------------------------------------------------------------
def tokens(play: Play, rate: float, capacity: float, actors: Actors, **more: Any) -> Trial:
    """Actors with a bucket that is made at `START`."""
    return play(start=START, rate=rate, capacity=capacity, actors=actors, **more)


def asked(call: Any) -> float:
    """How many tokens a call asks for."""
    return float(call.args[0]) if call.args else 1.0


def since(moment: float | None) -> float | str:
    """Seconds after the bucket was made, as feedback has them."""
    return "never" if moment is None else moment - START


def asking(call: Any) -> str:
    """What a call asks for, and when, in words."""
    return f"{call.who} asked for {asked(call):g} token{'s' * (asked(call) != 1)} {call.start - START:.4g} {AFTER}"


def bucket_calls(t: Trace, what: str = "acquire") -> list[Any]:
    """The calls for tokens, in the order in which they were made; those that must be refused left out.

    Fails the subject if there are none, or if one raised an error.
    """
    made = t.first(t.calls("TokenBucket"), "the bucket", "was never made")
    t.expect_that("the bucket", made.how == "returned", f"TokenBucket {made.ending}")
    capacity = float((t.calls("TokenBucket")[-1] if what == "other" else made).args[1])
    calls = [call for call in t.calls(what) if 0 < asked(call) <= capacity]
    t.first(calls, "acquire", "was never called")
    for call in calls:
        t.expect_that(
            f"acquire({asked(call):g}) of {call.who}", call.how != "raised" or call.outside, f"it {call.ending}"
        )
    return calls


def granted(t: Trace) -> list[Any]:
    """The calls that got their tokens; fails the subject unless one of them had to wait: else nothing was limited."""
    calls = [call for call in bucket_calls(t) if call.how == "returned"]
    waited = any(call.end > call.start + CLOSE for call in calls)
    t.expect_that("more was asked for than the bucket holds: somebody must wait", waited, "nobody had to")
    return calls


def due(t: Trace, rate: float, capacity: float, what: str = "acquire") -> Iterator[tuple[Any, float]]:
    """Each call that stayed until its turn, with the time at which it should have been granted.

    A call that was cancelled before that was in the queue until then, and took nothing.
    """
    level, since, turn = capacity, START, START
    for call in bucket_calls(t, what):
        begin = max(call.start, turn)
        gone = math.inf if call.how != "cancelled" else call.end
        if gone < begin:
            continue
        level, since = min(capacity, level + (begin - since) * rate), begin
        ready = begin + max(0.0, asked(call) - level) / rate
        if gone <= ready + LOOSE:
            turn = max(turn, gone)
            continue
        yield call, ready
        level, since, turn = level + (ready - begin) * rate - asked(call), ready, ready


def expect_grants(t: Trace, rate: float, capacity: float, what: str = "acquire", allowed: float = CLOSE) -> None:
    """Fail the subject unless each call was granted just when it should have been (s that are `allowed` apart)."""
    for call, ready in due(t, rate, capacity, what):
        happened = asking(call)
        if call.outside:
            happened += f", and was cancelled {call.cancelled_at - call.start:.4g} s later"
        what = f"the tokens of {call.who} were granted"
        due_at = f"{what}, which is due {ready - START:.4g} {AFTER}"
        t.expect_that(due_at, call.how == "returned", f"no: acquire {call.ending}", happened=happened)
        t.expect(what, since(call.end), near(ready - START, allowed), unit=AFTER, happened=happened)


def expect_level(t: Trace, rate: float, capacity: float, allowed: float = CLOSE) -> None:
    """Fail the subject unless each look at `available`, while nobody waited, showed what the bucket held."""
    calls = bucket_calls(t)
    for seen in t.all("look"):
        if any(call.begun < seen.begun < (call.finished or math.inf) for call in calls):
            continue
        level, since = capacity, START
        for call in sorted(
            (c for c in calls if c.how == "returned" and c.finished < seen.begun), key=lambda c: c.finished
        ):
            level, since = min(capacity, level + (call.end - since) * rate) - asked(call), call.end
        level = min(capacity, level + (seen.start - since) * rate)
        what = f"`available`, {seen.start - START:.4g} {AFTER}"
        t.expect(what, seen.value, near(level, allowed * max(rate, 1)), unit="tokens")


def processed(
    play: Play, limit: int, jobs: Mapping[str, Any], *, rate: float = 1, capacity: float = 100, **more: Any
) -> Trial:
    """A batch that the actor ``caller`` begins as soon as the bucket is made; the bucket has plenty of tokens."""
    return tokens(play, rate, capacity, {"caller": [batch(limit, jobs, more)]})


def batch_call(t: Trace) -> Any:
    """The first call of `process_batch`."""
    return t.first(t.calls("process_batch"), "process_batch", "was never called")


def expect_no_new_work(t: Trace, order: int, event: str) -> None:
    """Fail the subject if a worker was called after that; one that is cancelled at its first checkpoint does not count."""
    for work in t.all("work"):
        counts = work.begun > order and not (work.how == "cancelled" and work.cancelled_at == near(work.start))
        t.expect_that(f"no call of the worker after {event}", not counts, f"it was called for {work.who}")
