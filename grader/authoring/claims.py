"""What a wrong solution says about itself, and one file with the checks that it is to meet."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from grader.checks.collect import Kind
from grader.course import BACKENDS, CourseError, Module
from grader.judging.judge import How, Wanted

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

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that may fail, the one that must first."""
        return self.breaks, *sorted(self.also)


@dataclass(frozen=True)
class Grading:
    """One file with one set of checks, to be graded.

    Args:
        claim: what a wrong file says; None for a right one.
        only: ids of the checks; all of them if empty.
        later: only the checks count that nothing failed before: what the file breaks is proven already.
        core: only checks of the core count: the file is a solution of the core alone.
        wanted: what is read of its report.
    """

    module: Module
    path: Path
    kind: Kind
    claim: Claim | None = None
    only: frozenset[str] = frozenset()
    later: bool = False
    core: bool = False
    wanted: Wanted = "report"

    @property
    def where(self) -> str:
        """The file, relative to the root."""
        return str(self.path.relative_to(self.module.root))

    @property
    def how(self) -> How:
        """How to grade it: a file that need fail on one backend only is not played on the other until it has failed."""
        alone = self.claim.backend if self.claim and self.wanted == "failure" else None
        return How(self.kind, (alone,) if alone else BACKENDS, only=self.only, wanted=self.wanted)


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
