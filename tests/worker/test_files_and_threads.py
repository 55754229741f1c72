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
