"""Nothing that a file can reach by attributes, closures, names of modules or items leads to the record of its run.

Frames and the garbage collector do lead there: who uses them is seen.
"""

import functools
import inspect
from collections.abc import Callable

import pytest

from grader import Play
from grader.worker.opaque import OPAQUE, nameless, opaque, opaque_methods

Playing = Callable[..., Play]

#: Goes from everything that is at hand to everything that it refers to, and says which ways lead to the engine.
WALK = """
import asyncio
import contextvars
import functools
import gc
import signal
import sys
import threading
import types
import weakref

import anyio
import anyio.from_thread
import anyio.to_thread
import trio

STATE = {"Control", "RunRecord", "SpanRecord", "TaskInfo", "World", "Probes", "RunPlayer", "Channel", "Alarm", "SpanOfTask"}
STATE |= {"StreamWatch", "LockWatch", "FileWatch", "BlockWatch", "ThreadWatch", "Observer", "Moves", "Subject", "Script"}
OPAQUE = type(functools.lru_cache(0)(lambda: None))
PLAIN = (str, bytes, int, float, bool, type(None), types.CodeType, types.FrameType, types.TracebackType)
CODE = "__code__"


def steps(thing):
    if isinstance(thing, OPAQUE):
        return [vars(thing)]
    if isinstance(thing, types.CoroutineType):
        return [thing.cr_await]
    if isinstance(thing, types.GeneratorType):
        return [thing.gi_yieldfrom]
    if isinstance(thing, types.AsyncGeneratorType):
        return [thing.ag_await]
    if isinstance(thing, weakref.ref):
        return [thing()]
    return gc.get_referents(thing)


def is_engine(thing):
    if isinstance(thing, types.ModuleType):
        return thing.__name__.startswith("grader_worker")
    if type(thing) is dict:
        return str(thing.get("__name__")).startswith("grader_worker.") and "__loader__" in thing
    return type(thing).__module__.startswith("grader_worker") and type(thing).__name__ in STATE


def ways(roots):
    seen, todo = {}, [(root, None) for root in roots]
    found = []
    for thing, before in todo:
        if isinstance(thing, PLAIN) or id(thing) in seen:
            continue
        seen[id(thing)] = thing, before
        if is_engine(thing):
            way = []
            while thing is not None:
                way.append(type(thing).__name__ + " " + str(getattr(thing, "__name__", ""))[:30])
                thing, before = before, (seen[id(before)][1] if before is not None else None)
            found.append(" < ".join(way)[:400])
        else:
            todo += [(each, thing) for each in steps(thing)]
    return found, len(seen)


def roots(world):
    yield from list(sys.modules.values())
    yield from [world, contextvars.copy_context(), *threading.enumerate(), anyio.Lock(), anyio.Event(), open, threading.Lock()]
    yield from [signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF), sys.breakpointhook]
    yield from anyio.create_memory_object_stream(1)
    yield from [open(__file__, "w"), anyio.CancelScope(), world.job("a", [["awaitable"], ["hang"]])()]
    try:
        loop = asyncio.get_running_loop()
        yield from [loop, vars(loop), *asyncio.all_tasks()]
    except RuntimeError:
        yield from [trio.lowlevel.current_clock(), trio._core._run.GLOBAL_RUN_CONTEXT.runner, trio.lowlevel.current_root_task()]


async def main(world):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.job("b", [["hang"]]))
        tasks.start_soon(anyio.sleep, 5)
        await anyio.to_thread.run_sync(functools.partial(anyio.from_thread.run_sync, print))
        await anyio.sleep(1)
        found, count = ways(list(roots(world)))
        tasks.cancel_scope.cancel()
    return [count > 10_000, *found]
"""


@pytest.mark.parametrize("told", ["", "import inspect, traceback"])
def test_no_way_leads_to_the_record(playing: Playing, told: str) -> None:
    t = playing(told + WALK)()
    assert t.call.value[0] is True, t.call.ending
    assert not t.call.value[1:], "\n".join(t.call.value[1:])


def test_an_opaque_function_shows_nothing() -> None:
    def add(one: int, two: int = 1) -> int:
        "Add."
        return one + two

    for made in (opaque(add), nameless(add)):
        assert type(made) is OPAQUE
        assert (made(1), made(1, two=3)) == (2, 4)
        assert inspect.unwrap(made) is made
        assert not [
            name for name in dir(made) if name in ("__wrapped__", "__globals__", "__closure__", "__code__", "__self__")
        ]
        assert not any(value is add for value in vars(made).values())
    assert (opaque(add).__name__, opaque(add).__doc__) == ("add", "Add.")


def test_opaque_methods_work_as_before() -> None:
    @opaque_methods
    class Base:
        def __init__(self, kept: int) -> None:
            self.kept = kept

        def __len__(self) -> int:
            return self.kept

        @staticmethod
        def add(one: int) -> int:
            return one + 1

        @property
        def twice(self) -> int:
            return 2 * self.kept

    @opaque_methods
    class More(Base):
        def __len__(self) -> int:
            return super().__len__() + 1

    assert (len(More(3)), More(3).add(1), More(3).twice) == (4, 2, 6)
    assert type(More(3).__len__.__func__) is OPAQUE
    assert isinstance(functools.partial(More(1).add, 1)(), int)
