"""A task that the subject leaves behind is something that is seen, not a record that cannot be believed."""

from collections.abc import Callable

import pytest

from grader import CheckFailed, Play

DETACHED = """
    import asyncio
    tasks = []
    async def main(world):
        tasks.append(asyncio.create_task(world.job("a", [["hang"]])()))
        await asyncio.sleep(1)
"""


@pytest.mark.parametrize("backend", ["asyncio"])
def test_a_task_that_outlives_its_call_is_left_behind(playing: Callable[..., Play]) -> None:
    t = playing(DETACHED)()
    assert (t.call.how, t.of("a").how) == ("returned", "open")
    with pytest.raises(CheckFailed, match="left behind when main ended: tasks"):
        t.expect_nothing_left()


def test_a_task_without_a_name_may_end(playing: Callable[..., Play]) -> None:
    play = playing("""
        import anyio
        async def main(world):
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.lowlevel.checkpoint, name="")
    """)
    assert "" in [task["name"] for task in play().data["tasks"]]


def test_a_system_task_is_the_calls_that_spawns_it(playing: Callable[..., Play], backend: str) -> None:
    if backend == "asyncio":
        pytest.skip("trio's own")
    subject = """
    import contextvars
    import trio
    async def main(world):
        trio.lowlevel.spawn_system_task(trio.sleep, 9)
        trio.lowlevel.spawn_system_task(trio.sleep, 9, context=contextvars.Context())
        await trio.sleep(1)
    """
    assert playing(subject)().call.left == {"tasks": ["trio.sleep", "trio.sleep"]}


def test_a_sleep_that_a_library_is_handed_is_seen(playing: Callable[..., Play]) -> None:
    subject = """
    import time
    import sortedcontainers
    async def main(world):
        sortedcontainers.SortedKeyList([2], key=time.sleep)
    """
    t = playing(subject)()
    assert {(call["call"], call["line"]) for call in t.data["probes"]["blocking"]} == {("time.sleep", 5)}


@pytest.mark.parametrize(
    "again",
    [
        "copy.copy(send)",
        "copy.deepcopy(send)",
        "type('Quiet', (type(send),), {'__post_init__': lambda self: setattr(self, '_closed', False)})(send._state)",
    ],
)
def test_a_stream_that_is_made_of_another_is_left_open(playing: Callable[..., Play], again: str) -> None:
    subject = f"""
    import copy
    import anyio
    async def main(world):
        send, receive = anyio.create_memory_object_stream(1)
        world.kept = {again}
        send.close()
        receive.close()
    """
    assert len(playing(subject)().call.left["streams"]) == 1
