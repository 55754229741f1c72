"""What the tools of the course cost: the figures of course/performance.md, measured anew on this machine.

`python benchmarks/course.py` prints the table as Markdown. Each figure is the median of five rounds; a round repeats an
operation until it has taken a measurable time.
"""

from __future__ import annotations

import asyncio
import platform
import runpy
import statistics
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import anyio
import anyio.lowlevel

ROUNDS = 5
Operation = Callable[[int], Awaitable[None]]
SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
TRACKING = SimpleNamespace(**runpy.run_path(str(SOLUTIONS / "m06_file_handle_tracking" / "file_handle_tracking.py")))


class Resource:
    """Something that can be weakly referenced."""


async def tasks(count: int) -> None:
    """Tasks of one group, each with one checkpoint."""
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(anyio.lowlevel.checkpoint)


async def checkpoints(count: int) -> None:
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


async def scopes(count: int) -> None:
    for _ in range(count):
        with anyio.move_on_after(60):  # noqa: ASYNC100 - what entering and leaving costs
            pass


async def locks(count: int) -> None:
    lock = anyio.Lock()
    for _ in range(count):
        async with lock:
            pass


async def streams(count: int) -> None:
    send, receive = anyio.create_memory_object_stream[int](100)
    async with send, receive, anyio.create_task_group() as group:

        async def consume() -> None:
            for _ in range(count):
                await receive.receive()

        group.start_soon(consume)
        for item in range(count):
            await send.send(item)


async def threads(count: int) -> None:
    for _ in range(count):
        await anyio.to_thread.run_sync(int)


async def tracked(count: int) -> None:
    """The reference of m06, with a hundred other resources on its list."""
    tracker = TRACKING.LeakTracker()
    others = [Resource() for _ in range(100)]
    for other in others:
        tracker.track(other, name="other")
    resource = Resource()
    for _ in range(count):
        tracker.track(resource, name="one")
        tracker.untrack(resource)


async def plain_tasks(count: int) -> None:
    """For comparison: asyncio's own."""
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(asyncio.sleep(0))


COSTS: dict[str, tuple[Operation, int]] = {
    "a checkpoint": (checkpoints, 5_000),
    "`move_on_after`, entered and left": (scopes, 5_000),
    "a task in a group, started and ended": (tasks, 2_000),
    "a lock, taken and given back": (locks, 5_000),
    "an item through a memory stream": (streams, 3_000),
    "a resource tracked and untracked (m06), 100 others live": (tracked, 2_000),
    "a call in a worker thread": (threads, 500),
}


def cost(operation: Operation, count: int, backend: str) -> float:
    """Microseconds for one."""

    async def main() -> float:
        await operation(count // 10)
        began = time.perf_counter()
        await operation(count)
        return (time.perf_counter() - began) / count * 1e6

    return statistics.median(anyio.run(main, backend=backend) for _ in range(ROUNDS))


def overshoot(backend: str) -> tuple[float, float]:
    """By how much a timeout of 20 ms is late, in milliseconds: median and worst of 50."""

    async def main() -> list[float]:
        late = []
        for _ in range(50):
            began = anyio.current_time()
            with anyio.move_on_after(0.02):
                await anyio.sleep(1)
            late.append((anyio.current_time() - began - 0.02) * 1e3)
        return late

    late = anyio.run(main, backend=backend)
    return statistics.median(late), max(late)


def main() -> None:
    python, versions = platform.python_version(), f"anyio {version('anyio')}, trio {version('trio')}"
    print(f"Python {python}, {versions}, {platform.machine()}\n")
    print("| one … | asyncio, µs | trio, µs |\n| --- | ---: | ---: |")
    for name, (operation, count) in COSTS.items():
        print(f"| {name} | {cost(operation, count, 'asyncio'):.1f} | {cost(operation, count, 'trio'):.1f} |")
    print(f"| a task in asyncio's own `TaskGroup` | {cost(plain_tasks, 2_000, 'asyncio'):.1f} | |")
    print("\n| a timeout of 20 ms is late by | asyncio, ms | trio, ms |\n| --- | ---: | ---: |")
    late = [overshoot(backend) for backend in ("asyncio", "trio")]
    print(f"| in the median | {late[0][0]:.2f} | {late[1][0]:.2f} |")
    print(f"| at worst, of 50 | {late[0][1]:.2f} | {late[1][1]:.2f} |")


if __name__ == "__main__":
    main()
