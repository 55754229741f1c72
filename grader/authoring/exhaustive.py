"""All orders within two deviations from first in, first out, in place of sampled ones: what a reference solution is proved by, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.checks.collect import Check, checks_of
from grader.checks.play import Covered, Play
from grader.checks.rule import CheckFailed, NotRun
from grader.course import BACKENDS, CourseError, Module
from grader.course.key import SELF_CHECK_KEY
from grader.judging.answers import TimeLimits
from grader.judging.blame import Reference
from grader.judging.run_check import carry_out, plan_key
from grader.judging.searches import DEEPEST
from grader.judging.session import Forks, Session
from grader.judging.submission import examine
from grader.sandbox import Limits

MOST_RUNS = 5_000
"""Orders of one plan that are played at most."""
LIMITS = TimeLimits(total=24 * 3600.0)
CHILD_LIMITS = Limits(cpu_s=24 * 3600, total=1 << 40)
"""One child plays thousands of runs, of a solution that the author trusts."""


@dataclass(frozen=True)
class CheckCover:
    """What was played of one check on one backend.

    Args:
        check: its id.
        backend: ``asyncio`` or ``trio``.
        covered: a plan each that the check asks to see in many orders.
        said: why the solution failed, or the check was not run; empty if it passed.
    """

    check: str
    backend: str
    covered: tuple[Covered, ...]
    said: str = ""


@dataclass(frozen=True)
class ModuleCover:
    """What was played of one module.

    Args:
        module: its slug.
        checks: those that ask for many orders, on each backend.
    """

    module: str
    checks: tuple[CheckCover, ...]

    @property
    def plans(self) -> list[Covered]:
        """All plans."""
        return [each for check in self.checks for each in check.covered]

    @property
    def runs(self) -> int:
        """How many runs were played."""
        return sum(each.runs for each in self.plans)

    @property
    def failures(self) -> list[CheckCover]:
        """The checks that the solution does not pass."""
        return [check for check in self.checks if check.said]

    def lines(self) -> Iterator[str]:
        """What was covered, and what was not."""
        plans = self.plans
        whole = sum(each.exhausted or each.within == DEEPEST for each in plans)
        yield f"{self.module}: {self.runs:,} runs of {len(plans)} plans in {len(self.checks)} checks (both backends counted)"
        yield f"  all orders within {DEEPEST} deviations from first in, first out: {whole} of {len(plans)} plans"
        if every := sum(each.exhausted for each in plans):
            yield f"  all orders that there are: {every} of them"
        for check in self.checks:
            for each in check.covered:
                if not each.exhausted and each.within < DEEPEST and not check.said:
                    yield f"  only within {each.within}: {check.check} on {check.backend}, {each.left:,} more with {each.within + 1}"
        yield from (f"  ✗ {check.check} on {check.backend}: {check.said}" for check in self.failures)
        yield "  not covered: what a check plays once, cancelled after each step, or with faults; those are played in order"


def cover(module: Module, forks: Forks, *, most: int = MOST_RUNS) -> ModuleCover:
    """Play the checks of a module on its reference solution, each plan in all orders within a few deviations.

    Args:
        forks: makes the children.
        most: orders of one plan that are played at most.

    Raises:
        CourseError: the solution cannot be loaded.
    """
    submission = examine(module, module.solution.read_bytes())
    checks = [check for kind in ("public", "hidden") for check in checks_of(module, kind)]
    found: list[CheckCover] = []
    for check in checks:
        for backend in BACKENDS:
            with Session(module, submission, forks, LIMITS) as session, Reference(module, forks) as reference:
                if fault := submission.fault or session.load():
                    raise CourseError(f"{module.slug}: {fault.text}")
                found += _cover_check(check, session, backend, reference, most)
    return ModuleCover(module.slug, tuple(found))


def _cover_check(check: Check, session: Session, backend: str, reference: Reference, most: int) -> Iterator[CheckCover]:
    """What was played of a check; nothing if it asks for no orders."""
    key = plan_key(SELF_CHECK_KEY, session.submission.sha256, check.id)
    play = Play(session, backend=backend, key=key, most=most)
    said = ""
    try:
        carry_out(check.function, play, reference)
    except (CheckFailed, NotRun) as error:
        said = str(error)
    if play.covered:
        yield CheckCover(check.id, backend, tuple(play.covered), said)
