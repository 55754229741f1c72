"""What the learner's code can say of its streams, errors and calls does not count, and what it can reach leads to no record."""

from collections.abc import Callable

import pytest

from grader import Play

Playing = Callable[..., Play]

LEFT_OPEN = """
import anyio

async def main(world):
    send, receive = anyio.create_memory_object_stream(1)
    receive.close()
    {lines}
"""


def test_a_stream_that_only_says_that_it_is_closed_is_left_open(playing: Playing) -> None:
    t = playing(LEFT_OPEN.format(lines="send._closed = True"))()
    assert t.call.left == {"streams": ["MemoryObjectSendStream"]}


@pytest.mark.parametrize("lines", ["send.close()", "await send.aclose()", "with send: pass", "async with send: pass"])
def test_each_way_to_close_a_stream_closes_it(playing: Playing, lines: str) -> None:
    assert not playing(LEFT_OPEN.format(lines=lines))().call.left


@pytest.mark.parametrize(
    ("raised", "names"),
    [
        ("TimeoutError()", ["TimeoutError", "OSError", "Exception"]),
        ("Mine()", ["Mine", "TimeoutError", "OSError", "Exception"]),
        ("type('TimeoutError', (OSError,), {})()", ["subject.TimeoutError", "OSError", "Exception"]),
        ("Says('Late', (Exception,), {})()", ["Late", "Exception"]),
    ],
)
def test_a_class_with_the_name_of_a_builtin_is_not_that_builtin(
    playing: Playing, raised: str, names: list[str]
) -> None:
    subject = f"""
    class Mine(TimeoutError): pass
    class Says(type):
        __mro__ = property(lambda cls: (TimeoutError, *type.mro(cls)))
        __name__ = property(lambda cls: "TimeoutError")
    async def main(world):
        raise {raised}
    """
    error = next(span["error"] for span in playing(subject)().data["spans"] if span["what"] == "main")
    assert [error["error"], *error["is"][1:-1]] == names


def test_what_a_task_carries_along_is_not_a_record(playing: Playing) -> None:
    subject = """
    import contextvars
    async def main(world):
        return sorted({type(value).__module__ for value in contextvars.copy_context().values()})
    """
    assert not [name for name in playing(subject)().call.value if "worker" in name]


def test_warnings_lead_to_opaque_functions_alone(playing: Playing) -> None:
    subject = """
    import warnings
    async def main(world):
        warnings.showwarning("a coroutine 'x' was never awaited", RuntimeWarning, "", 1)
        hooks = (warnings.showwarning, warnings._warn_unawaited_coroutine)
        return [name for hook in hooks for name in ("__globals__", "__self__", "__wrapped__") if hasattr(hook, name)]
    """
    t = playing(subject)()
    assert t.call.value == []
    assert t.data["probes"]["unawaited"] == ["x"]


def test_a_helper_that_calls_what_it_is_given_is_passed_over(playing: Playing) -> None:
    subject = """
    import outcome
    async def main(world):
        outcome.capture(open, "subject.txt", "w").unwrap().close()
    """
    t = playing(subject)()
    assert [(call["call"], call["line"]) for call in t.data["probes"]["blocking"]] == [("open", 4)]


ALONE = "contextvars.Context().run"


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (f"world.kept = {ALONE}(anyio.create_memory_object_stream, 1)", ["streams"]),
        (f"world.kept = {ALONE}(open, __file__, 'w')", ["files"]),
        (f"world.kept = await anyio.to_thread.run_sync({ALONE}, open, __file__, 'w')", ["files"]),
        (f"{ALONE}(lock.acquire_nowait)", ["locks"]),
        ("await anyio.lowlevel.checkpoint()", []),
    ],
)
def test_what_is_made_in_a_context_of_its_own_is_the_calls(playing: Playing, lines: str, left: list[str]) -> None:
    subject = f"""
    import contextvars
    import anyio
    async def main(world):
        lock = anyio.Lock()
        {lines}
    """
    assert [*playing(subject)().call.left] == left


@pytest.mark.parametrize(
    "lines",
    [
        "for each in contextvars.copy_context(): each.set(0) if each.name == 'span' else None",
        "tasks.start_soon(anyio.sleep, 0)",
    ],
)
def test_a_span_stays_that_of_its_task_whatever_its_context_holds(playing: Playing, lines: str) -> None:
    subject = f"""
    import contextvars
    import anyio
    async def main(world):
        async with anyio.create_task_group() as tasks:
            {lines}
        return anyio.create_memory_object_stream(1)[0].close()
    """
    assert playing(subject)().call.left == {"streams": ["MemoryObjectReceiveStream"]}


def test_a_stream_that_a_callback_makes_is_the_calls(playing: Playing, backend: str) -> None:
    loop = {
        "asyncio": "asyncio.get_running_loop().call_soon",
        "trio": "trio.lowlevel.current_trio_token().run_sync_soon",
    }
    subject = f"""
    import asyncio
    import anyio, trio
    async def main(world):
        {loop[backend]}(lambda: setattr(world, "kept", anyio.create_memory_object_stream(1)))
        await anyio.sleep(1)
    """
    assert [*playing(subject)().call.left] == ["streams"]


def test_a_task_that_the_loop_was_told_to_make_is_the_calls(playing: Playing, backend: str) -> None:
    if backend == "trio":
        pytest.skip("asyncio's own")
    subject = """
    import asyncio
    import contextvars
    async def main(world):
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: loop.create_task(asyncio.sleep(9)), context=contextvars.Context())
        await asyncio.sleep(1)
    """
    assert [*playing(subject)().call.left] == ["tasks"]


BLOCKS = {
    "in a context of its own": "contextvars.Context().run(time.sleep, 2)",
    "by the loop": "asyncio.get_running_loop().call_soon(time.sleep, 2)",
    "by the loop, later": "asyncio.get_running_loop().call_later(0.5, time.sleep, 2)",
    "by the loop, in a context of its own": (
        "asyncio.get_running_loop().call_soon(functools.partial(time.sleep, 2), context=contextvars.Context())"
    ),
    "by a thread": "await anyio.to_thread.run_sync(anyio.from_thread.run_sync, time.sleep, 2)",
    "by a token": "trio.lowlevel.current_trio_token().run_sync_soon(time.sleep, 2)",
}


@pytest.mark.parametrize("how", BLOCKS)
def test_who_has_a_blocking_call_made_is_seen(playing: Playing, backend: str, how: str) -> None:
    if ("asyncio." in BLOCKS[how] and backend == "trio") or ("trio." in BLOCKS[how] and backend == "asyncio"):
        pytest.skip("the other backend's")
    subject = f"""
    import asyncio, contextvars, functools, time
    import anyio, anyio.from_thread, anyio.to_thread, trio
    async def main(world):
        {BLOCKS[how]}
        await anyio.sleep(1)
    """
    t = playing(subject)()
    assert [(call["call"], call["line"]) for call in t.data["probes"]["blocking"]] == [("time.sleep", 5)]


def test_a_function_that_sleeps_in_a_thread_blocks_nobody(playing: Playing) -> None:
    subject = """
    import time
    import anyio, anyio.from_thread, anyio.to_thread
    def work():
        time.sleep(2)
        anyio.from_thread.run_sync(print, "done")
    async def main(world):
        await anyio.to_thread.run_sync(work)
    """
    assert not playing(subject)().data["probes"]["blocking"]
