"""What a notebook's cells use: `run`, `record` and `play` code on either backend, `check` the exercise, predict, put lines in order, `prove` tests."""

from __future__ import annotations

import sys

from grader.notebook import errors
from grader.notebook.cards import check, mine
from grader.notebook.catch_card import prove
from grader.notebook.helping import hint, reset, solution
from grader.notebook.parsons import parsons
from grader.notebook.predict import predict, predictions
from grader.notebook.progress_table import progress
from grader.notebook.runner import Stuck, run
from grader.notebook.scheduler_game import play
from grader.notebook.timeline import Timeline, record

__all__ = [
    "Stuck",
    "Timeline",
    "check",
    "hint",
    "mine",
    "parsons",
    "play",
    "predict",
    "predictions",
    "progress",
    "prove",
    "record",
    "reset",
    "run",
    "solution",
]


def _prepare() -> None:
    """In a notebook, let exception groups be shown as errors."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        errors.install(shell)


_prepare()
