"""What the hidden checks of m04 share: plans, and what is read from a trace.

Times are seconds after `START`. Unless a check says otherwise the timeout is 10, the threshold 3 and the cooldown 30.
`OPENING` opens the circuit at 0: it is HALF_OPEN from 30 on.

An answer that counts one failure too many or too few breaks R2, and nothing else. So outside R2 there are more failures than needed
where the circuit is to open, and with the threshold `HIGH`, `FIVE` are too few and ten are enough, however they are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grader import Play, Span, Trace, fail, give, hang, near, token, verb, wait

START = 100.37
V = token("V")
REFUSED = "CircuitOpenError"
JOBS = {"ok": [wait(1), give("V")], "none": [wait(1), give(None)], "bad": [fail("E")], "slow": [hang()]}
CROWD = ("a", "b", "c", "d")
HIGH = 7
call, look = verb("call"), verb("look")


def at(seconds: float) -> list[Any]:
    return ["at", START + seconds]


FIVE = [call("bad")] * 5
OPENING = [at(0), *FIVE]


def looks(*times: float) -> list[Any]:
    return [step for time in times for step in (at(time), look())]


def crowd(*script: Any) -> dict[str, Any]:
    """Return four actors who all do the same."""
    return {who: list(script) for who in CROWD}


def circuit(
    play: Play,
    actors: dict,
    *,
    jobs: dict | None = None,
    forms: dict | None = None,
    before_the_loop: bool = False,
    **breaker: Any,
) -> Any:
    """Return a trial; an actor whose script does not say when begins at 0."""
    settings = {"timeout": 10, "threshold": 3, "cooldown": 30, **breaker}
    scripts = {who: steps if steps[:1] and steps[0][0] == "at" else [at(0), *steps] for who, steps in actors.items()}
    jobs = {**JOBS, **(jobs or {})}
    return play(breaker=settings, actors=scripts, jobs=jobs, forms=forms, before_the_loop=before_the_loop)


def opened(play: Play, actors: dict, **more: Any) -> Any:
    """Return a trial in which the circuit opens at 0."""
    return circuit(play, {"opener": OPENING, **actors}, **more)


def interrupted(trial: Any, **times: float) -> Iterator[Trace]:
    """Yield the trial with actors cancelled from outside at these times, and with deadlines around what they do."""
    cancelled = bounded = trial
    for who, time in times.items():
        cancelled, bounded = cancelled.cancel(who, at=START + time), bounded.within(who, START + time)
    yield from (cancelled, bounded)


def states(t: Trace, who: str = "eye") -> list[Any]:
    t.expect_that("the constructor", t.call.how == "returned", t.call.ending)
    return [span.value for span in t.all("look", who)]


def expect_run(t: Trace, *jobs: str) -> None:
    """Fail the subject unless `call` called those jobs: without that nothing is shown by what follows."""
    t.expect_that("the constructor", t.call.how == "returned", t.call.ending)
    t.expect_begun(*jobs)


def outcome(span: Span) -> Any:
    return span.value if span.how == "returned" else span.raised or span.how


def outcomes(t: Trace, who: str = "caller") -> list[Any]:
    return [outcome(span) for span in t.all("call", who)]


def runs(t: Trace, job: str) -> int:
    return len(t.all("run", job))


def refused(span: Span) -> bool:
    return any(error == REFUSED for error in span.errors)


def let_through(t: Trace, *actors: str) -> list[Span]:
    """The calls of these actors that called their `func`."""
    return [span for who in actors for span in t.all("call", who) if any(run.inside(span) for run in t.all("run"))]


def expect_refused(t: Trace, *actors: str, part: str = "") -> None:
    """Fail the subject unless each call of the actors was refused, as `part` says, at once, after the circuit had opened."""
    expect_run(t, "bad")
    for span in [span for who in actors for span in t.all("call", who)]:
        name = f"the call {span.start - START:g} s after the first failure"
        t.expect_that(name, refused(span), f"{span.ending}, where it should raise CircuitOpenError", part=part)
        at_once = "A call that is refused is refused at once: it waits for nothing."
        t.expect(f"{name}, which was refused, took", span.took, near(0), part=at_once)
