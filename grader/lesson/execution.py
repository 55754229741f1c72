"""Run a lesson as its learners would, on both backends, and find what does not hold.

Everything runs in a copy of the course in a temporary folder: a lesson that writes something harms nobody, and the
learner's file is the stub, then, if the lesson asks for it, the reference.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.course import BACKENDS, Course, Module
from grader.lesson.notebook_file import has_proofs
from grader.lesson.parts import Cell, Lesson, TestFile

TOTAL = 180.0
"""Real seconds that a whole lesson may take on a loaded machine."""

SKIP = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.pyc")


@dataclass(frozen=True)
class Wrong:
    """Something in a lesson that does not hold.

    Args:
        where: file and line.
        text: one line: what.
    """

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def pages(course: Course) -> list[Path]:
    """The Markdown files that have something to run: lessons, and pages of the whole course."""
    folder = course.root / "course"
    return [path for path in sorted([*folder.glob("*.md"), *folder.glob("*/lesson.md")]) if has_proofs(path)]


def run(lesson: Lesson, course: Course, module: Module | None = None) -> list[Wrong]:
    """Run a lesson on both backends.

    Args:
        module: that it teaches; None for a page of the whole course.
    """
    states = [False]
    if module is not None and module.solution.is_file() and any("mine(" in cell.text for cell in codes(lesson)):
        states.append(True)
    jobs = [(backend, solved) for solved in states for backend in BACKENDS]
    tests = [part for part in lesson.parts if isinstance(part, TestFile)]
    # Two at a time: a lesson's two backends.
    with ThreadPoolExecutor(2) as pool:
        played = [pool.submit(_play_on_backend, lesson, course, module, *job) for job in jobs]
        tested = [pool.submit(_run_test_file, lesson, part, module) for part in tests]
        found = [wrong for future in (*played, *tested) for wrong in future.result()]
    return list(dict.fromkeys(found))


def codes(lesson: Lesson) -> list[Cell]:
    """The cells of code."""
    return [part for part in lesson.parts if isinstance(part, Cell)]


def copy_course(course: Course, place: Path, module: Module | None = None) -> Path:
    """Copy what learners have into a folder; with a module, its reference is the learner's file.

    Returns:
        The copy's root.
    """
    root = place / "course"
    for name in ("course", "exercises"):
        shutil.copytree(course.root / name, root / name, ignore=SKIP)
    if module is not None:
        target = root / module.stub.relative_to(course.root)
        shutil.copyfile(module.solution, target)
    return root


def _play_on_backend(lesson: Lesson, course: Course, module: Module | None, backend: str, solved: bool) -> list[Wrong]:  # noqa: FBT001 - one of two states
    with tempfile.TemporaryDirectory(prefix="lesson-") as place:
        root = copy_course(course, Path(place), module if solved else None)
        path = root / lesson.path.relative_to(course.root)
        job = json.dumps({"path": str(path), "backend": backend, "solved": solved})
        command = [sys.executable, "-m", "grader.lesson.cells"]
        try:
            ended = subprocess.run(
                command, input=job, cwd=path.parent, capture_output=True, text=True, timeout=TOTAL, check=False
            )
            out, err = ended.stdout, ended.stderr
        except subprocess.TimeoutExpired as error:
            out, err = _text(error.stdout), f"it did not end within {TOTAL:.0f} s"
        return list(_read(lesson, backend, out, err))


def _read(lesson: Lesson, backend: str, out: str, err: str) -> Iterator[Wrong]:
    """What a process says; where it stopped, if it did not come to its end."""
    begun, done = 1, False
    for line in out.splitlines():
        message = json.loads(line)
        begun = message.get("begin", begun)
        done = done or "done" in message
        if "said" in message:
            yield Wrong(f"{lesson.where}:{message['line']}", message["said"])
    if not done:
        said = (err.strip().splitlines() or ["no word"])[-1]
        yield Wrong(f"{lesson.where}:{begun}", f"the lesson broke off here on {backend}: {said}")


def _run_test_file(lesson: Lesson, part: TestFile, module: Module | None) -> list[Wrong]:
    """Run a file of tests that the lesson shows, in a folder that holds only the learner's file: here the reference."""
    with tempfile.TemporaryDirectory(prefix="lesson-") as place:
        if module is not None and module.solution.is_file():
            shutil.copyfile(module.solution, Path(place) / module.stub.name)
        (Path(place) / part.name).write_text(part.text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rfE", part.name]
        try:
            ended = subprocess.run(
                command,
                cwd=place,
                capture_output=True,
                text=True,
                timeout=TOTAL,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return [Wrong(f"{lesson.where}:{part.line}", f"{part.name} did not end within {TOTAL:.0f} s")]
    if ended.returncode == 0:
        return []
    lines = (ended.stdout + ended.stderr).strip().splitlines() or ["no word"]
    said = next((line for line in lines if line.startswith(("FAILED", "ERROR"))), lines[-1])
    return [Wrong(f"{lesson.where}:{part.line}", f"{part.name} must pass in pytest, but: {said}")]


def _text(out: str | bytes | None) -> str:
    text = out.decode(errors="replace") if isinstance(out, bytes) else out or ""
    return text[: text.rfind("\n") + 1]
