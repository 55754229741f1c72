"""The plugin of pytest: takes the tests marked with `explore`, and no others."""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from grader.explore.fixtures import TEST, FixturesOfRuns
from grader.explore.run_word import BACKENDS, ExploredRun

MARKER = "explore"
ORDERS = 40
#: From and up to which version the private parts are as the engine needs them; a test plays the tests against both ends.
SUPPORTED = {"anyio": ((4, 12), (4, 16)), "trio": ((0, 31), (0, 35))}
_CARD = pytest.StashKey[str]()


@dataclass(frozen=True)
class ExploreMarker:
    """What a marker asks for."""

    orders: int = ORDERS
    clock: str = "virtual"
    backend: str | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("explore", "exploring orders and cancellation of async tests")
    group.addoption(
        "--explore-orders", type=int, metavar="N", help="sampled orders of each explored test on each backend (40)"
    )
    group.addoption(
        "--explore-html",
        metavar="FOLDER",
        help="write the smallest failing run of each explored test to this folder, as a page to step through",
    )
    group.addoption("--explore", metavar="RUN", help="play only this run of each explored test, as a failure shows it")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "explore(orders=40, clock='virtual', backend=None): run an async test on asyncio and trio under virtual time, in order "
        "and in sampled orders",
    )
    if word := config.getoption("explore"):
        try:
            ExploredRun.parse(word)
        except ValueError as error:
            raise pytest.UsageError(f"--explore: {error}") from None
    if (orders := config.getoption("explore_orders")) is not None and orders < 0:
        raise pytest.UsageError("--explore-orders: give a number from 0")


def version_problem() -> str | None:
    """A sentence about an installed version that the engine does not know; None if it knows both."""
    for name, (oldest, newest) in SUPPORTED.items():
        found = metadata.version(name)
        numbers = tuple(int(part) for part in found.split(".")[:2])
        if not oldest <= numbers <= newest:
            span = " to ".join(".".join(map(str, end)) for end in (oldest, newest))
            return f"explore knows {name} {span}, and {name} {found} is installed: pip install '{name}~={newest[0]}.{newest[1]}.0'"
    return None


def marker_of(item: pytest.Item) -> ExploreMarker | None:
    """What the marker of a test asks for; None if it has none.

    Raises:
        pytest.UsageError: the marker cannot be understood.
    """
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return None
    try:
        asked = ExploreMarker(*marker.args, **marker.kwargs)
    except TypeError:
        raise pytest.UsageError(f"{item.nodeid}: explore takes orders=, clock= and backend=") from None
    if (
        asked.clock not in {"virtual", "real"}
        or asked.backend not in {None, *BACKENDS}
        or type(asked.orders) is not int
    ):
        raise pytest.UsageError(
            f"{item.nodeid}: explore takes orders=40, clock='virtual' or 'real', backend='asyncio' or 'trio'"
        )
    return asked


def refusal(item: pytest.Item) -> str | None:
    """Why a marked test cannot be explored, in one line; None if it can."""
    if type(item).__module__.startswith("pytest_asyncio"):
        return (
            "pytest-asyncio has taken it, as it does in auto mode: set asyncio_mode = strict, and leave its marker off"
        )
    if not isinstance(item, pytest.Function) or type(item).__module__ == "_pytest.unittest":
        return "explore takes async test functions, not those of unittest"
    if hasattr(item.obj, "hypothesis"):
        return "explore does not run tests of hypothesis"
    if not inspect.iscoroutinefunction(item.obj):
        return "explore takes async tests: write `async def`"
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse what cannot be explored before anything runs."""
    marked = [item for item in items if marker_of(item) is not None]
    if not marked:
        return
    if (line := version_problem()) is not None:
        raise pytest.UsageError(line)
    for item in marked:
        if (why := refusal(item)) is not None:
            raise pytest.UsageError(f"{item.nodeid}: {why}")


@pytest.fixture
def explore(request: pytest.FixtureRequest) -> Any:
    """Blocks that are cancelled after each step, and calls that fail in turn; for tests marked with `explore`."""
    raise pytest.UsageError(
        f"{request.node.nodeid}: the fixture `explore` belongs to tests marked with @pytest.mark.explore"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Take over a marked test: what pytest calls is ordinary, and plays the async function in runs of its own."""
    asked = marker_of(item)
    if asked is None or not isinstance(item, pytest.Function):
        return
    if TEST not in item.stash:
        item.stash[TEST] = item.obj
    fixtures = FixturesOfRuns(item)
    item.obj = _in_place_of(item.stash[TEST], functools.partial(_explore, item, asked, fixtures))
    for name in item.fixturenames:
        if fixtures.is_own(name):
            item.funcargs[name] = None  # each run makes its own


def _in_place_of(test: Callable[..., Any], play: Callable[[], None]) -> Callable[..., None]:
    @functools.wraps(test)
    def play_in_runs(**_: Any) -> None:
        __tracebackhide__ = True
        play()

    return play_in_runs


def _explore(item: pytest.Function, asked: ExploreMarker, fixtures: FixturesOfRuns) -> None:
    """Play a test, and raise what its failing run raised."""
    __tracebackhide__ = True
    from grader.explore.playing import play_test

    told = play_test(item, asked, fixtures, command(item))
    if told is not None:
        item.stash[_CARD] = told.card
        raise told.error


def command(item: pytest.Item) -> str:
    """What the shell gets to play this test."""
    config = item.config
    path, colons, rest = item.nodeid.partition("::")
    file = config.rootpath / path
    here = Path(config.invocation_params.dir)
    name = str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
    return f"pytest {shlex.quote(name + colons + rest)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the card of a failing run under its traceback."""
    report = yield
    told = item.stash.get(_CARD, None)
    if call.when == "call" and told is not None and report.failed:
        add = getattr(report.longrepr, "addsection", None)
        if add is not None:
            add("explore", told)
        else:
            report.sections.append(("explore", told))
    return report


def pytest_enter_pdb() -> None:
    """Let time stand still while somebody debugs."""
    from grader.explore.playing import present

    if present is not None:
        present.off = True
