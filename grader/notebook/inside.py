"""What the recorder must know of the insides of anyio, asyncio and trio.

The private names it uses are in the list of `grader.worker.loops.private`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

import anyio
import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio
import trio
from anyio._core import _tasks as anyio_tasks


class Watcher(Protocol):
    """What hears of tasks and scopes: `grader.notebook.recorder.Recorder`."""

    def begin(self, name: str, coro: Any, cancel: Callable[[], None] | None = None) -> Any:
        """Note a new task."""

    def watch(self, task: Any, start: Callable[[], Any], swallowed: Callable[[], BaseException | None]) -> Any:
        """Return the coroutine to run in place of the one that `start` makes."""

    def note_cancel(self, scope: Any) -> None:
        """Note that a scope was cancelled."""

    def note_enter(self, scope: Any) -> None:
        """Note that a scope was entered."""

    def note_exit(self, scope: Any) -> None:
        """Note that a scope was left."""


@contextlib.contextmanager
def watch_tasks(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` of every task that a task group starts, and of the scopes that the cell's code uses."""
    scopes = (anyio_asyncio.CancelScope, anyio_trio.CancelScope)
    replacements: list[tuple[Any, str, Callable[[Any, Watcher], Any]]] = [
        (anyio_tasks.TaskHandle, "_run_coro", _telling_start),
        *((scope, "__enter__", _telling_enter) for scope in scopes),
        *((scope, "__exit__", _telling_exit) for scope in scopes),
        (anyio_asyncio.CancelScope, "cancel", _telling_cancel),
        (trio.CancelScope, "cancel", _telling_cancel),
    ]
    with contextlib.ExitStack() as undo:
        for owner, name, make in replacements:
            real = getattr(owner, name)
            undo.callback(setattr, owner, name, real)
            setattr(owner, name, make(real, watcher))
        yield


def _telling_start(real: Any, watcher: Watcher) -> Any:
    def _run_coro(self: Any) -> Any:
        task = watcher.begin(self._name, self._coro, self.cancel)
        return watcher.watch(task, lambda: real(self), lambda: self._exception)

    return _run_coro


def _telling_enter(real: Any, watcher: Watcher) -> Any:
    def __enter__(self: Any) -> Any:  # noqa: N807 - the same
        value = real(self)
        if _is_the_cells(sys._getframe(1)):
            watcher.note_enter(self)
        return value

    return __enter__


def _telling_exit(real: Any, watcher: Watcher) -> Any:
    def __exit__(self: Any, *exc_info: Any) -> Any:  # noqa: N807 - the same
        try:
            return real(self, *exc_info)
        finally:
            watcher.note_exit(self)

    return __exit__


def _telling_cancel(real: Any, watcher: Watcher) -> Any:
    def cancel(self: Any, *args: Any, **options: Any) -> None:
        watcher.note_cancel(self)
        real(self, *args, **options)

    return cancel


def _is_the_cells(frame: Any) -> bool:
    """Whether a scope is entered by the cell's code, not by a task group or a lock on its own account."""
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    return "_backends" not in file and name not in {"_run_coro", "_steps", "_main"}


def enclosing(*, skip_sleep: bool = False) -> Iterator[Any]:
    """Yield the scopes around the current task's present point, innermost first, up to a shield.

    Args:
        skip_sleep: leave out the innermost one on trio, where a sleep is a scope with a deadline.
    """
    if trio.lowlevel.in_trio_task():
        status: Any = trio.lowlevel.current_task()._cancel_status
        status = status._parent if skip_sleep else status
        while status is not None:
            yield status._scope
            status = None if status._scope.shield else status._parent
        return
    state = anyio_asyncio._task_states.get(asyncio.current_task())  # type: ignore[arg-type]
    scope = None if state is None else state.cancel_scope
    while scope is not None:
        yield scope
        scope = None if scope.shield else scope._parent_scope


def lift_shields(tasks: Iterator[Any]) -> None:
    """Take the shields off everything that still runs: the person at the keyboard wants it to end."""
    for task in tasks:
        status = getattr(task, "_cancel_status", None)
        while status is not None:
            status._scope.shield = False
            status = status._parent
        state = anyio_asyncio._task_states.get(task)
        scope = None if state is None else state.cancel_scope
        while scope is not None:
            scope.shield = False
            scope = scope._parent_scope


def current_task() -> Any:
    """Return the task of either library that runs now."""
    return trio.lowlevel.current_task() if trio.lowlevel.in_trio_task() else asyncio.current_task()


def running_tasks() -> Iterator[Any]:
    """Yield every task of the loop that runs in this thread."""
    try:
        root = trio.lowlevel.current_root_task()
    except RuntimeError:
        yield from asyncio.all_tasks()
        return
    waiting = [root] if root is not None else []
    while waiting:
        task = waiting.pop()
        yield task
        waiting += [child for nursery in task.child_nurseries for child in nursery.child_tasks]


def is_cancellation(error: BaseException) -> bool:
    """Whether an exception is a cancellation, of either library, or a group of nothing else."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_cancellation(inner) for inner in error.exceptions)
    return isinstance(error, asyncio.CancelledError | trio.Cancelled)


def brings_cancellation(value: Any, error: BaseException | None) -> bool:
    """Whether what a task is resumed with is a cancellation: asyncio throws it, trio sends an outcome that raises it."""
    carried = getattr(value, "error", None) if error is None and type(value).__module__.startswith("outcome") else error
    return isinstance(carried, BaseException) and is_cancellation(carried)


def since_start(deadline: float, now: float) -> float:
    """A deadline of the loop's clock as seconds since the run began; `now` is the present moment on that scale."""
    return round(deadline - anyio.current_time() + now, 6)


async def as_coroutine(awaitable: Awaitable[Any]) -> Any:
    """Await it."""
    return await awaitable
