"""Fixtures inside a run: those of function scope, and all async ones, are made again for each run and torn down in it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Pytest's own fixtures of function scope that can be made again in one test; of the rest a test has one for all its runs.
_AGAIN = frozenset({"monkeypatch", "capsys", "capfd", "caplog", "recwarn"})


class LoopOnly(RuntimeError):
    """An async fixture is asked for where nothing can await it."""


def is_async(function: Any) -> bool:
    """Whether a fixture's function is async."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


class FixturesOfRuns:
    """The fixtures of one test that each run makes for itself.

    Args:
        item: the test.
    """

    def __init__(self, item: pytest.Function) -> None:
        self.item = item
        self.defs: dict[str, Any] = dict(item._fixtureinfo.name2fixturedefs)  # noqa: SLF001 - pytest has no public name for it
        self._runs = 0
        self._known: dict[str, bool] = {}

    def is_own(self, name: str) -> bool:
        """Whether each run makes this fixture for itself: it is of function scope, async, or built on one that is."""
        if name not in self._known:
            self._known[name] = False  # a fixture may ask for the one of its own name that it replaces
            self._known[name] = self._find_out(name)
        return self._known[name]

    def _find_out(self, name: str) -> bool:
        if name in {"explore", "tmp_path"}:
            return True
        known = self.defs.get(name)
        if not known:
            return False
        last = known[-1]
        if is_async(last.func):
            return True
        if (
            getattr(last.func, "__module__", "").startswith("_pytest.")
            and last.func.__name__ != "get_direct_param_fixture_func"
        ):
            return last.scope == "function" and (name in _AGAIN or name.startswith("_xunit_setup_"))
        return last.scope == "function" or any(map(self.is_own, last.argnames))

    @contextlib.asynccontextmanager
    async def make(self, explore: Any) -> AsyncIterator[tuple[Callable[..., Any], dict[str, Any]]]:
        """Make them for one run: the test's function and its arguments.

        Args:
            explore: what the fixture `explore` is in this run.
        """
        self._runs += 1
        instance = None if self.item.instance is None else type(self.item.instance)()
        async with contextlib.AsyncExitStack() as stack:
            making = _Making(self, explore, instance, stack, self._runs)
            for name in self.item.fixturenames:
                await making.value(name)
            names = self.item._fixtureinfo.argnames  # noqa: SLF001 - the same
            arguments = {name: await making.value(name) for name in names}
            function = self.item.stash[TEST]
            yield (function if instance is None else _bind(function, instance)), arguments


TEST = pytest.StashKey[Callable[..., Any]]()
"""The test's own function, which pytest no longer calls."""


def _bind(function: Any, instance: Any) -> Any:
    plain = getattr(function, "__func__", function)
    return (
        plain.__get__(instance)
        if hasattr(function, "__self__") and isinstance(instance, type(function.__self__))
        else function
    )


class _Making:
    """The fixtures of one run."""

    def __init__(
        self, all_runs: FixturesOfRuns, explore: Any, instance: Any, stack: contextlib.AsyncExitStack, number: int
    ) -> None:
        self.all_runs, self.item, self.instance, self.stack = all_runs, all_runs.item, instance, stack
        self._number = number
        self._values: dict[tuple[str, int], Any] = {("explore", -1): explore}

    async def value(self, name: str, depth: int = -1) -> Any:
        """The value of a fixture.

        Args:
            name: of the fixture.
            depth: which one of that name, from the end: a fixture may ask for the one that it replaces.
        """
        if name == "request":
            return _Request(self, None)
        if (name, depth) not in self._values:
            if not self.all_runs.is_own(name):
                self._values[name, depth] = self.item._request.getfixturevalue(name)  # noqa: SLF001 - the same
            elif name == "tmp_path":
                self._values[name, depth] = self._folder()
            else:
                self._values[name, depth] = await self._make(self.all_runs.defs[name][depth], name, depth)
        return self._values[name, depth]

    def _folder(self) -> Path:
        folder: Path = self.item._request.getfixturevalue("tmp_path") / f"run{self._number}"  # noqa: SLF001 - the same
        folder.mkdir()
        return folder

    async def _make(self, fixture: Any, name: str, depth: int) -> Any:
        arguments = {}
        for argument in fixture.argnames:
            if argument == "request":
                arguments[argument] = _Request(self, name)
            else:
                arguments[argument] = await self.value(argument, depth - 1 if argument == name else -1)
        function = fixture.func if self.instance is None else _bind(fixture.func, self.instance)
        if inspect.isasyncgenfunction(function):
            return await self.stack.enter_async_context(_alone(contextlib.asynccontextmanager(function)(**arguments)))
        if inspect.isgeneratorfunction(function):
            value = self.stack.enter_context(_alone_sync(contextlib.contextmanager(function)(**arguments)))
            if name == "caplog":
                value.clear()
            return value
        value = function(**arguments)
        return await value if inspect.iscoroutine(value) else value

    def value_now(self, name: str) -> Any:
        """The value of a fixture that is asked for by name while the test runs.

        Raises:
            LoopOnly: it is async and not made yet.
        """
        making: Coroutine[Any, Any, Any] = self.value(name)
        try:
            making.send(None)
        except StopIteration as done:
            return done.value
        making.close()
        raise LoopOnly(
            f"the async fixture {name!r} must be an argument of the test: request.getfixturevalue cannot await it"
        )


@contextlib.asynccontextmanager
async def _alone(made: contextlib.AbstractAsyncContextManager[Any]) -> AsyncIterator[Any]:
    """Keep from a fixture what the test raises, as pytest does."""
    value = await made.__aenter__()
    try:
        yield value
    finally:
        await made.__aexit__(None, None, None)


@contextlib.contextmanager
def _alone_sync(made: contextlib.AbstractContextManager[Any]) -> Iterator[Any]:
    value = made.__enter__()
    try:
        yield value
    finally:
        made.__exit__(None, None, None)


class _Request:
    """What the fixture `request` is in a run: pytest's own, but for what belongs to the run."""

    def __init__(self, making: _Making, fixture: str | None) -> None:
        self._making = making
        self.fixturename = fixture
        self.instance = making.instance
        callspec = getattr(making.item, "callspec", None)
        if fixture is not None and callspec is not None and fixture in callspec.params:
            self.param = callspec.params[fixture]
            self.param_index = callspec.indices[fixture]

    @property
    def function(self) -> Any:
        """The test's function."""
        return self._making.item.stash[TEST]

    def getfixturevalue(self, argname: str) -> Any:
        """The value of a fixture in this run."""
        return self._making.value_now(argname)

    def addfinalizer(self, finalizer: Callable[[], object]) -> None:
        """Call a function when the run is over."""
        self._making.stack.callback(finalizer)

    def __getattr__(self, name: str) -> Any:
        if name in {"param", "param_index"}:
            raise AttributeError(name)
        return getattr(self._making.item._request, name)  # noqa: SLF001 - the same
