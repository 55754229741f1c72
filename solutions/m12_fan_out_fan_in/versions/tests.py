"""Pass each right version of `broadcast`, and fail each wrong one."""

import anyio
import pytest
from subject import broadcast


class Source:
    def __init__(self, count, *, seconds=0, error=None):
        self.count, self.seconds, self.error = count, seconds, error
        self.read = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        await anyio.sleep(self.seconds)
        if self.read >= self.count:
            raise self.error or StopAsyncIteration
        self.read += 1
        return self.read


async def listen(stream, heard, *, pause=0, most=1000):
    async with stream:
        async for item in stream:
            heard.append(item)
            if len(heard) == most:
                break
            await anyio.sleep(pause)


async def hear(source, *habits):
    heard = [[] for _ in habits]
    async with broadcast(source, listeners=len(habits)) as streams, anyio.create_task_group() as group:
        for stream, mine, habit in zip(streams, heard, habits, strict=True):
            group.start_soon(lambda stream, mine, habit: listen(stream, mine, **habit), stream, mine, habit)
    return heard


@pytest.mark.explore
@pytest.mark.parametrize("seconds", [0, 1])
async def test_all_listeners_hear_everything_in_order(seconds):
    assert await hear(Source(4, seconds=seconds), {}, {}) == [[1, 2, 3, 4]] * 2


@pytest.mark.explore(orders=10)
async def test_a_slow_listener_loses_nothing():
    numbers = list(range(1, 21))
    assert await hear(Source(20), {}, {"pause": 5}) == [numbers] * 2


@pytest.mark.explore
async def test_a_listener_that_leaves_changes_nothing_for_others():
    assert await hear(Source(4, seconds=1), {"most": 1}, {}) == [[1], [1, 2, 3, 4]]


@pytest.mark.explore
async def test_an_error_of_the_source_leaves_the_block():
    try:
        await hear(Source(2, error=OSError("gone")), {}, {})
    except* OSError as group:
        assert "gone" in repr(group)
    else:
        pytest.fail("nothing was raised")


@pytest.mark.explore
async def test_what_the_block_raises_leaves_it():
    try:
        async with broadcast(Source(2, seconds=1), listeners=1):
            raise KeyError
    except* KeyError:
        pass
    else:
        pytest.fail("nothing was raised")


@pytest.mark.explore
async def test_leaving_early_leaves_nothing():
    source = Source(float("inf"), seconds=1)
    async with broadcast(source, listeners=2) as streams:
        assert await streams[0].receive() == 1
    read = source.read
    await anyio.sleep(10)
    assert source.read == read


@pytest.mark.explore
async def test_an_async_generator_is_closed(explore):
    async def numbers():
        for number in range(3):
            await anyio.sleep(1)
            yield number

    async with explore.cancelled():
        await hear(numbers(), {}, {"pause": 3})


@pytest.mark.explore
async def test_cancelled_at_any_moment_it_leaves_nothing(explore):
    async with explore.cancelled():
        await hear(Source(2, seconds=1), {}, {})
