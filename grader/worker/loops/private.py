"""Every private name of asyncio, anyio and trio that the worker and the notebook lean on, in one list.

They are what makes time and order inputs; the versions are pinned for them. `missing_names` says which one is no longer
there, and a test calls it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Iterator, MutableSet
from typing import Any

import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio
import trio
import trio._core._run as trio_run
import trio._core._thread_cache as trio_cache
import trio._threads as trio_threads
from anyio._core import _eventloop, _tasks
from anyio.streams import memory

#: What trio keeps threads with.
TrioThread = trio_cache.WorkerThread
#: Older versions of anyio, which the worker knows and a notebook does not, have none.
_TASK_HANDLE = getattr(_tasks, "TaskHandle", None)

#: (owner, attribute): all of them are read or replaced.
NAMES: tuple[tuple[Any, str], ...] = (
    (asyncio.SelectorEventLoop, "_run_once"),
    (anyio_asyncio.AsyncIOBackend, "run_sync_in_worker_thread"),
    (anyio_asyncio.AsyncIOBackend, "create_lock"),
    (anyio_asyncio.AsyncIOBackend, "run_async_from_thread"),
    (anyio_asyncio.AsyncIOBackend, "run_sync_from_thread"),
    (anyio_trio.TrioBackend, "run_sync_in_worker_thread"),
    (anyio_trio.TrioBackend, "create_lock"),
    (anyio_trio.TrioBackend, "run_async_from_thread"),
    (anyio_trio.TrioBackend, "run_sync_from_thread"),
    (_eventloop, "sniffio"),
    (_eventloop, "threadlocals"),
    (anyio_asyncio.CancelScope, "_parent_scope"),
    (trio_threads, "PARENT_TASK_DATA"),
    (anyio_asyncio, "Lock"),
    (anyio_trio, "Lock"),
    (memory.MemoryObjectSendStream, "close"),
    (memory.MemoryObjectReceiveStream, "close"),
    (trio_run, "GLOBAL_RUN_CONTEXT"),
    (trio_run.Runner, "runq"),
    (trio_run.Runner, "clock_autojump_threshold"),
    (trio_run.Runner, "tasks"),
    (trio_run.Runner, "entry_queue"),
    (trio_run.Runner, "asyncgens"),
    (trio_run.Runner, "waiting_for_idle"),
    (io.FileIO, "_dealloc_warn"),
    (trio_cache.WorkerThread, "_thread_cache"),
    (trio_cache.ThreadCache, "_idle_workers"),
    # What a notebook's recorder of tasks uses (`grader.notebook.inside`); the worker does not.
    *((_TASK_HANDLE, name) for name in ("_coro", "_name", "_exception", "_run_coro")),
    (anyio_asyncio, "_task_states"),
    (anyio_trio.CancelScope, "__enter__"),
    (anyio_trio.CancelScope, "_CancelScope__original"),
    (trio_run, "CancelReason"),
    (trio.Cancelled, "source"),
    (trio_run.CancelScope, "cancel"),
    (trio_run.Task, "_cancel_status"),
)


def missing_names() -> list[str]:
    """Return a sentence for each private name that the installed versions no longer have."""
    lost = [f"{getattr(owner, '__name__', owner)}.{name} is gone" for owner, name in NAMES if not hasattr(owner, name)]
    loop = asyncio.SelectorEventLoop()
    try:
        names = ["_ready", "_scheduled", "_selector", "_clock_resolution", "_stopping"]
        names += ["_asyncgens", "_signal_handlers", "_default_executor"]
        lost += [f"the asyncio event loop has no {name}" for name in names if not hasattr(loop, name)]
    finally:
        loop.close()
    return lost


def step_task(callback: Any) -> asyncio.Task[Any] | None:
    """Return the task that a ready handle's callback will step, or None if the handle steps no task."""
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, asyncio.Task):
        return None
    is_step = type(callback).__name__ == "TaskStepMethWrapper" or getattr(callback, "__name__", "") == "task_wakeup"
    return owner if is_step else None


def any_suspended(generators: MutableSet[Any]) -> bool:
    """Tell whether one of a loop's async generators could still go on; let the loop forget those that have ended.

    By itself it knows of these until they are freed, which may be at the end of the process.
    """
    ended = [generator for generator in generators if generator.ag_frame is None]
    for generator in ended:
        generators.discard(generator)
    return bool(generators)


def name_library(name: str | None) -> None:
    """Tell anyio which library runs in this thread, as trio does for itself; else it looks for a task at each call."""
    _eventloop.sniffio.thread_local.name = name


def cancel_scope(scope: Any, source: str) -> None:
    """Cancel a scope so that each cancellation which comes of it carries `source` itself on trio, in the place of one that is equal.

    Args:
        scope: of either backend.
        source: a text of its own that equals one of trio's: `explicit` or `deadline`.
    """
    due = source == "deadline"
    if isinstance(scope, anyio_trio.CancelScope):
        inner: Any = scope._CancelScope__original  # type: ignore[attr-defined]
        if inner._cancel_reason is None:
            task = None
            if not due:
                with contextlib.suppress(RuntimeError):
                    task = repr(trio.lowlevel.current_task())
            inner._cancel_reason = trio_run.CancelReason(source=source, source_task=task)  # type: ignore[arg-type]
    scope.cancel("deadline exceeded" if due else None)  # what asyncio's say then


def is_idle(worker: Any) -> bool:
    """Tell whether trio keeps a thread for its next call."""
    return worker in worker._thread_cache._idle_workers


def runner() -> trio_run.Runner:
    """Return trio's runner of this thread."""
    return trio_run.GLOBAL_RUN_CONTEXT.runner


def outer_scope(scope: Any, *, abandon: bool) -> Any:
    """Return the scope that cancels what a thread calls back, if its task waits for it inside `scope`, on asyncio."""
    return scope if abandon or scope._parent_scope is None else scope._parent_scope


@contextlib.contextmanager
def connected_to_scope(scope: Any) -> Iterator[None]:
    """Let this thread know its scope, as a worker thread of anyio does on asyncio."""
    _eventloop.threadlocals.current_cancel_scope = scope
    try:
        yield
    finally:
        del _eventloop.threadlocals.current_cancel_scope


@contextlib.contextmanager
def connected_to_task(token: Any, task: list[Any], cancel: list[Any], *, abandon: bool) -> Iterator[None]:
    """Let this thread know the task that it works for, as a worker thread of trio does."""
    known = trio_threads.PARENT_TASK_DATA
    known.token, known.task_register, known.cancel_register, known.abandon_on_cancel = token, task, cancel, abandon
    try:
        yield
    finally:
        del known.token, known.task_register, known.cancel_register, known.abandon_on_cancel
