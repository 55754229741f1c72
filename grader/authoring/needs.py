"""How many wrong solutions each check catches, and how many only it catches.

Where no wrong solution needs a check, it is not superfluous: learners think of more mistakes than a course holds. But two checks that
fail the same files, and that none needs, may be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grader.checks.collect import Kind
from grader.judging.report import Row


@dataclass(frozen=True)
class Need:
    """What the wrong solutions say about a check.

    Args:
        kind: ``hidden`` or ``public``.
        id: of the check.
        clause: such as ``R3``.
        failed: how many wrong solutions fail it, of those that met it.
        needed: how many of them fail no other check in the clause that they say they break.
    """

    kind: Kind
    id: str
    clause: str
    failed: int
    needed: int


def needs(rows: Iterable[tuple[Kind, str | None, str | None, Row]]) -> list[Need]:
    """What is known of each check, in the order of the rows.

    Args:
        rows: the kind of the checks, the wrong solution and the clause that it breaks (None for a right one), and a row.
    """
    checks: dict[tuple[Kind, str], str] = {}
    failed: dict[tuple[Kind, str], set[str]] = {}
    in_clause: dict[tuple[Kind, str], set[str]] = {}
    for kind, wrong, breaks, row in rows:
        clause = row.clause_name
        checks.setdefault((kind, row.id), clause)
        if wrong is None or row.verdict != "failed" or row.untried:
            continue
        failed.setdefault((kind, row.id), set()).add(wrong)
        if clause == breaks:
            in_clause.setdefault((kind, wrong), set()).add(row.id)
    alone = [(kind, *ids) for (kind, _), ids in in_clause.items() if len(ids) == 1]
    return [Need(*check, clause, len(failed.get(check, ())), alone.count(check)) for check, clause in checks.items()]
