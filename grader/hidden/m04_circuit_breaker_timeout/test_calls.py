"""Hidden checks of m04: the timeout of a call, its value and its errors."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, check, cleanup, fail, give, give_error, hang, near, on_cancel, token, wait

from .plans import (
    CROWD,
    FIVE,
    HIGH,
    V,
    at,
    call,
    circuit,
    expect_run,
    interrupted,
    let_through,
    look,
    looks,
    opened,
    outcome,
    outcomes,
    runs,
    states,
)

VALUES = {f"job{index}": [wait(1), give(value)] for index, value in enumerate([None, 0, False, [], {}])}
VALUES |= {"error": [wait(1), give_error("E1", "ValueError")], "late": [wait(1), give_error("E2", "TimeoutError")]}


# -- R1: timeout and errors ------------------------------------------------------------------------------------------
@check("R1", misconception="arguments-are-extra", step="bound-the-call")
def test_value_and_arguments(play: Play) -> None:
    """`call` gives `func` its arguments in their order, and returns what it returned."""
    t = circuit(play, {"caller": [call("ok", "A", None, 0, "B", "A")]})
    t.expect("what the call returned", outcomes(t), [V], part="`call` returns what `func` returned.")
    seen, wanted = [run.args for run in t.all("run")], [token("A"), None, 0, token("B"), token("A")]
    t.expect("what func was called with", seen, [wanted], part="`call` gives `func` its arguments, in their order.")


@check("R1", misconception="none-means-late", step="bound-the-call")
def test_any_value(play: Play) -> None:
    """`None`, 0, something empty or an exception that is *returned* are returned by `call` as they are."""
    values = [None, 0, False, [], {}]
    t = circuit(play, {"caller": [call(name) for name in VALUES]}, jobs=VALUES)
    t.expect("what the calls returned", outcomes(t), [*values, token("E1"), token("E2")])


@check("R1", misconception="none-means-late", step="count-failures")
def test_any_value_is_success(play: Play) -> None:
    """Whatever `func` returns, it has succeeded: as a call in between, and as a probe."""

    def trial(jobs: list[str]) -> Trace:
        between = [step for name in jobs for step in (*FIVE, call(name))]
        probes = [step for name in jobs for step in (*FIVE, *FIVE, wait(31), call(name), look())]
        actors = {"eye": [*between, *FIVE, look(), call("ok"), *probes]}
        return circuit(play, actors, jobs=VALUES, threshold=HIGH)

    names = ["job0", "job4", "error"]
    t = trial(names)
    expect_run(t, *names)
    t.expect(
        "states with a token returned each time, and with other values", states(t), states(trial(["ok"] * len(names)))
    )


@check("R1", misconception="try-again-inside", step="bound-the-call", wide=True)
def test_called_once(play: Play) -> None:
    """`call` calls `func` once, however it ends: trying again is not its task."""
    names = ["fault", "connection", "own timeout", "slow", "ok", "none"]
    t = circuit(play, {"caller": [call(name) for name in names]}, jobs=FAILURES, threshold=HIGH)
    t.expect("how often they were called", [runs(t, name) for name in names], [1] * len(names))
    probes = [step for n, name in enumerate(names) for step in (at(99 * n + 31), call(name))]
    t = opened(play, {"caller": probes}, jobs=FAILURES)
    t.expect("how often probes were called", [runs(t, name) for name in names], [at_most(1)] * len(names))


@check("R1", misconception="errors-may-be-changed", step="count-failures")
def test_errors_unchanged(play: Play) -> None:
    """An `Exception` of `func` leaves `call` as it is: the very same one, not in a group, not another in its place."""
    t = circuit(play, {"caller": [call(name) for name in FAILURES]}, jobs=FAILURES, forms=FORMS, threshold=99)
    expect_run(t, *FAILURES)
    for span in let_through(t, "caller"):
        t.expect(f"what the call raised ({span.args[0]})", outcome(span), span.args[0])


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout(play: Play) -> None:
    """A call that takes longer than `timeout` is cancelled then, not sooner and not later, and raises `TimeoutError`."""
    for timeout in (10, 2.5, 20_000):
        t = circuit(play, {"caller": [at(5), call("slow")]}, timeout=timeout, threshold=HIGH)
        part = "A call that takes longer than `timeout` raises `TimeoutError`."
        t.expect("what the call raised", t.one("call", "caller").errors, ["TimeoutError"], part=part)
        slow = t.of("slow")
        late = None if slow.cancelled_at is None else slow.cancelled_at - slow.start
        part = "A call that takes longer than `timeout` is cancelled then, not sooner and not later."
        t.expect(f"with a timeout of {timeout} s, func was cancelled after", late, near(timeout), part=part)
        part = "When `func` has ended the call ends, also after a timeout."
        took = t.one("call", "caller").took
        t.expect(f"the call with a timeout of {timeout} s took", took, near(timeout), part=part)


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout_of_each_call(play: Play) -> None:
    """Each call has the whole `timeout` for itself, whatever ran before it."""
    t = circuit(play, {"caller": [at(2), *[call("long")] * 3]}, jobs={"long": [wait(9.5), give("V")]})
    t.expect("how calls of 9.5 s ended", outcomes(t), [V, V, V])


#: Each fails with the error of its own name.
FAILURES = {
    "fault": [wait(1), fail("fault")],
    "instant": [fail("instant")],
    "own timeout": [wait(1), fail("own timeout", "TimeoutError")],
    "connection": [wait(1), fail("connection", "ConnectionError")],
    "value": [wait(1), fail("value", "ValueError")],
    "runtime": [wait(1), fail("runtime", "RuntimeError")],
    "stream": [wait(1), fail("stream", "EndOfStream")],
    "group": [wait(1), fail("group", "ExceptionGroup")],
    "busy": [wait(1), fail("busy", "WouldBlock")],
    "lonely": [wait(1), fail("lonely", "ExceptionGroup of one")],
    "refused": [wait(1)],
}
FORMS = {"refused": ["refused", "refused"]}


@check("R1", misconception="errors-may-be-changed", step="probe-one-at-a-time")
def test_errors_of_probes_unchanged(play: Play) -> None:
    """An `Exception` of a probe's `func` leaves `call` as it is, like that of any other call."""
    script = [step for n, name in enumerate(FAILURES) for step in (at(5000 * n + 31), call(name))]
    t = opened(play, {"caller": script}, jobs=FAILURES, forms=FORMS)
    expect_run(t, "bad")
    for span in let_through(t, "caller"):
        t.expect(f"what the probe raised ({span.args[0]})", outcome(span), span.args[0])


@check("R1", misconception="errors-may-be-changed", step="bound-the-call")
def test_own_errors_bare(play: Play) -> None:
    """`TimeoutError` and `CircuitOpenError` leave `call` bare, not in a group."""
    actors = {"late": [at(-15), call("slow")], "caller": [at(1), call("ok"), at(31), call("slow")]}
    t = opened(play, {**actors, "other": [at(33), call("ok")]})
    part = "A call that ran out of time raises `TimeoutError`."
    t.expect("what a call that ran out of time raised", t.one("call", "late").errors, ["TimeoutError"], part=part)
    for span in [span for who in ("late", "caller", "other") for span in t.all("call", who)]:
        t.expect_that("what was raised", span.raised is None or not span.raised.is_group, span.ending)


@check("R1", misconception="some-errors-do-not-count", step="count-failures")
def test_every_failure_counts(play: Play) -> None:
    """Each `Exception` of `func` is a failure, of whatever class: a `TimeoutError` or `CircuitOpenError` of its own too."""
    for name in ("instant", "own timeout", "value", "runtime", "stream", "group", "refused", "busy"):
        t = circuit(play, {"eye": [*[call(name)] * 4, look()]}, jobs=FAILURES, forms=FORMS)
        t.expect(f"state after failures ({name})", states(t), ["OPEN"])


@check("R1", misconception="some-errors-do-not-count", step="probe-one-at-a-time")
def test_every_failure_of_a_probe_counts(play: Play) -> None:
    """Each `Exception` of a probe's `func` is a failure, of whatever class, like that of any other call."""

    def trial(names: list[str]) -> Trace:
        script = [step for n, name in enumerate(names) for step in (at(5000 * n + 31), call(name), look())]
        return opened(play, {"eye": script}, jobs=FAILURES, forms=FORMS)

    names = ["instant", "own timeout", "value", "stream", "group", "refused", "busy"]
    t = trial(names)
    expect_run(t, "bad")
    t.expect("states after such probes, and after others that fail", states(t), states(trial(["fault"] * len(names))))


@check("R1", misconception="some-errors-do-not-count", step="count-failures")
def test_timeout_counts(play: Play) -> None:
    """A call that ran out of time is a failure."""
    for job in ([hang()], [cleanup(wait(3)), wait(50), give("V")]):
        t = circuit(play, {"eye": [*[call("late")] * 4, look()]}, jobs={"late": job})
        t.expect("state after timeouts", states(t), ["OPEN"])


@check("R1", misconception="some-errors-do-not-count", step="count-failures")
def test_error_in_the_cleanup_counts_once(play: Play) -> None:
    """A `func` that raises while it is being cancelled for its timeout has failed, once."""
    actors = {"eye": [*[call("late")] * 4, look(), *FIVE, look()]}
    t = circuit(play, actors, jobs={"late": [on_cancel(wait(2), fail("E1")), hang()]}, threshold=HIGH)
    part = "A `func` that raises while it is being cancelled for its timeout has failed: it counts."
    if states(t)[:1] == ["OPEN"]:
        part = "A `func` that raises while it is being cancelled for its timeout has failed once, not twice."
    t.expect("states after four of them, and five failures more", states(t), ["CLOSED", "OPEN"], part=part)


@check("R1", misconception="cancelled-from-outside-is-all", step="tell-cancellation-apart")
def test_raises_although_cancelled(play: Play) -> None:
    """Cancelled from outside, a `func` that raises an `Exception` all the same has failed."""
    for job in ([on_cancel(fail("E1")), hang()], [cleanup(wait(4)), fail("E1")]):
        actors = {who: [at(20 * n), call("late")] for n, who in enumerate(CROWD)}
        trial = circuit(play, {**actors, "eye": looks(75)}, jobs={"late": job}, cooldown=500)
        for t in interrupted(trial, a=3, b=23, c=43, d=63):
            t.expect("state after such calls", states(t), ["OPEN"])


@check("R1", misconception="cancelled-from-outside-is-all", step="tell-cancellation-apart")
def test_returns_although_cancelled(play: Play) -> None:
    """Cancelled from outside, a `func` that returns all the same has succeeded: the count starts again."""

    def trial(job: list[Any]) -> Any:
        actors = {"eye": [*FIVE, at(15), *FIVE, look()], "a": [at(1), call("late")]}
        return circuit(play, actors, jobs={"late": job}, threshold=HIGH)

    wanted = states(trial([wait(4), give("V")]))
    for job in ([on_cancel(give("V")), hang()], [cleanup(wait(4)), give("V")]):
        for t in interrupted(trial(job), a=3):
            expect_run(t, "bad", "late")
            t.expect("state with five failures before and five after it", states(t), wanted)


@check("R1", misconception="cancelled-from-outside-is-all", step="tell-cancellation-apart")
def test_probe_ends_although_cancelled(play: Play) -> None:
    """A probe that is cancelled from outside has failed if it raises all the same, and succeeded if it returns."""

    def trial(*job: Any) -> Any:
        return opened(play, {"a": [at(31), call("late")], "eye": looks(50)}, jobs={"late": job})

    for end in (fail("E1"), give("V")):
        wanted = states(trial(wait(4), end))
        for job in ([on_cancel(wait(1), end), hang()], [cleanup(wait(4)), end]):
            for t in interrupted(trial(*job), a=33):
                expect_run(t, "bad")
                part = "A probe that is cancelled from outside and returns all the same has succeeded."
                if wanted == ["OPEN"]:
                    part = "A probe that is cancelled from outside and raises an `Exception` all the same has failed."
                t.expect("state after the probe", states(t), wanted, part=part)


@check("R1", misconception="late-calls-are-refused", step="count-failures")
def test_late_calls_end_as_they_do(play: Play) -> None:
    """A call that was let through ends as its `func` does, even if the circuit has opened, or closed again, meanwhile."""
    for end in (25, 43):
        jobs = {"long": [wait(end + 1), give("V")], "wrong": [wait(end + 1), fail("E1")]}
        names = ("long", "wrong", "slow")
        t = opened(
            play, {**{n: [at(-1), call(n)] for n in names}, "probe": [at(31), call("ok")]}, jobs=jobs, timeout=50
        )
        t.expect("what a call begun before the circuit opened returned", outcomes(t, "long"), [V])
        ends = [t.one("call", name).errors for name in ("wrong", "slow")]
        t.expect("what others raised", ends, [["E1"], ["TimeoutError"]])


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout_of_a_probe(play: Play) -> None:
    """A probe has the same `timeout` as every other call."""
    t = opened(play, {"caller": [at(31), call("slow")]})
    raised = t.one("call", "caller").errors
    part = "After the cooldown a call is let through, as a probe." if raised == ["CircuitOpenError"] else ""
    t.expect("what a slow probe raised", raised, ["TimeoutError"], part=part)
    t.expect("the probe with a timeout of 10 s took", t.one("call", "caller").took, near(10))
    for timeout, takes in ((10, 9.5), (70, 66)):
        jobs = {"long": [wait(takes), give("V")]}
        t = opened(play, {"caller": [at(31), call("long")]}, jobs=jobs, timeout=timeout)
        t.expect(f"how a probe of {takes} s ended, with a timeout of {timeout} s", outcomes(t), [V])
