"""Built so that after an error no further file is opened, but what is open is read to its end before the error leaves."""

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
        self._entries = []

    def track(self, resource, *, name):
        for ref, _ in self._entries:
            if ref() is resource:
                raise ValueError(f"{name} is tracked")
        self._entries += [(weakref.ref(resource), Leak(name, anyio.current_time()))]

    def untrack(self, resource):
        kept = [entry for entry in self._entries if entry[0]() is not resource]
        if len(kept) == len(self._entries):
            raise ValueError("not tracked")
        self._entries = kept

    def live(self):
        return [leak for _, leak in self._entries]

    @contextmanager
    def watch(self):
        before = self._entries[:]
        yield
        new = [e for e in self._entries if not any(e is b for b in before)]
        if new:
            raise LeakError("leaked " + " and ".join(leak.name for _, leak in new))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r", **options):
    async with await anyio.open_file(path, mode, **options) as file:
        try:
            tracker.track(file, name=str(path))
            yield file
        finally:
            tracker.untrack(file)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit < 1")
    texts = [""] * len(paths)
    errors = []
    waiting = list(range(len(paths)))[::-1]

    async def worker():
        while waiting and not errors:
            index = waiting.pop()
            try:
                async with open_tracked(tracker, paths[index]) as file:
                    texts[index] = await file.read()
            except Exception as error:
                errors.append(error)

    async with anyio.create_task_group() as tg:
        for _ in range(limit):
            tg.start_soon(worker)
    if errors:
        raise ExceptionGroup("some files could not be read", errors)
    return texts
