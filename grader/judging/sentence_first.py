"""Clues that say what is wrong only after the sentence of the check that shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.checks.phrases import ENDS
from grader.checks.trace import WAKE_UPS
from grader.judging.report import Row
from grader.judging.run_evidence import Clue

EXCEPTIONS = re.compile(r"\b[A-Z]\w*(?:Error|Funds|Block)\b")
UNCAUGHT = "Nobody caught"
"""How the clue about a signal begins that ended the process."""
MISSING = re.compile(r"raises (?:KeyError|IndexError)\b")
ABSENT = re.compile(r"\bnot in (?:list|deque)$")
"""What Python says of a list that does not have what should be taken out of it."""


def needs_the_sentence(clue: Clue, row: Row, first: Row, rows: Sequence[Row]) -> bool:
    """Whether a clue says what is wrong only beside the sentence of the check that shows it.

    So does an exception where a check wants another one, or where it takes what the check is about. A key that is not there
    in some plans only is one that nothing was kept under, and so is an entry that is not in a list; a signal that nobody caught came at a moment of which the check speaks.
    """
    if clue.kind == "exit":
        return clue.text.startswith(UNCAUGHT)
    if clue.kind == "spinning":  # a check that lets a run go on without an end looks at something else
        return row.what not in ENDS.values() and not (row.what or "").startswith(WAKE_UPS)
    if clue.kind != "exception":
        return False
    passes = any(each.verdict == "passed" and each.core and each.backend == row.backend for each in rows)
    return first.wide or wants_another(row, clue) or (passes and is_missing(clue))


def is_missing(clue: Clue) -> bool:
    """Whether it is about something that is not where the file looks for it."""
    return bool(MISSING.search(clue.text) or ABSENT.search(clue.said))


def wants_another(row: Row, clue: Clue) -> bool:
    """Whether a check is about an exception that should arise where the file raises another one."""
    raised = re.search(r"raises (\w+)", clue.text)
    named = EXCEPTIONS.findall(f"{row.what or ''} {row.expected or ''}")
    return raised is not None and raised[1] in (row.actual or "") and bool(named) and raised[1] not in named
