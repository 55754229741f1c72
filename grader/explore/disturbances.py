"""What disturbs a run on purpose: blocks that are cancelled, and calls that fail; the fixture `explore`."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import anyio.lowlevel

from grader.explore.lines import Line, line_raising
from grader.explore.run_word import ExploredRun
from grader.worker.loops.control import TaskInfo

T = TypeVar("T")

_blocks: ContextVar[tuple[CancelledBlock, ...]] = ContextVar("explored_blocks", default=())


class CancelledBlock:
    """One `async with explore.cancelled()`."""

    def __init__(self, number: int, stop_after: int | None) -> None:
        self.number, self.steps, self.open = number, 0, False
        self.scope = anyio.CancelScope()
        self._stop_after = stop_after
        self._token: Token[tuple[CancelledBlock, ...]] | None = None
        self.arrived_at: Line | None = None  # the line in which the cancellation arrived
        self.unheard = False  # it did not arrive

    async def __aenter__(self) -> Self:
        self.scope.__enter__()
        self._token = _blocks.set((*_blocks.get(), self))
        self.open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self.open = False
        if self._token is not None:
            _blocks.reset(self._token)
        if self.scope.cancel_called and self.steps == self._stop_after:
            self.unheard = error is None
            self.arrived_at = None if error is None else line_raising(error)
        return self.scope.__exit__(kind, error, trace)

    @property
    def cancelled(self) -> bool:
        """Whether the block was cancelled, and had not ended by itself before."""
        return self.scope.cancelled_caught

    def count(self) -> None:
        """Count a step made inside, and cancel the block if it is the one after which that is due."""
        if self.open and not self.scope.cancel_called:
            self.steps += 1
            if self.steps == self._stop_after:
                self.scope.cancel()


class Explore:
    """What the fixture `explore` gives to a test: one object a run.

    Args:
        run: the run.
    """

    def __init__(self, run: ExploredRun) -> None:
        self.backend = run.backend
        self._run = run
        self.blocks: list[CancelledBlock] = []
        self._numbers = itertools.count(1)
        self.calls = 0
        self._disturbed = False  # somebody was told of the disturbance

    def news(self) -> list[str]:
        """That the run was disturbed, in words, when it has just been."""
        run = self._run
        if self._disturbed or not run.disturbed:
            return []
        said = ""
        if run.cancel is not None:
            number, step = run.cancel
            block = self.blocks[number - 1] if len(self.blocks) >= number else None
            if block is not None and block.steps == step and block.scope.cancel_called:
                said = "the block of `explore.cancelled()` is cancelled"
        elif self.calls >= (run.fails or 0):
            said = f"call {run.fails} of `explore.fails()` raises"
        self._disturbed = bool(said)
        return [said] if said else []

    def cancelled(self) -> CancelledBlock:
        """Return an async context manager whose block is cancelled after its first step, then its second, in run after run."""
        number = len(self.blocks) + 1
        wanted = self._run.cancel
        block = CancelledBlock(number, wanted[1] if wanted is not None and wanted[0] == number else None)
        self.blocks.append(block)
        return block

    def fails(
        self, call: Callable[..., T], error: BaseException | type[BaseException] = ConnectionError
    ) -> Callable[..., T]:
        """Return `call`, of which each call raises once, in turn.

        Args:
            call: a function, async or not; typically one of a fake.
            error: what is raised instead of calling it.
        """

        def due() -> bool:
            self.calls = next(self._numbers)
            return self.calls == self._run.fails

        if inspect.iscoroutinefunction(call):

            async def failing_async(*args: Any, **options: Any) -> Any:
                __tracebackhide__ = True
                if due():
                    await anyio.lowlevel.checkpoint()
                    raise _failure(error)
                return await call(*args, **options)

            return failing_async  # type: ignore[return-value]  # it is what `call` is: async

        def failing(*args: Any, **options: Any) -> T:
            __tracebackhide__ = True
            if due():
                raise _failure(error)
            return call(*args, **options)

        return failing


def _failure(error: BaseException | type[BaseException]) -> BaseException:
    return error("this call fails: explore.fails") if isinstance(error, type) else error


def count_step(info: TaskInfo) -> None:
    """Count a step of a task in the blocks that it is in."""
    for block in info.context.get(_blocks, ()):
        block.count()
