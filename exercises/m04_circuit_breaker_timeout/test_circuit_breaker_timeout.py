"""The checks of m04 that you can read. Each plays a small scene on both backends, in virtual time.

A plan names jobs and says what each does: `wait(2)` sleeps 2 s, `give("V")` returns the object V, `fail("E")` raises the
error E, `cleanup(wait(3))` is a `finally` block of 3 s, `hang()` never ends. Actors use the breaker: `at(5)` waits until
5 s after the start, `call("ok")` sends a job through the breaker, `look()` asks for its `state`.
The timeout is 10, the threshold 3, the cooldown 30.
"""

from typing import Any

from grader import (
    Play,
    SentencePart,
    Span,
    Trace,
    at_most,
    at_once,
    check,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    token,
    verb,
    wait,
)

START = 100
JOBS = {
    "ok": [wait(1), give("V")],
    "bad": [fail("E")],
    "slow": [hang()],
    "probe": [wait(5), give("V")],
    "cleans up": [cleanup(wait(4)), hang()],
}
call, look = verb("call"), verb("look")


def at(seconds: float) -> list[Any]:
    return ["at", START + seconds]


OPENING = [at(0), call("bad"), call("bad"), call("bad")]


def circuit(
    play: Play, *, jobs: dict | None = None, before_the_loop: bool = False, threshold: int = 3, **actors: list
) -> Any:
    breaker = {"timeout": 10, "threshold": threshold, "cooldown": 30}
    return play(breaker=breaker, jobs={**JOBS, **(jobs or {})}, actors=actors, before_the_loop=before_the_loop)


def states(t: Trace) -> list[Any]:
    return [span.value for span in t.all("look")]


def expect_raised(span: Span, error: str, part: str = "") -> None:
    """Expect that the call raised that error, not in a group."""
    seen = f"{span.ending}, where it should raise {error}, and not in a group"
    span.trace.expect_that(span.name, span.raised == error, seen, part=part)


def expect_refused(span: Span, when: str, part: str = "") -> None:
    """Expect that the call raised `CircuitOpenError`."""
    seen = f"{span.ending}, where it should raise CircuitOpenError"
    span.trace.expect_that(f"the call {when}", span.errors == ["CircuitOpenError"], seen, part=part)


def expect_run(t: Trace, *jobs: str) -> None:
    """Expect that `call` called those jobs: else nothing is shown."""
    t.expect_that("the constructor", t.call.how == "returned", t.call.ending)
    t.expect("of these jobs, those that were called", [job for job in jobs if t.all("run", job)], [*jobs])


@check("R1", misconception="errors-may-be-changed", step="count-failures")
def test_error(play: Play) -> None:
    """An `Exception` of `func` leaves `call` as it is, not in a group, and `func` is not called again."""
    for kind in ("ValueError", "ConnectionError", "ExceptionGroup of one"):
        t = circuit(play, jobs={"raises": [fail("E", kind)]}, caller=[at(0), call("raises")])
        expect_raised(t.one("call"), "E", "An `Exception` of `func` leaves `call` as it is, not in a group.")
        t.expect("how often func was called", len(t.all("run")), 1, part="`call` calls `func` once, also if it fails.")


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout(play: Play) -> None:
    """A call that takes longer than `timeout` is cancelled and raises `TimeoutError`, bare."""
    t = circuit(play, caller=[at(0), call("slow")])
    expect_raised(t.one("call"), "TimeoutError")
    t.expect("the call with a timeout of 10 s took", t.one("call").took, near(10))


@check("R1", misconception="arguments-are-extra", step="bound-the-call")
def test_value(play: Play) -> None:
    """`call` gives `func` its arguments and returns what it returned, also `None`."""
    t = circuit(play, jobs={"none": [give(None)]}, caller=[at(0), call("ok", 1, None), call("none")])
    part = "A `func` that returns `None` has succeeded: `call` returns `None`."
    t.expect_that("the call", t.all("call")[-1].how == "returned", t.all("call")[-1].ending, part=part)
    t.expect("what the calls returned", [span.value for span in t.all("call")], [token("V"), None])
    part = "`call` gives `func` its arguments."
    t.expect("what func was called with", t.of("ok").args, [1, None], part=part)


@check("R1", misconception="cancelled-from-outside-is-all", step="tell-cancellation-apart")
def test_ends_although_cancelled(play: Play) -> None:
    """A `func` that raises although its call was cancelled from outside has failed; one that returns has succeeded."""
    for end in (fail("E"), give("V")):

        def trial(*job: Any) -> Any:
            eye = [at(0), call("bad"), call("bad"), at(20), look(), call("bad"), look(), call("bad"), look()]
            return circuit(play, jobs={"late": [*job]}, a=[at(1), call("late")], eye=eye)

        wanted = states(trial(wait(3), end))
        t = trial(on_cancel(end), hang()).cancel("a", at=START + 4)
        expect_run(t, "bad")
        t.expect("states after two failures and such a call, and after more failures", states(t), wanted)


@check("R1", misconception="some-errors-do-not-count", step="count-failures")
def test_timeout_is_a_failure(play: Play) -> None:
    """A call that ran out of time is a failure like any other."""
    t = circuit(play, caller=[at(0), *[call("slow")] * 4, look()])
    took = [span.took for span in t.all("call")][:3]
    part = SentencePart("Each call has the whole `timeout`, counted from its own start.", step="bound-the-call")
    if any(time is not None and time > 10.1 for time in took):
        part = SentencePart("A call ends when `func` has ended: it waits for nothing else.", step="bound-the-call")
    t.expect("the first three calls took", took, [near(10)] * 3, part=part)
    t.expect("state after calls that ran out of time", states(t), ["OPEN"])


@check("R2", misconception="one-more-or-less", step="count-failures")
def test_threshold(play: Play) -> None:
    """`threshold` failures in a row open the circuit, and not one fewer."""
    t = circuit(play, caller=[at(0), *[call("bad"), look()] * 3])
    part: str = ""
    if states(t) == ["CLOSED"] * 3 and states(circuit(play, caller=[at(0), *[call("slow")] * 3, look()])) == ["OPEN"]:
        sentence = "Whatever `Exception` `func` raises counts as a failure, not only a call that ran out of time."
        part = SentencePart(sentence, misconception="some-errors-do-not-count", step="count-failures")
    elif "OPEN" not in states(t):
        part = "The circuit opens with the failure that makes it `threshold` in a row, not with a later one."
    t.expect("states after each failure", states(t), ["CLOSED", "CLOSED", "OPEN"], part=part)
    t = circuit(play, caller=[at(0), *[["another", "bad"]] * 2, call("bad"), look()])
    part = "Each breaker counts its own failures."
    t.expect("state after two failures of another breaker, and one of its own", states(t), ["CLOSED"], part=part)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_success_in_between(play: Play) -> None:
    """A success in between starts the count again."""
    t = circuit(play, caller=[at(0), call("bad"), call("bad"), call("ok"), call("bad"), call("bad"), look()])
    expect_run(t, "bad", "ok")
    t.expect("state after two failures, a success, two failures", states(t), ["CLOSED"])


@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_cooldown(play: Play) -> None:
    """The circuit is `OPEN` for `cooldown` seconds and then `HALF_OPEN`, also if nobody calls meanwhile."""
    t = circuit(play, opener=OPENING, eye=[at(1), look(), at(29), look(), at(31), look()])
    t.expect("states at 1, 29 and 31 s", states(t), ["OPEN", "OPEN", "HALF_OPEN"])
    failing = [step for second in (0, 10, 20) for step in (at(second), call("bad"))]
    t = circuit(play, caller=failing, eye=[at(45), look(), at(55), look()])
    part = "The cooldown begins with the failure that opens the circuit, not with the first one."
    t.expect("states 25 and 35 s after the third failure", states(t), ["OPEN", "HALF_OPEN"], part=part)


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_start_of_the_cooldown(play: Play) -> None:
    """The cooldown begins when the last failing call has ended, cleanup included, each time that the circuit opens."""
    eye = [at(0), call("cleans up"), look(), at(43), look(), at(45), look()]
    t = circuit(play, threshold=1, eye=[*eye, call("ok"), call("slow"), at(84), look()])
    expect_run(t, "cleans up")
    first, *later = states(t)
    if first == "OPEN":  # else R1 and R2 say so
        part = "The cooldown begins when the last failing call has ended, cleanup included."
        t.expect("states 29 s and 31 s after that", later[:2], ["OPEN", "HALF_OPEN"], part=part)
        part = "Each time that the circuit opens the whole cooldown begins."
        if t.all("run", "ok") and t.all("run", "slow"):  # else R4 says so
            t.expect("state 28 s after it opened for the second time", later[2:], ["OPEN"], part=part)


@check("R3", misconception="open-only-counts", step="look-at-the-clock")
def test_refused_while_open(play: Play) -> None:
    """While `OPEN`, a call raises `CircuitOpenError` at once, without calling `func`."""
    t = circuit(play, opener=OPENING, caller=[at(5), call("ok")])
    expect_run(t, "bad")
    refused = t.one("call", "caller")
    expect_refused(refused, "while OPEN")
    t.expect("the refused call took", refused.took, near(0), part="While `OPEN`, a call is refused at once.")
    t.expect("calls of func", t.names("run").count("ok"), 0)
    t = circuit(play, jobs={"plain": [at_once(), fail("E")]}, opener=OPENING, caller=[at(5), call("plain")])
    part = (
        "While `OPEN`, `func` is not called at all: it may be a plain function, which does its work when it is called."
    )
    expect_refused(t.one("call", "caller"), "while OPEN", part)


@check("R3", misconception="refusals-are-failures", step="probe-one-at-a-time")
def test_refusals_change_nothing(play: Play) -> None:
    """A refused call is not a failure, does not prolong the cooldown, and leaves a probe its place."""
    eye = [at(31), look(), call("probe"), look(), *OPENING[1:], at(68), call("ok"), look()]
    others = [at(20), *[call("ok")] * 3, at(32), *[call("ok")] * 3]
    t, alone = (circuit(play, opener=OPENING, eye=eye, others=calls) for calls in (others, []))
    expect_run(t, "bad")
    refused = [span.raised == "CircuitOpenError" for span in t.all("call", "others")]
    if all(refused):  # else R3 and R4 say so
        seen, wanted = states(t), states(alone)
        part = "A call that is refused beside a probe changes nothing."
        if seen[:1] != wanted[:1]:
            part = "A call that is refused does not prolong the cooldown."
        t.expect("states at 31 s, after the probe, and after the next one, as without them", seen, wanted, part=part)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_one_probe(play: Play) -> None:
    """While `HALF_OPEN`, one call is let through as a probe; others are refused at once as long as it runs."""
    t = circuit(play, opener=OPENING, first=[at(31), call("probe")], other=[at(33), call("ok")])
    part = "When the cooldown is over, a call is let through as a probe."
    if t.one("call", "first").errors == ["CircuitOpenError"]:
        t.expect("how the first call after the cooldown ended", t.one("call", "first").how, "returned", part=part)
    t.expect("how the probe ended", t.one("call", "first").how, "returned")
    refused = t.one("call", "other")
    expect_refused(refused, "beside the probe")
    part = "As long as a probe runs, other calls are refused at once."
    t.expect("the refused call took", refused.took, near(0), part=part)
    t = circuit(play, opener=OPENING, **{name: [at(31), call("probe")] for name in "abc"})
    t.expect("calls let through, of three at the same time", t.names("run").count("probe"), 1)
    jobs = {"plain": [at_once(), fail("E")]}
    t = circuit(play, jobs=jobs, opener=OPENING, first=[at(31), call("probe")], other=[at(33), call("plain")])
    part = (
        "Beside a probe `func` is not called at all: it may be a plain function, which does its work when it is called."
    )
    expect_refused(t.one("call", "other"), "beside the probe", part)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_one_probe_after_a_cancelled_one(play: Play) -> None:
    """After a cancelled probe one call at a time is let through again, not more."""
    actors = {"first": [at(31), call("slow")], "a": [at(40), call("probe")], "b": [at(41), call("probe")]}
    t = circuit(play, opener=OPENING, **actors, eye=[at(39), look()]).cancel("first", at=START + 33)
    expect_run(t, "slow")
    if states(t) == ["HALF_OPEN"]:  # else R5 says so
        t.expect("calls let through, of two that overlap", t.names("run").count("probe"), at_most(1))


@check("R4", misconception="failed-probe-is-one-failure", step="probe-one-at-a-time")
def test_end_of_a_probe(play: Play) -> None:
    """A probe that fails opens the circuit for a new cooldown, one that succeeds closes it."""
    t = circuit(play, opener=OPENING, eye=[at(31), call("bad"), look(), at(62), look(), call("ok"), look()])
    after_it, later, last = [*states(t), None, None, None][:3]
    part = "After a probe that failed the cooldown is as long as before."
    if later == "HALF_OPEN":
        part = "A probe that has ended, also one that failed, frees its place for the next one."
    refused = "CircuitOpenError" in t.all("call", "eye")[1].errors
    t.expect_that("the call 31 s after the failed probe", not refused, "raised CircuitOpenError", part=part)
    part = "A probe that succeeds closes the circuit."
    if after_it != "OPEN":
        part = "A single probe that fails opens the circuit again."
    t.expect("states after the first and the second probe", [after_it, last], ["OPEN", "CLOSED"], part=part)


@check("R5", misconception="cancelled-is-failed", step="tell-cancellation-apart")
def test_cancelled_is_no_failure(play: Play) -> None:
    """A call that is cancelled from outside is neither a failure nor a success."""
    actors = {
        "a": [at(1), call("cleans up")],
        "eye": [at(0), call("bad"), call("bad"), at(20), look(), call("bad"), look()],
    }
    for moment in (3, 8):
        t = circuit(play, **actors).cancel("a", at=START + moment)
        part = "A call that is cancelled from outside is not a failure."
        if states(t)[:1] == ["CLOSED"]:
            part = "A call that is cancelled from outside is not a success: the failures before it still count."
        t.expect(
            "states after two failures and it, and after one more failure", states(t), ["CLOSED", "OPEN"], part=part
        )


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_probe(play: Play) -> None:
    """A probe that is cancelled frees its place for the next one."""
    actors = {"a": [at(31), call("cleans up")], "eye": [at(40), look(), call("ok"), look()]}
    t = circuit(play, opener=OPENING, **actors).cancel("a", at=START + 33)
    t.expect("states after it, and after the next call", states(t), ["HALF_OPEN", "CLOSED"])


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_probe_cancelled_at_every_step(play: Play) -> None:
    """At whatever moment a probe is cancelled, its place is free for the next one."""
    actors = {"a": [at(31), call("ok")], "eye": [at(40), call("ok")]}
    for t in circuit(play, opener=OPENING, **actors).cancelled("a"):
        t.expect("how the next call ended", t.one("call", "eye").how, "returned")


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_success(play: Play) -> None:
    """A call that was let through before the circuit opened and ends while it is open does not close it."""
    late = [at(-2), call("probe")]
    t = circuit(play, late=late, opener=OPENING, eye=[at(4), look()])
    t.expect("state after a late success", states(t), ["OPEN"])


@check("R6", misconception="one-after-another", step="know-the-late-ones", core=False)
def test_side_by_side(play: Play) -> None:
    """While `CLOSED`, calls do not wait for each other."""
    t = circuit(play, **{name: [at(0), call("probe")] for name in "abc"})
    expect_run(t, "probe")
    t.expect("three calls of 5 s took", [span.took for span in t.all("call")], [near(5)] * 3)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_call_beside_a_probe(play: Play) -> None:
    """A late call that ends while a probe runs does not free the probe's place."""
    breaker, jobs = {"timeout": 10, "threshold": 3, "cooldown": 3}, {**JOBS, "late": [wait(9), give("V")]}
    actors = {"late": [at(-2), call("late")], "probe": [at(4), call("probe")], "other": [at(8), call("ok")]}
    t = play(breaker=breaker, jobs=jobs, actors={**actors, "opener": OPENING})
    expect_run(t, "late", "probe")
    part, refused = "", t.one("call", "other")
    if refused.errors != ["CircuitOpenError"]:
        del actors["late"]
        alone = play(breaker=breaker, jobs=jobs, actors={**actors, "opener": OPENING}).one("call", "other")
        if alone.errors != ["CircuitOpenError"]:
            sentence = "A probe keeps its place until it ends, also if it takes longer than `cooldown`."
            part = SentencePart(sentence, step="probe-one-at-a-time")
    expect_refused(refused, "beside the probe", part)


@check("R7", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments(play: Play) -> None:
    """`timeout <= 0`, `threshold < 1` and `cooldown < 0` raise `ValueError`; a cooldown of 0 is legal."""
    good = {"timeout": 10, "threshold": 1, "cooldown": 0}
    for bad in ({"timeout": 0}, {"threshold": 0}, {"cooldown": -1}):
        t = play(breaker={**good, **bad}, actors={})
        name = f"CircuitBreaker with {' and '.join(f'{name}={value}' for name, value in bad.items())}"
        seen = f"{t.call.ending}, where it should raise ValueError"
        t.expect_that(name, "ValueError" in t.call.errors, seen)
    t = play(breaker=good, actors={})
    t.expect_that(
        "CircuitBreaker with cooldown=0", t.call.how == "returned", t.call.ending, part="A cooldown of 0 is legal."
    )


@check("R7", misconception="clock-in-the-constructor", step="look-at-the-clock")
def test_made_before_the_loop(play: Play) -> None:
    """The constructor needs no event loop."""
    t = circuit(play, caller=[at(0), call("ok")], before_the_loop=True)
    t.expect_that("CircuitBreaker(…) before the loop runs", t.call.how == "returned", t.call.ending)
    t.expect("what a call returned", t.one("call").value, token("V"))


@check("G1", misconception="asyncio-is-everywhere", step="bound-the-call")
def test_both_backends(play: Play) -> None:
    """The file runs on asyncio and on trio."""
    t = circuit(play, caller=[at(0), call("slow"), call("ok")])
    t.expect("how two calls ended", [span.how for span in t.all("call")], ["raised", "returned"])


@check("G2", misconception="left-for-later", step="probe-one-at-a-time")
def test_nothing_left(play: Play) -> None:
    """When a call has ended, no task or stream of it is left."""
    t = circuit(play, caller=[at(0), *[call("ok"), call("slow"), call("bad")] * 2])
    expect_run(t, "ok", "slow", "bad")
    for span in t.all("call")[3:]:
        t.expect_nothing_left(span)


@check("G3", misconception="shield-everything", step="tell-cancellation-apart")
def test_cancelled_from_outside(play: Play) -> None:
    """A call that is cancelled from outside ends at once, and returns nothing."""
    t = circuit(play, caller=[at(0), call("slow")]).cancel("caller", at=START + 3)
    expect_run(t, "slow")
    t.expect_cancellation_passes()
    t.expect("the call, cancelled 3 s after it began, took", t.one("call").took, near(3))


@check("G4", misconception="blocking-is-short", step="look-at-the-clock")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop, refused ones neither."""
    t = circuit(play, opener=OPENING, caller=[at(5), call("ok"), at(31), call("slow")])
    t.expect_not_blocked()
    expect_run(t, "bad")


@check("G5", misconception="catch-everything", step="count-failures")
def test_exits_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, is not a failure."""
    t = circuit(play, jobs={"exit": [wait(1), fail("X", "Abandon")]}, caller=[at(0), *[call("exit")] * 3, look()])
    expect_run(t, "exit")
    t.expect("state after three of them", states(t), ["CLOSED"])


@check("G5", misconception="catch-everything", step="probe-one-at-a-time")
def test_exits_give_the_place_back(play: Play) -> None:
    """An exception that is not an `Exception` is not a success either; a probe that raises one frees its place."""
    for first in ([], [at_once()]):
        jobs = {"exit": [*first, fail("X", "Abandon")]}
        then = [look(), call("ok"), look()]
        t, without = (circuit(play, jobs=jobs, opener=OPENING, eye=[at(31), *p, *then]) for p in ([call("exit")], []))
        expect_run(t, "bad")
        t.expect("states after it, and after the next call, as without it", states(t), states(without))


@check("G6", misconception="look-again-and-again", step="look-at-the-clock")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: a longer wait takes no more wake-ups."""
    breaker, actors = {"timeout": 10_000, "threshold": 3, "cooldown": 30}, {"caller": [at(0), call("job")]}
    short, long = (play(breaker=breaker, jobs={"job": [wait(time)]}, actors=actors) for time in (1, 9000))
    expect_run(long, "job")
    long.expect(
        f"wake-ups of a call of 9000 s, where one of 1 s took {short.steps}", long.steps, at_most(short.steps + 5)
    )


@check("G8", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` when the breaker is made, not later; good ones do not."""
    expect_run(circuit(play, caller=[at(0), call("ok")]), "ok")
    t = play(breaker={"timeout": -1, "threshold": 0, "cooldown": -1}, actors={})
    expect_raised(t.call, "ValueError")


@check("G9", misconception="jobs-are-coroutines", step="count-failures")
def test_raises_at_once(play: Play) -> None:
    """A `func` that raises when it is called, before there is anything to await, has failed like any other."""
    t = circuit(play, jobs={"raises": [at_once(), fail("E")]}, caller=[at(0), *[call("raises")] * 3, look()])
    own = all("E" in span.errors or "CircuitOpenError" in span.errors for span in t.all("call"))
    part = "`func` may be anything that can be called, also a plain function: what it raises leaves `call`."
    t.expect_that("the call", own, f"{t.one('call').ending}, where E should leave it", part=part)
    t.expect("state after three failures", states(t), ["OPEN"])
