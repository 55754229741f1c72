"""Signals come at a virtual time, and wake a loop only if a real one would be woken."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from grader import CheckFailed, Play, near
from grader.worker.process import alarm

Playing = Callable[..., Play]

#: What m08's scene needs: services with scripts, and signals at their times.
SCENE = """
async def scene(subject, world, *, services, signals, grace):
    for when, name in signals:
        world.signal_at(when, name)
    class Service:
        def __init__(self, name, script):
            self.name = name
            self.run = world.job(name, script)
            self.cleanup = world.job(name, [["wait", 1]], what="cleanup")
    made = [Service(name, script) for name, script in services.items()]
    async def go():
        await world.call("serve", subject.serve, made, grace=grace)
        await world.after()
    await world.actors({"host": [["go"]]}, {"go": go})
"""
SERVE = """
import signal
import anyio

async def serve(services, *, grace):
    async with anyio.create_task_group() as group:
        with {receiver} as received:
            async def listen():
                {listen}
                for scope in scopes:
                    scope.deadline = anyio.current_time() + grace
                {second}
                for scope in scopes:
                    scope.cancel()
            scopes = [anyio.CancelScope() for _ in services]
            async def run(service, scope):
                with scope:
                    await service.run()
            group.start_soon(listen)
            async with anyio.create_task_group() as running:
                for service, scope in zip(services, scopes):
                    running.start_soon(run, service, scope)
            {leave}
    for service in reversed(services):
        with anyio.move_on_after(10, shield=True):
            await service.cleanup()
"""
RECEIVER = {
    "receiver": "anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT)",
    "leave": "group.cancel_scope.cancel()",
}
RIGHT = SERVE.format(**RECEIVER, listen="await anext(received)", second="await anext(received)")
DEAF = (
    SERVE.format(
        receiver="handler()",
        leave="group.cancel_scope.cancel()",
        listen="await received.wait()",
        second="await anyio.sleep_forever()",
    )
    + """
import contextlib
@contextlib.contextmanager
def handler():
    event = anyio.Event()
    old = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, old)
"""
)
ONE_ONLY = SERVE.format(**RECEIVER, listen="await anext(received)", second="await anyio.sleep_forever()")
HANG = [["hang"]]


def test_the_first_signal_starts_the_grace_period(playing: Playing) -> None:
    t = playing(RIGHT, SCENE)(services={"a": HANG, "b": HANG}, signals=[(2, "TERM")], grace=60)
    assert t.of("a").cancelled_at == near(62)
    assert t.names("cleanup") == ["b", "a"]
    assert t.call.end == near(64)
    t.expect_nothing_left()


@pytest.mark.parametrize("subject", [RIGHT, ONE_ONLY], ids=["right", "reads one signal only"])
def test_the_second_signal_cancels_at_once(playing: Playing, subject: str) -> None:
    t = playing(subject, SCENE)(services={"a": HANG}, signals=[(1, "TERM"), (3, "INT")], grace=60)
    assert (t.of("a").cancelled_at == near(3)) == (subject is RIGHT)


def test_a_plain_handler_does_not_wake_an_idle_asyncio_loop(playing: Playing, backend: str) -> None:
    """`signal.signal` and `Event.set` react with the next timer on asyncio, at once on trio."""
    services = {"a": [["wait", 5], ["hang"]]}
    t = playing(DEAF, SCENE)(services=services, signals=[(2, "TERM")], grace=10)
    assert t.of("a").cancelled_at == near(15 if backend == "asyncio" else 12)


def test_a_signal_that_nobody_catches_ends_the_run(playing: Playing) -> None:
    subject = "async def serve(services, *, grace):\n    await services[0].run()\n"
    with pytest.raises(CheckFailed, match="nobody caught SIGTERM"):
        _ = playing(subject, SCENE)(services={"a": HANG}, signals=[(2, "TERM")], grace=10).call


def test_the_order_of_runs_does_not_change_when_signals_come(playing: Playing) -> None:
    for t in playing(RIGHT, SCENE)(services={"a": HANG, "b": HANG}, signals=[(2, "INT")], grace=3).orders(20):
        assert t.of("b").cancelled_at == near(5)


def test_a_look_that_comes_between_two_lines_takes_the_line_of_the_caller():
    """Python has instructions that belong to no line; a look raises nothing into the program that it interrupts."""
    code = SimpleNamespace(co_filename="tiny.py")
    caller = SimpleNamespace(f_code=code, f_lineno=7, f_back=None)
    frame = SimpleNamespace(f_code=code, f_lineno=None, f_back=caller)
    assert alarm._line(frame, "tiny.py") == 7
    assert alarm._line(SimpleNamespace(f_code=code, f_lineno=None, f_back=None), "tiny.py") is None
