"""What a card says about a report, in the order in which it is read; terminal, notebook and feedback page show the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.checks.runs import word
from grader.course import Module
from grader.judging.failure import NOTHING_CANCELLED
from grader.judging.report import Cause, Report, Row

RAISES = " raises "
"""In a headline that names an exception and leaves its text to Python."""
MOST_OPEN = 5
"""How many of the other checks that fail are named; of more, only the number is given."""


@dataclass(frozen=True)
class Story:
    """Why a file fails, for its learner.

    Args:
        headline: the cause, in one sentence.
        line: of the file; None if there is none to look at.
        code: what is written there.
        check: the sentence of the check that shows it, with its clause; empty if the headline says it.
        facts: label and text: what was looked at, expected, seen; on which backend only; which order it takes.
        step: title of the lesson step that treats it, and its id; empty if the cause is a slip.
        belief: what learners believe who write this, in their words; empty if the cause is a slip.
        command: shows the failing run once more.
        same: how many other checks fail for the same cause.
        others: sentences of the other checks that fail, with their clauses.
        kind: of the cause.
    """

    headline: str
    line: int | None = None
    code: str = ""
    check: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    step: tuple[str, str] = ("", "")
    belief: str = ""
    command: str = ""
    same: int = 0
    others: tuple[str, ...] = ()
    kind: str = "concept"

    @property
    def is_concept(self) -> bool:
        """Whether the cause is what the check is about, and no slip."""
        return not self.check

    @property
    def named(self) -> tuple[str, ...]:
        """Those of the others that are named: what a slip hides is not, but a part that is not written hides no other one."""
        shown = self.is_concept or self.kind == "not written"
        return self.others if shown and len(self.others) <= MOST_OPEN else ()


def open_words(story: Story) -> str:
    """What is open beside the cause, in a sentence; empty if nothing is."""
    parts = []
    if story.same:
        parts.append(f"{checks(story.same)} fail{'s' if story.same == 1 else ''} for the same reason.")
    if count := len(story.others):
        end = ":" if story.named else ": look at what is left when this is mended." if story.check else "."
        parts.append(f"{checks(count)} {'is' if count == 1 else 'are'} open{end}")
    return " ".join(parts)


def checks(count: int) -> str:
    """A number of other checks."""
    return "1 other check" if count == 1 else f"{count} other checks"


def standing(report: Report) -> str:
    """How far a file is, kindly: what passes, and how much is open of how much."""
    if not report.checks or report.verdict == "not run":
        return report.verdict
    parts = {core: verdicts(row for row in report.checks if row.core is core) for core in (True, False)}
    if all(all(part.values()) for part in parts.values()):
        return "passed"
    said = []
    for core, part in parts.items():
        open_ = sum(not passed for passed in part.values())
        name = "core" if core else "stretch"
        if part:
            said.append(f"{name} passed" if not open_ else f"{name}: {open_} of {len(part)} open")
    return " · ".join(said)


def verdicts(rows: Iterable[Row]) -> dict[str, bool]:
    """Check → whether it passes on each backend that it was run on."""
    known: dict[str, bool] = {}
    for row in rows:
        known[row.id] = known.get(row.id, True) and row.verdict == "passed"
    return known


def passing(report: Report) -> int:
    """How many checks pass."""
    return sum(verdicts(report.checks).values())


def story_of(report: Report, module: Module | None = None, *, texts: bool = False, file: str = "") -> Story | None:
    """Why a file fails; None if nothing failed, or the file failed as a whole.

    Args:
        report: the verdicts.
        module: whose; without it neither lesson step nor misconception can be named in words.
        texts: whether the texts of the learner's exceptions may be shown: only in the self-check, and to instructors.
        file: what the command names as the file, if it is not the learner's own in its own place.
    """
    cause = report.cause or _of_an_older_report(report)
    if cause is None or cause.check is None:
        return None
    row = report.row_of(cause)
    if row is None:
        return None
    is_concept = cause.kind == "concept"
    is_slip = cause.kind not in ("concept", "deadlock")
    misconceptions: Mapping[str, str] = {} if module is None else module.misconceptions
    steps: Mapping[str, str] = {} if module is None else module.steps
    step = row.step or ""
    ids = [
        id_ for id_, passed in verdicts(report.checks).items() if not passed and id_ not in (cause.check, *cause.same)
    ]
    own_words = RAISES not in cause.text  # then Python's are said apart
    said = [("it said", first_line_of(cause))] if texts and own_words and first_line_of(cause) else []
    return Story(
        headline=headline(cause, texts=texts),
        line=cause.line,
        code=cause.code,
        check="" if is_concept or row.message in cause.text else f"{row.clause_name}  {row.message}",
        facts=(*said, *facts(row, report, texts=texts and is_concept)),
        step=("", "") if is_slip else (steps.get(step, ""), step),
        belief="" if is_slip else misconceptions.get(row.misconception or "", ""),
        command=command(row, report, file),
        same=len(cause.same),
        others=tuple(sentences_of(report.checks, ids)),
        kind=cause.kind,
    )


def why(report: Report, *, texts: bool = False) -> str:
    """Why a file failed or was not run, in one line with the line of the file and its text; empty if it passed.

    Args:
        report: the verdicts.
        texts: whether the texts of the learner's exceptions may be shown.
    """
    if report.verdict == "not run" and report.reason is not None:
        return report.reason
    cause = report.cause or _of_an_older_report(report)
    if cause is None:
        return report.reason or ""
    place = f" [{cause.line}: {cause.code}]" if cause.code else ""
    return headline(cause, texts=texts) + place


def _of_an_older_report(report: Report) -> Cause | None:
    """The cause of a report that was made before reports had one: the first check that fails, core first."""
    failed = sorted((row for row in report.checks if row.verdict == "failed"), key=lambda row: not row.core)
    if not failed or report.reason is not None:
        return None
    row = failed[0]
    return Cause("concept", row.sentence, clause=row.clause, check=row.id, backend=row.backend)


def headline(cause: Cause, *, texts: bool) -> str:
    """The cause in one sentence, with the text of an exception where that may be shown."""
    said = first_line_of(cause) if texts and RAISES in cause.text else ""
    text = f"{cause.text}: {said}" if said else cause.text
    return text if text.endswith((".", "!", "?")) else f"{text}."


def first_line_of(cause: Cause) -> str:
    """The first line of an exception's text; empty if the cause is not an exception, or has no text."""
    return cause.said.splitlines()[0] if cause.said and cause.kind == "exception" else ""


def sentences_of(rows: Sequence[Row], ids: Iterable[str]) -> Iterable[str]:
    """The sentences of checks, each with its clause."""
    first = {row.id: row for row in reversed(rows)}
    for id_ in ids:
        yield f"{first[id_].clause_name}  {first[id_].message}"


def facts(row: Row, report: Report | None = None, *, texts: bool = False) -> Iterable[tuple[str, str]]:
    """What is known of a failure beside its sentence: label and text.

    Args:
        row: of the failure.
        report: that it is in; without it nobody knows how the check ends on the other backend.
        texts: whether the texts of exceptions may be shown.
    """
    known = [("happened", row.happened), ("look at", row.what), ("expected", row.expected), ("seen", row.actual)]
    known += [("it said", row.detail)] if texts else []
    known += [("only on", only_on(report, row) if report is not None else "")]
    known += [("when", from_outside(row)), ("order", row.smallest), ("compare", row.differs)]
    return ((label, text) for label, text in known if text)


def from_outside(row: Row) -> str:
    """What was done to the run from outside, such as a cancellation; empty if nothing was."""
    done = (row.where or "").partition(", ")[2]
    return "" if done == NOTHING_CANCELLED else done


def only_on(report: Report, row: Row) -> str:
    """The only backend on which a row fails, in words; empty if it fails on the other backend too."""
    others = [other for other in report.checks if other.id == row.id and other.backend != row.backend]
    if row.verdict != "failed" or not any(other.verdict == "passed" for other in others):
        return ""
    return f"{row.backend}: the same check passes on {others[0].backend}"


def command(row: Row, report: Report, file: str = "") -> str:
    """A whole command that shows the failing run once more."""
    if row.run is None:
        return ""
    parts = [
        "grader",
        "trace",
        report.short,
        *filter(None, [file]),
        "--check",
        row.id.removeprefix("test_"),
        "--backend",
        row.backend,
    ]
    plain = word(row.run) == "0:fifo" and row.smallest is None  # which is what the check plays first
    return " ".join(parts if plain else [*parts, "--seed", quote(word(row.run))])


def quote(text: str) -> str:
    """A word of a command."""
    return text if all(char.isalnum() or char in ":=,._-" for char in text) else f"'{text}'"
