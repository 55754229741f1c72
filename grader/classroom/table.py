"""The book as tables: one line per submission with its aspects, and one for a learning-management system.

What could not be checked is blank, never 0.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import ExportPlugin

from grader.classroom import class_toml, dates, verdicts
from grader.classroom.aspects import points_of_part
from grader.classroom.feedback import number
from grader.classroom.settings import Person, Settings
from grader.course import ASPECTS, Module
from grader.course.safe_files import write_private
from grader.display.story import why
from grader.judging.report import Report

COLUMNS = (
    "learner", "last_name", "first_name", "email", "module", "handed_in", "late_seconds", "verdict", "core",
    *ASPECTS, "points", "max_points", "core_points", "stretch_points", "late_penalty", "score", "by_hand", "review",
    "flags",
)  # fmt: skip


CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
"""What Canvas asks for before the columns of assignments; the roster has `canvas_id`, `sis`, `login`, `section`."""


@dataclass(frozen=True)
class GradeLine:
    """One learner's standing in one module.

    Args:
        handed_in: when, in the class's timezone; empty if nothing was.
        late_seconds: after due date and extension.
        verdict: of the report; empty if it is not scored yet.
        core: verdict over the core checks.
        aspects: aspect → points; None is blank. An aspect that the module has no points in is not there.
        max_points: of all aspects.
        core_points: what the automatic verdict gave for core and
        stretch_points: for stretch clauses; None is blank.
        penalty: for being late.
        by_hand: aspects scored by a person.
        review: aspects that wait for one, and ``flag`` if a person should read the file.
        flags: why, one sentence each; they stay when a person has read it.
        cause: why the file fails or was not run, in one line for the instructor; empty if it passed.
    """

    learner: str
    slug: str
    handed_in: str = ""
    late_seconds: int = 0
    verdict: str = ""
    core: str = ""
    aspects: dict[str, float | None] | None = None
    max_points: float = 0
    core_points: float | None = None
    stretch_points: float | None = None
    penalty: float = 0
    by_hand: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    cause: str = ""

    @property
    def points(self) -> float | None:
        """The sum of the aspects; blank if one of them is, or nothing was scored."""
        if not self.aspects or None in self.aspects.values():
            return None
        return sum(value or 0 for value in self.aspects.values())

    @property
    def score(self) -> float | None:
        """Points less the late penalty."""
        return None if self.points is None else max(0, self.points - self.penalty)


def lines(book: Gradebook, settings: Settings, names: Iterable[str] = ()) -> list[GradeLine]:
    """The standing of every learner in every module that is in the book, late penalties settled.

    Args:
        names: only these modules; all if empty.
    """
    found = []
    modules = settings.modules(tuple(names))
    dates.apply_dates(book, settings, [module.slug for module in modules])
    people = sorted({*settings.roster, *(student.id for student in book.students)})
    for module in modules:
        try:
            assignment: Assignment = book.find_assignment(module.slug)
        except MissingEntry:
            continue
        submissions = {each.student.id: each for each in assignment.submissions}
        for learner in people:
            if learner in submissions:
                found.append(_line(settings, module, submissions[learner]))
            else:
                found.append(GradeLine(learner, module.slug, max_points=sum(settings.points(module).values())))
    book.db.commit()
    return found


def _line(settings: Settings, module: Module, submission: SubmittedAssignment) -> GradeLine:
    points = settings.points(module)
    if not submission.notebooks:  # nbgrader was broken off, or could not write it
        moment = settings.local(submission.timestamp)
        return GradeLine(submission.student.id, module.slug, moment, max_points=sum(points.values()))
    submitted = submission.notebooks[0]
    grades = [grade for grade in submitted.grades if grade.name in points]
    known = verdicts.verdict_in_notebook(settings, submission.student.id, module.slug)
    report = Report.from_plain(known["report"]) if known else None
    return GradeLine(
        learner=submission.student.id,
        slug=module.slug,
        handed_in=settings.local(submission.timestamp),
        late_seconds=round(submission.total_seconds_late),
        verdict=report.verdict if report else "",
        core=(report.core or "not run") if report else "",
        aspects={grade.name: score_of(grade) for grade in grades},
        max_points=sum(points.values()),
        core_points=total(points_of_part(module, report, core=True)) if report else None,
        stretch_points=total(points_of_part(module, report, core=False)) if report else None,
        penalty=dates.settle(settings, submitted),
        by_hand=tuple(grade.name for grade in grades if grade.manual_score is not None),
        review=(
            *(grade.name for grade in grades if grade.needs_manual_grade),
            *(("flag",) if submitted.flagged else ()),
        ),
        flags=report.flags if report else (),
        cause=why(report, texts=True) if report else "",
    )


def score_of(grade: object) -> float | None:
    """The points of one grade: by hand, else automatic, else blank. nbgrader's own `score` calls blank 0."""
    manual, auto = getattr(grade, "manual_score", None), getattr(grade, "auto_score", None)
    score = manual if manual is not None else auto
    return None if score is None else score + (getattr(grade, "extra_credit", None) or 0)


def total(parts: dict[str, int | None]) -> float | None:
    """The sum, blank if a part is."""
    return None if None in parts.values() else sum(value or 0 for value in parts.values())


def aspects_csv(found: Iterable[GradeLine], settings: Settings) -> str:
    """One row per learner and module, a column for each aspect."""
    rows = []
    for line in found:
        person = settings.roster.get(line.learner)
        row: dict[str, object] = {
            "learner": line.learner,
            "module": line.slug,
            "handed_in": line.handed_in,
            "late_seconds": line.late_seconds or "",
            "verdict": line.verdict,
            "core": line.core,
            "points": cell(line.points),
            "max_points": cell(line.max_points),
            "core_points": cell(line.core_points),
            "stretch_points": cell(line.stretch_points),
            "late_penalty": cell(line.penalty) if line.penalty else "",
            "score": cell(line.score),
            "by_hand": " ".join(line.by_hand),
            "review": " ".join(line.review),
            "flags": "; ".join(line.flags),
        }
        row |= {name: cell(value) for name, value in (line.aspects or {}).items()}
        row |= {name: person.column(name) if person else "" for name in ("last_name", "first_name", "email")}
        rows.append(row)
    return text(COLUMNS, rows)


def lms_csv(found: Iterable[GradeLine], settings: Settings) -> str:
    """One row per learner, one column per module: the score, scaled to the module's weight.

    For Canvas with the columns that its import asks for, and its row of possible points.
    """
    lms = settings.lms
    id_column = str(lms["id_column"])
    names = {
        module.slug: settings.use(module.slug).lms_column or heading(module, str(lms["module_column"]))
        for module in settings.modules()
    }
    rows: dict[str, dict[str, object]] = {}
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for line in found:
        person = settings.roster.get(line.learner)
        if line.learner not in rows:
            id_ = lms_id(settings, line.learner)
            rows[line.learner] = {**_canvas_columns(person, line.learner), id_column: id_}
        use = settings.use(line.slug)
        score = line.score
        if not line.handed_in and lms["missing_is_zero"] and use.due is not None and use.due < now:
            score = 0
        if score is not None and line.max_points and use.weight is not None:
            score = score / line.max_points * use.weight
        rows[line.learner][names[line.slug]] = cell(score)
    columns = [id_column, *names.values()]
    heads: list[dict[str, object]] = []
    if lms["form"] == "canvas":
        columns = [*dict.fromkeys((*CANVAS, id_column)), *names.values()]
        most = {module.slug: _most(settings, module) for module in settings.modules()}
        heads = [{"Student": "    Points Possible", **{names[slug]: cell(points) for slug, points in most.items()}}]
    known = set(columns)
    return text(columns, heads + [{key: row[key] for key in row if key in known} for row in rows.values()])


def lms_id(settings: Settings, learner: str) -> str:
    """What the learning-management system calls a learner; empty if the roster does not say."""
    column = str(settings.lms["id_from"])
    person = settings.roster.get(learner)
    return learner if column == "id" else person.column(column) if person else ""


def without_id(found: Iterable[GradeLine], settings: Settings) -> list[str]:
    """Learners with a score that the learning-management system would not know."""
    return sorted({line.learner for line in found if line.handed_in and not lms_id(settings, line.learner)})


def _canvas_columns(person: Person | None, learner: str) -> dict[str, object]:
    if person is None:
        return {"Student": learner}
    last, first = person.column("last_name"), person.column("first_name")
    name = ", ".join(filter(None, (last, first))) or person.id
    return dict(
        zip(CANVAS, (name, *(person.column(each) for each in ("canvas_id", "sis", "login", "section"))), strict=True)
    )


def _most(settings: Settings, module: Module) -> float:
    weight = settings.use(module.slug).weight
    return weight if weight is not None else sum(settings.points(module).values())


def heading(module: Module, form: str) -> str:
    """The name of a module's column."""
    return form.format(slug=module.slug, title=module.title, short=module.short)


def cell(value: float | None) -> str:
    """A number for a table; blank is blank."""
    return "" if value is None else str(number(value))


def text(columns: Iterable[str], rows: Iterable[dict[str, object]]) -> str:
    """Rows as CSV. A text that a spreadsheet would take for a formula is made harmless."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: harmless(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def harmless(value: object) -> object:
    """A text with a leading ``=``, ``+``, ``-`` or ``@`` behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def write_tables(book: Gradebook, settings: Settings, grades: Path, lms: Path | None) -> list[GradeLine]:
    """Write the tables, each whole or not at all.

    Returns:
        The lines in them.
    """
    found = lines(book, settings)
    write_private(grades, aspects_csv(found, settings).rstrip("\n"))
    if lms is not None:
        write_private(lms, lms_csv(found, settings).rstrip("\n"))
    return found


class AspectCsv(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """``nbgrader export``: the per-aspect table, with blanks as blanks."""

    def export(self, gradebook: Gradebook) -> None:
        """Write it to ``--to``, or ``grades.csv``.

        Args:
            gradebook: nbgrader's.
        """
        settings = class_toml.read(Path(self.parent.coursedir.root))
        found = lines(gradebook, settings, self.assignment)
        wanted = {str(each) for each in self.student}
        found = [line for line in found if not wanted or line.learner in wanted]
        target = Path(self.to or "grades.csv")
        write_private(target.absolute(), aspects_csv(found, settings).rstrip("\n"))
        self.log.info("Wrote %s", target)
