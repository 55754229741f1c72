"""Checkpoint's engine: judges concurrent code by what it does under virtual time and chosen orders.

These are the author's words; a check imports nothing else. `docs/checks.md` shows them at work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.checks.play import Play, Trial
    from grader.checks.rule import CheckFailed, NotRun, RarePart, SentencePart, check
    from grader.checks.trace import Span, Trace
    from grader.checks.words import (
        about,
        at_least,
        at_most,
        at_once,
        attempt,
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
        within,
    )

__all__ = [
    "CheckFailed",
    "NotRun",
    "Play",
    "RarePart",
    "SentencePart",
    "Span",
    "Trace",
    "Trial",
    "about",
    "at_least",
    "at_most",
    "at_once",
    "attempt",
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
    "within",
]

_ROOMS = ("play", "rule", "trace", "words")


def __getattr__(name: str) -> object:
    """Load the words when somebody asks for one: `grader.explore` is used where nothing of the course is wanted."""
    if name in __all__:
        for room in _ROOMS:
            module = import_module(f"grader.checks.{room}")
            if hasattr(module, name) and getattr(module, name).__module__ == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
