"""Prove the course: what is right passes, what is wrong fails where it should, each check fails some file, lessons hold.

A right file meets every check. A wrong file, merged with its base, meets those of the clause that it says it
breaks, until it fails one. Then wrong files meet the checks that none has failed so far. What a wrong file passes is
proven only if the whole is asked for, which takes several times as long.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.claims import Claim, Grading, claim_of
from grader.authoring.flaws import KINDS, Finding, flaws
from grader.authoring.needs import Need
from grader.authoring.needs import needs as needs_of
from grader.authoring.uncaught import Uncaught
from grader.authoring.version_flaws import has_versions, version_flaws
from grader.checks.collect import BrokenChecks, Kind, checks_of
from grader.course import Course, CourseError, Module
from grader.course.overrides import whole_program
from grader.judging.pool import WINDOW, GradingTask, processors, run_all
from grader.judging.report import Report, Row
from grader.lesson.execution import pages
from grader.lesson.proving import wrongs


@dataclass
class Proof:
    """What was proven about one module.

    Args:
        wrong: how many of the files are wrong ones.
        findings: what is not as it must be.
        needs: how many wrong files fail each check, and how many need it, as far as that was asked for.
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
    needs: bool = False,
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
        needs: let them meet all checks of the clause that they break, to count who needs which.
        executor: where to grade; local processes if not given.
        jobs: how many local processes.
        begun: called with how many runs there will be; again if there are more.
        done: called after each.
    """
    modules = yield from _readable(course, [course.slug(name) for name in names] or course.slugs)
    proofs = {module.slug: _ModuleProof(module) for module in modules}
    runs = [run for each in proofs.values() for run in each.runs(whole=whole, needs=needs)]
    taught = [(module.lesson, module) for module in modules if module.lesson.is_file()]
    loose = [(path, None) for path in pages(course) if path.name != "lesson.md"] if not names else []
    tested = [module for module in modules if has_versions(module)]
    counts = itertools.count(len(runs) + len(taught) + len(loose) + len(tested))
    begun(next(counts))

    def later() -> Iterator[Grading]:
        for each in proofs.values():
            for run in iter(each.uncaught.next, None):
                begun(next(counts))
                yield run

    def grade(runs: Iterable[Grading], ahead: int) -> None:
        for task, report in run_all(map(_task, runs), executor, jobs=jobs, ahead=ahead):
            proofs[task.module.slug].note(task.tag, report)
            done()

    # Lessons run in one or two processes beside the gradings, and wait for each other often: the gradings use that time.
    lessons = ThreadPoolExecutor(1)
    try:
        told = [(page, lessons.submit(wrongs, page[0], course, page[1])) for page in (*taught, *loose)]
        versions = [(module, lessons.submit(version_flaws, module)) for module in tested]
        grade(runs, WINDOW)
        grade(later(), jobs or processors())  # who is next depends on what was found
        for (path, module), proof in told:
            found = [Finding(wrong.where, wrong.text) for wrong in proof.result()]
            if module is None:
                yield Proof(path.relative_to(course.root).as_posix(), findings=tuple(found))
            else:
                proofs[module.slug].findings += found
            done()
        for module, flawed in versions:
            proofs[module.slug].findings += flawed.result()
            done()
    finally:
        lessons.shutdown(cancel_futures=True)
    yield from (each.proof(needs=whole or needs) for each in proofs.values())


def _readable(course: Course, slugs: Sequence[str]) -> Generator[Proof, None, list[Module]]:
    """The modules; of one that cannot be read, why."""
    modules: list[Module] = []
    for slug in slugs:
        try:
            modules.append(course.module(slug))
        except CourseError as error:
            yield Proof(slug, findings=(Finding(slug, str(error)),))
    return modules


def _task(run: Grading) -> GradingTask:
    text = whole_program(run.module, run.path) if run.claim else run.path.read_text(encoding="utf-8")
    return GradingTask(run.module, text.encode(), walls=False, how=run.how, tag=run)


class _ModuleProof:
    """The proof of one module, as it grows."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.findings = list(flaws(module))
        playable = module.scene.is_file() and module.solution.is_file()
        self._kinds = [kind for kind in KINDS if playable and _usable(module, kind)]
        self.uncaught = Uncaught(module, self._kinds)
        self._graded: list[tuple[Grading, Report]] = []

    def runs(self, *, whole: bool, needs: bool) -> Iterator[Grading]:
        """What must be graded; a wrong solution that makes no claim is a finding instead."""
        module, kinds = self.module, self._kinds
        for path in (module.solution, *module.right):
            yield from (Grading(module, path, kind) for kind in kinds)
        if module.core_solution.is_file():
            yield from (Grading(module, module.core_solution, kind, core=True) for kind in kinds)
        for path in module.wrong if kinds else ():
            try:
                claim = claim_of(path, module)
                whole_program(module, path)
            except CourseError as error:
                self.findings.append(Finding(str(path.relative_to(module.root)), str(error)))
                continue
            for run in self._runs_of_wrong(path, claim, whole=whole, needs=needs):
                self.uncaught.expect(run)
                yield run

    def _runs_of_wrong(self, path: Path, claim: Claim, *, whole: bool, needs: bool) -> Iterator[Grading]:
        for kind in self._kinds:
            only = frozenset(check.id for check in checks_of(self.module, kind) if check.clause == claim.breaks)
            if not only and kind == "hidden":
                where = str(path.relative_to(self.module.root))
                self.findings.append(Finding(where, f"no hidden check looks at {claim.breaks}"))
            if whole:
                yield Grading(self.module, path, kind, claim, wanted="verdicts")
            elif only and needs:
                yield Grading(self.module, path, kind, claim, only, wanted="verdicts")
            elif only and kind == "hidden":  # which of the public ones it must fail, nobody says
                yield Grading(self.module, path, kind, claim, only, wanted="failure")

    def note(self, run: Grading, report: Report) -> None:
        """Take in a report."""
        self._graded.append((run, report))
        self.uncaught.note(run, report)

    def proof(self, *, needs: bool) -> Proof:
        """What was proven."""
        for run, report in self._graded:
            self.findings += _wrong(run, report) if run.claim else _right(run, report)
        for kind, check in self.uncaught.open_checks():  # nobody knows whether they look at anything
            text = "no wrong solution fails it: write one under solutions/…/wrong, or drop the check"
            self.findings.append(Finding(f"{kind} {check.id} of {self.module.slug}", text))
        paths = {run.path: run for run, _ in self._graded}
        rows = [(run, row) for run, report in self._graded for row in report.checks]
        known = needs_of(
            (run.kind, run.where if run.claim else None, run.claim.breaks if run.claim else None, row)
            for run, row in rows
        )
        return Proof(
            self.module.slug,
            files=len(paths),
            wrong=sum(run.claim is not None for run in paths.values()),
            checks=len({row.id for _, row in rows}),
            findings=tuple(dict.fromkeys(self.findings)),
            needs=tuple(known) if needs else (),
        )


def _usable(module: Module, kind: Kind) -> bool:
    try:
        return bool(checks_of(module, kind))
    except BrokenChecks:
        return False


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
    if report.cause is not None and report.cause.kind.startswith("file: "):  # it fails everything, and shows nothing
        yield Finding(run.where, f"cannot be judged by what it does: {report.reason}")
        return
    broken = {(row.clause_name, row.backend) for row in report.checks if row.verdict == "failed"}
    if run.kind == "hidden" and not run.later:
        hit = {backend for clause, backend in broken if clause == claim.breaks}
        if not hit or (claim.backend and claim.backend not in hit):
            on = f" on {claim.backend}" if claim.backend else ""
            yield Finding(
                run.where,
                f"must fail a hidden check of {claim.breaks}{on}, and passes all: sharpen a check or correct `Breaks:`",
            )
    tried = [row for row in report.checks if row.verdict == "failed" and not row.untried]
    outside = {row.clause_name for row in tried} - {claim.breaks} - claim.also
    for clause in sorted(outside):
        row = next(row for row in tried if row.clause_name == clause)
        text = f"fails {clause} too ({run.kind} {row.id} on {row.backend}: {why_not_passed(row)}): add it to `Also:` or mend the check"
        yield Finding(run.where, text)
