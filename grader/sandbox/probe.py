"""What this machine can do: which walls can be built here, and the remedy for what is missing."""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path

from .limits import Limits
from .link import IsolationRefused
from .outer import Level
from .running import Running

REFUSAL = (
    "no isolation on this machine (see `grader doctor`): install bubblewrap or allow user namespaces, "
    "or grade files that you trust with --unsafe-no-sandbox"
)


@cache
def _why_not(level: Level) -> str:
    """Build all walls of a level once; return why that failed, "" if it did not."""
    if sys.platform != "linux":
        return "needs Linux"
    if level == "bubblewrap" and shutil.which("bwrap") is None:
        return "bwrap is not installed"
    try:
        # A server with nothing to serve: what is tested are the walls.
        running = Running(level, walls=True, limits=Limits(), serve="def serve(channel): pass", as_root=True)
    except IsolationRefused as problem:
        return str(problem)
    try:
        running.child().close()
    except (IsolationRefused, OSError) as problem:
        return str(problem)
    finally:
        running.close()
    return ""


@cache
def level() -> Level:
    """Return the best level that this machine offers. Tried once a process, by building the walls."""
    for candidate in ("bubblewrap", "namespaces"):
        if not _why_not(candidate):
            return candidate
    return "none"


def required_level() -> Level:
    """Return the best level, and refuse "none".

    Raises:
        IsolationRefused: with the one line that an instructor needs.
    """
    best = level()
    if best == "none":
        raise IsolationRefused(REFUSAL)
    return best


def describe() -> list[tuple[str, bool, str]]:
    """Return what `grader doctor` shows: a thing, whether it is there, and if not, the remedy."""
    return []
