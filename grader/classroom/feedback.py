"""The feedback page: what a learner is told, in words, without a line of a check.

Everything that came from a submission is escaped by the template. What is for the instructor alone (texts of exceptions,
why a check broke, names of checks) is not handed to the template at all.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, SubmittedNotebook
from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

from grader.checks.collect import BrokenChecks, checks_of
from grader.checks.runs import word
from grader.classroom import autograding, dates, intake, recording, verdicts
from grader.classroom.comments import comments
from grader.classroom.settings import Settings
from grader.course import ASPECTS, BACKENDS, Module
from grader.display import picture, picture_signs, show
from grader.display.report_card import story_lines
from grader.display.story import from_outside, open_words, standing, story_of
from grader.judging.report import Report, Row

NOT_RUN = "This could not be checked. It is not your fault: your instructor looks at it."


@dataclass(frozen=True)
class FailedCheck:
    """One check that did not pass, as a learner reads it.

    Args:
        clause: such as ``m05.R3``.
        sentence: what should have held.
        facts: label and text: expected, seen, what came from outside.
        only: a sentence, if it passes on the other backend.
        again: what to tell in a dispute: backend and seed.
        step: title of the lesson step that treats it.
        core: whether it is a core check.
        also: sentences of other checks in which the very same was seen.
    """

    clause: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    only: str
    again: str
    step: str
    core: bool
    also: tuple[str, ...] = ()


class TellTheLearner(autograding.Hook):
    """Put what the page says into nbgrader's resources, as ``resources["page"]``."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Gather the page.

        Args:
            resources: nbgrader's.
        """
        settings = self.settings()
        learner, slug = self.place(resources)
        module = settings.course.module(slug)
        with Gradebook(resources["nbgrader"]["db_url"], settings.name) as book:
            submitted = book.find_submission_notebook(slug, slug, learner)
            dates.apply_dates(book, settings, [slug], learner)
            dates.settle(settings, submitted)
            book.db.commit()
            resources["page"] = page(settings, module, submitted, nb.metadata.get(verdicts.META, {}))
        resources["page"]["source"] = lines_of_file(settings.autograded_folder / learner / slug, learner, module)
        return nb, resources


def page(settings: Settings, module: Module, submitted: SubmittedNotebook, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says, as plain data.

    Args:
        submitted: its line in the book, settled.
        known: what `grader.classroom.autograding.WriteVerdict` left in the scored notebook.
    """
    report = Report.from_plain(known["report"]) if "report" in known else None
    points = settings.points(module)
    grades = {grade.name: grade for grade in submitted.grades}
    aspects = [_aspect(grades[name], points[name], report) for name in ASPECTS if name in grades and name in points]
    said = comments(recording.comment_of(submitted), [each["name"] for each in aspects])
    blank = any(each["points"] is None for each in aspects)
    earned = sum(each["points"] or 0 for each in aspects)
    penalty = submitted.late_submission_penalty or 0
    return {
        "title": module.title,
        "slug": module.slug,
        "learner": submitted.assignment.student.id,
        "time": settings.local(recording.hand_in_time(submitted)),
        "due": settings.local(submitted.assignment.duedate),
        "late": duration(submitted.assignment.total_seconds_late),
        "late_words": settings.late.words(submitted.assignment.total_seconds_late),
        "sha256": known.get("sha256") or "no file",
        "aspects": aspects,
        "score": None if blank else number(earned - penalty),
        "earned": number(earned),
        "max": sum(points.values()),
        "penalty": number(penalty) if penalty else "",
        "kept": bool(known.get("kept")),
        "verdict": report.verdict if report else "not run",
        "core": (report.core or "not run") if report else "not run",
        "has_stretch": any(clause.stretch for clause in module.clauses.values()),
        "reason": _reason(report),
        "story": first_story(module, report, titles=settings.hidden_titles) if report else None,
        "standing": standing(report) if report else "",
        "findings": without_titles(found, settings)
        if (found := failed_checks(module, report) if report else [])
        else [],
        "passed": passed_sentences(report) if report and settings.hidden_titles else [],
        "open": any(row.verdict == "not run" for row in report.checks) if report else True,
        "comment": said.whole,
        "comments": said.aspects,
        "solution": _solution(settings, module),
        "versions": {key: report.grader.get(key) for key in ("version", "anyio", "trio")} if report else {},
        "not_run": NOT_RUN,
        "notes": [show.clean(note) for note in report.notes] if report else [],
    }


def first_story(module: Module, report: Report, *, titles: bool = True) -> dict[str, Any] | None:
    """Why the file fails, as the learner's own card says it, without a text of an exception; None if nothing fails.

    The command of the card is left out: a class has no hidden checks to play.

    Args:
        module: of the submission.
        report: its verdict.
        titles: whether the sentences of hidden checks are shown.
    """
    story = story_of(report, module)
    if story is None or report.reason is not None:
        return None
    if not titles:
        clause = report.cause.clause if report.cause is not None else report.module
        headline = f"Clause {clause} does not hold in every case." if story.is_concept else story.headline
        story = replace(story, headline=headline, check="", facts=(), others=())
    row = report.row_of(report.cause) if report.cause is not None and titles else None
    lines = [(label, show.clean(text)) for label, text in story_lines(replace(story, command=""))]
    if report.cause is not None and (
        steps := public_steps(module, report.cause.clause or "", report.cause.check or "")
    ):
        lines.append(("steps", steps))
    return {
        "headline": show.clean(story.headline),
        "line": story.line,
        "code": show.clean(story.code),
        "lines": lines,
        "rest": show.clean(open_words(story)),
        "named": [show.clean(sentence) for sentence in story.named],
        "picture": picture.svg(picture.of_run(row.shown), picture_signs.NARROW)
        if row is not None and row.shown
        else "",
    }


def public_steps(module: Module, clause: str, check: str) -> str:
    """How a learner steps through their own file under a public check of a clause; empty if it has none.

    The run of a hidden check is not offered: its steps would show the plan.

    Args:
        module: of the submission.
        clause: such as ``m05.R3``.
        check: id of the check that failed.
    """
    try:
        checks = [each for each in checks_of(module, "public") if each.clause == clause.rpartition(".")[2]]
    except BrokenChecks:
        return ""
    if not checks:
        return ""
    known = next((each for each in checks if each.id == check), checks[0])
    name = known.id.removeprefix("test_")
    return (
        f"grader trace {module.short} --check {name} --steps run.html"
        " writes a page to step through your file under a public check of this clause"
    )


def _aspect(grade: Any, most: int, report: Report | None) -> dict[str, Any]:
    """One line of the table of aspects."""
    score = grade.manual_score if grade.manual_score is not None else grade.auto_score
    extra = grade.extra_credit or 0
    rows = [row for row in report.checks if row.aspect == grade.name] if report else []
    return {
        "name": grade.name,
        "points": None if score is None else number(score + extra),
        "max": most,
        "by_hand": grade.manual_score is not None,
        "waits": bool(grade.needs_manual_grade),
        "passed": sum(row.verdict == "passed" for row in rows),
        "rows": len(rows),
    }


def number(value: float) -> float | int:
    """Points without a needless ``.0``."""
    return int(value) if float(value).is_integer() else round(value, 2)


def duration(seconds: float) -> str:
    """How late, in words; empty if not."""
    if not seconds:
        return ""
    minutes = max(1, round(seconds / 60))
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    return " ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in parts if count)


def _reason(report: Report | None) -> str:
    """Why a file failed as a whole. Why something was not run is for the instructor."""
    if report is None or report.verdict == "not run" or report.reason is None:
        return ""
    return show.clean(report.reason)


def failed_checks(module: Module, report: Report) -> list[FailedCheck]:
    """What did not pass, core first, one entry for each check; nothing if the file failed as a whole.

    Checks that fail for the report's cause stand under the one that shows it.
    """
    if report.reason is not None and report.verdict == "failed":
        return []
    by_check: dict[str, list[Row]] = {}
    for row in report.checks:
        by_check.setdefault(row.id, []).append(row)
    found = {
        id_: _failed_check(module, rows)
        for id_, rows in by_check.items()
        if any(row.verdict == "failed" for row in rows)
    }
    first, same = _of_the_cause(report, found)
    rest = [each for id_, each in found.items() if first is None or id_ not in (first, *same)]
    alike = merge_alike(sorted(rest, key=lambda each: not each.core))
    return alike if first is None else [replace(found[first], also=tuple(found[id_].sentence for id_ in same)), *alike]


def _of_the_cause(report: Report, found: Mapping[str, FailedCheck]) -> tuple[str | None, list[str]]:
    """Which of the failed checks shows the report's cause, None if it has none, and which others fail for it."""
    cause = report.cause
    if cause is None or cause.check not in found:
        return None, []
    return cause.check, [id_ for id_ in cause.same if id_ in found]


def without_titles(found: list[FailedCheck], settings: Settings) -> list[FailedCheck]:
    """Failed checks as a class shows them that keeps its hidden checks to itself: a clause, and the lesson's step."""
    if settings.hidden_titles:
        return found
    by_clause: dict[str, FailedCheck] = {}
    for each in found:
        sentence = f"Clause {each.clause} does not hold in every case."
        by_clause.setdefault(each.clause, replace(each, sentence=sentence, facts=(), again=each.clause, also=()))
    return list(by_clause.values())


def merge_alike(found: list[FailedCheck]) -> list[FailedCheck]:
    """Say the same cause once: what several checks saw alike stands under the first of them."""
    groups: dict[object, list[FailedCheck]] = {}
    for place, each in enumerate(found):
        # Without a line of the learner's file two checks that saw alike may still have met different faults.
        same = "line" in (seen := dict(each.facts).get("seen", ""))
        groups.setdefault((seen, each.only, each.core) if same else place, []).append(each)
    return [replace(first, also=tuple(each.sentence for each in rest)) for first, *rest in groups.values()]


def _failed_check(module: Module, rows: list[Row]) -> FailedCheck:
    failed = next(row for row in rows if row.verdict == "failed")
    facts = (
        ("looked at", failed.what),
        ("expected", failed.expected),
        ("seen", failed.actual),
        ("when", from_outside(failed)),
    )
    others = [row.backend for row in rows if row.verdict == "passed"]
    seed = f", seed {word(failed.run)}" if failed.run is not None else ""
    return FailedCheck(
        clause=failed.clause,
        sentence=show.clean(failed.sentence),
        facts=tuple((label, show.clean(text)) for label, text in facts if text),
        only=f"Passes on {others[0]}, but not on {failed.backend}: it must do both." if others else "",
        again=f"{failed.clause} on {failed.backend}{seed}",
        step=module.steps.get(failed.step or "", ""),
        core=failed.core,
    )


def passed_sentences(report: Report) -> list[str]:
    """The sentences that hold on both backends."""
    good: dict[str, set[str]] = {}
    said: dict[str, str] = {}
    for row in report.checks:
        said.setdefault(row.id, show.clean(row.message))
        if row.verdict == "passed":
            good.setdefault(row.id, set()).add(row.backend)
    return [said[id_] for id_, backends in good.items() if backends == set(BACKENDS)]


def _solution(settings: Settings, module: Module) -> str:
    """The reference solution, once the class opens it."""
    opens = settings.use(module.slug).solutions
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if opens is None or now < opens or not module.solution.is_file():
        return ""
    return module.solution.read_text(encoding="utf-8")


def lines_of_file(folder: Path, learner: str, module: Module) -> list[str]:
    """The lines of what was handed in, as it was scored; empty if there was nothing."""
    entry = intake.submission(folder, learner, module)
    return autograding.answer(entry.data, entry.missing).splitlines() if entry.data is not None else []


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's release of feedback, for the one page of each submission and for plain files only."""

    def copy_files(self) -> None:
        """Publish ``<slug>.html`` of each learner under the hash of the learner's secret."""
        slug = self.coursedir.assignment_id
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        root = Path(self.coursedir.format_path(self.coursedir.feedback_directory, "x", slug)).parent.parent
        wanted = self.coursedir.student_id or "*"
        for path in sorted(root.glob(f"*/{slug}/{slug}.html")):
            learner = path.parent.parent.name
            if learner in excluded or wanted not in ("*", learner):
                continue
            secret = path.with_name(intake.SECRET)
            if path.is_symlink() or secret.is_symlink() or not secret.is_file():
                self.log.warning("No feedback released for %s: %s has no plain page or secret", learner, path.parent)
                continue
            checksum = notebook_hash(secret=secret.read_text("utf-8"), notebook_id=slug)
            draft = Path(self.dest_path) / f"{checksum}-tmp.html"
            shutil.copyfile(path, draft)
            draft.replace(Path(self.dest_path) / f"{checksum}.html")
            self.log.info("Feedback released for %s on %s", learner, slug)
