"""`run` and `record`: what a cell gets back, on either backend, and what stands in the picture."""

import asyncio
import contextlib
import gc
import time
import xml.etree.ElementTree as ET

import anyio
import pytest
import trio

from grader.notebook import Stuck, record, run

BACKENDS = ["asyncio", "trio"]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


async def job(name, wait):
    await anyio.sleep(wait)
    return name


async def two_jobs():
    with anyio.move_on_after(5) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(job, "a", 2)
            group.start_soon(job, "b", 60, name="late")
    return scope.cancelled_caught


async def deadlock():
    a, b = anyio.Lock(), anyio.Lock()

    async def both(first, second):
        async with first:
            await anyio.sleep(1)
            async with second:
                pass

    async with anyio.create_task_group() as group:
        group.start_soon(both, a, b, name="left")
        group.start_soon(both, b, a, name="right")


async def bounded_cleanup():
    with anyio.move_on_after(2):
        try:
            await anyio.sleep(9)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(1)


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_run_gives_what_the_function_returns(backend, clock):
    assert run(job, "a", 0.01, backend=backend, clock=clock) == "a"


def test_virtual_time_takes_no_time_and_begins_at_zero(backend):
    async def main():
        began = anyio.current_time()
        await anyio.sleep(3600)
        return began, anyio.current_time()

    before = time.monotonic()
    assert run(main, backend=backend) == (pytest.approx(0, abs=1e-6), pytest.approx(3600))
    assert time.monotonic() - before < 60


def test_run_raises_what_the_function_raises_with_the_lines_of_the_cell_alone(backend):
    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(fails)

    async def fails():
        raise KeyError("gone")

    with pytest.raises(ExceptionGroup) as caught:
        run(main, backend=backend)
    (inner,) = caught.value.exceptions
    assert isinstance(inner, KeyError)
    frames = [frame.name for frame in caught.traceback]
    assert [name for name in frames if name not in {"run", "main"} and not name.startswith("test_")] == []
    assert inner.__traceback__.tb_frame.f_code.co_name == "fails"
    assert inner.__traceback__.tb_next is None


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_running_loop_is_left_and_found_again(backend, clock):
    async def kernel():
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert run(job, "inner", 0.01, backend=backend, clock=clock) == "inner"
        assert asyncio.get_running_loop() is loop
        assert asyncio.current_task() is task
        await asyncio.sleep(0)
        return "outer"

    assert asyncio.run(kernel()) == "outer"


def test_a_thread_works_under_virtual_time(backend):
    async def main():
        return await anyio.to_thread.run_sync(lambda: 7)

    assert run(main, backend=backend) == 7


def test_a_thread_calls_back_into_the_loop_in_every_run(backend):
    async def main():
        await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 3)
        return round(anyio.current_time(), 6)

    assert [run(main, backend=backend) for _ in range(3)] == [3, 3, 3]


def test_a_deadlock_is_known_at_once_and_says_who_waits_for_whom(backend):
    with pytest.raises(Stuck) as caught:
        run(deadlock, backend=backend)
    said = str(caught.value)
    assert "left waits at test_running.py, line" in said
    assert "in Lock.acquire of second, held by right" in said
    assert "in Lock.acquire of second, held by left" in said
    assert said.splitlines()[-1] in {"  in a circle: left → right → left", "  in a circle: right → left → right"}


def test_a_program_that_polls_for_ever_is_stopped(backend):
    async def main():
        while True:
            await anyio.lowlevel.checkpoint()

    with pytest.raises(Stuck, match="did not end within"):
        run(main, backend=backend)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: run(job("a", 1)), TypeError, "not the call"),
        (lambda: run("job"), TypeError, "needs an async function"),
        (lambda: run(job, backend="curio"), ValueError, "choose asyncio or trio"),
        (lambda: run(job, clock="fast"), ValueError, "choose virtual or real"),
        (lambda: run(lambda: 5), TypeError, "await"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(call, kind, said):
    with pytest.raises(kind, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_picture_knows_its_tasks(backend):
    seen = record(two_jobs, backend=backend)
    assert seen.value is True
    assert seen.seconds == pytest.approx(5)
    assert [(task.name, task.depth, task.how, task.end) for task in seen.tasks] == [
        ("two_jobs", 0, "returned", pytest.approx(5)),
        ("job", 1, "returned", pytest.approx(2)),
        ("late", 1, "cancelled", pytest.approx(5)),
    ]
    assert seen.task("late").parent is seen.task("two_jobs")
    assert seen.task("late").cancel_requested == seen.task("late").cancelled_at == pytest.approx(5)
    assert seen.task("job").cancelled_at is None, "the end of a sleep is not a cancellation"
    assert [wait.place.kind for wait in seen.task("late").waits] == ["sleeping"]
    assert [wait.place.kind for wait in seen.task("two_jobs").waits] == ["children"]
    with pytest.raises(KeyError, match="there are two_jobs, job, late"):
        seen.task("nobody")


def test_a_picture_tells_when_a_cancellation_was_asked_for_from_when_it_came(backend):
    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(held)
            await anyio.sleep(1)
            group.cancel_scope.cancel()

    async def held():
        with anyio.CancelScope(shield=True):
            await anyio.sleep(4)
        await anyio.sleep(9)

    task = record(main, backend=backend).task("held")
    assert (task.cancel_requested, task.cancelled_at, task.how) == (pytest.approx(1), pytest.approx(4), "cancelled")


def test_a_picture_shows_shields_and_deadlines(backend):
    (task,) = record(bounded_cleanup, backend=backend).tasks
    assert [(scope.start, scope.end, scope.deadline, scope.shield) for scope in task.scopes] == [
        (pytest.approx(0, abs=1e-6), pytest.approx(3), pytest.approx(2), False),
        (pytest.approx(2), pytest.approx(3), float("inf"), True),
    ]


def test_record_keeps_the_error_and_the_picture_goes_on(backend):
    async def main():
        raise ValueError("no such thing")

    seen = record(main, backend=backend)
    assert isinstance(seen.error, ValueError)
    assert seen.task("main").how == "raised"
    assert "ValueError: no such thing" in str(seen)
    with pytest.raises(ValueError, match="no such thing"):
        _ = seen.value


def test_the_text_says_what_the_picture_shows(backend):
    text = str(record(deadlock, backend=backend))
    assert "░░" in text
    assert "still in Lock.acquire second" in text
    assert "held by right" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert str(record(bounded_cleanup, backend=backend)).splitlines()[1:] == [
        "                0                          3 s",
        "bounded_cleanup ───────────────────!━━━━━━━━━● 3 s returned (cancelled at 2)",
        "─ sleeps · ━ shielded · ┆ deadline · ! cancellation came · ● returned",
    ]


def test_a_task_that_swallows_even_the_end_of_the_run_is_drawn_up_to_there():
    async def main():
        while True:
            with contextlib.suppress(BaseException):
                await anyio.sleep(1)

    seen = record(main, backend="asyncio")  # trio complains of a task that nobody can end
    assert seen.stuck
    assert seen.seconds > 1000
    assert str(seen).splitlines()[1].endswith(f"{seen.seconds * 1.25:g} s")


def test_the_picture_is_well_formed_and_has_its_text_for_who_cannot_see_it(backend):
    seen = record(deadlock, backend=backend)
    root = ET.fromstring(seen.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == f"deadlock on {backend}"
    assert root.find(f"{space}desc").text == str(seen)
    assert "var(--jp-ui-font-color1" in seen.svg()
    assert len(seen.svg()) < 7_000


def test_tasks_of_one_name_are_told_apart_in_a_circle(backend):
    async def main():
        a, b = anyio.Lock(), anyio.Lock()

        async def both(first, second):
            async with first:
                await anyio.sleep(1)
                await second.acquire()

        async with anyio.create_task_group() as group:
            group.start_soon(both, a, b)
            group.start_soon(both, b, a)

    assert "both → both 2 → both" in str(record(main, backend=backend).error)


def test_an_event_that_nobody_sets_is_no_circle(backend):
    async def main():
        await anyio.Event().wait()

    error = record(main, backend=backend).error
    assert "main waits at" in str(error)
    assert "circle" not in str(error)


def test_a_task_handle_keeps_the_coroutine_that_it_was_given(backend):
    async def main():
        coro = job("a", 1)
        async with anyio.create_task_group() as group:
            handle = group.create_task(coro, name="task")
            assert handle.coro is coro
            assert repr(coro) in repr(handle)
        return handle.coro is coro, handle.return_value

    assert run(main, backend=backend) == (True, "a")


def test_a_task_that_is_cancelled_by_its_handle_is_cancelled_in_the_picture(backend):
    async def main():
        async with anyio.create_task_group() as group:
            handle = group.create_task(job("a", 60))
            await anyio.sleep(2)
            handle.cancel()

    task = record(main, backend=backend).task("job")
    assert (task.how, task.cancelled_at, task.end) == ("cancelled", 2, 2)


@pytest.mark.filterwarnings("error")
def test_a_task_that_could_not_be_made_leaves_no_coroutine_behind():
    async def main():
        def fail(loop, coro, **options):
            loop.set_task_factory(None)  # the loop needs tasks to close itself
            raise RuntimeError("no more tasks")

        async with anyio.create_task_group() as group:
            asyncio.get_running_loop().set_task_factory(fail)
            group.start_soon(job, "a", 1)

    with pytest.raises(ExceptionGroup) as caught:
        run(main)
    gc.collect()
    assert [str(error) for error in caught.value.exceptions] == ["no more tasks"]


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_waiting_for_a_lock_of_trios_own_names_its_holder(clock):
    async def main():
        lock, held = trio.Lock(), anyio.Event()

        async def hold():
            async with lock:
                held.set()
                await anyio.sleep(0.05)

        async with anyio.create_task_group() as group:
            group.start_soon(hold)
            await held.wait()
            async with lock:
                return 7

    result = record(main, backend="trio", clock=clock)
    assert result.value == 7
    assert "hold" in {wait.place.holder for wait in result.task("main").waits}


def test_an_objects_own_statistics_are_not_asked_for(backend):
    class Box:
        def statistics(self):
            raise OSError("not now")

        async def wait(self):
            await anyio.sleep(1)
            return 7

    Box.wait.__code__ = Box.wait.__code__.replace(co_filename=anyio.__file__)
    assert run(Box().wait, backend=backend) == 7


def test_a_cancellation_reaches_what_a_thread_calls_back(backend):
    async def main():
        with anyio.move_on_after(2) as scope:
            await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 30)
        return scope.cancelled_caught, round(anyio.current_time(), 6)

    assert run(main, backend=backend) == (True, 2)


def test_the_loop_of_another_thread_may_wake_a_task(backend):
    async def main():
        event, token = anyio.Event(), anyio.lowlevel.current_token()

        async def other():
            await anyio.sleep(0.05)
            anyio.from_thread.run_sync(event.set, token=token)

        with anyio.from_thread.start_blocking_portal() as portal:
            portal.start_task_soon(other)
            await event.wait()

    run(main, backend=backend)
