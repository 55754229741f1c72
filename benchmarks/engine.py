"""What a run costs, and how many classic bugs are found: ours beside a stock run of the same code, in one process.

    python benchmarks/engine.py

Prints a table; figures in milliseconds are of this machine, ratios are of both sides measured in turn.
"""

import asyncio
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio
import trio.testing
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader.checks.play import order_of
from grader.judging.searches import first_runs
from grader.worker.process.alarm import Alarm
from grader.worker.process.player import RunPlayer
from grader.worker.scene.subject import Subject
from grader.worker.watch import probes
from tests.worker.conftest import ONE_CALL
from tests.worker.test_orders import BUGS, HEAD

BACKENDS = ("asyncio", "trio")
MINUTE = """
import anyio
async def main(world=None):
    async def job(seconds):
        with anyio.move_on_after(60):
            await anyio.sleep(seconds)
    async with anyio.create_task_group() as group:
        for seconds in (1, 7, 30, 3600):
            group.start_soon(job, seconds)
    await anyio.sleep(5)
"""
ROUNDS = 9
RUNS = 40
STOCK_RUNS = 100


def session_of(source: str) -> RunPlayer:
    """Return a session of this process for a subject that is a program of its own."""
    return RunPlayer(Subject("subject", source, {}), ONE_CALL, alarm=Alarm(lambda _: None))


def orders(session: RunPlayer, backend: str, count: int) -> list[dict[str, Any]]:
    """Return the traces of `count` orders."""
    traces: list[dict[str, Any]] = []
    runs = first_runs({"kind": "orders", "runs": [order_of(seed) for seed in range(count)]})
    session.play({"backend": backend, "plan": {}, "runs": runs}, traces.append)
    return traces


def stock(main: Callable[..., Any], backend: str) -> Any:
    """Run a program as anyio does, with trio's own mock clock where there is one."""
    if backend == "trio":
        return trio.run(main, None, clock=trio.testing.MockClock(autojump_threshold=0))
    return asyncio.run(main(None))


def program(source: str) -> Callable[..., Any]:
    """Return `main` of a program."""
    names: dict[str, Any] = {}
    exec(source, names)
    main: Callable[..., Any] = names["main"]
    return main


def cost_of_a_minute(table: Table) -> None:
    """65 virtual seconds, four tasks: ours beside trio's MockClock (asyncio has nothing of the kind)."""
    ours = session_of(MINUTE)
    main = program(MINUTE)
    for backend in BACKENDS:
        mine, theirs = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            orders(ours, backend, RUNS)
            mine.append((time.perf_counter() - start) / RUNS * 1e3)
            if backend == "trio":
                start = time.perf_counter()
                for _ in range(RUNS):
                    stock(main, backend)
                theirs.append((time.perf_counter() - start) / RUNS * 1e3)
        beside = (
            f"{statistics.median(mine) / statistics.median(theirs):.2f} x trio.testing.MockClock" if theirs else "-"
        )
        table.add_row("65 virtual seconds", backend, f"{statistics.median(mine):.2f} ms a run", beside)


def bugs_found(table: Table) -> None:
    """The seven classic bugs: found by 20 orders on each backend, and by stock runs without any clock of ours."""
    for backend in BACKENDS:
        found, flagged, first = 0, 0, []
        for bug in BUGS:
            results = [t["spans"][2]["value"] for t in orders(session_of(HEAD + bug.wrong), backend, 20)]
            found += not all(value is True for value in results)
            first.append(next((i for i, value in enumerate(results, 1) if value is not True), 0))
            flagged += not all(
                t["spans"][2]["value"] is True for t in orders(session_of(HEAD + bug.right), backend, 20)
            )
        unseen = sum(not _stock_finds(bug.wrong, backend) for bug in BUGS) if backend == "trio" else None
        beside = "-" if unseen is None else f"{len(BUGS) - unseen} of {len(BUGS)} by {STOCK_RUNS} stock runs"
        words = f"{found} of {len(BUGS)} (after {', '.join(map(str, first))} orders), {flagged} correct twins flagged"
        table.add_row("classic bugs", backend, words, beside)


def _stock_finds(source: str, backend: str) -> bool:
    main = program(HEAD + source)
    return any(stock(main, backend) is not True for _ in range(STOCK_RUNS))


def run() -> None:
    """Measure and print."""
    probes.install(blocking_calls=False)
    table = Table("what", "backend", "ours", "beside")
    cost_of_a_minute(table)
    bugs_found(table)
    console = Console(width=120)
    console.print(table)
    console.print(f"{platform.platform()}, Python {platform.python_version()}")


if __name__ == "__main__":
    run()
