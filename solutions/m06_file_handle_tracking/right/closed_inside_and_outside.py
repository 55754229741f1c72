"""Built with `async with file` inside and `aclose_forcefully` outside it; a beginner's tracker, with dicts in a list."""

import weakref
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from anyio import Semaphore, aclose_forcefully, create_task_group, current_time, open_file


class LeakError(Exception):
    """Something was still open."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class LeakTracker:
    def __init__(self):
        self.records = []
        self.counter = 0

    def track(self, resource, *, name):
        for record in self.records:
            if record["ref"]() is resource:
                raise ValueError("already tracked")
        self.counter += 1
        self.records.append(
            {"ref": weakref.ref(resource), "number": self.counter, "name": name, "opened_at": current_time()}
        )

    def untrack(self, resource):
        for index, record in enumerate(self.records):
            if record["ref"]() is resource:
                del self.records[index]
                return
        raise ValueError("not tracked")

    def live(self):
        result = []
        for record in self.records:
            result.append(Leak(record["name"], record["opened_at"]))
        return result

    @contextmanager
    def watch(self):
        last_before = self.counter
        yield
        names = [record["name"] for record in self.records if record["number"] > last_before]
        if len(names) > 0:
            raise LeakError("leaked: " + ", ".join(names))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = await open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        async with file:
            yield file
    finally:
        tracker.untrack(file)
        await aclose_forcefully(file)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit must be at least 1")
    semaphore = Semaphore(limit)
    texts = {}

    async def read_one(index, path):
        async with semaphore:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()

    async with create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read_one, index, path)
    return [texts[index] for index in range(len(paths))]
