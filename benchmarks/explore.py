"""How good `@pytest.mark.explore` is against code that nobody here wrote, and what it costs.

`python benchmarks/explore.py bugs|httpcore|anyio|steps` plays one part: classic bugs and their careful twins; two faults of
published releases of httpcore; anyio's own tests under the marker; microseconds a step. Without a word it plays all.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import anyio
import trio
import trio.testing
from fidelity import FILES, Unavailable, fetch, pip
from rich.console import Console
from rich.table import Table

from grader.explore.engine import Explore, ExplorePlayer
from grader.explore.run_word import ExploredRun
from grader.explore.stalls import StallWatch

CHECKOUT = Path(__file__).resolve().parents[1]
RELEASES = ("0.17.3", "1.0.2", "1.0.3", "1.0.9")
HTTPCORE = """
import anyio
import httpcore
import pytest


class Backend(httpcore.AsyncMockBackend):
    async def connect_tcp(self, *args, **options):
        await anyio.sleep(0.1)
        return await super().connect_tcp(*args, **options)


ANSWER = [b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\nok"]


@pytest.fixture
async def pool():
    async with httpcore.AsyncConnectionPool(max_connections=1, network_backend=Backend(ANSWER)) as pool:
        yield pool


@pytest.mark.explore
async def test_a_cancelled_request_gives_its_slot_back(pool, explore):
    async with explore.cancelled():
        await pool.request("GET", "http://example.org/")
    response = await pool.request("GET", "http://example.org/", extensions={"timeout": {"pool": 5}})
    assert response.status == 200


@pytest.mark.explore
async def test_a_request_that_is_cancelled_while_it_waits_is_forgotten(pool, explore):
    async with anyio.create_task_group() as group:
        group.start_soon(pool.request, "GET", "http://example.org/")
        await anyio.wait_all_tasks_blocked()
        async with explore.cancelled():
            await pool.request("GET", "http://example.org/")
    assert pool._requests == []
"""
SETTINGS = "[pytest]\nanyio_mode = auto\naddopts = --import-mode=prepend\nmarkers =\n    network: needs the network\n"


def play(folder: Path, *words: str, **environment: str) -> dict[str, tuple[str, float]]:
    """Run pytest; return of each test what it said, empty if it passed, and its seconds."""
    found = folder / "found.xml"
    found.unlink(missing_ok=True)
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={found}", *words],
        cwd=folder,
        env={**known, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if not found.exists():
        raise SystemExit(ended.stdout + ended.stderr)
    tests = {}
    for case in ET.parse(found).iter("testcase"):
        wrong = [part for part in case if part.tag in ("failure", "error")]
        skipped = case.find("skipped") is not None
        name = f"{case.get('classname')}.{case.get('name')}"
        said = "skipped" if skipped else (wrong[0].text or "failed") if wrong else ""
        tests[name] = (said, float(case.get("time", 0)))
    return tests


def bugs(console: Console) -> None:
    """Classic bugs: found on both backends? And is a careful twin blamed?"""
    spec = importlib.util.spec_from_file_location("classic_bugs", CHECKOUT / "tests/explore/test_classic_bugs.py")
    if spec is None or spec.loader is None:
        raise SystemExit("tests/explore/test_classic_bugs.py is gone")
    classic = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(classic)
    table = Table("bug", "found on", "ms", "careful twin", "ms", title="Classic bugs")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_bugs.py").write_text(classic.text())
        tests = play(folder, "test_bugs.py")
    for name in classic.NAMES:
        said, seconds = tests[f"test_bugs.test_{name}_careless"]
        blamed, twin = tests[f"test_bugs.test_{name}_careful"]
        on = [*(["asyncio"] if "fails on asyncio" in said else []), *(["trio"] if "trio: fails too" in said else [])]
        table.add_row(
            name, ", ".join(on), f"{1000 * seconds:.0f}", "blamed" if blamed else "passes", f"{1000 * twin:.0f}"
        )
    console.print(table)


def releases(console: Console) -> None:
    """Two faults of httpcore that were mended in 1.0.3."""
    table = Table(
        "httpcore", "slot of a request cancelled while connecting", "request cancelled while it waits", title="httpcore"
    )
    with tempfile.TemporaryDirectory() as place:
        for release in RELEASES:
            folder = Path(place) / release
            folder.mkdir()
            pip(
                "install",
                "--no-deps",
                "--no-compile",
                "--target",
                str(folder / "needed"),
                f"httpcore=={release}",
                "h11",
                "certifi",
            )
            (folder / "pytest.ini").write_text("[pytest]\n")
            (folder / "test_pool.py").write_text(HTTPCORE)
            tests = play(folder, "test_pool.py", PYTHONPATH=str(folder / "needed"))
            table.add_row(release, *(_outcome(said) for said, _ in tests.values()))
    console.print(table)


def _outcome(said: str) -> str:
    if not said:
        return "passes on both"
    run = next((line.rpartition("--explore=")[2] for line in said.splitlines() if line.startswith("again: ")), "?")
    return f"{'lost' if 'PoolTimeout' in said else 'kept'}: {run}" + (", trio too" if "trio: fails too" in said else "")


def anyio_tests(console: Console) -> None:
    """anyio's own tests of scheduling, as they are and under the marker."""
    table = Table("played", "pass", "fail", "s", title="anyio's own async tests")
    with tempfile.TemporaryDirectory() as place:
        try:
            source = fetch(Path(place))
        except Unavailable as error:
            console.print(f"not played: {error}")
            return
        (source / "pytest.ini").write_text(SETTINGS)
        paths = os.pathsep.join(map(str, (Path(__file__).parent, source.parent / "needed")))
        plain: dict[str, tuple[str, float]] = {}
        for title, orders in (("as they are", ""), ("explored, in order", "0"), ("explored, 10 orders", "10")):
            began = time.monotonic()
            words = [
                "-c",
                "pytest.ini",
                "-p",
                "explore_plugin",
                "-W",
                "ignore",
                "--timeout=60",
                *(f"tests/{file}" for file in FILES),
            ]
            tests = play(source, *words, PYTHONPATH=paths, EXPLORE_ALL=orders)
            ran = {
                name: said for name, (said, _) in tests.items() if said != "skipped" and not plain.get(name, ("", 0))[0]
            }
            plain = plain or tests
            failed = {name: said for name, said in ran.items() if said}
            table.add_row(title, str(len(ran) - len(failed)), str(len(failed)), f"{time.monotonic() - began:.0f}")
            for why, number in Counter(map(_why, failed.values())).most_common():
                table.add_row(f"  {why}", "", str(number), "")
            if orders:
                console.print(*(f"{_why(said):60.60} {name}" for name, said in failed.items()), sep="\n")
    console.print(table)


def _why(said: str) -> str:
    lines = [line[1:].strip() for line in said.splitlines() if line.startswith("E ")]
    # A group of exceptions is shown without the mark; what is in it comes last.
    inner = [line.strip(" |") for line in said.splitlines() if line.strip().startswith("|") and "Error" in line]
    text = lines[0] if lines else inner[-1] if inner else said.strip().splitlines()[0]
    return text.removeprefix("grader.explore.ExploreFailure: ").partition(":")[0][:70]


STEPS = 16_000  # below the limit of a run


async def _workers() -> None:
    async def worker() -> None:
        for _ in range(STEPS // 4):
            await anyio.sleep(1)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(worker)


def _explored(backend: str, seed: int) -> Callable[[], None]:
    async def body(_: Explore) -> None:
        await _workers()

    def search():
        outcome = yield ExploredRun(backend, seed), False
        if outcome.kind != "passed":
            raise SystemExit(f"{outcome.kind}: {outcome.error}")

    return lambda: ExplorePlayer(body, "virtual", StallWatch(off=True)).play(search())


def _mock_clock() -> None:
    trio.run(_workers, clock=trio.testing.MockClock(autojump_threshold=0))


def _plain_asyncio() -> None:
    async def no_time() -> None:
        for _ in range(STEPS // 4):
            await asyncio.sleep(0)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(no_time())

    asyncio.run(main())


def steps(console: Console) -> None:
    """Microseconds a step: four tasks that sleep for a second, again and again."""
    table = Table("", "µs a step", title="Steps")
    played = {
        "explore, asyncio, in order": _explored("asyncio", 0),
        "explore, asyncio, an order": _explored("asyncio", 2),
        "explore, trio, in order": _explored("trio", 0),
        "explore, trio, an order": _explored("trio", 2),
        "trio, MockClock with autojump": _mock_clock,
        "asyncio, sleep(0): no clock at all": _plain_asyncio,
    }
    for name, once in played.items():
        best = min(_seconds(once) for _ in range(3))
        table.add_row(name, f"{1e6 * best / STEPS:.1f}")
    console.print(table)


def _seconds(once: Callable[[], None]) -> float:
    began = time.process_time()
    once()
    return time.process_time() - began


PARTS = {"bugs": bugs, "httpcore": releases, "anyio": anyio_tests, "steps": steps}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part](Console(width=140))
