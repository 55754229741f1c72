"""A file that sleeps, stops itself or waits outside the loop has failed, with the line; nobody waits a minute for it."""

import pytest

from grader.judging.answers import WAITS, Hung, Late, TimeLimits, Waiting
from grader.judging.judge import grade
from grader.sandbox import ForkServer, level

IN_THE_CALL = {
    "sleeps in C": "import socket\n    pair = socket.socketpair()\n    pair[0].recv(1)",
    "waits for a lock": "import _thread\n    lock = _thread.allocate_lock()\n    lock.acquire()\n    lock.acquire()",
    "sleeps deaf": (
        "import signal, socket\n    pair = socket.socketpair()\n    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF})\n"
        "    pair[0].recv(1)"
    ),
    "stops itself": "import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)",
    "waits for a thread that waits": (
        "import _thread\n    lock = _thread.allocate_lock()\n    lock.acquire()\n    await anyio.to_thread.run_sync(lock.acquire)"
    ),
}
AT_IMPORT = {
    "sleeps": "import time\ntime.sleep(1000)\n",
    "waits for an event": "import threading\nthreading.Event().wait()\n",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
}
THREADS = "import threading\nfor _ in range(4): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"


@pytest.fixture(scope="module")
def walls():
    if level() == "none":
        pytest.skip("this machine offers no walls")
    with ForkServer() as server:
        yield server


@pytest.fixture
def sleeper(tiny, texts):
    """Make a file that does something in its call."""
    return lambda text: (
        texts["right"]
        .replace("import anyio\n", "import anyio.to_thread\n")
        .replace("    await anyio.sleep(delay)\n", f"    {text}\n    await anyio.sleep(delay)\n")
    )


# Each waits until the judge is sure: some ten seconds of real time.
@pytest.mark.slow
@pytest.mark.parametrize("name", IN_THE_CALL)
def test_a_call_that_waits_outside_the_loop_has_failed(tiny, walls, sleeper, name):
    text = sleeper(IN_THE_CALL[name])
    report = grade(tiny.module("m01"), text.encode(), forks=walls)
    line = text[: text.index(IN_THE_CALL[name])].count("\n") + 1 + IN_THE_CALL[name].count("\n")
    assert (report.verdict, report.late) == ("failed", False)
    assert f"line {line}" in "".join(row.actual or "" for row in report.checks)


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_IMPORT)
def test_an_import_that_waits_has_failed(tiny, walls, texts, name):
    report = grade(tiny.module("m01"), (texts["right"] + AT_IMPORT[name]).encode(), forks=walls)
    assert (report.verdict, report.late) == ("failed", False)
    assert report.reason.startswith("importing the file does not end")
    assert f"line {texts['right'].count(chr(10)) + 2}" in report.reason


def test_threads_that_wait_for_ever_do_not_keep_the_clock(tiny, walls, texts):
    """Each run waited a second for them, though nobody could wake them."""
    report = grade(tiny.module("m01"), (texts["right"] + THREADS).encode(), forks=walls)
    assert report.verdict != "not run"
    assert report.seconds < 60  # it took more, at each run a second


def test_a_thread_that_will_wake_a_task_is_waited_for(tiny, walls, texts):
    """What waits for a lock is passive only while nothing else runs; here a thread takes its time."""
    threads = (
        "import threading\n"
        "async def _woken():\n"
        "    token, event = anyio.lowlevel.current_token(), anyio.Event()\n"
        "    gate = threading.Event()\n"
        "    def second():\n"
        "        gate.wait()\n"
        "        anyio.from_thread.run_sync(event.set, token=token)\n"
        "    def first():\n"
        "        for _ in range(300_000): pass\n"
        "        gate.set()\n"
        "    for target in (second, first): threading.Thread(target=target).start()\n"
        "    await event.wait()\n"
    )
    text = texts["right"].replace(
        "import anyio\n", "import anyio\nimport anyio.from_thread\nimport anyio.lowlevel\n" + threads
    )
    text = text.replace("    await anyio.sleep(delay)\n", "    await _woken()\n    await anyio.sleep(delay)\n")
    report = grade(tiny.module("m01"), text.encode(), forks=walls)
    seen = {(row.id, row.verdict, row.actual) for row in report.checks if row.id in ("test_value", "test_delay")}
    assert seen == {("test_value", "passed", None), ("test_delay", "passed", None)}


@pytest.mark.parametrize(
    ("still", "said"), [("waits", f"waits {WAITS}, line 7"), ("is stopped", f"is stopped {WAITS}, line 7")]
)
def test_a_child_that_stands_still_is_to_blame(script, still, said, monkeypatch):
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr("grader.judging.answers.time.monotonic", lambda: float(next(clock)))
    waiting = Waiting(script([], still=still), TimeLimits(), "tiny.py")
    waiting.look()
    with pytest.raises(Hung, match=said) as raised:
        waiting.look()
    assert raised.value.line == 7


def test_a_child_that_is_kept_from_running_is_not(script, monkeypatch):
    """It wants to run, or it has run meanwhile: then the machine has too much to do."""
    clock = iter(range(1000))
    monkeypatch.setattr("grader.judging.answers.time.monotonic", lambda: float(next(clock)))
    for child in (script([], still=""), script([], still="waits")):
        waiting = Waiting(child, TimeLimits(silence=20), "tiny.py")
        for _ in range(18):
            child.used += 0.06
            waiting.look()
        child.used += 0.06
        with pytest.raises(Late):
            list(iter(waiting.look, "an error"))
