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
