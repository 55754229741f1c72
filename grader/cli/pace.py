"""How far a long command is: a bar with rate and time left on a terminal, else a line from time to time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from grader.display import show

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class Pace:
    """Counts what is done; a context manager.

    Args:
        word: what is being done, such as "grading".
        clock: returns the time in seconds.
    """

    def __init__(self, word: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.word = word
        self.total = self.count = 0
        self._clock = clock
        self._began = self._said = self._now()
        columns = (TextColumn(word), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
        self._bar = Progress(
            *columns, console=show.console(sys.stderr), transient=True, disable=not sys.stderr.isatty()
        )
        self._task = self._bar.add_task(word, total=None, said="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if isinstance(error, KeyboardInterrupt) and self.total:
            click.echo(
                f"grader: {self.word} stopped: {self.count} of {self.total} are done and kept; "
                "the same command goes on with the rest",
                err=True,
            )

    def begin(self, total: int) -> None:
        """Say how many there are."""
        self.total = total
        self._began = self._said = self._now()
        self._bar.update(self._task, total=total)

    def step(self) -> None:
        """Count one."""
        self.count += 1
        said = self.rate()
        self._bar.update(self._task, advance=1, said=said)
        now = self._now()
        if self._bar.disable and now - self._said >= EVERY:
            self._said = now
            click.echo(f"grader: {self.word}: {self.count} of {self.total}, {said}", err=True)

    def rate(self) -> str:
        """Rate and time left, in words."""
        seconds = max(self._now() - self._began, 1e-9)
        rate = self.count / seconds
        left = (self.total - self.count) / rate if rate else 0.0
        return f"{self.pace_words(rate)}, {self.left_words(left)}"

    @staticmethod
    def pace_words(rate: float) -> str:
        """A rate, so that the number is at least 1 where that is possible."""
        return f"{rate:.1f} a second" if rate >= 1 else f"{rate * 60:.0f} a minute"

    @staticmethod
    def left_words(seconds: float) -> str:
        """A time that is left, roughly."""
        for unit, size in (("s", 1), ("min", 60)):
            if seconds < 90 * size:
                return f"about {seconds / size:.0f} {unit} left"
        return f"about {seconds / 3600:.1f} h left"

    def _now(self) -> float:
        return self._clock()
