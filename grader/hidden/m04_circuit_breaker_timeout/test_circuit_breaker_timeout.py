"""Hidden checks of m04: what a circuit breaker promises, on both backends.

Times are seconds after `START`. Unless a check says otherwise the timeout is 10, the threshold 3 and the cooldown 30.
`OPENING` opens the circuit at 0: it is HALF_OPEN from 30 on.

Who counts one failure too many or too few breaks R2, and nothing else. So outside R2 there are more failures than needed
where the circuit is to open, and with the threshold `HIGH`, `FIVE` are too few and ten are enough, however one counts.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from grader import (
    Play,
    Span,
    Trace,
    at_most,
    at_once,
    awaitable,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    give,
    give_error,
    hang,
    near,
    on_cancel,
    one_of,
    token,
    verb,
    wait,
)

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
    t.expect("of these jobs, those that were called", [job for job in jobs if t.all("run", job)], [*jobs])


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


def expect_refused(t: Trace, *actors: str) -> None:
    """Fail the subject unless each call of the actors was refused at once, after the circuit had opened."""
    expect_run(t, "bad")
    for span in [span for who in actors for span in t.all("call", who)]:
        t.expect_that(f"the call at {span.start:g} s", refused(span), f"not refused: it {span.ending}")
        t.expect("when it was refused", span.end, near(span.start))


VALUES = {f"job{index}": [wait(1), give(value)] for index, value in enumerate([None, 0, False, [], {}])}
VALUES |= {"error": [wait(1), give_error("E1", "ValueError")], "late": [wait(1), give_error("E2", "TimeoutError")]}


# -- R1: timeout and errors ----------------------------------------------------------------------------------------
@check("R1", misconception="arguments-are-extra", step="bound-the-call")
def test_value_and_arguments(play: Play) -> None:
    """`call` gives `func` its arguments in their order, and returns what it returned."""
    t = circuit(play, {"caller": [call("ok", "A", None, 0, "B", "A")]})
    t.expect("what the call returned", outcomes(t), [V])
    t.expect(
        "what func was called with", [run.args for run in t.all("run")], [[token("A"), None, 0, token("B"), token("A")]]
    )


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


@check("R1", misconception="try-again-inside", step="bound-the-call")
def test_called_once(play: Play) -> None:
    """`call` calls `func` once, however it ends: trying again is not its task."""
    names = ["fault", "connection", "own timeout", "slow", "ok", "none"]
    t = circuit(play, {"caller": [call(name) for name in names]}, jobs=FAILURES, threshold=HIGH)
    t.expect("how often they were called", [runs(t, name) for name in names], [1] * len(names))
    probes = [step for n, name in enumerate(names) for step in (at(99 * n + 31), call(name))]
    t = opened(play, {"caller": probes}, jobs=FAILURES)
    t.expect("how often probes were called", [runs(t, name) for name in names], [at_most(1)] * len(names))


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout(play: Play) -> None:
    """A call that takes longer than `timeout` is cancelled then, not sooner and not later, and raises `TimeoutError`."""
    for timeout in (10, 2.5, 20_000):
        t = circuit(play, {"caller": [at(5), call("slow")]}, timeout=timeout, threshold=HIGH)
        t.expect("what the call raised", t.one("call", "caller").errors, ["TimeoutError"])
        t.expect("when func was cancelled", t.of("slow").cancelled_at, near(START + 5 + timeout))
        t.expect("when the call ended", t.one("call", "caller").end, near(START + 5 + timeout))


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


@check("R1", misconception="errors-may-be-changed", step="count-failures")
def test_errors_unchanged(play: Play) -> None:
    """An `Exception` of `func` leaves `call` as it is: the very same one, not in a group, not another in its place."""
    t = circuit(play, {"caller": [call(name) for name in FAILURES]}, jobs=FAILURES, forms=FORMS, threshold=99)
    expect_run(t, *FAILURES)
    for span in let_through(t, "caller"):
        t.expect(f"what the call raised ({span.args[0]})", outcome(span), span.args[0])


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
    t.expect("what a call that ran out of time raised", t.one("call", "late").errors, ["TimeoutError"])
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
    t.expect("states after four of them, and five failures more", states(t), ["CLOSED", "OPEN"])


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
    """Cancelled from outside, a `func` that returns all the same has succeeded: the count starts anew."""

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
                t.expect("state after the probe", states(t), wanted)


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


# -- R2: failures in a row ------------------------------------------------------------------------------------------
@check("R2", misconception="one-more-or-less", step="count-failures")
def test_threshold(play: Play) -> None:
    """`threshold` failures in a row open the circuit, and not one fewer."""
    for threshold in (1, 2, 5, 12):
        t = circuit(play, {"eye": [call("bad"), look()] * threshold}, threshold=threshold)
        t.expect("states after each failure", states(t), ["CLOSED"] * (threshold - 1) + ["OPEN"])


@check("R2", misconception="failures-add-up", step="count-failures")
def test_success_in_between(play: Play) -> None:
    """A success in between starts the count anew, from nothing."""
    t = circuit(play, {"eye": [call("bad"), call("bad"), call("ok"), *[call("bad"), look()] * 3]})
    t.expect("states after each failure since the success", states(t), ["CLOSED", "CLOSED", "OPEN"])


@check("R2", misconception="failures-add-up", step="probe-one-at-a-time")
def test_closing_counts_anew(play: Play) -> None:
    """After the circuit has closed again, it takes `threshold` failures again to open it, each time."""
    t = opened(play, {"eye": [at(31), *[call("ok"), look(), *[call("bad"), look()] * 3, wait(31)] * 2]})
    expect_counted_anew(t)


def expect_counted_anew(t: Trace) -> None:
    expect_run(t, "bad")
    seen = states(t)
    for closed, after in ((seen[:1], seen[1:4]), (seen[4:5], seen[5:])):
        if closed == ["CLOSED"]:  # else it has not closed, and that is for R4 to say
            wanted = ["CLOSED", "CLOSED", one_of("OPEN", "HALF_OPEN")]  # for how long is for R3 to say
            t.expect("states after each failure since it has closed", after, wanted)


@check("R2", misconception="failures-add-up", step="probe-one-at-a-time")
def test_closing_counts_anew_after_failed_probes(play: Play) -> None:
    """After the circuit has closed again it takes `threshold` failures: probes that failed before do not count."""
    probes = [step for time in (31, 62) for step in (at(time), call("bad"))]
    one_round = [call("ok"), look(), *[call("bad"), look()] * 3]
    t = opened(play, {"eye": [*probes, at(93), *one_round, at(124), call("bad"), at(155), *one_round]})
    expect_counted_anew(t)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_any_sequence(play: Play) -> None:
    """What counts is the failures since the last success, in every sequence."""
    threshold, row, wanted = play.pick(2, 4), 0, []
    ends = play.shuffled(["ok"] * 8 + ["bad"] * 14)
    for end in ends:
        row = row + 1 if end == "bad" else 0
        wanted.append("OPEN" if row >= threshold else "CLOSED")
        if row >= threshold:
            break
    ends = ends[: len(wanted)]
    t = circuit(play, {"eye": [step for end in ends for step in (call(end), look())]}, threshold=threshold)
    t.expect(f"states after each of {', '.join(ends)} (threshold {threshold})", states(t), wanted)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_calls_that_overlap(play: Play) -> None:
    """In a row means one *ending* after the other: a success that ends between two failures starts the count anew."""
    jobs = {"fails": [wait(4), fail("E")], "works": [wait(4), give("V")], "works longer": [wait(7), give("V")]}
    actors = {"a": [call("fails")], "b": [at(1), call("works")], "c": [at(2), call("fails")]}
    longer = {"a": [at(1), call("fails")], "b": [call("works longer")], "c": [at(6), call("fails")]}
    for plan in (actors, longer):
        t = circuit(play, {**plan, "eye": looks(20)}, jobs=jobs, threshold=2)
        expect_run(t, "fails")
        ended = [run.how for run in sorted(t.all("run"), key=lambda run: run.end or 0)]
        if ended == ["raised", "returned", "raised"]:  # else they waited for each other, and that is for R6 to say
            t.expect("state after a failure, a success, a failure", states(t), ["CLOSED"])


@check("R2", misconception="failures-are-forgotten", step="count-failures")
def test_far_apart(play: Play) -> None:
    """Failures in a row need not be near to each other: nothing but a success starts the count anew."""
    t = circuit(play, {"eye": [call("bad"), wait(5000), call("bad"), wait(50_000), call("bad"), look()]})
    expect_run(t, "bad")
    t.expect("state after three failures far apart", states(t), [one_of("OPEN", "HALF_OPEN")])


@check("R2", misconception="failures-are-forgotten", step="count-failures")
def test_kinds_count_together(play: Play) -> None:
    """Failures of different classes, and of different functions, are one row."""
    jobs = {"other": [wait(1), fail("E2", "ValueError")], "third": [wait(1), fail("E3", "OSError")]}
    t = circuit(play, {"eye": [call("bad"), call("other"), look(), call("third"), look()]}, jobs=jobs)
    t.expect("states after two, and after three", states(t), ["CLOSED", "OPEN"])


@check("R2", misconception="failures-add-up", step="count-failures")
def test_another_breaker(play: Play) -> None:
    """Each breaker counts for itself: failures of another one do not open it."""
    others = [["another", "bad"]] * 5
    t = circuit(play, {"eye": [*others, look(), *FIVE, look(), *others, look(), *FIVE, look()]}, threshold=HIGH)
    wanted = [*["CLOSED"] * 3, "OPEN"]
    t.expect("states after five failures of another breaker, five of its own, and once more", states(t), wanted)


# -- R3: open for the cooldown ----------------------------------------------------------------------------------------
@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_open_then_half_open(play: Play) -> None:
    """The circuit is `OPEN` for `cooldown` seconds and then `HALF_OPEN`, also if nobody calls meanwhile."""
    t = opened(play, {"eye": looks(0.5, 15, 29.5, 30.5, 500)})
    t.expect("states at 0.5, 15, 29.5, 30.5, 500 s", states(t), ["OPEN"] * 3 + ["HALF_OPEN"] * 2)


@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_first_look_after_the_cooldown(play: Play) -> None:
    """The circuit is `HALF_OPEN` after the cooldown also if nobody called, or asked for the `state`, before."""
    t = circuit(play, {**crowd(call("fails")), "eye": looks(40)}, jobs={"fails": [wait(1), fail("E")]})
    expect_run(t, "fails")
    t.expect("state at 40 s", states(t), ["HALF_OPEN"])


@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_any_cooldown(play: Play) -> None:
    """A cooldown is kept to the fraction of a second, and also if it lasts for hours."""
    for cooldown in (2.5, 20_000):
        t = opened(play, {"eye": looks(cooldown - 0.3, cooldown + 0.3)}, cooldown=cooldown)
        t.expect(f"states just before and after {cooldown:g} s", states(t), ["OPEN", "HALF_OPEN"])


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_after_closing(play: Play) -> None:
    """When the circuit has closed and opens again, it is open for the whole cooldown again."""
    fails = crowd(at(50), call("fails"))  # all let through before the first of them ends
    eye = [at(31), call("ok"), look(), *looks(50.5, 79.5, 80.5)]
    t = opened(play, {**fails, "eye": eye}, jobs={"fails": [checkpoint(), checkpoint(), fail("E")]})
    expect_run(t, "bad")
    if states(t)[:1] == ["CLOSED"]:  # else it has not closed, and that is for R4 to say
        t.expect("states 0.5, 29.5 and 30.5 s after it opened again", states(t)[1:], ["OPEN", "OPEN", "HALF_OPEN"])


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_begins_with_the_last_failure(play: Play) -> None:
    """The cooldown begins when the last failing call has ended, not when it began, nor with the first failure."""
    expect_open_for_the_cooldown(play, [wait(6), fail("E")])


def expect_open_for_the_cooldown(play: Play, job: list[Any]) -> None:
    """Fail the subject unless the circuit opens when a call of `job` has ended, and stays open for the cooldown."""
    t = circuit(play, {"a": [call("fails")] * 4, "eye": looks(*(n + 0.5 for n in range(110)))}, jobs={"fails": job})
    expect_run(t, "fails")
    times = [span.start for span in t.all("look") if span.value == "OPEN"]
    if times:  # else nothing is counted, and that is for R1 and R2 to say
        ends = [span.end for span in let_through(t, "a")]
        t.expect(
            "a look at the state each second: first time OPEN", times[0], one_of(*(near(end + 0.5) for end in ends))
        )
        t.expect("number of seconds for which it is OPEN", len(times), 30)


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_begins_after_the_cleanup(play: Play) -> None:
    """A failing call has ended when its cleanup has: before that the circuit is not open, then for the whole cooldown."""
    for job in ([cleanup(wait(4)), hang()], [on_cancel(wait(4), fail("E")), hang()]):
        expect_open_for_the_cooldown(play, job)


@check("R3", misconception="open-only-counts", step="look-at-the-clock")
def test_refused_while_open(play: Play) -> None:
    """While `OPEN`, every call raises `CircuitOpenError` at once."""
    t = opened(play, {"caller": [step for time in (0.5, 3, 17, 29.5) for step in (at(time), call("ok"))]})
    expect_refused(t, "caller")


@check("R3", misconception="open-only-counts", step="look-at-the-clock")
def test_many_refused_while_open(play: Play) -> None:
    """While `OPEN`, calls that come all at one instant are all refused at once."""
    for t in opened(play, crowd(at(20), call("ok"))).orders(6):
        expect_refused(t, *CROWD)


@check("R3", misconception="call-it-first", step="look-at-the-clock")
def test_func_is_not_called_while_open(play: Play) -> None:
    """A refused call does not call `func`, not even to throw away what it gives."""
    t = opened(
        play, {"caller": [at(1), call("job"), at(29), call("job")]}, jobs={"job": []}, forms={"job": ["function"]}
    )
    expect_run(t, "bad")
    t.expect("how often func was called while OPEN", len(t.notes("called")), 0)


@check("R3", misconception="refusals-are-failures", step="look-at-the-clock")
def test_refusals_do_not_prolong(play: Play) -> None:
    """Refused calls do not prolong the cooldown, however many they are."""
    many = [step for time in range(1, 30, 4) for step in (at(time), call("ok"))]
    t = opened(play, {"caller": many, "eye": looks(29.5, 30.5)})
    t.expect("states at 29.5 and 30.5 s", states(t), ["OPEN", "HALF_OPEN"])


@check("R3", misconception="half-open-is-an-instant", step="probe-one-at-a-time")
def test_half_open_while_a_probe_runs(play: Play) -> None:
    """The state is `HALF_OPEN` also while a probe runs, however long it takes."""
    t = opened(play, {"a": [at(31), call("long")], "eye": looks(31.5, 60, 95)}, jobs={"long": [wait(66)]}, timeout=70)
    expect_run(t, "long")
    t.expect("states while a probe runs", states(t), ["HALF_OPEN"] * 3)


@check("R3", misconception="refusals-are-failures", step="probe-one-at-a-time")
def test_refusals_do_not_touch_the_probe(play: Play) -> None:
    """A call that is refused beside a probe leaves the probe its place, and the state as it is."""
    others = [at(32), call("none"), at(33.5), *[call("none")] * 5]
    eye = [*looks(33, 34, 37), at(70), call("ok"), look(), *FIVE, at(115), call("ok"), look()]
    for job in ([wait(5), give("V")], [wait(5), fail("E")]):
        actors = {"a": [at(31), call("probe")], "eye": eye}
        t = opened(play, {**actors, "b": others}, jobs={"probe": job})
        expect_run(t, "bad", "probe")
        if refused(t.one("call", "b")):  # else the first of them is let through, and that is for R4 to say
            alone = opened(play, actors, jobs={"probe": job})
            t.expect("how often func was called beside the probe", len(let_through(t, "b")), 0)
            t.expect("states beside and after the probe, and after later ones", states(t), states(alone))


@check("R3", misconception="refusals-are-failures", step="probe-one-at-a-time")
def test_refusals_around_a_failed_probe(play: Play) -> None:
    """Calls refused beside a probe that fails, and after it, change nothing about its cooldown."""
    actors = {"a": [at(31), call("probe")], "eye": looks(65, 67)}
    others = [step for time in (33, 40, 60) for step in (at(time), call("ok"))]
    jobs = {"probe": [wait(5), fail("E")]}
    t = opened(play, {**actors, "b": others}, jobs=jobs)
    expect_run(t, "bad", "probe")
    if not let_through(t, "b"):  # else that is for R4 to say
        t.expect("states 29 and 31 s after the probe failed", states(t), states(opened(play, actors, jobs=jobs)))


# -- R4: one probe at a time ------------------------------------------------------------------------------------------
@check("R4", misconception="look-await-act", step="probe-one-at-a-time")
def test_one_of_many(play: Play) -> None:
    """Of calls that come at one instant while `HALF_OPEN`, one is let through and the others are refused."""
    for job in ([wait(5), give("V")], [checkpoint(), checkpoint(), fail("E")]):
        for t in opened(play, crowd(at(31), call("probe")), jobs={"probe": job}).orders(12):
            through = [span.who for span in let_through(t, *CROWD)]
            t.expect("calls let through", len(through), 1)
            expect_refused(t, *[who for who in CROWD if who not in through])


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_others_are_refused(play: Play) -> None:
    """While a probe runs, others are refused: they are not let through, and do not wait for it."""
    others = [step for time in (31.5, 34, 37, 39.5) for step in (at(time), call("ok"))]
    for job in ([wait(9), give("V")], [wait(9), fail("E")]):
        t = opened(play, {"a": [at(31), call("probe")], "b": others}, jobs={"probe": job})
        expect_run(t, "probe")
        expect_refused(t, "b")


@check("R4", misconception="place-free-too-soon", step="probe-one-at-a-time")
def test_long_probe(play: Play) -> None:
    """A probe keeps its place as long as it runs, even longer than the cooldown."""
    others = [step for time in (40, 62, 95) for step in (at(time), call("ok"))]
    t = opened(play, {"a": [at(31), call("long")], "b": others}, jobs={"long": [wait(66), give("V")]}, timeout=70)
    expect_run(t, "bad", "long")
    if outcomes(t, "a") == [V]:  # else it has not run as long, and that is for R1 to say
        expect_refused(t, "b")


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_func_is_not_called_beside_a_probe(play: Play) -> None:
    """A call that is refused beside a probe does not call `func`, not even to throw away what it gives."""
    actors = {"a": [at(31), call("probe")], "b": [at(33), call("job")]}
    t = opened(play, actors, jobs={"probe": [wait(9), give("V")], "job": []}, forms={"job": ["function"]})
    expect_run(t, "bad", "probe")
    t.expect("how often func was called beside a probe", len(t.notes("called")), 0)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_call_from_inside_the_probe(play: Play) -> None:
    """A call that the probe's own `func` makes is another call: it is not let through."""
    t = opened(play, {"a": [at(31), call("nested")]}, jobs={"nested": [wait(1), call("ok"), fail("E1")]})
    expect_run(t, "bad", "nested")
    t.expect("how often func was called from inside the probe", runs(t, "ok"), 0)


@check("R4", misconception="place-free-too-soon", step="probe-one-at-a-time")
def test_probe_that_cleans_up(play: Play) -> None:
    """A probe that was cancelled, for its timeout or from outside, keeps its place until its cleanup has ended."""
    actors = {"a": [at(31), call("probe")], "b": [at(42), call("ok")]}
    trial = opened(play, actors, jobs={"probe": [cleanup(wait(5)), hang()]})
    for t in (trial, trial.cancel("a", at=START + 40)):
        expect_run(t, "bad", "probe")
        t.expect("how often func was called beside it", runs(t, "ok"), 0)


@check("R4", misconception="one-success-is-not-enough", step="probe-one-at-a-time")
def test_success_closes(play: Play) -> None:
    """A probe that succeeds closes the circuit; from then on calls are let through again, as many as come."""
    t = opened(play, {"eye": [at(31), call("ok"), look()], **crowd(at(33), call("ok"))})
    t.expect("state after the probe", states(t), ["CLOSED"])
    t.expect("calls let through, probe included", runs(t, "ok"), 5)


@check("R4", misconception="one-success-is-not-enough", step="probe-one-at-a-time")
def test_success_closes_whenever_it_comes(play: Play) -> None:
    """It makes no difference when the probe comes."""
    for time in (30.5, 20_000):
        t = opened(play, {"eye": [at(time), call("ok"), look()]})
        expect_run(t, "bad")
        t.expect("state after the probe", states(t), ["CLOSED"])


@check("R4", misconception="failed-probe-is-one-failure", step="probe-one-at-a-time")
def test_failure_opens(play: Play) -> None:
    """One failed probe opens the circuit for a new cooldown, which begins when the probe has ended."""
    expect_new_cooldown(play, [wait(4), fail("E")], end=35)


def expect_new_cooldown(play: Play, job: list[Any], *, end: float) -> None:
    """Fail the subject unless a probe that begins at 31 and fails at `end` opens the circuit until 30 s later."""
    others = [step for time in (end + 1, end + 29, end + 31) for step in (at(time), call("ok"))]
    t = opened(play, {"a": [at(31), call("probe")], "b": others, "eye": looks(end + 0.5)}, jobs={"probe": job})
    t.expect("state after the failed probe", states(t), ["OPEN"])
    first = [span.start for span in let_through(t, "b")][:1]
    t.expect("of calls 1, 29 and 31 s after it, the first one let through", first, [near(START + end + 31)])


@check("R4", misconception="failed-probe-is-one-failure", step="probe-one-at-a-time")
def test_probe_that_runs_out_of_time(play: Play) -> None:
    """A probe that runs out of time has failed: the new cooldown begins when its cleanup has ended."""
    for job in ([cleanup(wait(3)), hang()], [on_cancel(wait(3), fail("E")), hang()]):
        expect_new_cooldown(play, job, end=44)


@check("R4", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_probe_after_probe(play: Play) -> None:
    """After a failed probe and its cooldown another call is let through, again and again, until one succeeds."""
    probes = [step for time in (31, 62, 93, 124) for step in (at(time), call("bad"), look())]
    t = opened(play, {"eye": [*probes, at(155), call("ok"), look()]})
    t.expect("states after each probe", states(t), ["OPEN"] * 4 + ["CLOSED"])
    t.expect("calls let through at the end", runs(t, "ok"), 1)


@check("R4", misconception="same-cooldown-each-time", step="look-at-the-clock")
def test_every_cooldown_is_the_same(play: Play) -> None:
    """Each new cooldown is as long as the first."""
    times = [30.5 * n - early for n in (1, 2, 3, 4) for early in (1, 0)]
    t = opened(play, {"a": [step for time in times for step in (at(time), call("bad"))]})
    seen = [span.start for span in let_through(t, "a")]
    wanted = [near(START + time) for time in times[1::2]]
    t.expect("calls let through, of two around the end of each cooldown", seen, wanted)


@check("R4", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_next_round(play: Play) -> None:
    """When the circuit has closed and opened again, there is again one probe at a time."""
    actors = {"a": [at(31), call("ok"), *FIVE, at(70), call("probe")], "b": [at(72), call("none")], "eye": looks(76)}
    t = opened(play, actors, jobs={"probe": [wait(5), give("V")]})
    t.expect("calls let through: the probe, and beside it", [runs(t, "probe"), runs(t, "none")], [1, 0])
    t.expect("state after the probe", states(t), ["CLOSED"])


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_one_at_a_time_after_each_end(play: Play) -> None:
    """However the probes before it ended, there is one probe at a time."""
    probes = [at(36), call("fails"), at(80), call("works"), at(140), call("fails")]
    actors = {"first": [at(31), call("slow")], "opener": [*OPENING, at(100), *FIVE], "eye": looks(34, 79, 139)}
    jobs = {"fails": [wait(5), fail("E")], "works": [wait(5), give("V")]}
    t = opened(play, {**actors, **crowd(*probes)}, jobs=jobs).cancel("first", at=START + 33)
    expect_run(t, "bad", "slow")
    if states(t) == ["HALF_OPEN"] * 3:  # else how probes end is not known, and that is not for this check to say
        t.expect("calls at once, after a cancelled probe, a failed one, one that succeeded", t.most_open("run"), 1)


@check("R4", misconception="look-await-act", step="probe-one-at-a-time")
def test_one_at_a_time_without_cooldown(play: Play) -> None:
    """Without a cooldown too, never more than one probe runs at a time."""
    trial = opened(
        play, crowd(at(2), call("probe"), call("probe")), jobs={"probe": [checkpoint(), fail("E")]}, cooldown=0
    )
    for t in trial.orders(10):
        t.expect("probes at once", t.most_open("run"), 1)


# -- R5: cancelled from outside ----------------------------------------------------------------------------------------
#: Each ends by the cancellation; the last one when the timeout is over.
CANCELLED = {"quick": [hang()], "past its timeout": [cleanup(wait(9)), hang()]}


@check("R1", misconception="timeout-is-silent", step="bound-the-call")
def test_timeout_of_a_probe(play: Play) -> None:
    """A probe has the same `timeout` as every other call."""
    t = opened(play, {"caller": [at(31), call("slow")]})
    t.expect("what a slow probe raised", t.one("call", "caller").errors, ["TimeoutError"])
    t.expect("when it ended", t.one("call", "caller").end, near(START + 41))
    for timeout, takes in ((10, 9.5), (70, 66)):
        jobs = {"long": [wait(takes), give("V")]}
        t = opened(play, {"caller": [at(31), call("long")]}, jobs=jobs, timeout=timeout)
        t.expect(f"how a probe of {takes} s ended, with a timeout of {timeout} s", outcomes(t), [V])


@check("R5", misconception="cancelled-is-failed", step="tell-cancellation-apart")
def test_cancelled_is_no_failure(play: Play) -> None:
    """A call that is cancelled from outside, or by a tighter deadline around it, is no failure."""
    for name in CANCELLED:
        trial = circuit(play, {**crowd(call(name)), "eye": looks(20)}, jobs=CANCELLED)
        for t in interrupted(trial, a=4, b=4, c=4, d=4):
            expect_run(t, name)
            t.expect(f"state after four cancelled calls ({name})", states(t), ["CLOSED"])


@check("R5", misconception="cancelled-is-success", step="tell-cancellation-apart")
def test_cancelled_is_no_success(play: Play) -> None:
    """A call that is cancelled is no success: the failures before and after it are in a row."""
    actors = {"eye": [*FIVE, at(20), *FIVE, look()]}
    wanted = states(circuit(play, actors, threshold=HIGH))
    for name in CANCELLED:
        trial = circuit(play, {**actors, "a": [at(1), call(name)]}, jobs=CANCELLED, threshold=HIGH)
        for t in interrupted(trial, a=4):
            expect_run(t, "bad", name)
            t.expect(f"state with five failures before and five after it ({name})", states(t), wanted)


def expect_no_trace(play: Play, then: list[Any], traces: Iterable[Trace], after: str = "a cancelled probe") -> None:
    """Fail the subject unless `then`, what ``eye`` does, goes in each run as it would had nobody called before."""
    alone = opened(play, {"eye": then}, jobs=THEN)
    alone.expect_that("the call after the cooldown", bool(let_through(alone, "eye")), "did not call func")
    for t in traces:
        t.expect(f"calls let through after {after}", len(let_through(t, "eye")), len(let_through(alone, "eye")))
        t.expect(f"states after {after}, and after the next call", states(t), states(alone))


THEN = {"fails": [wait(1), fail("E")]}


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_probe(play: Play) -> None:
    """A cancelled probe gives its place free: the circuit is still `HALF_OPEN`, and the next call is let through."""
    then = [*looks(50), call("ok"), look()]
    trials = [opened(play, {"a": [at(31), call(name)], "eye": then}, jobs=CANCELLED) for name in CANCELLED]
    expect_no_trace(play, then, [t for trial in trials for t in interrupted(trial, a=35)])


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_next_probe_at_once(play: Play) -> None:
    """The place of a probe is free as soon as the cancelled one has ended, and the next one decides."""
    then = [*looks(33.5), call("fails"), look()]
    trial = opened(play, {"a": [at(31), call("slow")], "eye": then}, jobs=THEN)
    expect_no_trace(play, then, interrupted(trial, a=33))


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_many_cancelled_probes(play: Play) -> None:
    """However many probes are cancelled, one after the other, the next call is let through."""
    probes = {who: [at(31 + 3 * n), call("slow")] for n, who in enumerate(CROWD)}
    then = [*looks(60), call("ok"), look()]
    expect_no_trace(
        play, then, interrupted(opened(play, {**probes, "eye": then}), a=33, b=36, c=39, d=42), "four of them"
    )


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_probe_cancelled_at_every_step(play: Play) -> None:
    """At whatever moment a probe is cancelled, its place is free afterwards; only how its `func` ended counts."""
    then = [*looks(40), call("ok"), look()]
    alone, succeeded = opened(play, {"eye": then}), opened(play, {"a": [at(31), call("ok")], "eye": then})
    wanted = {False: states(alone), True: states(succeeded)}
    trial = opened(
        play, {"a": [at(31), call("probe")], "eye": then}, jobs={"probe": [wait(1), checkpoint(), give("V")]}
    )
    for t in trial.cancelled("a"):
        returned = any(run.how == "returned" for run in t.all("run", "probe"))
        t.expect("calls let through after it", len(let_through(t, "eye")), 1)
        t.expect("states after it, and after the next call", states(t), wanted[returned])


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_before_it_calls(play: Play) -> None:
    """The place of a probe is free also if its caller had been cancelled when it called."""
    then = [*looks(50), call("ok"), look()]
    trial = opened(play, {"a": [at(31), cancel("a"), call("slow")], "eye": then})
    expect_no_trace(play, then, [trial])


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_while_it_cleans_up(play: Play) -> None:
    """A probe that is cancelled while it cleans up after its timeout gives its place free, whatever it counts as."""
    actors = {"a": [at(31), call("probe")], "eye": [at(90), call("ok")]}
    for t in interrupted(opened(play, actors, jobs={"probe": [cleanup(wait(5)), hang()]}), a=43):
        t.expect("calls let through when a cooldown has passed", len(let_through(t, "eye")), 1)


@check("R5", misconception="cancelled-is-failed", step="tell-cancellation-apart")
def test_cancelled_beside_others(play: Play) -> None:
    """A cancelled call does not disturb the calls beside it."""
    actors = {"a": [call("slow")], "b": [call("long")], "c": [at(1), call("wrong")]}
    jobs = {"long": [wait(9), give("V")], "wrong": [wait(7), fail("E1")]}
    for t in interrupted(circuit(play, actors, jobs=jobs, timeout=900), a=4):
        t.expect("what was returned beside it", outcomes(t, "b"), [V])
        t.expect("what was raised beside it", t.one("call", "c").errors, ["E1"])


# -- R6: late calls, and calls side by side ----------------------------------------------------------------------------
#: How calls may end that were let through before the circuit opened.
LATE = ("returned", "failed", "ran out of time", "were cancelled", "exited")


def expect_late_change_nothing(
    play: Play, actors: dict, what: str, *, end: float, hows: tuple[str, ...] = LATE[:2], **more: Any
) -> None:
    """Fail the subject unless all goes as it would without four calls that begin at -5, before it opens, until `end`."""
    lasts = end + 5
    jobs = {"probe": [wait(10), give("V")], "returned": [wait(lasts), give("V")], "failed": [wait(lasts), fail("E1")]}
    jobs |= {"ran out of time": [hang()], "were cancelled": [hang()], "exited": [wait(lasts), fail("X", "Abandon")]}
    jobs |= more.pop("jobs", {})
    alone = opened(play, {**actors, "watch": looks(0.5)}, jobs=jobs, timeout=900, **more)
    alone.expect("state after the failures, without late calls", states(alone, "watch"), ["OPEN"])
    for how in hows:
        timeout = lasts if how == "ran out of time" else 900
        t = opened(play, {**crowd(at(-5), call(how)), **actors}, jobs=jobs, timeout=timeout, **more)
        for who in CROWD if how == "were cancelled" else ():
            t = t.cancel(who, at=START + end)
        expect_run(t, how)
        through, wanted = (len(let_through(trace, "eye")) for trace in (t, alone))
        t.expect(f"states before and after late ones {how} {what}", states(t), states(alone))
        t.expect(f"calls let through after late ones {how} {what}", through, wanted)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_while_open(play: Play) -> None:
    """A call let through before the circuit opened that ends while it is open neither closes it nor prolongs the cooldown."""
    expect_late_change_nothing(play, {"eye": looks(21, 29.5, 30.5)}, "while OPEN", end=20, hows=LATE)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_while_half_open(play: Play) -> None:
    """A call let through before the circuit opened that ends while it is `HALF_OPEN` neither closes nor opens it."""
    expect_late_change_nothing(play, {"eye": [*looks(34), call("ok"), look()]}, "while HALF_OPEN", end=33)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_beside_a_probe(play: Play) -> None:
    """A call let through before the circuit opened that ends beside a probe leaves it its place and lets it decide."""
    actors = {"p": [at(31), call("probe")], "eye": [*looks(35), call("ok"), *looks(42)]}
    for end in (give("V"), fail("E")):
        expect_late_change_nothing(play, actors, "beside a probe", end=34, jobs={"probe": [wait(10), end]}, hows=LATE)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_when_closed_again(play: Play) -> None:
    """A call let through before the circuit opened that ends when it has closed again is no failure and no success."""
    actors = {"opener": OPENING * 2, "eye": [at(31), call("ok"), *FIVE, *looks(41), *FIVE, look()]}
    expect_late_change_nothing(play, actors, "between five failures and five more", end=40, hows=LATE, threshold=HIGH)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_in_a_second_cooldown(play: Play) -> None:
    """A call let through before the circuit opened that ends in a later cooldown changes nothing."""
    actors = {"p": [at(31), call("bad")], "eye": looks(46, 60.5, 61.5)}
    expect_late_change_nothing(play, actors, "after a failed probe", end=45)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_when_opened_again(play: Play) -> None:
    """A call let through before the circuit opened that ends when it has closed and opened again changes nothing."""
    actors = {"p": [at(31), call("ok"), *FIVE], "eye": looks(51, 61.5, 62.5)}
    expect_late_change_nothing(play, actors, "when it has opened again", end=50)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_more_failures_at_the_end(play: Play) -> None:
    """Of calls that fail one after the other, those after the one that opened the circuit do not prolong the cooldown."""
    jobs = {f"job{n}": [wait(n), fail("E")] for n in (2, 4, 6)}
    t = circuit(
        play, {**{name: [call(name)] for name in jobs}, "opener": [at(1), *FIVE], "eye": looks(30.5, 31.5)}, jobs=jobs
    )
    t.expect("states 29.5 and 30.5 s after the circuit opened", states(t), ["OPEN", "HALF_OPEN"])


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_many_late_calls(play: Play) -> None:
    """Calls let through before the circuit opened change nothing when they end, however many they are."""
    ends = [fail("E1"), give("V"), give(None), fail("E2", "TimeoutError")]
    jobs = {f"job{n}": [wait(1 + time), ends[n % 4]] for n, time in enumerate(play.draw(24, step=3))}
    jobs["probe"] = [wait(10), give("V")]
    eye = [*looks(15, 29.5, 30.5, 36, 42), at(45), *FIVE, *looks(50, 60), at(73), *FIVE, look()]
    actors = {"opener": OPENING * 2, "p": [at(31), call("probe")], "eye": eye}
    many = {name: [at(-1), call(name)] for name in jobs if name != "probe"}
    t, alone = (opened(play, {**actors, **more}, jobs=jobs, timeout=900, threshold=HIGH) for more in (many, {}))
    alone.expect("the first state, without late calls", states(alone)[:1], ["OPEN"])
    t.expect("states in two cooldowns, beside a probe, and with five and five failures", states(t), states(alone))


@check("R6", misconception="one-after-another", step="know-the-late-ones", core=False)
def test_side_by_side(play: Play) -> None:
    """While `CLOSED`, calls do not wait for each other, however many they are."""
    for first, begin, crowded in ({}, 1, 101), ({"opener": [*OPENING, at(31), call("ok")]}, 33, 5):
        callers = {f"caller{n}": [at(begin), call("long")] for n in range(crowded)}
        t = circuit(play, {**first, **callers}, jobs={"long": [wait(3)]}, timeout=900)
        expect_run(t, "long")
        last = max(run.end or 0 for run in t.all("run", "long"))
        t.expect(f"when {crowded} calls of 3 s had ended", last, near(START + begin + 3))


# -- R7, G8: the constructor -------------------------------------------------------------------------------------------
@check("R7", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments(play: Play) -> None:
    """`threshold < 1`, `timeout <= 0` and `cooldown < 0` raise `ValueError` from the constructor, each by itself."""
    expect_run(circuit(play, {"caller": [call("ok")]}), "ok")
    for name, values in {"threshold": (0, -1), "timeout": (0, -0.5), "cooldown": (-0.001, -30)}.items():
        for value in values:
            t = circuit(play, {"caller": [call("ok")]}, **{name: value})
            t.expect(f"CircuitBreaker with {name}={value}", outcome(t.call), "ValueError")


@check("R7", misconception="arguments-are-right", step="bound-the-call")
def test_smallest_arguments(play: Play) -> None:
    """A `threshold` of 1, a `timeout` of a moment and a `cooldown` of 0 are legal."""
    t = circuit(play, {"caller": [look()]}, threshold=1, timeout=0.001, cooldown=0)
    t.expect("how the constructor ended", t.call.how, "returned")


@check("R7", misconception="clock-in-the-constructor", step="look-at-the-clock")
def test_made_before_the_loop(play: Play) -> None:
    """The constructor needs no event loop: a breaker can be made at the top of a module, and works."""
    t = circuit(play, {"eye": [look(), call("ok"), *FIVE, look()]}, before_the_loop=True)
    t.expect("how the constructor ended", t.call.how, "returned")
    t.expect("states: new, and after failures", states(t), ["CLOSED", "OPEN"])


@check("R7", misconception="zero-is-none", step="look-at-the-clock")
def test_no_cooldown(play: Play) -> None:
    """With `cooldown=0` a call is let through again, as a probe, a moment after the circuit opened."""
    t = opened(play, {"a": [at(1), call("ok")]}, cooldown=0)
    t.expect("calls let through 1 s after failures", len(let_through(t, "a")), 1)


@check("G8", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` when the breaker is made, not later; good ones do not."""
    expect_run(circuit(play, {"caller": [call("ok")]}), "ok")
    t = circuit(play, {"caller": [call("ok")]}, threshold=0, timeout=-1, cooldown=-1)
    t.expect("what the constructor raised", outcome(t.call), "ValueError")


# -- G: rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="bound-the-call")
def test_both_backends(play: Play) -> None:
    """The file runs on asyncio and on trio."""
    t = circuit(play, {"eye": [call("ok"), call("slow"), look()]}, threshold=HIGH)
    t.expect(
        "how a call of 1 s ended, and one that ran out of time", [s.how for s in t.all("call")], ["returned", "raised"]
    )
    t.expect("state", states(t), ["CLOSED"])


def every_end(play: Play, *, scale: float = 1, rounds: int = 1) -> Any:
    """Return a trial with every kind of call, at the end of which the circuit is closed."""
    jobs = {"late": [cleanup(wait(scale)), wait(50 * scale), give("V")], "fails": [wait(scale), fail("E")]}
    opening = [call("ok"), call("late"), call("fails"), *FIVE, call("ok")]
    script = [*opening, wait(31 * scale), call("late"), wait(31 * scale), call("ok")] * rounds
    return circuit(play, {"caller": script}, jobs=jobs, timeout=10 * scale, cooldown=30 * scale)


def open_streams(t: Trace) -> int:
    return len(t.data["probes"]["left"].get("streams", []))


@check("G2", misconception="left-for-later", step="probe-one-at-a-time")
def test_nothing_left(play: Play) -> None:
    """When a call has ended, however it ended, no task, stream or lock of it is left."""
    t, twice = every_end(play), every_end(play, rounds=2)
    expect_run(t, "ok", "late")
    for span in t.all("call", "caller"):
        t.expect_nothing_left(span, but=["streams"])
    # A stream may belong to the breaker; those of calls become more and more.
    twice.expect("open streams, when all calls were made twice", open_streams(twice), at_most(open_streams(t)))


@check("G2", misconception="left-for-later", step="probe-one-at-a-time")
def test_nothing_left_when_cancelled(play: Play) -> None:
    """When a call was cancelled from outside, at any moment, no task, stream or lock of it is left."""
    for opener, begin in ([], 1), (OPENING, 31):
        actors = {"opener": opener, "caller": [at(begin), call("ok")], "next": [at(begin + 9), call("ok")]}
        undisturbed, *cancelled = circuit(play, actors, jobs={"ok": [wait(1), checkpoint()]}).cancelled("caller")
        expect_run(undisturbed, "bad" if opener else "ok")
        for t in cancelled:
            for span in t.all("call"):
                t.expect_nothing_left(span, but=["streams"])
            t.expect("open streams", open_streams(t), at_most(open_streams(undisturbed)))


@check("G3", misconception="shield-everything", step="tell-cancellation-apart")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside takes effect at once, at any moment of a call, and the call ends by it."""
    for opener, begin in (([], 1), (OPENING, 31)):
        actors = {"opener": opener, "caller": [at(begin), call("work")]}
        for t in circuit(play, actors, jobs={"work": [wait(1), checkpoint(), wait(2)]}).cancelled("caller"):
            if not t.notes("cancel"):
                expect_run(t, "bad" if opener else "work")
            expect_cancelled(t)


@check("G3", misconception="shield-everything", step="tell-cancellation-apart")
def test_cancelled_in_a_long_wait(play: Play) -> None:
    """A call that is cancelled, or whose deadline around it strikes, ends at once; only a cleanup of `func` is waited for."""
    for opener, begin in (([], 1), (OPENING, -1), (OPENING, 31)):
        actors = {"opener": opener, "caller": [at(begin), call("hangs")]}
        trial = circuit(play, actors, jobs={"hangs": [cleanup(wait(4)), hang()]})
        for t in interrupted(trial, caller=begin + 3):
            expect_run(t, "bad" if opener else "hangs")
            expect_cancelled(t, cleanup_takes=4)
            for span in let_through(t, "caller"):
                t.expect("how the call ended", span.how, "cancelled")


def expect_cancelled(t: Trace, cleanup_takes: float = 0) -> None:
    """Fail the subject unless a call that was cancelled ended by it, at that time or when `func` had cleaned up."""
    t.expect_cancellation_passes()
    for struck in t.notes("cancel", "caller"):
        t.expect("when the cancelled call ended", t.one("call", "caller").end, at_most(struck["t"] + cleanup_takes))


@check("G4", misconception="blocking-is-short", step="look-at-the-clock")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop, whether it is let through, refused, runs out of time or is cancelled."""
    actors = {"caller": [at(31), call("slow")], "other": [at(32), call("ok")]}
    cancelled = opened(play, actors).cancel("caller", at=START + 35)
    for t, job in ((every_end(play), "late"), (cancelled, "bad")):
        t.expect_not_blocked()
        expect_run(t, job)


EXITS = {
    "exit": [wait(1), fail("X", "Abandon")],
    "instant": [fail("X", "Abandon")],
    "at once": [at_once(), fail("X", "Abandon")],
}


@check("G5", misconception="catch-everything", step="count-failures")
def test_exits_pass(play: Play) -> None:
    """What is no `Exception`, such as `SystemExit`, goes through `call` and is no failure."""
    t = circuit(play, {"eye": [*[call("exit"), call("instant")] * 2, look()]}, jobs=EXITS)
    for span in t.all("call"):
        t.expect("what left the call", span.errors, ["X"])
    t.expect("state after four of them", states(t), ["CLOSED"])


@check("G5", misconception="catch-everything", step="count-failures")
def test_groups_with_exits_are_no_failure(play: Play) -> None:
    """A group that holds what is no `Exception`, such as `SystemExit`, is no `Exception` and no failure either."""
    jobs = {"exits": [wait(1), fail("X", "BaseExceptionGroup")]}
    t = circuit(play, {"eye": [*[call("exits")] * 4, look()]}, jobs=jobs)
    expect_run(t, "exits")
    t.expect("state after four of them", states(t), ["CLOSED"])


@check("G5", misconception="catch-everything", step="count-failures")
def test_exits_are_no_success(play: Play) -> None:
    """What is no `Exception`, such as `SystemExit`, is no success: the failures before and after it are in a row."""
    t, without = (
        circuit(play, {"eye": [*FIVE, *between, *FIVE, look()]}, jobs=EXITS, threshold=HIGH)
        for between in ([call("exit")], [])
    )
    expect_run(t, "bad", "exit")
    t.expect("state with five failures before and five after it", states(t), states(without))


@check("G5", misconception="catch-everything", step="probe-one-at-a-time")
def test_exits_give_the_place_back(play: Play) -> None:
    """A probe that ends by what is no `Exception`, such as `SystemExit`, gives its place free."""
    for job in EXITS:
        t, without = (
            opened(play, {"eye": [at(31), *first, *looks(33), call("ok"), look()]}, jobs=EXITS)
            for first in ([call(job)], [])
        )
        expect_run(t, "bad")
        t.expect("states after it, and after the next call", states(t), states(without))


@check("G6", misconception="look-again-and-again", step="look-at-the-clock")
def test_no_busy_waiting(play: Play) -> None:
    """Nobody looks again and again: waits that are a thousand times longer take no more wake-ups."""
    short, long = every_end(play).steps, every_end(play, scale=1000)
    expect_run(long, "ok", "late")
    long.expect("wake-ups when all times are 1000 times longer", long.steps, at_most(short + 20))


@check("G9", misconception="jobs-are-coroutines", step="bound-the-call")
def test_kinds_of_func(play: Play) -> None:
    """`func` is any callable that returns an awaitable: a partial, a method, an object, a plain function."""
    forms = {form: [form] for form in ("partial", "method", "instance", "function")}
    jobs = {name: [wait(1), give("V")] for name in forms} | {"awaitable": [awaitable(), wait(1), give("V")]}
    t = circuit(play, {"caller": [call(name, "A") for name in jobs]}, jobs=jobs, forms=forms)
    t.expect("how the calls ended", [span.how for span in t.all("call")], ["returned"] * 5)
    t.expect("how often each was called", [runs(t, name) for name in jobs], [1] * 5)


@check("G9", misconception="jobs-are-coroutines", step="count-failures")
def test_raises_at_once(play: Play) -> None:
    """A `func` that raises when it is called, before there is anything to await, has failed like one that raises later."""
    jobs = {"raises": [at_once(), fail("E1")]}

    def seen(job: str) -> list[Any]:
        t = circuit(
            play, {"eye": [*[call(job)] * 4, *looks(5, 31), call(job), look(), wait(31), call("ok"), look()]}, jobs=jobs
        )
        return [t, states(t)]

    (t, found), (_, wanted) = seen("raises"), seen("bad")
    expect_run(t, "raises")
    t.expect("states after failures, after a failed probe, after the next call", found, wanted)
