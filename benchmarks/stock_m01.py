"""The public checks of m01 as ordinary tests in real time: what an instructor with nbgrader alone would write.

Each function is a cell of a notebook that `benchmarks/stock_nbgrader.py` makes; it gets the learner's function, and what
the function puts in the place of a late job. A second of the exercise is `UNIT` of real time here, and a time may be
off by `SLACK`: less, and a right file would fail on a busy machine. Three things have no translation: that nobody looks
again and again (wake-ups cannot be counted from outside), other orders of what happens at the same time, and `SystemExit`,
which would end the test itself.
"""

import math
import threading
import time
from contextlib import suppress
from functools import partial

import anyio

UNIT = 0.1
SLACK = 0.8 * UNIT
LIMIT = 5
"""Seconds for one test: twice what the longest needs. What does not end goes on in its thread."""


class Failed(Exception):
    """What the learner's jobs raise."""


class Abandon(BaseException):
    """What is not an `Exception`."""


def run(test, function, late):
    """Run a test on both backends, each in a thread: the kernel's own event loop is running already."""
    for backend in ("asyncio", "trio"):
        ended = []

        def play(backend=backend, ended=ended):
            try:
                anyio.run(test, function, late, backend=backend)
            except BaseException as error:  # noqa: BLE001 - it is told in the test's own thread
                ended.append(error)
            else:
                ended.append(None)

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        thread.join(LIMIT)
        assert ended, f"{backend}: it does not end"
        assert ended[0] is None, f"{backend}: {ended[0]!r}"


async def give(delay, value):
    await anyio.sleep(delay * UNIT)
    return value


async def fail(delay, error):
    await anyio.sleep(delay * UNIT)
    raise error


async def fail_late(error):
    try:
        await anyio.sleep_forever()
    finally:
        raise error


async def clean_up(seconds, log):
    try:
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(seconds * UNIT)
        log.append(time.monotonic())


def is_near(began, seconds):
    return math.isclose(time.monotonic() - began, seconds * UNIT, rel_tol=0, abs_tol=SLACK)


def errors_in(error):
    if isinstance(error, BaseExceptionGroup):
        return [each for inner in error.exceptions for each in errors_in(inner)]
    return [error]


async def errors_of(function, jobs, units):
    try:
        await function(jobs, timeout=units * UNIT)
    except Exception as error:  # noqa: BLE001 - whatever leaves the call
        return errors_in(error)
    return []


async def test_order_of_jobs(function, late):
    jobs = [partial(give, 3, "a"), partial(give, 1, "b"), partial(give, 2, "c")]
    assert await function(jobs, timeout=60 * UNIT) == ["a", "b", "c"]
    values = iter("ab")

    async def job():
        return await give(1, next(values))

    assert sorted(await function([job, job], timeout=60 * UNIT)) == ["a", "b"]


async def test_no_jobs(function, late):
    assert await function([], timeout=5 * UNIT) == []


async def test_none_is_a_value(function, late):
    error = Failed("returned")
    found = await function([partial(give, 1, None), partial(give, 2, error)], timeout=60 * UNIT)
    assert found == [None, error]


async def test_several_calls(function, late):
    found = {}

    async def call(name, begin, *values):
        await anyio.sleep(begin * UNIT)
        jobs = [partial(give, delay, value) for delay, value in values]
        found[name] = await function(jobs, timeout=60 * UNIT)

    async with anyio.create_task_group() as group:
        group.start_soon(call, "first", 0, (2, "b"), (5, "a"))
        group.start_soon(call, "second", 1, (1, "c"), (2, "b"))
    await errors_of(function, [partial(fail, 0, Failed()), partial(give, 1, "a")], 60)
    await call("fourth", 0, (1, "a"))
    assert found == {"first": ["b", "a"], "second": ["c", "b"], "fourth": ["a"]}


async def test_at_the_same_time(function, late):
    began = time.monotonic()
    await function([partial(give, 3, None)] * 12, timeout=60 * UNIT)
    assert is_near(began, 3)
    began = time.monotonic()
    await function([partial(clean_up, 3, []), partial(clean_up, 2, [])], timeout=10 * UNIT)
    assert is_near(began, 13)


async def test_timeout_from_the_call_on(function, late):
    found = await function([partial(give, 8, "a"), anyio.sleep_forever], timeout=10 * UNIT)
    assert found == ["a", late]


async def test_timeout_of_each_call(function, late):
    ends = []

    async def call(begin):
        await anyio.sleep(begin * UNIT)
        began = time.monotonic()
        await function([anyio.sleep_forever], timeout=10 * UNIT)
        ends.append(is_near(began, 10))

    async with anyio.create_task_group() as group:
        group.start_soon(call, 0)
        group.start_soon(call, 3)
    assert ends == [True, True]


async def test_late_job(function, late):
    jobs = [partial(give, 1, "a"), anyio.sleep_forever, partial(give, 3, "c")]
    assert await function(jobs, timeout=10 * UNIT) == ["a", late, "c"]


async def test_cleanup_has_finished(function, late):
    log, began = [], time.monotonic()
    await function([partial(clean_up, 3, log), partial(give, 1, "b")], timeout=10 * UNIT)
    assert log
    assert is_near(began, 13)


async def test_error_leaves(function, late):
    one, two, began = Failed("one"), Failed("two"), time.monotonic()
    assert one in await errors_of(function, [partial(fail, 2, one), partial(give, 50, "b")], 60)
    assert is_near(began, 2)
    began = time.monotonic()
    assert two in await errors_of(function, [partial(give, 50, "a"), partial(fail, 2, two)], 60)
    assert is_near(began, 2)
    assert {one, two} & {*await errors_of(function, [partial(fail, 2, one), partial(fail_late, two)], 60)}


async def test_error_of_a_late_job(function, late):
    for error in (ValueError("late"), TimeoutError("late")):

        async def job(error=error):
            with suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep_forever()
            raise error

        assert error in await errors_of(function, [job, partial(give, 1, "b")], 10)


async def test_own_timeout_error(function, late):
    error = TimeoutError("the job's own")
    for others in ([partial(give, 5, "b")], []):
        assert error in await errors_of(function, [partial(fail, 2, error), *others], 10)


async def test_cancelled_from_outside(function, late):
    log, found = [], []
    with anyio.move_on_after(4 * UNIT) as scope:
        found.append(await function([partial(give, 1, "a"), partial(clean_up, 2, log)], timeout=60 * UNIT))
    assert scope.cancelled_caught
    assert found == []
    assert log


async def test_value_after_the_timeout(function, late):
    async def job():
        with anyio.CancelScope(shield=True):
            await anyio.sleep(12 * UNIT)
        return "a"

    assert await function([job, partial(give, 1, "b")], timeout=10 * UNIT) in (["a", "b"], [late, "b"])


async def test_deadline_of_the_caller(function, late):
    for seconds in (0, 12):
        with anyio.move_on_after(4 * UNIT) as scope:
            await function([partial(clean_up, seconds, [])], timeout=10 * UNIT)
        assert scope.cancelled_caught


async def test_nothing_left(function, late):
    before = len(anyio.get_running_tasks())
    await function([partial(give, 1, "a"), partial(give, 50, "b")], timeout=10 * UNIT)
    assert len(anyio.get_running_tasks()) == before
    await errors_of(function, [partial(fail, 1, Failed()), partial(give, 50, "b")], 10)
    assert len(anyio.get_running_tasks()) == before


async def test_cancellation_is_not_delayed(function, late):
    began = time.monotonic()
    with anyio.move_on_after(4 * UNIT) as scope:
        await function([partial(give, 50, "a")], timeout=60 * UNIT)
    assert scope.cancelled_caught
    assert is_near(began, 4)


async def test_nothing_blocks(function, late):
    gaps = []

    async def tick():
        while True:
            began = time.monotonic()
            await anyio.sleep(UNIT / 5)
            gaps.append(time.monotonic() - began)

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        await function([partial(give, 1, "a"), partial(give, 50, "b")], timeout=10 * UNIT)
        group.cancel_scope.cancel()
    assert max(gaps) < 2 * UNIT


async def test_other_exceptions_pass(function, late):
    error = Abandon()
    for jobs in ([partial(fail, 2, error), partial(fail_late, Failed())], [partial(fail_late, error)]):
        seen = []
        try:
            await function(jobs, timeout=10 * UNIT)
        except BaseException as left:  # noqa: BLE001 - it is looked at
            seen = errors_in(left)
        assert error in seen


async def test_kinds_of_jobs(function, late):
    class Job:
        def __call__(self):
            return give(2, "b")

    assert await function([partial(give, 1, "a"), Job()], timeout=60 * UNIT) == ["a", "b"]


async def test_job_that_cannot_be_called(function, late):
    error = Failed("at once")

    def job():
        raise error

    assert error in await errors_of(function, [job, partial(give, 50, "b")], 60)
