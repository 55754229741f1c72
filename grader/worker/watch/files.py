"""Files that report when they are opened and closed, and whether the garbage collector had to close them."""

from __future__ import annotations

import builtins
import io
import os
from dataclasses import dataclass
from typing import Any

from ..loops.control import Control
from ..loops.span_of_task import current_span
from ..opaque import opaque, opaque_methods
from ..record.spans import SpanRecord

_real_open = builtins.open


@dataclass(eq=False)
class OpenFile:
    """One open descriptor."""

    name: str
    born: SpanRecord | None


class FileWatch:
    """The files of one run; each opening and closing becomes a note ``open`` or ``close`` of ``file``."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self._open: dict[int, OpenFile] = {}

    def note_opening(self, raw: _RawFile) -> None:
        """Remember a file that was opened inside a span."""
        span = current_span.of_maker()
        if span is None:
            return
        name = os.path.basename(str(raw.name))
        self._open[id(raw)] = OpenFile(name, span)
        self.control.record.note("file", "open", name, span)

    def note_closing(self, raw: _RawFile, *, collected: bool) -> None:
        """Forget a file that was closed; `collected`: by the garbage collector."""
        opened = self._open.pop(id(raw), None)
        if opened is not None:
            what = "collected" if collected else "close"
            self.control.record.note("file", what, opened.name, current_span.get())

    def open_files(self) -> list[OpenFile]:
        """Return the files that are open now."""
        return list(self._open.values())


_watch: FileWatch | None = None


def watch(current: FileWatch | None) -> None:
    """Let files report to `current` from now on."""
    global _watch  # noqa: PLW0603 - one run at a time in a process
    _watch = current


@opaque_methods
class _RawFile(io.FileIO):
    _collected = False

    def _dealloc_warn(self, source: Any) -> None:
        self._collected = True  # io calls this when an open file is collected

    def close(self) -> None:
        if not self.closed and _watch is not None:
            _watch.note_closing(self, collected=self._collected)
        super().close()


def install() -> None:
    """Replace `open`, which anyio's files use too."""
    builtins.open = _open
    io.open = _open


@opaque
def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,  # noqa: FBT001, FBT002
    opener: Any = None,
) -> Any:
    if _watch is None or isinstance(file, int):
        return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    _real_open_checks(mode, encoding, errors, newline, buffering)
    file = os.fspath(file)  # so that it is the file's name, as `open` has it
    raw = _RawFile(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    _watch.note_opening(raw)
    try:
        return _layers(raw, mode, buffering, encoding, errors, newline)
    except BaseException:
        raw.close()
        raise


def _real_open_checks(mode: Any, encoding: str | None, errors: str | None, newline: str | None, buffering: int) -> None:
    if not isinstance(mode, str) or set(mode) - set("axrwb+t") or len(mode) > len(set(mode)):
        raise ValueError(f"invalid mode: {mode!r}")
    if "b" in mode and (encoding is not None or errors is not None or newline is not None):
        raise ValueError("binary mode doesn't take an encoding, errors or newline argument")
    if "b" not in mode and buffering == 0:
        raise ValueError("can't have unbuffered text I/O")


def _layers(raw: Any, mode: str, buffering: int, encoding: str | None, errors: str | None, newline: str | None) -> Any:
    if buffering == 0:
        return raw
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffered: Any
    if "+" in mode:
        buffered = io.BufferedRandom(raw, size)
    elif "r" in mode:
        buffered = io.BufferedReader(raw, size)
    else:
        buffered = io.BufferedWriter(raw, size)
    if "b" in mode:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    text.mode = mode  # type: ignore[misc]
    return text
