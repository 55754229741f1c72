"""A dispute: one file with all that an instructor needs to see what the learner saw.

One that is right becomes a right solution under the tests.
"""

from __future__ import annotations

import itertools
import platform
from pathlib import Path
from typing import Any

from grader.checks.collect import BrokenChecks, Check, checks_of
from grader.checks.runs import run_of, word
from grader.course import BACKENDS, Course, CourseError, Module
from grader.course.key import SELF_CHECK_KEY
from grader.course.safe_files import write_private
from grader.display.steps_page import page
from grader.judging.judge import stamp
from grader.judging.points import clause_id
from grader.judging.run_check import Replay, closer_look, replay
from grader.judging.session import Forks, Session
from grader.judging.submission import Submission, examine, read

FORMAT = 1


def clause_of(course: Course, name: str) -> tuple[Module, str]:
    """Module and clause that a name such as ``m05.R3`` means.

    Raises:
        CourseError: there is none.
    """
    short, dot, clause = name.rpartition(".")
    if not dot:
        raise CourseError(f"{name!r} names no clause: write module and clause, such as m05.R3")
    module = course.module(short)
    if clause not in module.clauses:
        raise CourseError(f"{module.slug} has no clause {clause}: it has {', '.join(module.clauses)}")
    return module, clause


def dispute(
    module: Module,
    clause: str,
    forks: Forks,
    *,
    because: str = "",
    seed: str | None = None,
    backend: str | None = None,
    steps: Path | None = None,
) -> dict[str, Any]:
    """Gather what belongs to a dispute.

    The public checks of the clause are played on the learner's file; the first that fails gives the trace. A clause
    that only hidden checks judge has none: then the seed from the feedback page is what the instructor goes by.

    Args:
        clause: such as ``R3``.
        forks: gives the children.
        because: why the learner thinks so.
        seed: as the feedback page or the check shows it.
        backend: only this one.
        steps: where a page to step through the run is written, if there is a run to show.

    Raises:
        CourseError: there is no file, or it cannot be loaded.
    """
    if seed is not None:
        try:
            run_of(seed)
        except ValueError as error:
            raise CourseError(str(error)) from error
    data, sha256 = read(module.stub)
    submission = examine(module, data, sha256)
    if submission.fault:
        raise CourseError(f"{submission.name}: {submission.fault.text}")
    plain: dict[str, Any] = {
        "format": FORMAT,
        "clause": clause_id(module, clause),
        "module": module.slug,
        "because": because,
        "seed": seed,
        "backend": backend,
        "check": None,
        "said": None,
        "trace": None,
        "versions": {**stamp(module, "public"), "python": platform.python_version(), "platform": platform.platform()},
        "submission": {"sha256": submission.sha256, "text": submission.text},
    }
    if found := _run_to_show(module, clause, submission, forks, (backend,) if backend else BACKENDS):
        check, seen, closely = found
        if steps is not None:
            write_steps(steps, check, closely, submission)
        plain |= {"check": check.id, "said": str(seen.failure) if seen.failure else None, "trace": seen.trace.data}
        plain["backend"] = seen.trace.backend
        plain["seed"] = seed or word(seen.trace.data)
    return plain


def _run_to_show(
    module: Module, clause: str, submission: Submission, forks: Forks, backends: tuple[str, ...]
) -> tuple[Check, Replay, Replay] | None:
    """The first public check of the clause that fails, else the first of all, its run, and the same run looked at closely.

    None if the clause has no public check.
    """
    try:
        checks = [check for check in checks_of(module, "public") if check.clause == clause]
    except BrokenChecks as error:
        raise CourseError(str(error)) from error
    shown: tuple[Check, Replay] | None = None
    with Session(module, submission, forks) as session:
        if fault := session.load():
            raise CourseError(f"{submission.name}: {fault.text}")
        for check, backend in itertools.product(checks, backends):
            seen = replay(check, session, backend, SELF_CHECK_KEY)
            if shown is None or seen.failure is not None:
                shown = check, seen
            if seen.failure is not None:
                break
        return None if shown is None else (*shown, closer_look(shown[0], session, SELF_CHECK_KEY, shown[1]))


def write_steps(path: Path, check: Check, seen: Replay, submission: Submission) -> None:
    """Write the page to step through a run that was looked at closely.

    Raises:
        CourseError: the run has no step to show, or the page cannot be written.
    """
    failed = "" if seen.failure is None else str(seen.failure)
    title = f"{check.clause} · {check.title}"
    passed = "this check passes; the first of its runs"
    try:
        made = page(seen.trace, submission.text, title=title, file=submission.name, failed=failed, passed=passed)
        write_private(path.absolute(), made)
    except (ValueError, OSError) as error:
        raise CourseError(f"{path}: {error}") from error
