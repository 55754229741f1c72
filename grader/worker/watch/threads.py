"""Worker threads under virtual time: the function runs to its end while the loop waits; its result comes later.

Only a function that calls back into the loop (`anyio.from_thread`) runs beside it, as in real life.
"""

from __future__ import annotations

import _thread
import contextlib
import contextvars
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import anyio
import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio
import anyio.to_thread
import trio
from anyio._core._eventloop import claim_worker_thread

from ..loops import private
from ..loops.control import Control
from ..loops.span_of_task import current_span
from ..opaque import opaque
from .blocking import waits_without_end

#: Tells how long (virtual s) a call in a worker thread takes, from its function and arguments.
Duration = Callable[[Any, tuple[Any, ...]], float]

#: A thread that waits at this many looks is passive: one whose lock was given back has had its turn by then.
PASSIVE = 4

_NAME = "worker thread"
_BACKENDS: dict[str, Any] = {"asyncio": anyio_asyncio.AsyncIOBackend, "trio": anyio_trio.TrioBackend}
_real = {name: backend.run_sync_in_worker_thread for name, backend in _BACKENDS.items()}


class ThreadWatch:
    """How worker threads behave in one run."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.duration: Duration = lambda _function, _args: 0.0
        self._before = alive()
        self._waiting: dict[int, tuple[Any, int]] = {}  # identity of a thread → where it waits, and at how many looks
        control.threads = self.names

    def names(self) -> list[str]:
        """Return the names of the threads that could still wake a task: those that the run started, and abandoned calls."""
        new = [thread for thread in threading.enumerate() if id(thread) not in self._before or _is_of_trio(thread)]
        calls = [_NAME for call in list(_calls.values()) if call.control is self.control]
        return [*calls, *(thread.name for thread in new if not (_is_idle(thread) or self._is_passive(thread)))]

    def _is_passive(self, thread: threading.Thread) -> bool:
        """Tell whether a thread waits for a lock, without end, as at the looks before: by itself it wakes nobody."""
        ident = thread.ident or 0
        frame = sys._current_frames().get(ident)
        if frame is None or not waits_without_end(frame):
            self._waiting.pop(ident, None)
            return False
        before, looks = self._waiting.get(ident, (frame, 0))
        looks = looks + 1 if frame is before else 1
        self._waiting[ident] = (frame, looks)
        return looks >= PASSIVE


def alive() -> dict[int, threading.Thread]:
    """Return the threads that live, by identity."""
    return {id(thread): thread for thread in threading.enumerate()}


def _is_idle(thread: threading.Thread) -> bool:
    """Tell whether a thread waits for the next call, as those of the libraries do between two."""
    frame = sys._current_frames().get(thread.ident or 0)
    if id(thread) in _Thread.all:
        return True
    if _is_of_trio(thread):
        target: Any = thread
        has_job = target._target.__self__._job is not None
        return not has_job and (frame is None or frame.f_code.co_name == "_work")
    return frame is not None and frame.f_code.co_name == "_worker" and "concurrent" in frame.f_code.co_filename


def _is_of_trio(thread: threading.Thread) -> bool:
    """Tell whether trio keeps a thread for its calls; its name is that of the call for a part of one only."""
    return type(_work_of(thread)) is private.TrioThread


def _work_of(thread: threading.Thread) -> Any:
    return getattr(getattr(thread, "_target", None), "__self__", None)


def is_kept_by_library(thread: threading.Thread) -> bool:
    """Tell whether a thread is one of the worker's, or one that trio keeps for its next call; a name says nothing: anybody gives one."""
    if id(thread) in _Thread.all:
        return True
    return _is_of_trio(thread) and private.is_idle(_work_of(thread))


_watch: ThreadWatch | None = None
_calls: dict[int, _Call] = {}  # by identity of the thread that runs it


def watch(current: ThreadWatch | None) -> None:
    """Let worker threads follow `current` from now on."""
    global _watch  # noqa: PLW0603 - one run at a time in a process
    _watch = current


class _Thread:
    """A thread that runs one call after the other, as those of anyio do: starting one takes longer than most calls."""

    idle: ClassVar[list[_Thread]] = []
    all: ClassVar[set[int]] = set()  # by identity: a class of the subject's may say that it equals anything

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._given = _thread.allocate_lock()
        self._given.acquire()
        thread = threading.Thread(target=opaque(self._work), name=_NAME, daemon=True)
        _Thread.all.add(id(thread))
        thread.start()

    def give(self, call: _Call) -> None:
        """Run a call; the thread counts as idle again just before the call tells that it is over."""
        self._call = call
        self._given.release()

    def _work(self) -> None:
        while True:
            self._given.acquire()
            call, self._call = self._call, None
            if call is not None:
                call.run(self)
            del call  # what it returned may be a file that nobody else has


class _Call:
    """One function in a worker thread. `run` is what the thread does, the rest is for the task that waits for it.

    Args:
        abandon: whether a cancellation leaves the thread alone, instead of waiting for it.
    """

    backend: ClassVar[str]

    def __init__(self, function: Callable[[], Any], control: Control, *, abandon: bool) -> None:
        self.control, self.abandon = control, abandon
        self.token: Any = _BACKENDS[self.backend].current_token()
        self.over = False
        self.slept = 0.0  # how long (virtual s) the function has slept
        self._span = current_span.get()
        self._function = function
        self._pause = _thread.allocate_lock()  # free when the function has ended or needs the loop
        self._pause.acquire()
        self._value: Any = None
        self._error: BaseException | None = None
        self._notify: Callable[[], None] | None = None
        self._lock = _thread.allocate_lock()

    def start(self) -> None:
        """Let a thread run the function while the loop waits: to its end, or until it needs the loop."""
        (_Thread.idle.pop() if _Thread.idle else _Thread()).give(self)
        self._pause.acquire()

    def pause(self) -> None:
        """Let the loop go on."""
        if self._pause.locked():
            self._pause.release()

    def run(self, thread: _Thread) -> None:
        """Run the function, in this thread."""
        _calls[threading.get_ident()] = self
        current_span.work_for(self._span)
        try:
            with claim_worker_thread(_BACKENDS[self.backend], self.token), self.connection():
                self._value = self._function()
        except BaseException as error:
            self._error = error
        finally:
            del _calls[threading.get_ident()]
            _Thread.idle.append(thread)
            with self._lock:
                self.over = True
                if self._notify is not None:
                    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                        self._notify()
            self.pause()

    async def wait(self, seconds: Callable[[], float]) -> None:
        """Start it, wait for its end, and let the time pass that it takes."""
        raise NotImplementedError

    def connection(self) -> AbstractContextManager[None]:
        """Tell the library, in the thread, which task it works for: a call back is cancelled with that one."""
        raise NotImplementedError

    @contextlib.contextmanager
    def beside(self) -> Iterator[None]:
        """The function runs beside the loop: the clock moves only while it waits for the loop."""
        self.control.outside_work += 1
        try:
            yield
        finally:
            self.control.outside_work -= 1

    def at_end(self, notify: Callable[[], None]) -> bool:
        """Have `notify` called in the thread when the function has ended; False if it has already."""
        with self._lock:
            if not self.over:
                self._notify = notify
            return not self.over

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._value


class _AsyncioCall(_Call):
    backend = "asyncio"
    scope: Any = None

    async def wait(self, seconds: Callable[[], float]) -> None:
        with anyio.CancelScope(shield=not self.abandon) as scope:
            self.scope = private.outer_scope(scope, abandon=self.abandon)
            self.start()
            event = anyio.Event()
            if self.at_end(lambda: self.token.call_soon_threadsafe(event.set)):
                with self.beside():
                    await event.wait()
            await anyio.sleep(seconds())

    def connection(self) -> AbstractContextManager[None]:
        return private.connected_to_scope(self.scope)


class _TrioCall(_Call):
    backend = "trio"

    def __init__(self, function: Callable[[], Any], control: Control, *, abandon: bool) -> None:
        super().__init__(function, control, abandon=abandon)
        self.task: list[Any] = [trio.lowlevel.current_task()]  # None if it abandoned the thread
        self.cancel: list[Any] = [None]  # raises the cancellation that the task has met

    async def wait(self, seconds: Callable[[], float]) -> None:
        self.start()
        if self.at_end(lambda: self.token.run_sync_soon(opaque(self._wake))):
            with self.beside():
                await self._serve()
        with anyio.CancelScope(shield=not self.abandon):
            await anyio.sleep(seconds())

    def _wake(self) -> None:
        if self.task[0] is not None:
            trio.lowlevel.reschedule(self.task[0])

    async def _serve(self) -> None:
        """Do what the thread asks for, in this very task as trio does, until it has ended."""

        def abort(raise_cancel: Any) -> trio.lowlevel.Abort:
            self.cancel[0] = raise_cancel
            if not self.abandon:
                return trio.lowlevel.Abort.FAILED
            self.task[0] = None
            return trio.lowlevel.Abort.SUCCEEDED

        while (asked := await trio.lowlevel.wait_task_rescheduled(opaque(abort))) is not None:
            if hasattr(asked, "run_sync"):
                asked.run_sync()
            else:
                await asked.run()

    def connection(self) -> AbstractContextManager[None]:
        return private.connected_to_task(self.token, self.task, self.cancel, abandon=self.abandon)


_CALLS: dict[str, type[_Call]] = {"asyncio": _AsyncioCall, "trio": _TrioCall}
_installed = False


def install() -> None:
    """Replace anyio's worker threads on both backends; once is enough."""
    global _installed  # noqa: PLW0603 - what is replaced belongs to the process
    if _installed:
        return
    _installed = True
    for name, backend in _BACKENDS.items():
        backend.run_sync_in_worker_thread = staticmethod(opaque(functools.partial(_run, name)))
        backend.run_async_from_thread = staticmethod(
            opaque(_calling_back(backend.run_async_from_thread, is_async=True))
        )
        backend.run_sync_from_thread = staticmethod(opaque(_calling_back(backend.run_sync_from_thread, is_async=False)))


def sleep_in_call(seconds: float) -> bool:
    """Let the call that this thread works for take longer (virtual s); False if it works for none."""
    call = _calls.get(threading.get_ident())
    if call is None:
        return False
    call.slept += seconds
    return True


def _calling_back(real: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    def run(function: Any, args: tuple[Any, ...], token: Any) -> Any:
        call = _calls.get(threading.get_ident())
        if call is None:
            return real(function, args, token)
        control = call.control

        async def call_back(*args: Any) -> Any:
            control.outside_work -= 1  # the thread only waits for the loop now
            try:
                return await function(*args)
            finally:
                control.outside_work += 1

        call.pause()
        return real(opaque(call_back) if is_async else function, args, token)

    return run


async def _run(
    backend: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    abandon_on_cancel: bool = False,  # noqa: FBT001, FBT002 - the signature is anyio's
    limiter: Any = None,
) -> Any:
    watch = _watch
    if watch is None:
        return await _real[backend](function, args, abandon_on_cancel, limiter)
    await anyio.lowlevel.checkpoint()
    async with limiter or anyio.to_thread.current_default_thread_limiter():
        run = functools.partial(contextvars.copy_context().run, function, *args)
        call = _CALLS[backend](run, watch.control, abandon=bool(abandon_on_cancel))
        await call.wait(lambda: watch.duration(function, args) + call.slept)
    return call.result()
