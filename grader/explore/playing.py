"""One marked test of pytest's, played on each backend it asks for."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.explore.disturbances import Explore
from grader.explore.engine import Body, Clock, ExploreFailure, ExplorePlayer
from grader.explore.failure_card import card
from grader.explore.fixtures import TEST, FixturesOfRuns
from grader.explore.lines import Line, traceback_to
from grader.explore.run_word import BACKENDS, ExploredRun
from grader.explore.search import SLOW, BackendResult, FoundFailure, look, replay, search
from grader.explore.stalls import StallWatch
from grader.worker.record.spans import leaves

present: StallWatch | None = None
#: Lines of what a run raised that are on its page.
MOST_NOTES = 12


@dataclass(frozen=True)
class TestFailure:
    """A failure.

    Args:
        error: what is raised.
        card: what is said about it.
    """

    error: BaseException
    card: str


def play_test(item: pytest.Function, asked: Any, fixtures: FixturesOfRuns, command: str) -> TestFailure | None:
    """Play a test; return its failure, if it has one.

    Args:
        item: the test.
        asked: what its marker asks for.
        fixtures: those that each run makes.
        command: what the shell gets to play it.
    """
    global present  # noqa: PLW0603 - one test at a time in a process
    config = item.config

    async def body(explore: Explore) -> None:
        async with fixtures.make(explore) as (test, arguments):
            await test(**arguments)

    one = config.getoption("explore")
    orders = config.getoption("explore_orders")
    orders = asked.orders if orders is None else orders
    found, page = None, ""
    present = StallWatch(off=bool(config.getoption("usepdb")) or bool(config.getoption("trace", default=False)))
    results: dict[str, BackendResult] = {}
    try:
        with present:
            player = ExplorePlayer(body, asked.clock, present)
            for backend in [ExploredRun.parse(one).backend] if one else backends(item, asked):
                _forget_output(config)
                results[backend] = player.play(replay(ExploredRun.parse(one)) if one else search(backend, orders))
                if (found := results[backend].found) is not None and found.outcome.kind in SLOW:
                    break  # the other one would take as long
            found = next((result.found for result in results.values() if result.found), None)
            if found is not None:
                _forget_output(config)
                page = _page_words(item, body, asked.clock, found)
    finally:
        present = None
    if (skipped := next((result.skipped for result in results.values() if result.skipped), None)) is not None:
        return TestFailure(_innermost(skipped.error), "")
    if found is None:
        return None
    return TestFailure(_with_place(found, item), card(found, results, command, page))


def _page_words(item: pytest.Function, body: Body, clock: Clock, found: FoundFailure) -> str:
    """What is said of a failing run's page, after it was written if somebody asks for it."""
    folder = item.config.getoption("explore_html")
    if folder is None:
        return "the same with --explore-html=FOLDER, and open the page that it writes"
    if present is None or found.outcome.kind in SLOW:
        return "no page, as the run does not end"
    if not found.again:
        return "no page, as the run is not the same twice"
    from grader.explore.run_page import write_page

    outcome = ExplorePlayer(body, clock, present, logs=True).play(look(found.run))
    here = Path(item.config.invocation_params.dir)
    first, *rest = str(outcome.error or found.outcome.error).splitlines() or [""]
    failed = f"{type(found.outcome.error).__name__}: {first}".removesuffix(": ")
    notes = [f"{found.run}", found.order, found.differs, *rest[:MOST_NOTES]]
    try:
        path = write_page(here / folder, item.nodeid, outcome.logged, failed, [note for note in notes if note])
    except OSError as error:
        return f"no page, as it cannot be written: {error}"
    if path is None:
        return "no page, as nothing of your files ran"
    return f"open {path.relative_to(here) if path.is_relative_to(here) else path} in a browser"


def backends(item: pytest.Function, asked: Any) -> list[str]:
    """Where a test runs: where its marker says, where anyio's parameter says, else on both."""
    callspec = getattr(item, "callspec", None)
    given = None if callspec is None else callspec.params.get("anyio_backend")
    given = given[0] if isinstance(given, tuple) else given
    only = asked.backend or (given if given in BACKENDS else None)
    return [only] if only else list(BACKENDS)


def _forget_output(config: pytest.Config) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.read_global_capture()


def _innermost(error: BaseException | None) -> BaseException:
    return AssertionError() if error is None else leaves(error)[0]


def _with_place(found: FoundFailure, item: pytest.Function) -> BaseException:
    """What the run raised; a failure that nothing raised gets a traceback to its line, where a debugger then stops."""
    error = found.outcome.error
    if isinstance(error, ExploreFailure) and error.__traceback__ is None:
        lines = found.outcome.lines
        line = next((line for line in lines if line.frame is not None), lines[0] if lines else _begin(item))
        return error.with_traceback(traceback_to(line))
    return error or AssertionError()


def _begin(item: pytest.Function) -> Line:
    code = inspect.unwrap(item.stash[TEST]).__code__
    return Line(code.co_filename, code.co_firstlineno)
