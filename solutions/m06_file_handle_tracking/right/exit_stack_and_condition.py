"""Built with an exit stack, a condition that counts open files, and lambdas in the threads."""

import weakref
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
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
    def __init__(self):
        self.serial = 0
        self.entries = {}

    def number_of(self, resource):
        return next((n for n, (ref, leak) in self.entries.items() if ref() is resource), None)

    def track(self, resource: object, *, name: str) -> None:
        if self.number_of(resource):
            raise ValueError("twice")
        self.serial += 1
        self.entries[self.serial] = weakref.ref(resource), Leak(name=name, opened_at=anyio.current_time())

    def untrack(self, resource: object) -> None:
        number = self.number_of(resource)
        if not number:
            raise ValueError("unknown")
        self.entries.pop(number)

    def live(self) -> list[Leak]:
        return [leak for _, leak in self.entries.values()]

    @contextmanager
    def watch(self):
        first = self.serial
        try:
            yield
        except BaseException:
            raise
        else:
            leaks = [leak for number, (_, leak) in self.entries.items() if number > first]
            if leaks:
                raise LeakError(str(leaks))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    async with AsyncExitStack() as stack:
        file = anyio.wrap_file(await anyio.to_thread.run_sync(lambda: open(path, mode)))
        stack.push_async_callback(file.aclose)
        tracker.track(file.wrapped, name=str(path))
        stack.callback(tracker.untrack, file.wrapped)
        yield file


async def read_all(tracker, paths, *, limit):
    if not limit >= 1:
        raise ValueError(limit)
    condition = anyio.Condition()
    now_open = 0
    results = {}

    async def read(index):
        nonlocal now_open
        async with condition:
            while now_open >= limit:
                await condition.wait()
            now_open += 1
        try:
            async with open_tracked(tracker, paths[index]) as file:
                results[index] = await anyio.to_thread.run_sync(lambda: file.wrapped.read())
        finally:
            with anyio.CancelScope(shield=True):
                async with condition:
                    now_open -= 1
                    condition.notify(1)

    async with anyio.create_task_group() as tg:
        for index in range(len(paths)):
            tg.start_soon(read, index)
    return [results[index] for index in sorted(results)]
