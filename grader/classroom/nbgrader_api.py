"""Calling nbgrader in this process: its log stays off the terminal, and what went wrong becomes one line."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from nbgrader.api import Base
from sqlalchemy.exc import SQLAlchemyError

from grader.classroom.settings import Settings
from grader.course import CourseError

EMPTY_WORDS = ("Traceback", "There was an error processing", "Please see the", "Failed to", "Please run")
CANCELED = "Canceled"
"""All that nbgrader says of a Ctrl-C."""
EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Missing\w*|Full)\b: .*")


def call(action: Callable[..., dict[str, Any]], *args: str) -> None:
    """Call a function of nbgrader's own interface.

    Raises:
        CourseError: it did not work; the text says why.
        KeyboardInterrupt: Ctrl-C reached nbgrader, which makes it a failure of the one submission that it is at.
    """
    with quiet():
        result = action(*args)
    forget_statements()
    if not result["success"]:
        if why(result) == CANCELED:
            raise KeyboardInterrupt
        raise CourseError(f"nbgrader could not {action.__name__} {' '.join(args)}: {why(result)}")


def forget_statements() -> None:
    """Let go of what SQLAlchemy has compiled: it is kept by engine, and nbgrader makes new engines for each submission.

    Without this, scoring a class of 2,000 needs some hundred MB more than one of 20.
    """
    for mapper in Base.registry.mappers:
        # A private name: where it is gone, nothing is to be forgotten.
        cache = vars(mapper).get("_compiled_cache")
        if cache is not None:
            cache.clear()


def why(result: dict[str, Any]) -> str:
    """The line of nbgrader's log that says what went wrong.

    What was raised says more than nbgrader's own last line, which often only points to "the above traceback".
    """
    lines = f"{result.get('log', '')}\n{result.get('error', '')}".splitlines()
    useful = [line for line in lines if line.strip() and not any(words in line for words in EMPTY_WORDS)]
    raised = [line for line in useful if EXCEPTION.fullmatch(line.strip())]
    errors = [line for line in useful if line.startswith("[ERROR]")]
    last = (raised or errors or useful or ["it does not say why"])[-1]
    return last.removeprefix("[ERROR] ").strip()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep nbgrader's log and warnings off the terminal; we say what matters in our own words."""
    logger = logging.getLogger("traitlets")
    before, logger.propagate = logger.propagate, False
    handlers, logger.handlers = logger.handlers, [logging.NullHandler()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate, logger.handlers = before, handlers


@contextlib.contextmanager
def explain(settings: Settings) -> Iterator[None]:
    """Say in one line what is wrong with a book that cannot be used, and what to do.

    Raises:
        CourseError: the book failed.
    """
    try:
        yield
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        place = settings.book_file or settings.db_url.partition("@")[2] or settings.db_url
        raise CourseError(f"the gradebook {place} cannot be used ({said}): run `grader class doctor`") from error
    except ModuleNotFoundError as error:
        if not settings.db_url.startswith("postgresql") or not str(error.name).startswith("psycopg"):
            raise
        raise CourseError(
            f"db_url needs {error.name}, which is not installed: pip install 'psycopg[binary]' (the extra `postgres`)"
        ) from error
