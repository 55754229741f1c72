"""Scoring without a kernel, through nbgrader's own hooks: the command line and formgrader's button use them too.

Of what was collected only the text of the ``.py`` is looked at. The notebook is the released one, each time anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.checks.runs import word
from grader.classroom import aspects, class_toml, dates, intake, recording, verdicts
from grader.classroom.assignment import ANSWER
from grader.classroom.settings import Settings
from grader.course import CourseError
from grader.display import show
from grader.display.story import why
from grader.judging.report import Report

ANSWER_LIMIT = 200_000
"""Characters of a file that the scored notebook shows."""


class Hook(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """A step of nbgrader's that knows the class."""

    def settings(self) -> Settings:
        """The class whose folder is worked on."""
        converter = self.parent.parent  # step → exporter → converter
        return class_toml.read(Path(converter.coursedir.root))

    def run(self) -> verdicts.ScoringRun:
        """The run of scoring that this step belongs to."""
        known = self.parent.parent.pre_convert_hook
        return known if isinstance(known, verdicts.ScoringRun) else verdicts.ScoringRun()

    def place(self, resources: dict[str, Any]) -> tuple[str, str]:
        """Learner and slug."""
        return resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]


class TakeRelease(Hook):
    """Throw the learner's notebook away; put the text of the ``.py`` into the released one."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Give the notebook to go on with.

        Args:
            nb: whatever was collected; thrown away.
            resources: nbgrader's.
        """
        del nb
        settings = self.settings()
        learner, slug = self.place(resources)
        module = settings.course.module(slug)
        path = settings.release(slug)
        if not path.is_file():
            raise CourseError(f"{path} is missing: run `grader class release {slug}`")
        fresh = nbformat.read(path, as_version=4)
        entry = intake.submission(settings.submitted_folder / learner / slug, learner, module)
        for cell in fresh.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == ANSWER:
                cell.source = answer(entry.data, entry.missing)
        return fresh, resources


def answer(data: bytes | None, missing: str) -> str:
    """A submitted file as the text of a cell."""
    if data is None:
        return f"# {missing}"
    return show.clean(
        data[:ANSWER_LIMIT].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\t", "    ")
    )


class WriteVerdict(Hook):
    """Look the verdict up, or make it, and write one grade per aspect."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Write the grades; keep the report in the scored notebook.

        Args:
            nb: from `TakeRelease`.
            resources: nbgrader's.
        """
        settings = self.settings()
        learner, slug = self.place(resources)
        module = settings.course.module(slug)
        folder = settings.submitted_folder / learner / slug
        entry = intake.submission(folder, learner, module)
        record = settings.verdicts_folder / learner / recording.RECORD.format(slug)
        report = self.run().take(settings, entry)
        with Gradebook(resources["nbgrader"]["db_url"], settings.name) as book:
            dates.apply_dates(book, settings, [slug], learner)
            for change in recording.update_cells(book, module, settings.points(module)):
                self.log.warning("the points of %s have changed: %s", slug, change)
            points = aspects.points_earned(module, report, core_only=settings.use(slug).core_only)
            file, before = entry.sha256 or entry.missing, recording.Recorded.read(record)
            done = recording.write_grades(book, learner, slug, points, file=file, flags=report.flags, before=before)
        done.write(record)
        recording.remember(record.parent, slug, intake.record(folder).get("time"), report)
        for flag in report.flags:
            self.log.warning("%s/%s: a person should read the file: %s", learner, slug, flag)
        if report.verdict == "not run":
            self.log.warning("%s/%s was not run, a person must look: %s", learner, slug, report.reason)
        nb.metadata[verdicts.META] = {
            "report": report.plain(),
            "time": intake.record(folder).get("time"),
            "sha256": entry.sha256,
            "points": settings.points(module),
            "kept": list(done.kept),
        }
        for cell in nb.cells:
            aspect = cell.metadata.get("nbgrader", {}).get("grade_id")
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=notes(report, aspect))]
            elif aspect == ANSWER and report.flags:
                text = "\n".join(["for you alone, not on the learner's page:", *report.flags])
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=show.clean(text) + "\n")]
        return nb, resources


def notes(report: Report, aspect: str) -> str:
    """What an instructor reads under a cell in formgrader: why the file fails, then the rows of one aspect that do not pass.

    What fails for the cause that is said already has one line; what passes is a number.
    """
    if show.whole_file(report) or not report.checks:
        return show.clean(f"{report.verdict}: {why(report, texts=True)}") + "\n"
    mine = [row for row in report.checks if row.aspect == aspect]
    lines = [f"why: {why(report, texts=True)}"] if report.verdict != "passed" else []
    told = report.cause.same if report.cause is not None else ()
    for row in mine:
        if row.verdict == "passed":
            continue
        lines.append(f"{show.TICKS[row.verdict]} {row.clause:8}{row.backend:8} {row.verdict:8} {row.message}")
        if row.verdict == "failed" and row.id not in told:
            known = [("look at", row.what), ("expected", row.expected), ("seen", row.actual), ("where", row.where)]
            known += [("it said", row.detail), ("seed", word(row.run) if row.run is not None else None)]
            lines += [f"{label:>10}  {text}" for label, text in known if text]
    passing = sum(row.verdict == "passed" for row in mine)
    lines.append(f"{show.TICKS['passed']} {passing} of {len(mine)} rows pass")
    return show.clean("\n".join(lines)) + "\n"
