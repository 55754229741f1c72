"""Built with weak keys that compare by identity, tasks that tell when they have a slot, and an error taken out of its group."""

from __future__ import annotations
import weakref
from collections import OrderedDict
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import TaskStatus


class LeakError(Exception):
    pass


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class Identity:
    """Compares by the identity of what it refers to weakly."""

    def __init__(self, resource: object) -> None:
        self.address = id(resource)
        self.ref = weakref.ref(resource)

    def __hash__(self) -> int:
        return self.address

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        mine = self.ref()
        return isinstance(other, Identity) and mine is not None and mine is other.ref()


class LeakTracker:
    def __init__(self) -> None:
        self._live: OrderedDict[Identity, Leak] = OrderedDict()

    def track(self, resource: object, *, name: str) -> None:
        key = Identity(resource)
        if key in self._live:
            raise ValueError("already tracked")
        self._live[key] = Leak(name, anyio.current_time())

    def untrack(self, resource: object) -> None:
        if self._live.pop(Identity(resource), None) is None:
            raise ValueError("not tracked")

    def live(self) -> list[Leak]:
        return [*self._live.values()]

    @contextmanager
    def watch(self):
        before = {id(key): key for key in self._live}
        try:
            yield
        except BaseException:
            raise
        else:
            leaks = [leak for key, leak in self._live.items() if id(key) not in before]
            if leaks:
                raise LeakError(f"leaked: {[leak.name for leak in leaks]}")


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = await anyio.open_file(path, mode)
    try:
        tracker.track(file, name=str(path))
        yield file
    finally:
        try:
            tracker.untrack(file)
        finally:
            await file.aclose()


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit must be positive")
    texts: list[str] = [""] * len(paths)
    slots = anyio.Semaphore(limit)

    async def one(index: int, *, task_status: TaskStatus[None]) -> None:
        async with slots:
            task_status.started()
            async with open_tracked(tracker, paths[index]) as file:
                texts[index] = await file.read()

    try:
        async with anyio.create_task_group() as tg:
            for index in range(len(paths)):
                await tg.start(one, index)
    except* Exception as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error
    return texts
