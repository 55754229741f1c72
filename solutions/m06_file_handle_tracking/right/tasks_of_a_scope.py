"""Built with reads that may be abandoned, nested task groups, and a tracker that finds by a scan from the newest."""

import weakref
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class LeakTracker:
    def __init__(self, clock=anyio.current_time):
        self._clock = clock
        self._stack = []

    def track(self, resource, *, name):
        try:
            self._pick(resource)
        except LookupError:
            self._stack.append({"who": weakref.ref(resource), "leak": Leak(name, self._clock())})
        else:
            raise ValueError("tracked already")

    def _pick(self, resource):
        for place in reversed(range(len(self._stack))):
            if self._stack[place]["who"]() is resource:
                return place
        raise LookupError

    def untrack(self, resource):
        try:
            del self._stack[self._pick(resource)]
        except LookupError:
            raise ValueError("not tracked") from None

    def live(self):
        return [entry["leak"] for entry in self._stack]

    @contextmanager
    def watch(self):
        known = {id(entry) for entry in self._stack}
        kept = list(self._stack)
        yield
        new = [entry["leak"] for entry in self._stack if id(entry) not in known]
        del kept
        if new:
            raise LeakError(f"{len(new)} left open: " + "; ".join(f"{leak.name} ({leak.opened_at})" for leak in new))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = await anyio.open_file(path, mode)
    with anyio.CancelScope() as scope:
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            scope.shield = True
            tracker.untrack(file)
            await file.aclose()


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit")
    async with anyio.create_task_group() as outer:
        limiter = anyio.CapacityLimiter(limit)
        texts = [""] * len(paths)

        async def read(index, path):
            async with anyio.create_task_group() as inner, limiter:
                async with open_tracked(tracker, path) as file:
                    texts[index] = await anyio.to_thread.run_sync(file.wrapped.read, abandon_on_cancel=True)

        for index, path in enumerate(paths):
            outer.start_soon(read, index, path)
    return texts
