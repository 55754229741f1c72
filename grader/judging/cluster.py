"""Grading on other machines, with Dask: workers that would judge differently are named and left out.

Nothing but this file knows Dask; it is the extra `cluster`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course, CourseError
from grader.judging.judge import stamp
from grader.sandbox import level

PATIENCE = "30 s"
"""How long a scheduler may take to answer."""


@dataclass(frozen=True)
class Workers:
    """The workers of a cluster that judge as this machine does.

    Args:
        executor: grades on them.
        count: how many.
        notes: a line for each worker that is left out, with the reason.
    """

    executor: Executor
    count: int
    notes: tuple[str, ...]


@contextmanager
def connect(address: str, course: Course) -> Iterator[Workers]:
    """Connect to a Dask scheduler.

    Args:
        address: such as ``tcp://10.0.0.1:8786``.
        course: must lie in the same folder on each worker's machine.

    Raises:
        CourseError: Dask is not installed, nobody answers, or no worker judges as this machine does.
    """
    try:
        client_of: Any = importlib.import_module("distributed").Client
    except ModuleNotFoundError as error:
        raise CourseError(f"{error.name} is not installed: pip install distributed (the extra `cluster`)") from error
    try:
        client = client_of(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}): check the address"
        ) from error
    with client:
        # Else a file that kills its worker is tried on three others, and kills them too. It is tried again here, alone.
        client.run_on_scheduler(_forgive_nothing)
        good, notes = _choose(client, course)
        if not good:
            raise CourseError(f"no worker at {address} can be used: {'; '.join(notes) or 'there is none'}")
        # Equal tasks must not share a run: two learners may hand in the same file, and a late one is tried again.
        executor = client.get_executor(pure=False, retries=0, workers=good, allow_other_workers=False)
        yield Workers(executor, len(good), tuple(notes))


def _forgive_nothing(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = 0


def _choose(client: Any, course: Course) -> tuple[list[str], list[str]]:
    """The addresses of workers that can be used, and why the others cannot."""
    own = identity(str(course.root))
    answers = client.run(identity, str(course.root), on_error="return")
    threads = client.nthreads()
    good, notes = [], []
    for worker in sorted(answers):
        theirs = answers[worker]
        if isinstance(theirs, BaseException):
            why = f"it cannot read the course at {course.root} ({type(theirs).__name__})"
        elif different := [key for key in own if theirs.get(key) != own[key]]:
            why = ", ".join(f"{key} {theirs.get(key)}, here {own[key]}" for key in different)
        elif threads.get(worker) != 1:
            why = "it has several threads: start it with --nthreads 1"
        else:
            good.append(worker)
            continue
        notes.append(f"worker {worker} is not used: {why}")
    return good, notes


def identity(root: str) -> dict[str, str]:
    """What must be the same for two machines to give the same verdicts."""
    course = Course(Path(root))
    stamps = {module.slug: stamp(module) for module in course.modules()}
    versions = next(iter(stamps.values()), {})
    text = json.dumps(stamps, sort_keys=True)
    return {
        "engine": str(versions.get("version")),
        "anyio": str(versions.get("anyio")),
        "trio": str(versions.get("trio")),
        "checks and scenes": hashlib.sha256(text.encode()).hexdigest()[:12],
        "isolation": level(),
    }
