"""A plugin for pytest that runs each test three times: with anyio's own runner, in a scene of the worker, and in a notebook's cell.

Each run is a fork of its own, so that no test meets what another left. What became of them is written as JSON to the
file that FIDELITY_OUTCOMES names: test → way → outcome, and what it raised. `benchmarks/fidelity.py` starts it.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import os
import select
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from _pytest.skipping import evaluate_skip_marks

from grader import notebook
from grader.judging.searches import first_runs
from grader.worker.process.alarm import Alarm
from grader.worker.process.player import RunPlayer
from grader.worker.scene.subject import Subject
from grader.worker.watch import probes

WAYS = ("plain", "worker", "notebook")
#: A run is killed after this time (s): it waits for something that never comes.
PATIENCE = 60
SCENE = """
import fidelity_plugin

async def scene(subject, world):
    await fidelity_plugin.present.body()
"""

present = SimpleNamespace(way="plain", body=None)  # of this fork
outcomes: dict[str, dict[str, list[str]]] = {}


class Later:
    """What an async fixture gives, once it is made: in the loop of the test."""

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    async def make(self, stack: contextlib.AsyncExitStack, made: dict[Later, Any]) -> Any:
        """Make it, once, and those before it."""
        if self not in made:
            arguments = await now(self.arguments, stack, made)
            if inspect.isasyncgenfunction(self.function):
                made[self] = await stack.enter_async_context(contextlib.asynccontextmanager(self.function)(**arguments))
            else:
                made[self] = await self.function(**arguments)
        return made[self]


async def now(arguments: dict[str, Any], stack: contextlib.AsyncExitStack, made: dict[Later, Any]) -> dict[str, Any]:
    """Return arguments with every fixture made."""
    return {
        name: await value.make(stack, made) if isinstance(value, Later) else value for name, value in arguments.items()
    }


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Any:
    """Put async fixtures off until the loop of the test runs."""
    real = fixturedef.func
    asynchronous = inspect.isasyncgenfunction(real) or inspect.iscoroutinefunction(real)
    if present.way == "plain" or not asynchronous or "anyio_backend" not in request.fixturenames:
        return (yield)
    bound = real.__func__.__get__(request.instance) if inspect.ismethod(real) and request.instance else real
    fixturedef.func = lambda **arguments: Later(bound, arguments)
    try:
        return (yield)
    finally:
        fixturedef.func = real


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Run an async test under the engine."""
    test = getattr(pyfuncitem, "obj", None)
    if present.way == "plain" or not inspect.iscoroutinefunction(test) or "anyio_backend" not in pyfuncitem.funcargs:
        return None
    backend = pyfuncitem.funcargs["anyio_backend"]
    backend = backend if isinstance(backend, str) else backend[0]
    names = pyfuncitem._fixtureinfo.argnames
    given = {name: pyfuncitem.funcargs[name] for name in names}

    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            await test(**await now(given, stack, {}))

    if present.way == "notebook":
        notebook.run(main, backend=backend)
    else:
        in_a_scene(main, backend)
    return True


def in_a_scene(main: Callable[[], Awaitable[None]], backend: str) -> None:
    """Run `main` as the worker runs a scene."""
    raised: list[BaseException] = []
    traces: list[dict[str, Any]] = []

    async def catching() -> None:
        try:
            await main()
        except BaseException as error:
            raised.append(error)
            raise

    present.body = catching
    probes.install()
    session = RunPlayer(Subject("subject", "", {}), SCENE, alarm=Alarm(lambda _: None))
    session.play({"backend": backend, "plan": {}, "runs": first_runs({"kind": "once"})}, traces.append)
    end = traces[0]["end"]
    if end["kind"] not in {"done", "error"}:
        raise AssertionError(f"{end['kind']}: {end['text']}") from (raised[0] if raised else None)
    if raised:
        raise raised[0]


# -- forks -----------------------------------------------------------------------------------------------------
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Leave out what needs no event loop of anyio's runner."""
    items[:] = [
        item
        for item in items
        if inspect.iscoroutinefunction(getattr(item, "obj", None)) and "anyio_backend" in item.fixturenames
    ]
    gc.freeze()  # what is here stays: the forks need no copy of it


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: Any, nextitem: Any) -> bool:
    """Run a test in each way, side by side, and say how each ended."""
    if evaluate_skip_marks(item):
        return True
    started = {each: fork(item, each) for each in WAYS}
    seen = {each: result(*run) for each, run in started.items()}
    for each, answer in seen.items():
        if answer[0] == "failed":  # the machine may be busy: once more, alone
            seen[each] = result(*fork(item, each))
    outcomes[item.nodeid] = seen
    return True


def fork(item: Any, which: str) -> tuple[int, int]:
    """Start a run of a test in a fork; return its process and where it writes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.setsid()
    os.close(reading)
    present.way = which
    try:
        answer = summary(runtestprotocol(item, log=False, nextitem=None))
    except BaseException as error:  # noqa: BLE001 - the parent is to know
        answer = ["failed", f"{type(error).__name__}: {error}"]
    os.write(writing, json.dumps(answer).encode()[:60_000])
    os._exit(0)


def result(child: int, reading: int) -> list[str]:
    """Wait for a run."""
    text, until = b"", time.monotonic() + PATIENCE
    while select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
        part = os.read(reading, 65_536)
        if not part:
            break
        text += part
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return json.loads(text) if text else ["failed", f"no answer within {PATIENCE} s, or the process ended"]


def summary(reports: list[Any]) -> list[str]:
    """Return how a test ended, in one word, and the end of what it raised."""
    for report in reports:
        if report.failed:
            return ["failed", _said(report)]
    for report in reports:
        if report.skipped:
            return ["xfailed" if hasattr(report, "wasxfail") else "skipped", _said(report)]
    return ["passed", ""]


def _said(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr)[-600:]


def pytest_sessionfinish() -> None:
    """Write what was seen."""
    Path(os.environ["FIDELITY_OUTCOMES"]).write_text(json.dumps(outcomes))
