"""Errors of a cell, short: the lines of the cell's own code, and exception groups as real error outputs."""

from __future__ import annotations

import linecache
import types
from collections.abc import Iterator
from typing import Any

from grader.worker.watch.places import is_library, where


def trim(error: BaseException) -> BaseException:
    """Take the frames of libraries out of an error's traceback, and out of those of a group."""
    error.__traceback__ = _trim_traceback(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            trim(inner)
    for other in (error.__cause__, error.__context__):
        if other is not None and other.__traceback__ is not None:
            other.__traceback__ = _trim_traceback(other.__traceback__)
    return error


def _trim_traceback(traceback: types.TracebackType | None) -> types.TracebackType | None:
    if traceback is None:
        return None
    rest = _trim_traceback(traceback.tb_next)
    if is_library(traceback.tb_frame.f_code.co_filename):
        return rest
    return types.TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def show_without_frames(error: BaseException) -> BaseException:
    """Let IPython show the text of an error alone: it names the lines that matter, and the last frame is one of this package.

    IPython leaves frames out that say `__tracebackhide__`, but never the last one.
    """
    said = f"{type(error).__name__}: {error}".splitlines()
    error._render_traceback_ = lambda: said  # type: ignore[attr-defined]  # IPython's name for it
    return error


def lines(error: BaseException, depth: int = 0) -> Iterator[str]:
    """An error in a few lines: its class and text, the line of the cell that raised it, and so on into a group."""
    indent = "  " * depth
    text = str(error).partition(" (")[0] if isinstance(error, BaseExceptionGroup) else str(error)
    yield f"{indent}{type(error).__name__}{': ' if text else ''}{text}{_at(error)}"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from lines(inner, depth + 1)


def _at(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return ""
    place, traceback = "", error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not is_library(file):
            code = linecache.getline(file, traceback.tb_lineno).strip()
            place = f"   ← {where(file, traceback.tb_lineno)}" + (f": {code}" if code else "")
        traceback = traceback.tb_next
    return place


def install(shell: Any) -> None:
    """Let IPython show exception groups as errors: by itself it writes them to standard error, and the cell counts as good."""

    def show(
        shell: Any, kind: type[BaseException], error: BaseException, _traceback: Any, tb_offset: Any = None
    ) -> list[str]:
        del tb_offset
        said = list(lines(trim(error)))
        shell._showtraceback(kind, error, said)  # noqa: SLF001 - the one call that makes an error output
        return said

    shell.set_custom_exc((BaseExceptionGroup,), show)
