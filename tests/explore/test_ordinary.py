"""The marker in this very run of pytest: virtual time on both backends, beside tests that are not marked."""

import threading
import time

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
import trio


class TestMethods:
    @pytest.fixture
    async def size(self):
        return len(self.things)

    def setup_method(self):
        self.things = []

    @pytest.mark.explore
    @pytest.mark.parametrize("number", [1, 2])
    async def test_have_an_instance_a_run(self, size, number):
        await anyio.lowlevel.checkpoint()
        self.things.append(number)
        assert (size, len(self.things)) == (0, 1)


@pytest.mark.explore
async def test_an_hour_takes_no_time():
    before = anyio.current_time()
    with anyio.move_on_after(3600) as scope:
        await anyio.sleep(7200)
    assert scope.cancelled_caught
    assert anyio.current_time() - before == pytest.approx(3600)


@pytest.mark.explore
async def test_a_worker_thread_that_sleeps_takes_virtual_time():
    before = anyio.current_time()
    await anyio.to_thread.run_sync(time.sleep, 5)
    assert anyio.current_time() - before == pytest.approx(5)


@pytest.mark.explore(backend="trio")
async def test_trio_by_itself():
    seen = []

    async def child():
        seen.append(await trio.to_thread.run_sync(threading.get_ident))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
        nursery.start_soon(child)
    assert len(seen) == 2
    assert threading.get_ident() not in seen


@pytest.mark.explore(clock="real", orders=2)
async def test_real_time_when_asked_for():
    before = time.monotonic()
    await anyio.sleep(0.01)
    assert time.monotonic() - before >= 0.009
    ended = await anyio.run_process(["true"])
    assert ended.returncode == 0


@pytest.mark.anyio
async def test_anyios_own_plugin_has_its_tests():
    assert (
        type(time.sleep).__name__ == "builtin_function_or_method" or time.sleep.__module__ != "grader.explore.evidence"
    )
    await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
@pytest.mark.explore(orders=1)
async def test_with_both_markers_it_is_explored_on_the_backend_of_the_parameter(anyio_backend_name, explore):
    assert explore.backend == anyio_backend_name
