"""The checks that no wrong solution has failed so far, and which wrong solution is to meet them next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.claims import Claim, Grading
from grader.authoring.flaws import KINDS
from grader.checks.collect import Check, Kind, checks_of
from grader.course import BACKENDS, Module
from grader.judging.report import Report


class Uncaught:
    """The checks of one module that no wrong solution has failed so far.

    Args:
        kinds: of checks that are looked at.
    """

    def __init__(self, module: Module, kinds: list[Kind]) -> None:
        self._module = module
        self._checks = {kind: checks_of(module, kind) for kind in kinds}
        self._claims: dict[Path, Claim] = {}
        self._failed: set[tuple[Kind, str]] = set()
        self._met: set[tuple[Kind, str, Path]] = set()

    def expect(self, run: Grading) -> None:
        """Know of a wrong solution, and that it will have met these checks."""
        if run.claim is not None:
            self._claims[run.path] = run.claim
            if run.wanted != "failure":
                ids = run.only or {check.id for check in self._checks[run.kind]}
                self._met |= {(run.kind, id_, run.path) for id_ in ids}

    def note(self, run: Grading, report: Report) -> None:
        """Take in what a wrong solution has failed, and what it has passed on both backends."""
        if run.claim is not None:
            rows = Counter(row.id for row in report.checks)
            self._met |= {(run.kind, id_, run.path) for id_, count in rows.items() if count == len(BACKENDS)}
            self._failed |= {(run.kind, row.id) for row in report.checks if row.verdict == "failed" and not row.untried}

    def open_checks(self) -> Iterator[tuple[Kind, Check]]:
        """The checks that none of them has failed."""
        for kind in KINDS:
            yield from ((kind, check) for check in self._checks.get(kind, ()) if (kind, check.id) not in self._failed)

    def next(self) -> Grading | None:
        """A wrong solution with the checks that are left and that it may fail; None if all have met theirs."""
        for kind, check in self.open_checks():
            for path in self._who_may_fail(kind, check):
                ids = [
                    each.id for of, each in self.open_checks() if of == kind and path in self._who_may_fail(kind, each)
                ]
                run = Grading(
                    self._module, path, kind, self._claims[path], frozenset(ids), later=True, wanted="verdicts"
                )
                self.expect(run)
                return run
        return None

    def _who_may_fail(self, kind: Kind, check: Check) -> list[Path]:
        """Who has not met the check: first those that break its clause, then those that may fail it as well."""
        may = [path for path, claim in self._claims.items() if check.clause in claim.clauses]
        may.sort(key=lambda path: self._claims[path].breaks != check.clause)
        return [path for path in may if (kind, check.id, path) not in self._met]
