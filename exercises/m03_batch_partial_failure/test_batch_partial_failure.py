"""Public checks of m03: run them with `pytest exercises/m03_batch_partial_failure`."""

from typing import Any

from grader import (
    Play,
    SentencePart,
    Trial,
    at_most,
    at_once,
    awaitable,
    check,
    fail,
    give,
    hang,
    near,
    token,
    verb,
    wait,
)

START = 2.5
AFTER = "s after the call"
tries = verb("tries")

#: Four items, one of which fails.
JOBS = {"a": [wait(3), give("A")], "b": [wait(1), fail("E")], "c": [wait(2), give("C")], "d": [wait(4.5), give("D")]}


def batch(play: Play, jobs: dict[str, Any], **plan: Any) -> Trial:
    """A batch of these items, called at `START`; ten slots if the plan does not say otherwise."""
    return play(**{"start": START, "limit": 10, "jobs": jobs, **plan})


def settled(t: Trial, what: str, who: str | None = None) -> dict[Any, Any]:
    """What the result holds under `succeeded` or `failed`, by index."""
    t.expect_that("the result", t.call.value is not None, "run_batch returned None")
    pairs = t.first(t.notes(what, who), what, "is not there")["value"]
    t.expect_that("the result", isinstance(pairs, list), str(pairs))
    pairs.sort(key=lambda pair: pair[0] if type(pair[0]) is int else -1)
    return {key if type(key) is int else repr(key): value for key, value in pairs}


def after(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def expect_settled(t: Trial, succeeded: dict[int, Any], failed: dict[int, Any]) -> None:
    """Fails unless the result is just that."""
    values, errors = settled(t, "succeeded"), settled(t, "failed")
    lost = failed and not set(succeeded) <= {*values, *errors}
    part = "When an item fails, the others are still worked on." if lost else ""
    if lost and min({*succeeded, *failed} - {*values, *errors}) > max({*values, *errors}, default=-1):
        part = "Every item is worked on, the last one too."
    if not t.all("work"):
        part = "`worker` is called for each item."
    both = set(values) & set(errors)
    if set(values) & set(failed):
        part = "An item that failed is in `failed`, not in `succeeded`."
    t.expect("succeeded", values, succeeded, part="An item that failed is in `failed` alone." if both else part)
    part = "`failed` holds the very exception that the worker raised." if set(errors) == set(failed) else ""
    t.expect("failed", errors, failed, part=part)


def expect_some_work(t: Trial) -> None:
    """Fails unless `worker` was called at all: else nothing is shown."""
    t.expect_that("worker", bool(t.all("work")), "was not called")


@check("R1", misconception="finishing-order", step="failure-is-a-result")
def test_every_item_is_settled(play: Play) -> None:
    """Values are in `succeeded`, exceptions in `failed`, each under the index of its item."""
    t = batch(play, JOBS)
    expect_settled(t, {0: token("A"), 2: token("C"), 3: token("D")}, {1: token("E")})


@check("R1", misconception="state-of-all-calls", step="failure-is-a-result")
def test_another_batch(play: Play) -> None:
    """Each call has a result of its own: nothing of another batch is in it."""
    other = {"jobs": {"c": [wait(2), give("C")]}, "limit": 1}
    t = batch(play, {"a": [wait(1), give("A")], "b": [wait(4), give("B")]}, beside=other)
    t.expect("succeeded", settled(t, "succeeded", "caller"), {0: token("A"), 1: token("B")})
    t.expect("succeeded, in the other batch", settled(t, "succeeded", "other"), {0: token("C")})


@check("R1", misconception="item-as-key", step="failure-is-a-result")
def test_equal_items(play: Play) -> None:
    """Items that are equal to each other are told apart by their index; `items` may be any sequence, also a tuple."""
    t = batch(play, JOBS, alike=True, fixed=True)
    t.expect("succeeded", settled(t, "succeeded"), {0: token("A"), 2: token("C"), 3: token("D")})


@check("R1", misconception="nothing-to-do", step="failure-is-a-result")
def test_nothing_is_something(play: Play) -> None:
    """Items and values such as `None` and 0 are like any other; an empty batch gives an empty result."""
    t = batch(play, {"a": [wait(1), give(None)], "b": [wait(2), give(0)]}, things={"a": None, "b": 0}, limit=1)
    t.expect("succeeded", settled(t, "succeeded"), {0: None, 1: 0})
    t = batch(play, {})
    t.expect_that("run_batch", t.call.how == "returned", t.call.ending, part="An empty batch gives an empty result.")
    t.expect("succeeded, of an empty batch", settled(t, "succeeded"), {})


@check("R1", misconception="special-errors", step="failure-is-a-result")
def test_kinds_of_errors(play: Play) -> None:
    """Whatever `Exception` a worker raises, also one that your own code might, is a failure of the item."""
    kinds = ["TimeoutError", "TypeError", "KeyError", "EndOfStream", "ClosedResourceError"]
    t = batch(play, {kind: [wait(1 + n), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)})
    t.expect("failed", settled(t, "failed"), {n: token(f"E{n}") for n in range(len(kinds))})


@check("R2", misconception="limit-is-a-hint", step="bound-how-many")
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` calls of `worker` run at once."""
    t = batch(play, {f"i{n}": [wait(1 + n / 4), give(n)] for n in range(6)}, limit=2)
    expect_some_work(t)
    t.expect("worker calls at once", t.most_open("work"), at_most(2))


@check("R2", misconception="called-is-not-running", step="bound-how-many")
def test_called_with_a_slot(play: Play) -> None:
    """`worker` is not called before there is a slot for it: the call of a plain function may begin the work."""
    t = batch(play, {f"i{n}": [wait(1), give(n)] for n in range(4)}, limit=2, form="function")
    expect_some_work(t)
    t.expect("calls in the first half second", len([c for c in t.notes("called") if c["t"] < START + 0.5]), at_most(2))


@check("R2", misconception="chunks", step="bound-how-many")
def test_limit_is_used(play: Play) -> None:
    """When a call ends, the next one starts at that moment."""
    t = batch(play, {f"i{n}": [wait(1 + n), give(n)] for n in range(5)}, limit=2)
    ends = sorted(work.end for work in t.all("work") if work.end is not None)
    starts = sorted(work.start for work in t.all("work"))
    what = "counted from the call, workers started at"
    t.expect(what, [after(moment) for moment in starts], [near(moment - START) for moment in (START, START, *ends[:3])])


@check("R3", misconception="failure-ends-the-batch", step="failure-is-a-result")
def test_failure_disturbs_nobody(play: Play) -> None:
    """When an item fails, the others run on, and those that wait are still worked on."""
    for limit in (1, 4):
        t = batch(play, JOBS, limit=limit)
        works = {work.who: work.how for work in reversed(t.all("work"))}
        ended = {who: works.get(who, "was not called") for who in ("a", "c", "d")}
        t.expect("how the other workers ended", ended, dict.fromkeys("acd", "returned"))


@check("R4", misconception="off-by-one", step="try-again-without-a-slot", core=False)
def test_pauses(play: Play) -> None:
    """Attempt 2 starts `backoff` after attempt 1 failed, attempt 3 twice that after attempt 2; then it is over."""
    t = batch(play, {"a": [wait(1), fail("E")]}, attempts=3, backoff=5)
    what = "counted from the call, attempts started at"
    starts = [work.start - START for work in t.all("work")]
    part = "An item that fails is tried `attempts` times in all, not more." if len(starts) > 3 else ""
    if len(starts) < 3:
        part = "An item that fails is tried again, `attempts` times in all."
    t.expect(what, starts, [near(0), near(6), near(17)], part=part)
    t.expect("the call took", t.call.took, near(18), part="There is no pause after the last attempt.")


@check("R4", misconception="retry-holds-slot", step="try-again-without-a-slot", core=False)
def test_pause_without_slot(play: Play) -> None:
    """While an item waits to be retried, another one can run in its slot."""
    jobs = {who: tries([wait(1), fail(f"E{who}")], [wait(1), give(who)]) for who in ("a", "b")}
    t = batch(play, jobs, limit=1, attempts=2, backoff=20)
    starts = sorted(t.one("work", who).start - START for who in jobs)
    t.expect("counted from the call, the first attempts of a and b started at", starts, [near(0), at_most(1)])


@check("R5", misconception="late-is-no-failure", step="bound-each-attempt", core=False)
def test_late_attempt(play: Play) -> None:
    """An attempt that takes longer than `timeout` is cancelled and has failed with `TimeoutError`."""
    t = batch(play, {"late": [hang()], "quick": [wait(4), give("Q")]}, timeout=5, limit=1)
    late = t.one("work", "late")
    took = None if late.cancelled_at is None else late.cancelled_at - late.start
    t.expect("the attempt of `late` was cancelled after", took, near(5))
    failed = list(settled(t, "failed").values())
    sentence = "`timeout` counts from the call of `worker`: waiting for a slot is not part of it."
    queue = SentencePart(sentence, misconception="timeout-with-queue", step="bound-each-attempt")
    part = queue if len(failed) > 1 else ""
    t.expect("exceptions in failed", failed, ["TimeoutError"], part=part)


@check("R6", misconception="finishing-order", step="tell-all-failures")
def test_failures_in_index_order(play: Play) -> None:
    """`raise_for_failures()` raises an `ExceptionGroup` of the failures, in index order, also if there is only one."""
    jobs = {"a": [wait(3), fail("E1", "ExceptionGroup")], "b": [wait(2), give("B")], "c": [wait(1), fail("E2")]}
    for these in (jobs, {"a": [fail("E1")]}):
        t = batch(play, these, ask=1)
        failures = list(settled(t, "failed").values())
        asked, part = t.one("raise_for_failures"), ""
        if asked.how == "returned":
            part = "`raise_for_failures()` raises if something failed."
        elif len(failures) == 1:
            part = "A single failure is raised in an `ExceptionGroup` too."
        t.expect_that("raise_for_failures()", bool(t.notes("members")), "raised no group", part=part)
        if len(failures) > 1:
            part = "`raise_for_failures()` raises an `ExceptionGroup` of all failures, not one of them."
            t.expect_that("raise_for_failures()", asked.raised != "E1", "raised E1, which is a group itself", part=part)
        members = t.notes("members")[0]["value"]
        part = ""
        if len(members) > len(failures):
            part = "A failure that is a group itself is one member of the group that is raised."
        elif sorted(members, key=repr) == sorted(failures, key=repr):
            part = "The failures in the group are in the order of the indices, not in that in which they failed."
        t.expect("exceptions in the group", members, failures, part=part)


@check("R6", misconception="raises-anyway", step="tell-all-failures")
def test_nothing_failed(play: Play) -> None:
    """`raise_for_failures()` returns if nothing failed."""
    t = batch(play, {"a": [wait(1), give("A")]}, ask=1)
    expect_some_work(t)
    _ = t.call.value
    t.expect("raise_for_failures() returned", t.one("raise_for_failures").value, None)


@check("R7", misconception="refused-too-late", step="bound-how-many")
def test_bad_arguments(play: Play) -> None:
    """`limit` or `attempts` below 1 raises `ValueError`, also for an empty batch, and no worker is called; with 1 it is."""
    expect_some_work(batch(play, {"a": JOBS["a"]}, limit=1, attempts=1))
    for jobs in (JOBS, {}):
        for options in ({"limit": 0}, {"attempts": 0}):
            t = batch(play, jobs, **options)
            name = f"run_batch with {' and '.join(f'{option}={number}' for option, number in options.items())}"
            part = "" if jobs else "Bad arguments raise `ValueError` also for an empty batch."
            t.expect_that(
                name, "ValueError" in t.call.errors, f"{t.call.ending}, where it should raise `ValueError`", part=part
            )
            t.expect(
                f"calls of worker by {name}", len(t.notes("called")), 0, part="With bad arguments no worker is called."
            )


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through")
def test_cancelled(play: Play) -> None:
    """Cancelled from outside, the call ends at once and calls no worker afterwards."""
    t = batch(play, {f"i{n}": [wait(9), give(n)] for n in range(5)}, limit=2).cancel("caller", at=START + 4)
    expect_some_work(t)
    part = "Cancelled from outside, the call ends at once."
    t.expect("the call, cancelled 4 s after it began, took", t.call.took, near(4), part=part)
    late = [work.who for work in t.all("work") if work.start > START + 1 and work.how != "cancelled"]
    t.expect("workers called afterwards", late, [], part="Once the call was cancelled, no further worker is called.")


@check("G1", misconception="asyncio-is-everywhere", step="bound-how-many")
def test_both_backends(play: Play) -> None:
    """The file works unchanged on asyncio and on trio."""
    t = batch(play, JOBS, limit=1)
    t.expect_that("on this backend", t.call.how == "returned", f"run_batch {t.call.ending}")
    expect_some_work(t)


@check("G2", misconception="streams-close-themselves", step="bound-how-many")
def test_nothing_left(play: Play) -> None:
    """When the call ends, also by a cancellation, no task, stream or lock of it is left."""
    for t in (batch(play, JOBS, limit=2), batch(play, JOBS, limit=2).cancel("caller", at=START + 1.7)):
        expect_some_work(t)
        t.expect("left behind by run_batch", t.call.left, {})


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside is neither a result nor a failure, also of an item that waits: the call ends cancelled."""
    for limit in (1, 10):
        jobs = {"a": [wait(1), give("A")], "b": [hang()], "c": [hang()]}
        t = batch(play, jobs, limit=limit).cancel("caller", at=START + 4)
        expect_some_work(t)
        t.expect_that("cancelled from outside", t.call.how != "returned", "run_batch returned all the same")


@check("G4", misconception="blocking-is-short", step="bound-how-many")
def test_loop_not_blocked(play: Play) -> None:
    """No call blocks the event loop."""
    t = batch(play, JOBS, limit=1)
    t.expect_not_blocked()
    expect_some_work(t)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, is not a failure: it leaves the call."""
    for kind in play.interrupts:
        t = batch(play, {"a": [wait(1), fail("X", kind)], "b": [wait(2), give("B")]})
        t.expect_that(
            "the call", "X" in t.call.errors, f"{t.call.ending}, where the {kind} of the worker should leave it"
        )


@check("G6", misconception="look-again-and-again", step="bound-how-many")
def test_no_polling(play: Play) -> None:
    """Tasks sleep until a slot is free: a longer batch takes no more wake-ups."""
    short, long = (batch(play, {n: [wait(t), give(n)] for n in ("a", "b", "c")}, limit=1) for t in (1, 500))
    t = long
    expect_some_work(t)
    words = f"wake-ups, where the batch with shorter waits took {short.call.steps}"
    t.expect(words, t.call.steps, at_most(2 * short.call.steps + 20))


@check("G8", misconception="refused-too-late", step="bound-how-many")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError`, not one in a group; good ones do not."""
    expect_some_work(batch(play, {"a": JOBS["a"]}, limit=1))
    t = batch(play, JOBS, limit=0)
    seen = f"{t.call.ending}, where it should raise a bare `ValueError`"
    t.expect_that("run_batch with limit=0", t.call.raised == "ValueError", seen)


@check("G9", misconception="worker-is-a-coroutine-function", step="failure-is-a-result")
def test_worker_raises_when_called(play: Play) -> None:
    """`worker` may be a plain function; if it raises when it is called, the item has failed."""
    jobs = {"a": [at_once(), fail("E")], "b": [awaitable(), wait(1), give("B")]}
    t = batch(play, jobs, form="function", limit=1)
    t.expect("number of failed items", len(settled(t, "failed")), 1)
    part = "What `worker` returns is awaited, whatever kind of awaitable it is."
    t.expect("values in succeeded", list(settled(t, "succeeded").values()), [token("B")], part=part)
