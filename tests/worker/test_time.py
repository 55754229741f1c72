"""Time is an input: it jumps when nothing is ready, and runs that never end are cut with the lines that wait."""

from collections.abc import Callable

import pytest

from grader import CheckFailed, Play, near

Playing = Callable[..., Play]


def test_a_minute_takes_no_time(playing: Playing) -> None:
    play = playing("""
        import anyio
        async def main(world):
            with anyio.move_on_after(60) as scope:
                await anyio.sleep(3600)
            await anyio.sleep(5)
            return [anyio.current_time(), scope.cancelled_caught]
    """)
    t = play()
    assert t.call.value == [near(65), True]
    assert t.call.steps < 10


def test_the_outer_of_two_equal_deadlines_catches(playing: Playing) -> None:
    play = playing("""
        import anyio
        async def main(world):
            deadline = anyio.current_time() + 5
            with anyio.CancelScope(deadline=deadline) as outer:
                with anyio.CancelScope(deadline=deadline) as inner:
                    await anyio.sleep_forever()
            return [outer.cancelled_caught, inner.cancelled_caught]
    """)
    assert play().call.value == [True, False]


def test_sleeping_until_a_rounded_moment_ends(playing: Playing) -> None:
    play = playing("""
        import anyio
        async def main(world):
            level, last, rate = 0.0, anyio.current_time(), 3.0
            while level < 1.0:
                await anyio.sleep((1.0 - level) / rate)
                now = anyio.current_time()
                level, last = level + (now - last) * rate, now
            return anyio.current_time()
    """)
    assert play().call.value == near(1 / 3)


def test_a_deadlock_names_the_waiting_line(playing: Playing) -> None:
    play = playing("""
        import anyio
        async def main(world):
            event = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(event.wait)
                await event.wait()  # line 7
    """)
    with pytest.raises(CheckFailed, match=r"deadlock.*line 7: await event\.wait\(\)"):
        _ = play().call
    assert play.last is not None
    assert play.last.call.how == "open"


def test_a_deadlock_behind_a_shield_ends_too(playing: Playing) -> None:
    play = playing("""
        import anyio
        async def main(world):
            with anyio.CancelScope(shield=True):
                await anyio.Event().wait()
    """)
    for _ in range(2):  # the worker is replaced after it
        with pytest.raises(CheckFailed, match="deadlock"):
            _ = play().call


@pytest.mark.parametrize(
    "nap", ["anyio.lowlevel.checkpoint()", pytest.param("anyio.sleep(0.01)", marks=pytest.mark.slow)]
)
def test_polling_for_ever_is_cut(playing: Playing, nap: str) -> None:
    play = playing(f"""
        import anyio, anyio.lowlevel
        async def main(world):
            while True:
                await {nap}
    """)
    with pytest.raises(CheckFailed, match="does not end"):
        _ = play().call


def test_a_loop_without_checkpoint_is_stuck(playing: Playing) -> None:
    play = playing("""
        async def main(world):
            while True:
                pass  # line 4
    """)
    with pytest.raises(CheckFailed, match=r"stands still.*line [34]"):
        _ = play().call


def test_time_sleep_is_noticed_and_takes_its_time(playing: Playing) -> None:
    play = playing("""
        import anyio, time
        async def main(world):
            time.sleep(5)
            return anyio.current_time()
    """)
    t = play()
    assert t.call.value == near(5)
    with pytest.raises(CheckFailed, match=r"time\.sleep at line 4"):
        t.expect_not_blocked()


@pytest.mark.parametrize(
    ("call", "takes"),
    [
        ("select.select([], [], [], 5)", 5),
        ("select.select([], [socket.socketpair()[1]], [], 5)", 0),
        ("signal.sigtimedwait([signal.SIGUSR1], 5)", 5),
    ],
)
def test_a_wait_of_the_interpreter_is_noticed_and_takes_its_time(playing: Playing, call: str, takes: float) -> None:
    play = playing(f"""
        import anyio, select, signal, socket
        async def main(world):
            {call}
            return anyio.current_time()
    """)
    t = play()
    assert t.call.value == near(takes)
    with pytest.raises(CheckFailed, match=rf"{call.partition('(')[0]} at line 4"):
        t.expect_not_blocked()


def test_a_look_that_does_not_wait_is_not_blamed(playing: Playing) -> None:
    play = playing("""
        import anyio, queue, select, threading
        async def main(world):
            select.select([], [], [], 0)
            select.poll().poll(0)
            items = queue.SimpleQueue()
            items.put(1)
            seen = []
            thread = threading.Thread(target=lambda: (select.select([], [], [], 0.001), seen.append(items.get())))
            thread.start()
            while thread.is_alive():
                await anyio.sleep(0)
            thread.join()
            return [*seen, items.qsize()]
    """)
    t = play()
    assert t.call.value == [1, 0]
    t.expect_not_blocked()


@pytest.mark.parametrize(
    ("lines", "call", "takes"),
    [
        ("select.poll().poll(5_000)", "poll", 5),
        ("select.epoll().poll(5)", "poll", 5),
        ("selectors.DefaultSelector().select(5)", "poll", 5),
        ("selectors.PollSelector().select(5)", "poll", 5),
        ("pair[0].poll(0.01)", "poll", 0),
        ("with contextlib.suppress(OSError): a.recv(1)", r"socket\.recv", 0),
        ("with contextlib.suppress(OSError): a.makefile('rb').read(1)", r"socket\.recv_into", 0),
        ("thread = threading.Thread(target=time.sleep, args=(5,)); thread.start(); thread.join()", r"Thread\.join", 0),
        ("with concurrent.futures.ThreadPoolExecutor(1) as pool: pool.submit(time.sleep, 5)", r"Thread\.join", 0),
        ("multiprocessing.Semaphore(0).acquire(True, 0.01)", r"multiprocessing\.Semaphore\.acquire", 0),
        (
            "signal.setitimer(signal.ITIMER_REAL, 0.01); signal.signal(signal.SIGALRM, print); signal.pause()",
            r"signal\.pause",
            0,
        ),
        (
            "threading.Timer(0.3, os.write, (pipe[1], b'x')).start(); os.read(pipe[0], 1)",
            r"os\.read",
            0,
        ),
        ("sqlite3.connect('file:a?mode=memory', uri=True)", r"sqlite3\.connect", 0),
    ],
)
def test_a_wait_in_c_is_noticed(playing: Playing, lines: str, call: str, takes: float) -> None:
    play = playing(f"""
        import anyio, concurrent.futures, contextlib, multiprocessing, os, select, selectors
        import signal, socket, sqlite3, threading, time
        a, b = socket.socketpair()
        a.settimeout(0.01)
        pair, pipe = multiprocessing.Pipe(), os.pipe()
        async def main(world):
            {lines}
            return anyio.current_time()
    """)
    t = play()
    assert t.call.value == near(takes)
    with pytest.raises(CheckFailed, match=rf"{call} at line 8"):
        t.expect_not_blocked()


def test_what_is_there_already_is_not_waited_for(playing: Playing) -> None:
    play = playing("""
        import anyio, multiprocessing, os, select, selectors, socket, sqlite3, threading
        async def main(world):
            a, b = socket.socketpair()
            with a, b:
                b.send(b"12")
                a.recv(1)
                a.settimeout(5)
                a.recv(1)
                a.setblocking(False)
                try:
                    a.recv(1)
                except BlockingIOError:
                    pass
                poll = select.poll()
                poll.register(b, select.POLLOUT)
                poll.poll(5_000)
                with selectors.DefaultSelector() as selector:
                    selector.register(b, selectors.EVENT_WRITE)
                    selector.select(5)
                    selector.unregister(b)
            inner, outer = multiprocessing.Pipe()
            inner.send(1)
            outer.recv()
            with multiprocessing.Semaphore(1):
                pass
            sqlite3.connect(":memory:").close()
            event = anyio.Event()
            token = anyio.lowlevel.current_token()
            thread = threading.Thread(target=lambda: anyio.from_thread.run_sync(event.set, token=token))
            thread.start()
            await event.wait()
            thread.join()
            await anyio.to_thread.run_sync(select.poll().poll, 1)
            return 1
    """)
    t = play()
    assert t.call.value == 1
    t.expect_not_blocked()


def test_a_queue_that_waits_in_the_loop_is_stuck(playing: Playing) -> None:
    play = playing("""
        import queue
        async def main(world):
            queue.SimpleQueue().get(timeout=0.01)
    """)
    with pytest.raises(CheckFailed, match="line 4 waits for a lock of `threading`"):
        _ = play().call


def test_a_lock_of_threading_held_across_await_is_stuck(playing: Playing) -> None:
    play = playing("""
        import anyio, threading
        async def main(world):
            lock = threading.Lock()
            async def hold():
                with lock:  # line 6
                    await anyio.sleep(1)
            async with anyio.create_task_group() as group:
                group.start_soon(hold)
                group.start_soon(hold)
    """)
    with pytest.raises(CheckFailed, match=r"stands still.*line 6"):
        _ = play().call


def test_waiting_for_an_event_of_threading_is_stuck(playing: Playing) -> None:
    play = playing("""
        import threading
        async def main(world):
            threading.Event().wait()
    """)
    with pytest.raises(CheckFailed, match=r"stands still.*line 4"):
        _ = play().call


def test_no_coroutine_function(playing: Playing) -> None:
    play = playing("""
        def main(world):
            return 1
    """)
    with pytest.raises(CheckFailed, match="must be an `async def` function"):
        _ = play().call


def test_not_written_yet(playing: Playing) -> None:
    play = playing("""
        async def main(world):
            raise NotImplementedError
    """)
    with pytest.raises(CheckFailed, match="not written yet"):
        _ = play().call


@pytest.mark.parametrize("way_out", ["sys.exit(3)", "raise KeyboardInterrupt"])
def test_leaving_the_interpreter_is_told(playing: Playing, way_out: str) -> None:
    play = playing(f"""
        import anyio, sys
        async def leave():
            {way_out}
        async def main(world):
            async with anyio.create_task_group() as group:
                group.start_soon(leave)
                await anyio.sleep(1)
    """)
    trial = play().accepting("exit")
    if trial.data["end"]["kind"] == "exit":
        assert trial.data["end"]["waiting"][0]["line"] == 4
    else:  # trio carries it through the task group to the caller, where it is recorded
        assert trial.call.how == "raised"


def test_waiting_until_all_tasks_wait_takes_no_time(playing: Playing) -> None:
    """Neither an event that nobody sets nor a timer that is far away keeps it."""
    play = playing("""
        import anyio
        async def main(world):
            async with anyio.create_task_group() as group:
                for wait in (anyio.Event().wait, anyio.sleep_forever):
                    group.start_soon(wait)
                group.start_soon(anyio.sleep, 60)
                await anyio.wait_all_tasks_blocked()
                when = anyio.current_time()
                group.cancel_scope.cancel()
            return when
    """)
    assert play().call.value == near(0)
    for t in play().orders(6):  # on asyncio anyio looks again after 0.1 s if a task was ready
        assert t.call.value < 0.5
