"""The class at a glance: what was passed, what fails most and which lesson step treats it, who is stuck, equal files."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.classroom import intake, recording, verdicts
from grader.classroom.settings import Settings
from grader.classroom.table import GradeLine, cell, text
from grader.course import Module
from grader.course.safe_files import write_private
from grader.display import story
from grader.judging.report import Report, Row

STUCK = 3
"""Hand-ins in a row that fail the same clause: somebody should help."""
STEPS = 10
"""Bars of the distribution of scores."""
FEW = 3
"""How many checks of a clause `explain` says in words."""


@dataclass(frozen=True)
class CommonFault:
    """Something that fails: how many learners, and what treats it.

    Args:
        name: a clause's id, or a wrong idea in the learner's words.
        count: learners whose newest file shows it.
        step: title of the lesson's step.
    """

    name: str
    count: int
    step: str = ""


@dataclass
class ModuleView:
    """One module of a class.

    Args:
        module: which.
        handed_in: learners with a scored file.
        passed: of them, with everything passed.
        core: of them, with the core passed.
        not_run: of them, that could not be checked.
        aspects: aspect → learners with all its points.
        clauses: what fails, the most frequent first.
        ideas: the wrong ideas behind it, the most frequent first.
        scores: how many learners are in each tenth of the points.
        stuck: learner and clause, failed in the last hand-ins in a row.
        look: learner, and why a person should look.
        equal: groups of learners whose files are the same, byte for byte.
        alike: groups whose files are the same after renaming and formatting.
        hours: hour (``2026-11-01 10``) → hand-ins.
    """

    module: Module
    handed_in: int = 0
    passed: int = 0
    core: int = 0
    not_run: int = 0
    aspects: dict[str, int] = field(default_factory=dict)
    clauses: list[CommonFault] = field(default_factory=list)
    ideas: list[CommonFault] = field(default_factory=list)
    scores: list[int] = field(default_factory=lambda: [0] * STEPS)
    stuck: list[tuple[str, str]] = field(default_factory=list)
    look: list[tuple[str, str]] = field(default_factory=list)
    equal: list[list[str]] = field(default_factory=list)
    alike: list[list[str]] = field(default_factory=list)
    hours: dict[str, int] = field(default_factory=dict)


def look_at(settings: Settings, lines: Iterable[GradeLine]) -> list[ModuleView]:
    """Gather what there is to say about a class.

    Args:
        settings: of the class.
        lines: of the tables.
    """
    by_module: dict[str, list[GradeLine]] = defaultdict(list)
    for line in lines:
        if line.verdict:
            by_module[line.slug].append(line)
    return [_view(settings, module, by_module[module.slug]) for module in settings.modules()]


def _view(settings: Settings, module: Module, lines: list[GradeLine]) -> ModuleView:
    view = ModuleView(module, len(lines), aspects=dict.fromkeys(settings.points(module), 0))
    clauses: Counter[str] = Counter()
    ideas: Counter[str] = Counter()
    steps: dict[str, str] = {}
    hours: Counter[str] = Counter()
    for line in lines:
        view.passed += line.verdict == "passed"
        view.core += line.core == "passed"
        view.not_run += line.verdict == "not run"
        for aspect, points in (line.aspects or {}).items():
            view.aspects[aspect] += points is not None and points >= settings.points(module)[aspect]
        if line.score is not None and line.max_points:
            view.scores[min(STEPS - 1, int(line.score / line.max_points * STEPS))] += 1
        if line.review:
            view.look.append((line.learner, "; ".join((", ".join(line.review), *line.flags))))
        report = report_of(settings, line.learner, module.slug)
        failed = [row for row in report.checks if row.verdict == "failed"] if report else []
        clauses.update({row.clause for row in failed})
        ideas.update({row.misconception for row in failed if row.misconception})
        for row in failed:
            for name in (row.clause, row.misconception):
                if name and row.step:
                    steps.setdefault(name, module.steps.get(row.step, ""))
        past = recording.history(settings.verdicts_folder / line.learner, module.slug)
        hours.update(str(each.get("time", ""))[:13].replace("T", " ") for each in past)
        view.stuck += [(line.learner, clause) for clause in stuck_on(past)]
    view.clauses = [CommonFault(name, count, steps.get(name, "")) for name, count in clauses.most_common()]
    view.ideas = [
        CommonFault(module.misconceptions.get(name, name), count, steps.get(name, ""))
        for name, count in ideas.most_common()
    ]
    view.hours = dict(sorted((hour, count) for hour, count in hours.items() if hour))
    view.equal, view.alike = _equal_files(settings, module)
    return view


def report_of(settings: Settings, learner: str, slug: str) -> Report | None:
    """The report that a submission's score came from."""
    known = verdicts.verdict_in_notebook(settings, learner, slug)
    try:
        return Report.from_plain(known["report"]) if known else None
    except (KeyError, ValueError):
        return None


def stuck_on(past: list[Mapping[str, Any]]) -> list[str]:
    """Clauses that the last hand-ins, all of different files, failed in a row."""
    files = {each.get("sha256") for each in past[-STUCK:]}
    if len(past) < STUCK or len(files) < STUCK:
        return []
    return sorted(set.intersection(*(set(each.get("failed", ())) for each in past[-STUCK:])))


def _equal_files(settings: Settings, module: Module) -> tuple[list[list[str]], list[list[str]]]:
    same: dict[str, list[str]] = defaultdict(list)
    alike: dict[str, list[str]] = defaultdict(list)
    stub = {shape(path.read_bytes()) for path in (module.stub,) if path.is_file()}
    for entry in verdicts.collected_entries(settings, module):
        if entry.data is None or entry.sha256 is None:
            continue
        form = shape(entry.data)
        if form in stub:
            continue
        same[entry.sha256].append(entry.learner)
        if form:
            alike[form].append(entry.learner)
    equal = [sorted(names) for names in same.values() if len(names) > 1]
    return equal, [sorted(names) for names in alike.values() if len(names) > 1 and sorted(names) not in equal]


def shape(data: bytes) -> str:
    """A hash of what a file does, not of how it looks: comments, layout, docstrings and chosen names do not count.

    Empty if it is not Python.
    """
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    names: dict[str, str] = {}

    def rename(name: str) -> str:
        return names.setdefault(name, f"n{len(names)}")

    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = rename(node.id)
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = rename(node.arg), None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.name = rename(node.name)
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:]
    if ast.get_docstring(tree, clean=False) is not None:
        tree.body = tree.body[1:]
    try:
        return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    except RecursionError:
        return ""


def write_csvs(views: Iterable[ModuleView], folder: Path) -> list[Path]:
    """Write what fails, and whom to look at, as tables.

    Args:
        views: from `look_at`.
        folder: where.
    """
    faults: list[dict[str, object]] = []
    people: list[dict[str, object]] = []
    for view in views:
        slug = view.module.slug
        for kind, found in (("clause", view.clauses), ("idea", view.ideas)):
            faults += [
                {"module": slug, "kind": kind, "what": each.name, "learners": each.count, "of": view.handed_in}
                | {"lesson_step": each.step}
                for each in found
            ]
        people += [{"module": slug, "learner": who, "why": f"stuck on {clause}"} for who, clause in view.stuck]
        people += [{"module": slug, "learner": who, "why": f"needs a person: {why}"} for who, why in view.look]
        for why, groups in (("the same file", view.equal), ("the same file but for names and layout", view.alike)):
            people += [
                {"module": slug, "learner": who, "why": f"{why} as {', '.join(name for name in group if name != who)}"}
                for group in groups
                for who in group
            ]
    columns = ("module", "kind", "what", "learners", "of", "lesson_step")
    return [
        write_private(folder / "report_faults.csv", text(columns, faults).rstrip("\n")),
        write_private(folder / "report_people.csv", text(("module", "learner", "why"), people).rstrip("\n")),
    ]


def explain(settings: Settings, module: Module, line: GradeLine) -> list[str]:
    """One score, told: where each point went, and what else moved it.

    Args:
        settings: of the class.
        module: of the submission.
        line: of the tables.
    """
    said = [f"{line.learner}, {module.slug} ({module.title})"]
    if not line.handed_in:
        return [*said, "nothing was handed in"]
    record = intake.record(settings.submitted_folder / line.learner / module.slug)
    due = settings.due_text(module.slug)
    said.append(
        f"handed in {line.handed_in}" + (f", due {due}" if due else "") + f"; it came by {record.get('arrived')}"
    )
    if more := settings.extensions.get((line.learner, module.slug)):
        said.append(f"more time by class.toml: {more}")
    report = report_of(settings, line.learner, module.slug)
    if report is None:
        return [*said, "not scored yet"]
    said.append(f"{report.verdict}, sha256 {report.sha256}, isolation {report.isolation}")
    said += [f"why: {reason}"] if (reason := story.why(report, texts=True)) else []
    for aspect, points in (line.aspects or {}).items():
        by_hand = ", given by hand" if aspect in line.by_hand else ""
        waits = ", waits for a person" if aspect in line.review else ""
        said.append(f"{aspect}: {cell(points) or '?'} of {settings.points(module)[aspect]}{by_hand}{waits}")
        if report.reason is None:  # else the same is the matter with every clause
            said += [f"    {each}" for each in _clause_lines(report, module, aspect)]
    if line.penalty:
        said.append(f"late by {line.late_seconds} s: {settings.late.words(line.late_seconds)}: -{cell(line.penalty)}")
    said.append(f"score: {cell(line.score) or '?'} of {cell(line.max_points)}")
    said += [f"a person should read the file: {flag}" for flag in report.flags]
    past = recording.history(settings.verdicts_folder / line.learner, module.slug)
    said += [f"handed in {each['time']}: {each['verdict']}, {each['points']}" for each in past[:-1]]
    return said


def _clause_lines(report: Report, module: Module, aspect: str) -> list[str]:
    found = []
    told = frozenset(report.cause.same if report.cause is not None else ())
    for id_, score in report.clauses.items():
        clause = module.clauses.get(id_.rpartition(".")[2])
        if clause is None or clause.aspect != aspect:
            continue
        points = "?" if score.points is None else score.points
        found.append(f"{id_} {points} of {score.max}")
        found += [f"    {each}" for each in _open_checks([row for row in report.checks if row.clause == id_], told)]
    return found


def _open_checks(rows: Sequence[Row], told: frozenset[str]) -> list[str]:
    """What does not hold of one clause: each check once, a few of them in words.

    Args:
        rows: of the clause.
        told: the checks that fail for the cause that is said already.
    """
    places: dict[tuple[str, str], list[str]] = {}
    same = {row.id for row in rows if row.verdict == "failed" and row.id in told}
    for row in rows:
        if row.verdict != "passed" and row.id not in same:
            places.setdefault((row.verdict, row.message), []).append(row.backend)
    said = [f"{verdict} on {' and '.join(where)}: {message}" for (verdict, message), where in places.items()]
    rest = [f"and {len(said) - FEW} more"] if len(said) > FEW else []
    because = [f"{len(same)} of {len({row.id for row in rows})} checks fail for the reason above"] if same else []
    return [*because, *said[:FEW], *rest]
