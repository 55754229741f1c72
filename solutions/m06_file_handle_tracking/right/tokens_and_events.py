"""Built with a tracker that keeps its entries in order of their numbers, and events that hand a slot on."""

import itertools
import weakref
from collections import deque
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
        self._numbers = itertools.count()
        self._by_number = {}
        self._number_of = {}

    def _known(self, resource):
        number = self._number_of.get(id(resource))
        if number is None or number not in self._by_number:
            return None
        ref, _ = self._by_number[number]
        return number if ref() is resource else None

    def track(self, resource, *, name):
        if self._known(resource) is not None:
            raise ValueError("tracked already: " + name)
        number = next(self._numbers)
        self._by_number[number] = (weakref.ref(resource), Leak(name, anyio.current_time()))
        self._number_of[id(resource)] = number

    def untrack(self, resource):
        number = self._known(resource)
        if number is None:
            raise ValueError("not tracked")
        del self._by_number[number]
        del self._number_of[id(resource)]

    def live(self):
        return [self._by_number[number][1] for number in sorted(self._by_number)]

    @contextmanager
    def watch(self):
        begin = next(self._numbers)
        yield
        leaked = {leak.name for number, (_, leak) in self._by_number.items() if number > begin}
        if leaked:
            raise LeakError("leaked: " + ", ".join(sorted(leaked)))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = None
    try:
        file = await anyio.open_file(path, mode)
        tracker.track(file, name=str(path))
        yield file
    finally:
        if file is not None:
            tracker.untrack(file)
            await file.aclose()


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit")
    free = limit
    queue = deque()
    texts = [""] * len(paths)

    async def read(index, path):
        nonlocal free
        if free:
            free -= 1
        else:
            event = anyio.Event()
            queue.append(event)
            await event.wait()
        async with open_tracked(tracker, path) as file:
            while chunk := await file.read(4):
                texts[index] += chunk
        if queue:
            queue.popleft().set()
        else:
            free += 1

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    return texts
