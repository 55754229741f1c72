"""Worker threads follow the virtual clock, and files tell when they are opened, closed, or collected."""

from collections.abc import Callable

import pytest

from grader import CheckFailed, Play, near

Playing = Callable[..., Play]

#: What m06's scene needs: files in a temporary folder, and how long opening and reading takes.
SCENE = """
import pathlib, tempfile

async def scene(subject, world, *, sizes, limit, seconds):
    folder = pathlib.Path(tempfile.mkdtemp())
    paths = []
    for index, size in enumerate(sizes):
        path = folder / f"{index}.txt"
        path.write_text(str(index) * size)
        paths.append(path)
    times = iter(seconds)
    world.threads_take(lambda function, args: next(times, 0.5))
    async def go():
        await world.call("read_all", subject.read_all, paths, limit=limit)
    await world.actors({"reader": [["go"]]}, {"go": go})
"""
READ_ALL = """
import anyio
async def read_all(paths, *, limit):
    texts = [None] * len(paths)
    slots = anyio.CapacityLimiter({slots})
    async def read(index, path):
        {opened}
            texts[index] = await file.read()
    async with anyio.create_task_group() as group:
        for index, path in enumerate(paths):
            group.start_soon(read, index, path)
    return texts
"""
RIGHT = READ_ALL.format(slots="limit", opened="async with slots, await anyio.open_file(path) as file:")
TOO_MANY = READ_ALL.format(slots="limit + 1", opened="async with slots, await anyio.open_file(path) as file:")
OPENED_BEFORE = READ_ALL.format(
    slots="limit", opened="opened = await anyio.open_file(path)\n        async with slots, opened as file:"
)
NEVER_CLOSED = READ_ALL.format(slots="limit", opened="file = await anyio.open_file(path)\n        async with slots:")


def most_open(t: Play) -> int:
    events = [(n["order"], 1) for n in t.notes("open", "file")]
    events += [(n["order"], -1) for n in t.notes("close", "file")]
    most = now = 0
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    return most


def plan(play: Play) -> dict:
    return {"sizes": [3, 1, 4, 1, 5], "limit": 2, "seconds": play.draw(15)}


def test_read_all_right(playing: Playing) -> None:
    play = playing(RIGHT, SCENE)
    for t in play(**plan(play)).orders():
        assert t.call.value == ["000", "1", "2222", "3", "44444"]
        assert most_open(t) == 2
        t.expect_nothing_left()
        assert t.time > 5


def test_the_same_seed_gives_the_same_order_of_threads(playing: Playing) -> None:
    digests = set()
    for _ in range(3):
        play = playing(RIGHT, SCENE)
        digests.add(str([t.data for t in play(**plan(play)).orders(10)]))
    assert len(digests) == 1


@pytest.mark.parametrize("wrong", [TOO_MANY, OPENED_BEFORE], ids=["one too many", "opened before the slot"])
def test_too_many_open_files_are_seen(playing: Playing, wrong: str) -> None:
    play = playing(wrong, SCENE)
    assert max(most_open(t) for t in play(**plan(play)).orders(10)) > 2


def test_a_file_left_open_is_seen(playing: Playing) -> None:
    play = playing(NEVER_CLOSED, SCENE)
    t = play(**plan(play))
    assert len(t.notes("collected", "file")) + len(t.call.left.get("files", [])) == 5


def test_a_blocking_open_is_seen(playing: Playing) -> None:
    play = playing(
        """
        import pathlib
        async def read_all(paths, *, limit):
            return [pathlib.Path(path).read_text() for path in paths]
        """,
        SCENE,
    )
    with pytest.raises(CheckFailed, match="open at line 4"):
        play(**plan(play)).expect_not_blocked()


def test_a_thread_that_calls_back_runs_beside_the_loop(playing: Playing) -> None:
    play = playing("""
        import anyio, anyio.from_thread, anyio.to_thread
        def work():
            anyio.from_thread.run(anyio.sleep, 3)
            return anyio.from_thread.run_sync(anyio.current_time)
        async def main(world):
            return [await anyio.to_thread.run_sync(work), anyio.current_time()]
    """)
    for t in play().orders(6):
        assert t.call.value == [near(3), near(3)]


def test_an_error_in_a_thread_reaches_the_task(playing: Playing) -> None:
    play = playing("""
        import anyio.to_thread
        def work():
            raise KeyError("x")
        async def main(world):
            await anyio.to_thread.run_sync(work)
    """)
    t = play()
    assert t.call.raised == "KeyError"
    assert t.call.line in {4, 6}


def test_a_thread_is_not_left_by_a_cancellation(playing: Playing) -> None:
    """Without `abandon_on_cancel` the caller waits for the thread; with it the caller leaves at once."""
    for abandon, end in ((False, 5), (True, 1)):
        play = playing(f"""
            import anyio, anyio.to_thread
            async def main(world):
                world.threads_take(lambda function, args: 5)
                with anyio.move_on_after(1):
                    await anyio.to_thread.run_sync(int, abandon_on_cancel={abandon})
                return anyio.current_time()
        """)
        assert play().call.value == near(end)


def test_a_cancellation_reaches_what_a_thread_calls_back(playing: Playing) -> None:
    play = playing("""
        import anyio, anyio.from_thread, anyio.to_thread
        async def main(world):
            def work():
                try:
                    anyio.from_thread.run(anyio.sleep, 30)
                except BaseException as error:
                    seen.append(type(error).__name__)
                    anyio.from_thread.check_cancelled()
            seen = []
            with anyio.move_on_after(2) as scope:
                await anyio.to_thread.run_sync(work)
            return [scope.cancelled_caught, anyio.current_time(), len(seen)]
    """)
    for t in play().orders(6):
        assert t.call.value == [True, near(2), 1]


def test_a_shield_keeps_it_from_what_a_thread_calls_back(playing: Playing) -> None:
    play = playing("""
        import anyio, anyio.from_thread, anyio.to_thread
        async def main(world):
            def work():
                anyio.from_thread.run(anyio.sleep, 3)
                anyio.from_thread.check_cancelled()
            with anyio.move_on_after(2) as scope:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(work)
                return [scope.cancel_called, anyio.current_time()]
    """)
    assert play().call.value == [True, near(3)]


def test_a_thread_that_was_abandoned_may_still_wake_a_task(playing: Playing) -> None:
    play = playing("""
        import functools, threading
        import anyio, anyio.from_thread, anyio.to_thread
        async def main(world):
            began, ended, go = anyio.Event(), anyio.Event(), threading.Event()
            def work():
                anyio.from_thread.run_sync(began.set)
                go.wait(5)
                anyio.from_thread.run_sync(ended.set)
            async with anyio.create_task_group() as group:
                group.start_soon(functools.partial(anyio.to_thread.run_sync, work, abandon_on_cancel=True))
                await began.wait()
                group.cancel_scope.cancel()
            go.set()
            await ended.wait()
            return anyio.current_time()
    """)
    assert play().call.value == near(0)


def test_the_loop_of_another_thread_may_still_wake_a_task(playing: Playing) -> None:
    play = playing("""
        import time
        import anyio, anyio.from_thread
        from anyio.lowlevel import current_token
        async def main(world):
            event, token = anyio.Event(), current_token()
            async def other():
                await anyio.sleep(0.05)
                anyio.from_thread.run_sync(event.set, token=token)
            with anyio.from_thread.start_blocking_portal() as portal:
                portal.start_task_soon(other)
                with anyio.move_on_after(60):
                    await event.wait()
            return [event.is_set(), anyio.current_time()]
    """)
    assert play().call.value == [True, near(0)]


@pytest.mark.slow
def test_a_deadlock_beside_a_thread_says_that_the_thread_woke_nobody(playing: Playing) -> None:
    play = playing("""
        import threading
        import anyio
        async def main(world):
            threading.Thread(target=threading.Event().wait, args=(4,), name="sleeper", daemon=True).start()
            await anyio.Event().wait()
    """)
    with pytest.raises(CheckFailed, match=r"what could wake one, sleeper, did not do so within 2 s of real time"):
        _ = play().data


def test_a_file_opened_by_a_path_has_a_text_for_its_name(playing: Playing) -> None:
    play = playing("""
        import pathlib, tempfile
        async def main(world):
            path = pathlib.Path(tempfile.mkdtemp()) / "a"
            with path.open("w") as file:
                return file.name == str(path)
    """)
    assert play().call.value is True


@pytest.mark.parametrize("name", ["Trio thread 0", "worker thread", "mine"])
def test_a_thread_is_left_behind_whatever_its_name_says_and_whatever_it_equals(playing: Playing, name: str) -> None:
    play = playing(f"""
        import threading
        class Any(threading.Thread):
            def __eq__(self, other): return True
            def __hash__(self): return hash(threading.main_thread())
        ends = threading.Event()
        async def main(world):
            Any(target=ends.wait, name="{name}", daemon=True).start()
    """)
    assert play().data["probes"]["left"]["threads"] == [name]


def test_threads_that_libraries_keep_are_not_left_behind(playing: Playing) -> None:
    play = playing("""
        import anyio, sniffio, trio
        async def main(world):
            await anyio.to_thread.run_sync(int)
            if sniffio.current_async_library() == "trio":
                await trio.to_thread.run_sync(int)
                await trio.to_thread.run_sync(int, thread_name="mine")
    """)
    assert play().data["probes"]["left"] == {}
