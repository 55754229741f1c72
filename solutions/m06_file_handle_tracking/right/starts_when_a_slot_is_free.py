"""Built with a task for each path that is started only when a slot is free; the body's error is raised out of its group."""

import weakref
from contextlib import AbstractContextManager, asynccontextmanager
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
        self._names = []
        self._refs = []

    def track(self, resource, *, name):
        if self._index(resource) >= 0:
            raise ValueError("tracked already")
        self._names.append(Leak(name, anyio.current_time()))
        self._refs.append(weakref.ref(resource))

    def _index(self, resource):
        for index in range(len(self._refs)):
            if self._refs[index]() is resource:
                return index
        return -1

    def untrack(self, resource):
        index = self._index(resource)
        if index < 0:
            raise ValueError("not tracked")
        del self._names[index], self._refs[index]

    def live(self):
        return self._names.copy()

    def watch(self):
        tracker = self

        class Block(AbstractContextManager):
            def __enter__(self):
                self.before = list(tracker._names)

            def __exit__(self, kind, error, trace):
                if kind is not None:
                    return None
                leaks = [leak.name for leak in tracker._names if not any(leak is old for old in self.before)]
                if leaks:
                    raise LeakError(*leaks)
                return None

        return Block()


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        try:
            with anyio.move_on_after(60, shield=True):
                await file.aclose()
        finally:
            tracker.untrack(file)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("at least one")
    slots = anyio.Semaphore(limit)
    texts = list(paths)

    async def read(index, path):
        try:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()
        except Exception:
            tg.cancel_scope.cancel()
            raise
        finally:
            slots.release()

    error = None
    try:
        async with anyio.create_task_group() as tg:
            for index, path in enumerate(paths):
                await slots.acquire()
                tg.start_soon(read, index, path)
    except ExceptionGroup as group:
        error = group.exceptions[0]
    if error is not None:
        raise error
    return texts
