"""A loop goes on over plans, and what a run leaves in it acts on no later one."""

from collections.abc import Callable

import pytest

from grader import Play

LOOPS = """
    import asyncio, sniffio, trio
    async def main(world):
        if sniffio.current_async_library() == "trio":
            return id(trio.lowlevel.current_trio_token())
        return id(asyncio.get_running_loop())
"""
LIMITER = """
    from anyio import to_thread
    async def main(world):
        limiter = to_thread.current_default_thread_limiter()
        before = limiter.total_tokens
        limiter.total_tokens = 1
        return before
"""
HANDLER = """
    import asyncio, signal
    async def main(world):
        before = signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
        return before
"""
READER = """
    import asyncio, os
    async def main(world):
        loop = asyncio.get_running_loop()
        before = len(loop._selector.get_map())
        loop.add_reader(os.pipe()[0], print)
        return before
"""
GENERATORS = """
    import gc
    kept = []
    async def main(world):
        gc.collect()
        async def numbers():
            try:
                yield 1
            finally:
                world.note("closed")
        async for _ in (generator := numbers()):
            kept.append(generator)  # in a ring with the module: only the garbage collector ends it
            break
"""

ENDED = LOOPS.replace(
    "async def main(world):\n",
    """kept = []
    async def main(world):
        async def numbers():
            yield 1
        async for _ in (generator := numbers()):
            kept.append(generator)
""",
)


def values(play: Play) -> list[object]:
    """What a plan gives, played in two orders, and once more in two, all in one child."""
    return [t.call.value for _ in range(2) for t in play().orders(4)]


def test_one_loop_serves_many_plans(playing: Callable[..., Play]) -> None:
    assert len(set(values(playing(LOOPS)))) == 1


def test_a_generator_that_has_ended_and_is_still_known_keeps_no_loop_from_going_on(
    playing: Callable[..., Play],
) -> None:
    assert len(set(values(playing(ENDED)))) == 1


def test_a_changed_thread_limiter_is_new_in_the_next_run(playing: Callable[..., Play]) -> None:
    assert values(playing(LIMITER)) == [40] * 4


@pytest.mark.parametrize("backend", ["asyncio"])
def test_a_signal_handler_of_the_loop_is_gone_in_the_next_run(playing: Callable[..., Play]) -> None:
    assert values(playing(HANDLER)) == [True] * 4


@pytest.mark.parametrize("backend", ["asyncio"])
def test_a_reader_of_the_loop_is_gone_in_the_next_run(playing: Callable[..., Play]) -> None:
    assert len(set(values(playing(READER)))) == 1


def test_a_generator_that_was_dropped_acts_on_no_later_run(playing: Callable[..., Play]) -> None:
    play = playing(GENERATORS)
    for t in [t for _ in range(2) for t in play().orders(4)]:
        assert (len(t.data["tasks"]), t.notes("closed")) == (2, [])
