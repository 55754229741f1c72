"""How long a child may take to answer, and the trace of a run whose answer never came."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from grader.checks.rule import NotRun
from grader.sandbox import LinkClosed
from grader.worker.record.spans import FORMAT

FORGED = "wrote something that is not a message"
"""How `grader.sandbox` names a line that is not a JSON object."""


class Late(NotRun):
    """No answer, and no processor time used: the machine may be at fault. Worth one more try, alone."""


class Hung(Exception):
    """The child gives no answer, and that is its own doing. The text continues "the run …".

    Args:
        text: what it does.
        line: of the file, if known.
    """

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


PATIENCE = 5
"""Wall-clock limit, as a multiple of `total`, for a child that keeps computing."""

MOST = 0.8
"""A child that used this share of `total` as processor time is too slow on any machine."""

STARVED = 0.1
"""A child that gets less than this share of one processor is waiting, not computing slowly on a busy machine."""


WAITS = "outside the event loop"
"""The end of what is said of a child that waits or was stopped: to see it takes seconds by the clock."""

STANDS_STILL = 4.0
"""Seconds without an answer in which nothing of a child runs or wants to. The worker itself never waits so long."""

STILL_CPU = 0.05
"""Processor seconds that a child may use in this time, as when it is woken to be looked at."""


class ChildLine(Protocol):
    """The judge's end of the line to a confined child (`grader.sandbox.Link`)."""

    @property
    def output(self) -> str:
        """The end of what the child printed."""

    def send(self, obj: dict[str, Any]) -> None:
        """Send one message."""

    def receive(self, deadline: float) -> dict[str, Any]:
        """Wait for a message until a time of `time.monotonic`."""

    def cpu_seconds(self) -> float:
        """Processor seconds that the child has used."""

    def standstill(self) -> str:
        """Whether nothing of the child runs or wants to: "waits", "is stopped", or empty."""

    def last_line(self, file: str) -> int | None:
        """End a child that stands still; the line of a file that it was at, if that can be told."""

    def close(self) -> None:
        """Kill the child and wait until it and all that it started are gone."""


class Waiting:
    """The judge waits for one answer: who is to blame if none comes?

    Args:
        line: to the child.
        limits: how long it may take.
        file: name of the learner's file.
        known: whether the file is known to wait where it must not.
    """

    def __init__(self, line: ChildLine, limits: TimeLimits, file: str, *, known: bool = False) -> None:
        self._line, self._limits, self._file = line, limits, file
        self._patience = STANDS_STILL * (0.75 if known else 1)
        self._begun, self._before = time.monotonic(), line.cpu_seconds()
        self._since, self._used = self._begun, self._before  # it stands still since then

    def look(self) -> None:
        """Look at a child that has given no answer.

        Raises:
            Hung: it computes without end, waits, or was stopped.
            Late: nobody can tell.
        """
        now, used, still = time.monotonic(), self._line.cpu_seconds(), self._line.standstill()
        if used - self._before > self._limits.cpu:
            raise Hung(f"used {used - self._before:.0f} s of processor time without passing a checkpoint")
        if not still or used - self._used > STILL_CPU:
            self._since, self._used = now, used
        elif now - self._since > self._patience:
            line = self._line.last_line(self._file)
            raise Hung(f"{still} {WAITS}{f', line {line}' if line else ''}", line)
        if now - self._begun > self._limits.silence:
            raise Late(f"no answer for {self._limits.silence:.0f} s, and no processor time used")


@dataclass(frozen=True)
class TimeLimits:
    """How long a submission may take, in seconds.

    Args:
        total: time for all of its checks. By the clock, on a machine that has nothing else to do; on one that has too
            much, a child that computes gets up to `PATIENCE` times as long.
        silence: wall time without a message. Alone it proves nothing: the machine may be busy.
        cpu: processor time without a message. That is a hang.
    """

    total: float = 60.0
    silence: float = 20.0
    cpu: float = 3.0

    def look(self, *, used: float, spent: float) -> None:
        """Raise an error for a child that has spent the time for all checks, unless the machine keeps it from computing.

        Args:
            used: processor seconds.
            spent: seconds by the clock, not less than `total`.

        Raises:
            Hung: it has used most of the time itself.
            Late: it waits, or has been kept from computing for too long.
        """
        if used > self.total * MOST:
            raise Hung(f"used up the time for all checks ({used:.0f} s of processor time)")
        if used < spent * STARVED or spent > self.total * PATIENCE:
            raise Late(f"all checks together took longer than {spent:.0f} s, most of it spent waiting")


def refuse_forged(closed: LinkClosed) -> None:
    """Raise `NotRun` if a child was cut off because of what it wrote, which is not a way for a subject to end."""
    if FORGED in str(closed):
        raise NotRun(f"the worker {closed}") from closed


def ended_trace(
    message: Mapping[str, Any], kind: str, text: str, line: int | None = None, number: int = 0
) -> dict[str, Any]:
    """The trace of a run that left none: only how it ended.

    Args:
        message: the request.
        kind: ``exit`` or ``stuck``.
        text: a plain sentence.
        line: of the learner's file, if known.
        number: of the run in the request, from 0.
    """
    runs = message["runs"]
    return {
        "format": FORMAT,
        "backend": message["backend"],
        **runs[min(number, len(runs) - 1)],
        "spans": [],
        "notes": [],
        "steps": 0,
        "time": 0.0,
        "end": {"kind": kind, "text": text, "waiting": [{"task": "", "line": line}] if line else []},
        "tasks": [],
        "probes": {"unawaited": [], "blocking": []},
    }


@lru_cache(64)
def parts_of(scene: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a plan may hold and what it must: the keyword parameters of the function `scene`, read, not run.

    Raises:
        NotRun: the text has no such function.
    """
    try:
        nodes = ast.parse(scene).body
    except SyntaxError as error:
        raise NotRun(f"scene.py, line {error.lineno}: {error.msg}") from error
    for node in nodes:
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "scene":
            pairs = list(zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
            must = frozenset(arg.arg for arg, default in pairs if default is None)
            return frozenset(arg.arg for arg, _ in pairs), must
    raise NotRun("scene.py has no function `async def scene(subject, world, *, …)`")


def plan_complaint(plan: Iterable[str], may: frozenset[str], must: frozenset[str]) -> str:
    """What is wrong with the names of a plan's parts; empty text if nothing is. A typing error is not the subject's."""
    unknown, missing = sorted(set(plan) - may), sorted(must - set(plan))
    if unknown:
        return f"it has no part {', '.join(unknown)}"
    return f"{', '.join(missing)} is missing" if missing else ""
