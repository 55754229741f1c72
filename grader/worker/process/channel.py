"""The line between the judge and one confined child: JSON objects, one a line, over two file descriptors.

The subject runs in the same process. Whatever it does to `sys.stdout`, `json`, `os` or `builtins` must not change
what goes over the line, so everything used here is bound once, at import, before any subject is loaded. (This keeps
accidents and lazy tricks out. Somebody who forges messages on purpose is caught by the judge, not here.)
"""

from __future__ import annotations

import _thread
import importlib
import json.decoder
import json.encoder
import os
import select
import signal
from typing import Any

Message = dict[str, Any]

_read, _write = os.read, os.write
_poll, _POLLIN = select.poll, select.POLLIN
_mask: Any = importlib.import_module("_signal").pthread_sigmask  # that of `signal` is Python, which can be patched
_SETMASK = int(signal.SIG_SETMASK)
_EVERY_SIGNAL = frozenset(map(int, signal.valid_signals()))
_CHUNK = 1 << 16
_bytes, _bytearray, _isinstance, _dict = bytes, bytearray, isinstance, dict


def _refuse(value: object) -> Any:
    """Refuse what JSON can't hold: a message with a surprise in it is a fault of the worker, not of the subject."""
    raise TypeError(f"a message can't hold {type(value).__name__}")


def _c_parts() -> tuple[Any, Any]:
    """Return an encoder and a scanner written in C: they look nothing up in modules that a subject can patch."""
    encoder: Any = json.encoder
    decoder: Any = json.decoder.JSONDecoder()
    if encoder.c_make_encoder is None:  # another interpreter than CPython
        return json.encoder.JSONEncoder(default=_refuse, separators=(",", ":")).encode, decoder.scan_once
    chunks = encoder.c_make_encoder(None, _refuse, encoder.encode_basestring_ascii, None, ":", ",", False, False, True)
    join = "".join
    return lambda obj: join(chunks(obj, 0)), decoder.scan_once


_encode, _scan = _c_parts()


class Channel:
    """One end of the line, inside the child.

    Args:
        reading: descriptor that brings the judge's messages.
        writing: descriptor that takes ours.
    """

    __slots__ = ("_lock", "_poller", "_rest", "_tail", "reading", "writing")

    def __init__(self, reading: int, writing: int) -> None:
        self.reading = reading
        self.writing = writing
        self._rest = _bytearray()  # read, not yet a whole line
        self._tail = b""  # of a line whose writing was broken off by an exception
        self._lock = _thread.allocate_lock()
        self._poller = _poll()
        self._poller.register(reading, _POLLIN)

    def send(self, obj: Message) -> None:
        """Write one message as one line; lines of several threads never mix.

        Signals wait until the line is out: a handler that raises half-way would tear it.

        Raises:
            BrokenPipeError: the judge is gone.
            TypeError: the message holds what JSON can't.
        """
        line = _encode(obj).encode() + b"\n"
        before = _mask(_SETMASK, _EVERY_SIGNAL)
        try:
            with self._lock:
                self._tail += line
                while self._tail:
                    self._tail = self._tail[_write(self.writing, self._tail) :]
        finally:
            _mask(_SETMASK, before)

    def receive(self) -> Message | None:
        """Wait for the next message; None when the judge has closed its end.

        Raises:
            ValueError: the line is not a JSON object (the judge is trusted, so this is a fault of the engine).
        """
        while (end := self._rest.find(b"\n")) < 0:
            part = _read(self.reading, _CHUNK)
            if not part:
                return None
            self._rest += part
        line = _bytes(self._rest[:end]).decode()
        del self._rest[: end + 1]
        try:
            obj, _ = _scan(line, 0)
        except StopIteration:
            raise ValueError("a message from the judge is not JSON") from None
        if not _isinstance(obj, _dict):
            raise ValueError("a message from the judge is not a JSON object")
        message: Message = obj
        return message

    def poll(self) -> bool:
        """Tell whether `receive` would return at once: a message waits, or the judge has closed its end."""
        return b"\n" in self._rest or bool(self._poller.poll(0))
