"""Built with classes for both context managers, and with workers that share one iterator."""

import weakref
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import anyio


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


@dataclass(frozen=True)
class Record(Leak):
    ref: object = field(compare=False, default=None)


class Watch(AbstractContextManager):
    def __init__(self, tracker):
        self.tracker = tracker

    def __enter__(self):
        self.new = []
        self.tracker.watches.append(self.new)

    def __exit__(self, kind, error, trace):
        self.tracker.watches = [new for new in self.tracker.watches if new is not self.new]
        left = [record for record in self.new if any(record is r for r in self.tracker.records)]
        if error is None and left:
            raise LeakError([record.name for record in left])
        return False


class LeakTracker:
    def __init__(self):
        self.records = []
        self.watches = []

    def _place(self, resource):
        for place, record in enumerate(self.records):
            if record.ref() is resource:
                return place
        return None

    def track(self, resource, *, name):
        if self._place(resource) is not None:
            raise ValueError
        record = Record(name, anyio.current_time(), weakref.ref(resource))
        self.records.append(record)
        for new in self.watches:
            new.append(record)

    def untrack(self, resource):
        place = self._place(resource)
        if place is None:
            raise ValueError
        del self.records[place]

    def live(self):
        return list(self.records)

    def watch(self):
        return Watch(self)


class open_tracked:
    def __init__(self, tracker, path, mode="r"):
        self.tracker, self.path, self.mode = tracker, path, mode

    async def __aenter__(self):
        self.file = await anyio.open_file(self.path, self.mode)
        self.tracker.track(self.file, name=str(self.path))
        return self.file

    async def __aexit__(self, kind, error, trace):
        try:
            await self.file.aclose()
        finally:
            self.tracker.untrack(self.file)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit must be positive")
    texts = [None] * len(paths)
    todo = iter(enumerate(paths))

    async def worker():
        for index, path in todo:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()

    async with anyio.create_task_group() as tg:
        for _ in range(min(limit, len(paths))):
            tg.start_soon(worker)
    return texts
