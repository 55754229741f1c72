"""Prove the course: what is right passes, what is wrong fails where it should, each check fails some file, lessons hold.

A right file meets every check. A wrong file, merged with its base, meets those of the clause that it says it
breaks; then, of the clauses that may fail as well, those that no wrong file has failed so far. That it passes
all others is proven only if the whole is asked for, which takes three times as long.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.flaws import KINDS, Finding, flaws
from grader.authoring.needs import Need, needs
from grader.authoring.version_flaws import has_versions, version_flaws
from grader.checks.collect import BrokenChecks, Kind, checks_of
from grader.course import Course, CourseError, Module
from grader.course.overrides import whole_program
from grader.judging.judge import How
from grader.judging.pool import GradingTask, run_all
from grader.judging.report import Report, Row
from grader.lesson.execution import pages
from grader.lesson.proving import lesson_path, wrongs

BREAKS = re.compile(r"^\s*Breaks:\s*(\S+)(?:\s+on\s+(asyncio|trio))?\s*$", re.MULTILINE)
ALSO = re.compile(r"^\s*Also:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Claim:
    """What a wrong solution says about itself in its docstring.

    Args:
        breaks: the clause that must fail.
        backend: the only backend on which it need fail, or None for any.
        also: other clauses that may fail.
    """

    breaks: str
    backend: str | None = None
    also: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grading:
    """One file with one set of checks, to be graded.

    Args:
        claim: what a wrong file says; None for a right one.
        only: ids of the checks; all of them if empty.
        later: only the checks count that nothing failed before: what the file breaks is proven already.
        core: only checks of the core count: the file is a solution of the core alone.
    """

    module: Module
    path: Path
    kind: Kind
    claim: Claim | None = None
    only: frozenset[str] = frozenset()
    later: bool = False
    core: bool = False

    @property
    def where(self) -> str:
        """The file, relative to the root."""
        return str(self.path.relative_to(self.module.root))


@dataclass
class Proof:
    """What was proven about one module.

    Args:
        wrong: how many of the files are wrong ones.
        findings: what is not as it must be.
        needs: how many wrong files fail each check, and how many need it.
    """

    module: str
    files: int = 0
    wrong: int = 0
    checks: int = 0
    findings: tuple[Finding, ...] = ()
    needs: tuple[Need, ...] = ()


def prove(
    course: Course,
    names: Sequence[str] = (),
    *,
    whole: bool = False,
    executor: Executor | None = None,
    jobs: int | None = None,
    begun: Callable[[int], None] = lambda _: None,
    done: Callable[[], None] = lambda: None,
) -> Iterator[Proof]:
    """Prove modules, all of them if none is named.

    Args:
        course: the course.
        names: of the modules.
        whole: let wrong files meet every check, also those that they should pass.
        executor: where to grade; local processes if not given.
        jobs: how many local processes.
        begun: called with how many runs there will be; again if there are more.
        done: called after each.
    """
    modules: list[Module] = []
    for slug in [course.slug(name) for name in names] or course.slugs:
        try:
            modules.append(course.module(slug))
        except CourseError as error:
            yield Proof(slug, findings=(Finding(slug, str(error)),))
    static = {module.slug: list(flaws(module)) for module in modules}
    runs = [run for module in modules for run in _runs(module, static[module.slug], whole=whole)]
    taught = [(lesson_path(module), module) for module in modules if lesson_path(module).is_file()]
    loose = [(path, None) for path in pages(course) if path.name != "lesson.md"] if not names else []
    graded: list[tuple[Grading, Report]] = []

    def grade(runs: Iterable[Grading]) -> None:
        for task, report in run_all(_tasks(runs), executor, jobs=jobs):
            graded.append((task.tag, report))
            done()

    tested = [module for module in modules if has_versions(module)]
    begun(count := len(runs) + len(taught) + len(loose) + len(tested))
    # Lessons run in one or two processes beside the gradings, and wait for each other often: the gradings use that time.
    lessons = ThreadPoolExecutor(1)
    try:
        told = [(page, lessons.submit(wrongs, page[0], course, page[1])) for page in (*taught, *loose)]
        versions = [(module, lessons.submit(version_flaws, module)) for module in tested]
        grade(runs)
        if not whole:
            later = [run for module in modules for run in _later_runs(module, graded)]
            begun(count + len(later))
            grade(later)
        for (path, module), proof in told:
            found = [Finding(wrong.where, wrong.text) for wrong in proof.result()]
            if module is None:
                yield Proof(path.relative_to(course.root).as_posix(), findings=tuple(found))
            else:
                static[module.slug] += found
            done()
        for module, found_flaws in versions:
            static[module.slug] += found_flaws.result()
            done()
    finally:
        lessons.shutdown(cancel_futures=True)
    for module in modules:
        yield _proof(module, static[module.slug], [pair for pair in graded if pair[0].module.slug == module.slug])


def _tasks(runs: Iterable[Grading]) -> Iterator[GradingTask]:
    for run in runs:
        how = How(run.kind, only=run.only)
        text = whole_program(run.module, run.path) if run.claim else run.path.read_text(encoding="utf-8")
        yield GradingTask(run.module, text.encode(), walls=False, how=how, tag=run)


def _proof(module: Module, findings: list[Finding], graded: list[tuple[Grading, Report]]) -> Proof:
    for run, report in graded:
        findings += _wrong(run, report) if run.claim else _right(run, report)
    findings += _needless(module, graded)
    paths = {run.path: run for run, _ in graded}
    known = needs(
        (run.kind, run.where if run.claim else None, run.claim.breaks if run.claim else None, row)
        for run, report in graded
        for row in report.checks
    )
    return Proof(
        module.slug,
        files=len(paths),
        wrong=sum(run.claim is not None for run in paths.values()),
        checks=len({row.id for _, report in graded for row in report.checks}),
        findings=tuple(dict.fromkeys(findings)),
        needs=tuple(known),
    )


# -- what was graded -----------------------------------------------------------------------------------------------
def _runs(module: Module, findings: list[Finding], *, whole: bool) -> Iterator[Grading]:
    """What must be graded; a wrong solution that makes no claim is a finding instead."""
    kinds = [kind for kind in KINDS if _usable(module, kind)]
    if not module.scene.is_file() or not module.solution.is_file():
        return
    for path in (module.solution, *module.right):
        yield from (Grading(module, path, kind) for kind in kinds)
    if module.core_solution.is_file():
        yield from (Grading(module, module.core_solution, kind, core=True) for kind in kinds)
    for path in module.wrong:
        try:
            claim = claim_of(path, module)
            whole_program(module, path)
        except CourseError as error:
            findings.append(Finding(str(path.relative_to(module.root)), str(error)))
            continue
        for kind in kinds:
            only = frozenset(check.id for check in checks_of(module, kind) if check.clause == claim.breaks)
            if not only and kind == "hidden":
                findings.append(Finding(str(path.relative_to(module.root)), f"no hidden check looks at {claim.breaks}"))
            if whole or only:
                yield Grading(module, path, kind, claim, frozenset() if whole else only)


def _later_runs(module: Module, graded: Sequence[tuple[Grading, Report]]) -> Iterator[Grading]:
    """Wrong files with the checks that none of them has failed yet, as far as they may fail them."""
    mine = [pair for pair in graded if pair[0].module.slug == module.slug]
    claims = {run.path: run.claim for run, _ in mine if run.claim}
    for kind in dict.fromkeys(run.kind for run, _ in mine):
        left = _never_failed(kind, mine)
        checks = [check for check in checks_of(module, kind) if check.id in left]
        for path, claim in claims.items():
            if only := frozenset(check.id for check in checks if check.clause in claim.also):
                yield Grading(module, path, kind, claim, only, later=True)


def _usable(module: Module, kind: Kind) -> bool:
    try:
        return bool(checks_of(module, kind))
    except BrokenChecks:
        return False


def claim_of(path: Path, module: Module) -> Claim:
    """What a wrong solution says that it breaks.

    Raises:
        CourseError: its docstring does not say it, or names a clause that the module does not have.
    """
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, UnicodeDecodeError):
        text = ""
    found = BREAKS.findall(text)
    if len(found) != 1:
        raise CourseError("its docstring must have one line `Breaks: R3` (or `Breaks: G1 on trio`): write it")
    [(breaks, backend)] = found
    also = frozenset(name for part in ALSO.findall(text) for name in part.replace(",", " ").split())
    if unknown := sorted(({breaks} | also) - set(module.clauses)):
        raise CourseError(f"{', '.join(unknown)} is not a clause of module.toml: correct `Breaks:` and `Also:`")
    return Claim(breaks, backend or None, also)


def _right(run: Grading, report: Report) -> Iterator[Finding]:
    if report.core == "passed" if run.core else report.verdict == "passed":
        return
    rows = [row for row in report.checks if row.verdict != "passed" and (row.core or not run.core)]
    if report.reason and (not rows or report.verdict == "failed"):
        yield Finding(run.where, f"must pass the {run.kind} checks, but: {report.reason}")
        return
    for id_ in dict.fromkeys(row.id for row in rows):
        mine = [row for row in rows if row.id == id_]
        backends = " and ".join(row.backend for row in mine)
        yield Finding(run.where, f"must pass {run.kind} {id_} on {backends}, but {why_not_passed(mine[0])}")


def why_not_passed(row: Row) -> str:
    """Why a row did not pass, in one line."""
    if row.verdict == "not run":
        return f"it was not run: {row.message}"
    if row.expected is None:
        return f"{row.what}: {row.actual}"
    again = "" if row.seed is None else f" (seed {row.seed})"
    return f"{row.what}: expected {row.expected}, seen {row.actual}{again}"


def _wrong(run: Grading, report: Report) -> Iterator[Finding]:
    claim = run.claim
    assert claim is not None  # noqa: S101 - only called with one
    if report.verdict == "not run":
        yield Finding(run.where, f"{run.kind} checks were not run: {report.reason}")
        return
    broken = {(row.clause_name, row.backend) for row in report.checks if row.verdict == "failed"}
    if run.kind == "hidden" and not run.later:
        hit = {backend for clause, backend in broken if clause == claim.breaks}
        if not hit or (claim.backend and claim.backend not in hit):
            on = f" on {claim.backend}" if claim.backend else ""
            yield Finding(
                run.where, f"must fail {claim.breaks}{on}, and passes it: sharpen a check or correct `Breaks:`"
            )
    tried = [row for row in report.checks if row.verdict == "failed" and not row.untried]
    outside = {row.clause_name for row in tried} - {claim.breaks} - claim.also
    for clause in sorted(outside):
        row = next(row for row in tried if row.clause_name == clause)
        text = f"fails {clause} too ({run.kind} {row.id} on {row.backend}: {why_not_passed(row)}): add it to `Also:` or mend the check"
        yield Finding(run.where, text)


def _needless(module: Module, graded: list[tuple[Grading, Report]]) -> Iterator[Finding]:
    """The checks that no wrong solution fails: nobody knows whether they look at anything."""
    for kind in KINDS:
        for id_ in _never_failed(kind, graded):
            text = "no wrong solution fails it: write one under solutions/…/wrong, or drop the check"
            yield Finding(f"{kind} {id_} of {module.slug}", text)


def _never_failed(kind: Kind, graded: Sequence[tuple[Grading, Report]]) -> list[str]:
    """The checks of that kind, among those that were run, that no wrong solution has failed."""
    rows = [(run, row) for run, report in graded if run.kind == kind for row in report.checks]
    failed = {row.id for run, row in rows if run.claim and row.verdict == "failed" and not row.untried}
    return [id_ for id_ in dict.fromkeys(row.id for _, row in rows) if id_ not in failed]
