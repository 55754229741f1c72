"""Built with a dict of weak values by number, and readers of which each starts the next one when it is done."""

import weakref
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio


class LeakError(Exception):
    pass


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class LeakTracker:
    def __init__(self):
        self._leaks = {}
        self._resources = weakref.WeakValueDictionary()
        self._n = 0

    def _numbers(self, resource):
        return [n for n, r in self._resources.items() if r is resource]

    def track(self, resource, *, name):
        if self._numbers(resource):
            raise ValueError(name)
        self._n += 1
        self._leaks[self._n] = Leak(name, anyio.current_time())
        self._resources[self._n] = resource

    def untrack(self, resource):
        numbers = self._numbers(resource)
        if len(numbers) != 1:
            raise ValueError("not tracked")
        del self._leaks[numbers[0]]
        del self._resources[numbers[0]]

    def live(self):
        return list(self._leaks.values())

    @contextmanager
    def watch(self):
        first = self._n + 1
        yield
        leaked = [leak.name for n, leak in self._leaks.items() if n >= first]
        if leaked:
            raise LeakError(", ".join(leaked))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    f = await anyio.open_file(path, mode)
    tracker.track(f, name=f"{path}")
    try:
        yield f
    except BaseException:
        tracker.untrack(f)
        await f.aclose()
        raise
    else:
        tracker.untrack(f)
        await f.aclose()


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError
    result = ["" for _ in paths]
    started = 0

    def start_next():
        nonlocal started
        if started < len(paths):
            started += 1
            tg.start_soon(read, started - 1)

    async def read(i):
        async with open_tracked(tracker, paths[i]) as f:
            result[i] = await f.read()
        start_next()

    async with anyio.create_task_group() as tg:
        for _ in range(min(limit, len(paths))):
            start_next()
    return result
