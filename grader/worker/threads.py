"""Worker threads under virtual time: the function runs to its end while the loop stands still; its result comes later.

Only a function that calls back into the loop (`anyio.from_thread`) runs beside it, as in real life.
"""

from __future__ import annotations

import _thread
import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import anyio
import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio
import anyio.to_thread
from anyio._core._eventloop import claim_worker_thread

from .control import Control

#: Tells how long (virtual s) a call in a worker thread takes, from its function and arguments.
Duration = Callable[[Any, tuple[Any, ...]], float]

_BACKENDS: dict[str, Any] = {"asyncio": anyio_asyncio.AsyncIOBackend, "trio": anyio_trio.TrioBackend}
_real = {name: backend.run_sync_in_worker_thread for name, backend in _BACKENDS.items()}


class ThreadWatch:
    """How worker threads behave in one run.

    Args:
        control: the run's clock.
    """

    def __init__(self, control: Control) -> None:
        self.control = control
        self.duration: Duration = lambda _function, _args: 0.0


_watch: ThreadWatch | None = None
_calls: dict[int, _Call] = {}  # by identity of the thread that runs it


def watch(current: ThreadWatch | None) -> None:
    """Let worker threads follow `current` from now on."""
    global _watch  # noqa: PLW0603 - one run at a time in a process
    _watch = current


class _Thread:
    """A thread that runs one call after the other, as those of anyio do: starting one takes longer than most calls."""

    idle: ClassVar[list[_Thread]] = []

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._given = _thread.allocate_lock()
        self._given.acquire()
        threading.Thread(target=self._work, name="worker thread", daemon=True).start()

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
    """One function in a worker thread.

    Args:
        backend: name of the backend of the loop that waits for it.
        function: what to run, without arguments.
        control: the run's clock.
    """

    def __init__(self, backend: str, function: Callable[[], Any], control: Control) -> None:
        self.control = control
        self._backend, self._function = _BACKENDS[backend], function
        self.token = self._backend.current_token()
        self._pause = _thread.allocate_lock()  # free when the function has ended or needs the loop
        self._pause.acquire()
        self.over = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._notify: Callable[[], None] | None = None
        self._lock = _thread.allocate_lock()
        (_Thread.idle.pop() if _Thread.idle else _Thread()).give(self)
        self._pause.acquire()

    def pause(self) -> None:
        """Let the loop go on."""
        if self._pause.locked():
            self._pause.release()

    def run(self, thread: _Thread) -> None:
        """Run the function, in this thread."""
        _calls[threading.get_ident()] = self
        try:
            with claim_worker_thread(self._backend, self.token):
                self._value = self._function()
        except BaseException as error:
            self._error = error
        finally:
            del _calls[threading.get_ident()]
            _Thread.idle.append(thread)
            with self._lock:
                self.over = True
                if self._notify is not None:
                    self._notify()
            self.pause()

    async def finish(self) -> None:
        """Wait for a function that needs the loop; the clock moves only while it waits for the loop."""
        event = anyio.Event()
        soon: Any = getattr(self.token, "call_soon_threadsafe", None) or getattr(self.token, "run_sync_soon", None)
        self.control.outside_work += 1
        with self._lock:
            if self.over:
                event.set()
            else:
                self._notify = lambda: soon(event.set)
        try:
            await event.wait()
        finally:
            self.control.outside_work -= 1

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._value


_installed = False


def install() -> None:
    """Replace anyio's worker threads on both backends; once is enough."""
    global _installed  # noqa: PLW0603 - what is replaced belongs to the process
    if _installed:
        return
    _installed = True
    for name, backend in _BACKENDS.items():
        backend.run_sync_in_worker_thread = staticmethod(functools.partial(_run, name))
        backend.run_async_from_thread = staticmethod(_calling_back(backend.run_async_from_thread, is_async=True))
        backend.run_sync_from_thread = staticmethod(_calling_back(backend.run_sync_from_thread, is_async=False))


def _calling_back(real: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    def run(function: Any, args: tuple[Any, ...], token: Any) -> Any:
        call = _calls.get(threading.get_ident())
        if call is None:
            return real(function, args, token)
        control = call.control

        async def counted(*args: Any) -> Any:
            control.outside_work -= 1  # the thread only waits for the loop now
            try:
                return await function(*args)
            finally:
                control.outside_work += 1

        call.pause()
        return real(counted if is_async else function, args, token or call.token)

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
        with anyio.CancelScope(shield=not abandon_on_cancel):
            context = contextvars.copy_context()
            call = _Call(backend, functools.partial(context.run, function, *args), watch.control)
            if not call.over:
                await call.finish()
            await anyio.sleep(watch.duration(function, args))
    return call.result()
