"""Pass each right version of `Shared`, and fail each wrong one."""

from contextlib import suppress

import anyio
import pytest
from subject import Shared


class Connection:
    def __init__(self):
        self.closed = 0

    async def aclose(self):
        await anyio.sleep(1)
        self.closed += 1


class Server:
    """Makes connections, and knows them all."""

    def __init__(self):
        self.made = []

    async def connect(self):
        await anyio.sleep(1)
        self.made.append(Connection())
        return self.made[-1]

    @property
    def closed(self):
        return [each.closed for each in self.made]


@pytest.mark.explore
async def test_two_share_one_and_the_last_one_closes_it():
    server = Server()
    shared = Shared(server.connect)

    async def user(seconds):
        async with shared.use() as conn:
            await anyio.sleep(seconds)
            assert conn.closed == 0

    async with anyio.create_task_group() as group:
        group.start_soon(user, 5)
        group.start_soon(user, 9)
    assert server.closed == [1]


@pytest.mark.explore
async def test_all_that_wait_while_one_connects_share():
    server = Server()
    shared = Shared(server.connect)

    async def user(seconds):
        async with shared.use():
            await anyio.sleep(seconds)

    async with anyio.create_task_group() as group:
        for seconds in range(3):
            group.start_soon(user, seconds)
    assert server.closed == [1]


@pytest.mark.explore
async def test_a_block_that_raises_closes_it_as_well():
    server = Server()
    with pytest.raises(KeyError):
        async with Shared(server.connect).use():
            raise KeyError
    assert server.closed == [1]


@pytest.mark.explore
async def test_whatever_the_moment_of_a_cancellation_nothing_stays_open(explore):
    server = Server()
    shared = Shared(server.connect)
    async with explore.cancelled():
        async with shared.use():
            await anyio.sleep(1)
    assert server.closed in ([], [1])
    async with shared.use() as conn:
        assert conn.closed == 0
    assert set(server.closed) == {1}


@pytest.mark.explore
async def test_who_comes_while_it_is_closed_gets_another_one():
    server = Server()
    shared = Shared(server.connect)

    async def late():
        await anyio.sleep(1.5)
        async with shared.use() as conn:
            await anyio.sleep(3)
            assert conn.closed == 0

    async with anyio.create_task_group() as group:
        group.start_soon(late)
        async with shared.use():
            pass
    assert server.closed == [1, 1]


@pytest.mark.explore
async def test_one_comes_as_another_leaves():
    server = Server()
    shared = Shared(server.connect)

    async def user(begin):
        await anyio.sleep(begin)
        async with shared.use() as conn:
            await anyio.sleep(1)
            assert conn.closed == 0

    async with anyio.create_task_group() as group:
        for begin in (0, 2, 3):
            group.start_soon(user, begin)
    assert set(server.closed) == {1}


@pytest.mark.explore
async def test_when_connecting_fails_the_next_one_tries_again(explore):
    server = Server()
    shared = Shared(explore.fails(server.connect))
    for _ in range(2):
        with suppress(ConnectionError):
            async with shared.use() as conn:
                assert conn.closed == 0
    assert set(server.closed) == {1}
