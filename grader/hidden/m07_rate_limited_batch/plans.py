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


def relative(moment: float | None) -> float | str:
    """Seconds after the bucket was made, as feedback has them."""
    return "never" if moment is None else moment - START


def rounded(seconds: float) -> str:
    """Seconds as feedback has them."""
    return f"{round(seconds, 3):g}"


def asking(call: Any) -> str:
    """What a call asks for, and when, in words."""
    return f"{call.who} asked for {asked(call):g} token{'s' * (asked(call) != 1)} {rounded(call.start - START)} {AFTER}"


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
        part = "`acquire` raises no error for tokens that the bucket can hold."
        if "ValueError" in call.errors:
            part = "`acquire` waits for tokens that the bucket can hold; it does not refuse them."
        words = f"acquire({asked(call):g}) of {call.who} should not raise"
        t.expect_that(words, call.how != "raised" or call.outside, f"it {call.ending}", part=part)
    return calls


def granted(t: Trace) -> list[Any]:
    """The calls that got their tokens; fails the subject unless one of them had to wait: else nothing was limited."""
    calls = [call for call in bucket_calls(t) if call.how == "returned"]
    waited = any(call.end > call.start + CLOSE for call in calls)
    part = "No request is granted before its tokens have come in."
    t.expect_that("more was asked for than the bucket holds: somebody must wait", waited, "nobody had to", part=part)
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


def time_part(seen: float | None, wanted: float) -> str:
    """What is wrong with the time of a grant, as a sentence."""
    if seen is not None and seen < wanted:
        return "No request is granted before its tokens have come in."
    return "A request is granted as soon as its tokens have come in, not later."


def expect_grants(
    t: Trace,
    rate: float,
    capacity: float,
    what: str = "acquire",
    allowed: float = CLOSE,
    *,
    early: bool = False,
    late: bool = False,
    late_part: str = "",
) -> None:
    """Fail the subject unless each call was granted just when it should have been (s that are `allowed` apart).

    `early`, `late`: feedback says that it was too soon, or too late, in place of the check's sentence. `late_part` is
    what it says where it was too late, or never.
    """
    for call, ready in due(t, rate, capacity, what):
        happened = asking(call)
        if call.outside:
            happened += f", and was cancelled {rounded(call.cancelled_at - call.start)} s later"
        words = f"the tokens of {call.who} were granted"
        due_at = f"{words}, which is due {rounded(ready - START)} {AFTER}"
        seen_end = f"no: acquire {call.ending}"
        t.expect_that(due_at, call.how == "returned", seen_end, happened=happened, part=late_part)
        is_early = call.end is not None and call.end < ready
        part = time_part(call.end, ready) if (early if is_early else late) else ""
        part = part or ("" if is_early else late_part)
        alone = asked(call) / rate
        if call.took == near(alone, allowed) and ready - call.start < alone - allowed:
            part = "A request that finds some tokens waits for those that are missing, and no longer."
        if call.outside and is_early:
            part = "A cancelled `acquire` ends by the cancellation: it does not return without its tokens."
        seen, wanted = relative(call.end), near(round(ready - START, 8), allowed)
        t.expect(words, seen, wanted, unit=AFTER, happened=happened, part=part)


def expect_level(t: Trace, rate: float, capacity: float, allowed: float = CLOSE, *, whole: bool = True) -> None:
    """Fail the subject unless each look at `available`, while nobody waited, showed what the bucket held.

    `whole`: nobody was cancelled or refused, so that nothing but `available` can be wrong.
    """
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
        what = f"`available`, {rounded(seen.start - START)} {AFTER}"
        part = level_part(seen.value, level, capacity) if whole else ""
        t.expect(what, seen.value, near(level, allowed * max(rate, 1)), unit="tokens", part=part)


def level_part(seen: Any, level: float, capacity: float) -> str:
    """What `available` has wrong where nobody was cancelled, as a sentence."""
    if type(seen) not in (int, float) or seen < level:
        return "`available` counts what has come in since the last grant."
    if seen > capacity + CLOSE:
        return "Idle time fills the bucket up to `capacity`, and no more."
    return "`available` shows only what has come in, and reading it changes nothing."


def processed(
    play: Play, limit: int, jobs: Mapping[str, Any], *, rate: float = 1, capacity: float = 100, **more: Any
) -> Trial:
    """A batch that the actor ``caller`` begins as soon as the bucket is made; the bucket has plenty of tokens."""
    return tokens(play, rate, capacity, {"caller": [batch(limit, jobs, more)]})


def batch_call(t: Trace) -> Any:
    """The first call of `process_batch`."""
    return t.first(t.calls("process_batch"), "process_batch", "was never called")


def expect_no_new_work(t: Trace, order: int, event: str, *, part: str = "") -> None:
    """Fail the subject if a worker was called after that; one that is cancelled at its first checkpoint does not count."""
    for work in t.all("work"):
        counts = work.begun > order and not (work.how == "cancelled" and work.cancelled_at == near(work.start))
        t.expect_that(f"no call of the worker after {event}", not counts, f"it was called for {work.who}", part=part)
