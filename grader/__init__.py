"""Checkpoint's engine: judges concurrent code by what it does under virtual time and chosen orders.

These are the author's words; a check imports nothing else. `docs/checks.md` shows them at work.
"""

from .check import CheckFailed, NotRun, check
from .play import Play, Trial
from .trace import Span, Trace
from .words import (
    at_least,
    at_most,
    at_once,
    awaitable,
    cancel,
    checkpoint,
    cleanup,
    fail,
    fail_after,
    give,
    give_error,
    hang,
    in_group,
    leaves_of,
    near,
    note,
    on_cancel,
    one_of,
    signal_to,
    token,
    until,
    verb,
    wait,
)

__all__ = [
    "CheckFailed",
    "NotRun",
    "Play",
    "Span",
    "Trace",
    "Trial",
    "at_least",
    "at_most",
    "at_once",
    "awaitable",
    "cancel",
    "check",
    "checkpoint",
    "cleanup",
    "fail",
    "fail_after",
    "give",
    "give_error",
    "hang",
    "in_group",
    "leaves_of",
    "near",
    "note",
    "on_cancel",
    "one_of",
    "signal_to",
    "token",
    "until",
    "verb",
    "wait",
]
