"""Built with finalizers that are looked into and detached, blocks that are told what is tracked, and a condition."""

import weakref
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import anyio


class LeakError(Exception):
    pass


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


@dataclass(eq=False)
class Entry:
    leak: Leak
    finalizer: weakref.finalize = field(init=False)


class LeakTracker:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.watchers: list[list[Entry]] = []

    def lookup(self, resource: object) -> "Entry | None":
        for entry in self.entries:
            peeked = entry.finalizer.peek()
            if peeked is not None and peeked[0] is resource:
                return entry
        return None

    def track(self, resource: object, *, name: str) -> None:
        if self.lookup(resource):
            raise ValueError(f"already tracked: {name}")
        entry = Entry(Leak(name=name, opened_at=anyio.current_time()))
        entry.finalizer = weakref.finalize(resource, int)
        entry.finalizer.atexit = False
        self.entries.append(entry)
        for watcher in self.watchers:
            watcher.append(entry)

    def untrack(self, resource: object) -> None:
        entry = self.lookup(resource)
        if entry is None:
            raise ValueError("unknown resource")
        entry.finalizer.detach()
        self.entries.remove(entry)
        for watcher in self.watchers:
            if entry in watcher:
                watcher.remove(entry)

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self.entries]

    @contextmanager
    def watch(self):
        seen: list[Entry] = []
        self.watchers.append(seen)
        try:
            yield
        finally:
            self.watchers = [w for w in self.watchers if w is not seen]
        if seen:
            raise LeakError("leaked: " + ", ".join(repr(entry.leak.name) for entry in seen))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = await anyio.open_file(path, mode=mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        try:
            with anyio.CancelScope(shield=True):
                await file.aclose()
        finally:
            tracker.untrack(file)


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit must be >= 1")
    condition = anyio.Condition()
    busy = 0
    texts = [""] * len(paths)

    async def one(i):
        nonlocal busy
        async with condition:
            while busy >= limit:
                await condition.wait()
            busy += 1
        try:
            async with open_tracked(tracker, paths[i]) as f:
                texts[i] = await f.read()
        finally:
            busy -= 1
            with anyio.CancelScope(shield=True):
                async with condition:
                    condition.notify()

    async with anyio.create_task_group() as tg:
        for i in range(len(paths)):
            tg.start_soon(one, i)
    return texts
