"""Built with memory streams for paths and texts, files opened in a thread and wrapped, and a block that goes by the clock."""

import math
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
    def __init__(self):
        self.entries = []

    def track(self, resource, *, name):
        if any(ref() is resource for ref, _ in self.entries):
            raise ValueError(name)
        self.entries.append((weakref.ref(resource), Leak(name, anyio.current_time())))

    def untrack(self, resource):
        for place, (ref, _) in enumerate(self.entries):
            if ref() is resource:
                self.entries.pop(place)
                return
        raise ValueError

    def live(self):
        return sorted((leak for _, leak in self.entries), key=lambda leak: leak.opened_at)

    @contextmanager
    def watch(self):
        began = anyio.current_time()
        yield
        leaks = [leak for leak in self.live() if leak.opened_at >= began]
        if leaks:
            raise LeakError("still open:\n" + "\n".join(f"- {leak.name}, since {leak.opened_at:.1f}" for leak in leaks))


@asynccontextmanager
async def open_tracked(tracker, path, mode="r"):
    file = anyio.wrap_file(await anyio.to_thread.run_sync(open, path, mode))
    try:
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file)
    finally:
        with anyio.CancelScope(shield=True):
            await file.aclose()


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit")
    send_path, receive_path = anyio.create_memory_object_stream(math.inf)
    send_text, receive_text = anyio.create_memory_object_stream(math.inf)
    texts = [""] * len(paths)

    async def worker(paths, results):
        async with paths, results:
            async for index, path in paths:
                async with open_tracked(tracker, path) as file:
                    text = await file.read()
                results.send_nowait((index, text))

    async with send_path, receive_path, send_text, receive_text:
        for item in enumerate(paths):
            send_path.send_nowait(item)
        send_path.close()
        async with anyio.create_task_group() as tg:
            for _ in range(limit):
                tg.start_soon(worker, receive_path.clone(), send_text.clone())
            send_text.close()
            async for index, text in receive_text:
                texts[index] = text
    return texts
