"""Waits that end in C, and of which neither `threading` nor the interpreter's events tell: `poll`, `recv`, `join`, semaphores, signals.

Each is noted when it would wait: what is there already is taken as it is.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..opaque import opaque, opaque_methods
from . import blocking

_real_poll, _real_epoll = select.poll, getattr(select, "epoll", None)
_real_read = os.read
_real_start, _real_join = threading.Thread.start, threading.Thread.join
_RECEIVE = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "_accept")

#: identity of a thread → the thread, and the step of the loop's thread in which it was started
_started: dict[int, tuple[threading.Thread, tuple[int, int]]] = {}


def install() -> None:
    """Watch them; `blocking` decides whose they are."""
    select.poll = opaque(_poll)  # type: ignore[assignment,misc]
    selectors.PollSelector._selector_cls = staticmethod(opaque(_poll))  # type: ignore[attr-defined]
    if _real_epoll is not None:
        select.epoll = opaque(_epoll)  # type: ignore[assignment,misc]
        selectors.EpollSelector._selector_cls = staticmethod(opaque(_epoll))  # type: ignore[attr-defined]
    for name in ("sigwait", "sigwaitinfo", "pause"):
        if hasattr(signal, name):
            setattr(signal, name, opaque(_noting(f"signal.{name}", getattr(signal, name))))
    for name in _RECEIVE:
        setattr(socket.socket, name, opaque(_receiving(name, getattr(socket.socket, name))))
    os.read = opaque(_read)
    threading.Thread.start, threading.Thread.join = opaque(_start), opaque(_join)  # type: ignore[method-assign]
    _watch_semaphores()


def _noting(call: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def waits(*args: Any) -> Any:
        blocking.wait(call, 0)
        return real(*args)

    return waits


# -- descriptors -----------------------------------------------------------------------------------------------
def _is_silent(descriptor: Any) -> bool:
    """Tell whether nothing can be read from a descriptor now."""
    poll = _real_poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return not poll.poll(0)


def _receiving(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    call = f"socket.{name.lstrip('_')}"

    def receive(self: Any, *args: Any, **options: Any) -> Any:
        if blocking.is_loop() and self.gettimeout() != 0 and _is_silent(self):
            blocking.wait(call, 0)
        return real(self, *args, **options)

    return receive


def _read(descriptor: int, size: int) -> bytes:
    if blocking.is_loop() and _can_be_silent(descriptor):
        blocking.wait("os.read", 0)
    return _real_read(descriptor, size)


def _can_be_silent(descriptor: int) -> bool:
    try:
        return os.get_blocking(descriptor) and _is_silent(descriptor)
    except (OSError, TypeError):  # what is wrong with it, the real one says
        return False


@opaque_methods
class _Poll:
    """A `poll` or `epoll` object of the subject's."""

    def __init__(self, real: Any, call: str, unit: float) -> None:
        self._real, self._call, self._unit = real, call, unit
        self._watched: set[int] = set()

    def register(self, descriptor: Any, *events: int) -> Any:
        self._watched.add(descriptor if isinstance(descriptor, int) else descriptor.fileno())
        return self._real.register(descriptor, *events)

    def unregister(self, descriptor: Any) -> Any:
        self._watched.discard(descriptor if isinstance(descriptor, int) else descriptor.fileno())
        return self._real.unregister(descriptor)

    def poll(self, timeout: float | None = None, *more: int, maxevents: int = -1) -> Any:
        options = {"maxevents": maxevents} if maxevents != -1 else {}
        ready = self._real.poll(0, *more, **options)
        if ready or timeout == 0:
            return ready
        ends = timeout is not None and timeout > 0
        seconds = timeout * self._unit if ends and not self._watched and timeout is not None else 0
        if blocking.wait(self._call, seconds) and seconds:
            return []
        return self._real.poll(timeout, *more, **options)

    def __enter__(self) -> Any:
        self._real.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._real.__exit__(*exc_info)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _poll() -> Any:
    real = _real_poll()
    return _Poll(real, "poll", 0.001) if _is_for_subject() else real


def _epoll(*args: Any, **options: Any) -> Any:
    real: Any = _real_epoll(*args, **options)  # type: ignore[misc]
    return _Poll(real, "poll", 1.0) if _is_for_subject() else real


def _is_for_subject() -> bool:
    """Tell whether a file asks for it, itself or through the standard library; the loops have theirs as they are."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(blocking.PASSED_OVER):
        frame = frame.f_back
    return frame is not None and not os.path.isabs(frame.f_code.co_filename)


# -- threads ---------------------------------------------------------------------------------------------------
def _start(self: threading.Thread) -> None:
    step = blocking.step()
    if step is not None:
        if len(_started) > 1_000:  # noqa: PLR2004 - those of earlier runs
            _started.clear()
        _started[id(self)] = self, step
    _real_start(self)


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    """Wait for a thread: one that was started in the same step of the loop has done nothing meanwhile that somebody awaited."""
    started = _started.get(id(self))
    if started is not None and started[1] == blocking.step() and (timeout is None or timeout > 0):
        blocking.wait("Thread.join", 0)
    _real_join(self, timeout)


def _watch_semaphores() -> None:
    """Watch those of `multiprocessing`, which threads can share as well."""
    with contextlib.suppress(ImportError):
        library = importlib.import_module("_multiprocessing")  # not everywhere
        real: Any = library.SemLock

        @opaque_methods
        class Semaphore(real):  # type: ignore[misc]
            def acquire(self, block: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002
                if real.acquire(self, False):
                    return True
                if not block:
                    return False
                blocking.wait("multiprocessing.Semaphore.acquire", 0)
                return bool(real.acquire(self, True, timeout))

            def __enter__(self) -> bool:
                return self.acquire()

        Semaphore.__name__ = Semaphore.__qualname__ = real.__name__
        library.SemLock = Semaphore  # type: ignore[attr-defined]
