"""Built with a dict by id, from which a weak reference's callback moves what is gone to a list; Path.open; the file inside is tracked."""

import weakref
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class LeakTracker:
    def __init__(self):
        self._alive = {}
        self._lost = []
        self._count = 0

    def track(self, resource, *, name):
        key = id(resource)
        if key in self._alive:
            raise ValueError(f"{name!r} is tracked already")

        def gone(ref):
            number, leak, _ = self._alive.pop(key)
            self._lost.append((number, leak))

        self._count += 1
        self._alive[key] = (self._count, Leak(name, anyio.current_time()), weakref.ref(resource, gone))

    def untrack(self, resource):
        if id(resource) not in self._alive:
            raise ValueError("not tracked")
        del self._alive[id(resource)]

    def _all(self):
        return sorted([(n, leak) for n, leak, _ in self._alive.values()] + self._lost, key=lambda pair: pair[0])

    def live(self):
        return [leak for _, leak in self._all()]

    @contextmanager
    def watch(self):
        start = self._count
        yield
        names = [leak.name for number, leak in self._all() if number > start]
        if names:
            raise LeakError(f"{len(names)} leaked: {names}")


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    async with await anyio.Path(path).open(mode) as file:
        inner = file.wrapped
        tracker.track(inner, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(inner)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit")
    limiter = anyio.CapacityLimiter(limit)
    texts = {}

    async def read(number, path):
        async with limiter, open_tracked(tracker, path) as file:
            texts[number] = "".join([line async for line in file])

    async with anyio.create_task_group() as tg:
        for number, path in enumerate(paths):
            tg.start_soon(read, number, path)
    return [texts[number] for number in range(len(paths))]
