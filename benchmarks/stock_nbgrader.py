"""Side by side with stock nbgrader, in one run: submissions a minute, and how many wrong files are caught.

    python benchmarks/stock_nbgrader.py [--count 12]

The same files of m01, two right ones and wrong ones of the tree, are scored three times: by `grader class score`, which plays
the hidden checks; by stock `nbgrader autograde` on a notebook whose cells are the public checks as tests in real time
(`benchmarks/stock_m01.py`); and by stock `nbgrader autograde` on a notebook of five trivial cells, which only look whether
the function is there. A wrong file is caught if it has less than all points, a right one is harmed if it has.
"""

import argparse
import ast
import contextlib
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from grader.classroom import class_toml, new_class
from grader.classroom.desk import Desk
from grader.course import Course
from grader.course.overrides import whole_program

ROOT = Path(__file__).resolve().parents[1]
SLUG = "m01_parallel_timeout"
STUB = "# write gather_within here"
NAMES = ("gather_within", "TIMED_OUT")
TRIVIAL = [
    "assert callable(gather_within)",
    "assert gather_within.__name__",
    "assert TIMED_OUT is not None",
    "import inspect\nassert inspect.signature(gather_within).parameters",
    "assert inspect.iscoroutinefunction(gather_within) or callable(gather_within)",
]


def files(count: int) -> dict[str, tuple[bool, str]]:
    """Learner → whether the file is right, and its text."""
    course = Course(ROOT)
    module = course.module(SLUG)
    wrong = random.Random(0).sample(list(module.wrong), count - 2)
    texts = [(True, path.read_text("utf-8")) for path in (module.solution, module.right[0])]
    texts += [(False, whole_program(module, path)) for path in wrong]
    return {f"learner{number:02}": each for number, each in enumerate(texts)}


def cells_in_real_time() -> list[str]:
    """The first cell: what all tests use. Then a cell for each test."""
    source = (ROOT / "benchmarks" / "stock_m01.py").read_text("utf-8")
    parts = ast.parse(source).body
    tests = [part for part in parts if isinstance(part, ast.AsyncFunctionDef) and part.name.startswith("test_")]
    shared = [ast.get_source_segment(source, part) for part in parts if part not in tests]
    calls = [f"{ast.get_source_segment(source, test)}\n\nrun({test.name}, {', '.join(NAMES)})" for test in tests]
    return ["\n".join(filter(None, shared)), *calls]


def notebook(cells: list[str], answer: str) -> nbformat.NotebookNode:
    """An assignment as an instructor makes it: the learner's cell, then a locked cell with a point for each test."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    grading = {"schema_version": 3, "task": False, "locked": False, "solution": True, "grade": False}
    made.cells.append(
        nbformat.v4.new_code_cell(answer, id="answer", metadata={"nbgrader": grading | {"grade_id": "answer"}})
    )
    for number, source in enumerate(cells):
        tested = {**grading, "locked": True, "solution": False, "grade": True, "points": 1, "grade_id": f"t{number}"}
        made.cells.append(nbformat.v4.new_code_cell(source, id=f"t{number}", metadata={"nbgrader": tested}))
    return made


def stock(folder: Path, work: dict[str, tuple[bool, str]], cells: list[str]) -> tuple[float, dict[str, float]]:
    """Score with nbgrader alone; seconds, and the share of all points of each learner."""
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.ExecutePreprocessor.timeout = 120\n"
    )
    for learner, answer in {"": STUB, **{name: text for name, (_, text) in work.items()}}.items():
        place = folder / ("submitted" if learner else "source") / learner / "ps"
        place.mkdir(parents=True)
        nbformat.write(notebook(cells, answer), place / "ps.ipynb")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    options = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["nbgrader", "generate_assignment", "ps", "--force"], check=True, **options)
    began = time.monotonic()
    subprocess.run(["nbgrader", "autograde", "ps"], check=False, **options)
    seconds = time.monotonic() - began
    shares = {}
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db", "stock")) as book:
        for each in book.find_assignment("ps").submissions:
            shares[each.student.id] = each.score / each.max_score if each.max_score else 0.0
    return seconds, shares


def ours(folder: Path, work: dict[str, tuple[bool, str]]) -> tuple[float, dict[str, float]]:
    """Score with `grader class score`; seconds, and the share of all points of each learner."""
    settings = new_class.create(folder / "class", "spring", Course(ROOT), [SLUG])
    toml = settings.folder / "class.toml"
    toml.write_text("unsafe_no_sandbox = true\n" + toml.read_text())
    Desk(class_toml.read(settings.folder)).release()
    for learner, (_, text) in work.items():
        place = folder / "drop" / learner / SLUG
        place.mkdir(parents=True)
        (place / "parallel_timeout.py").write_text(text)
    command = [sys.executable, "-m", "grader", "class", "score", "--in", settings.folder, "--drop", folder / "drop"]
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    lines = Desk(class_toml.read(settings.folder)).standing().lines
    return seconds, {line.learner: (line.score or 0) / line.max_points for line in lines}


def tell(name: str, work: dict[str, tuple[bool, str]], seconds: float, shares: dict[str, float]) -> None:
    """One line of the result."""
    wrong = [learner for learner, (right, _) in work.items() if not right]
    caught = [learner for learner in wrong if shares.get(learner, 0) < 1]
    harmed = [learner for learner, (right, _) in work.items() if right and shares.get(learner, 0) < 1]
    print(
        f"{name:44} {seconds:6.0f} s {len(work) / seconds * 60:6.1f} a minute   "
        f"caught {len(caught)} of {len(wrong)} wrong files, harmed {len(harmed)} of {len(work) - len(wrong)} right ones",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Side by side with stock nbgrader.")
    parser.add_argument("--count", type=int, default=12, help="submissions")
    work = files(parser.parse_args().count)
    print(f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    ways = {
        "grader class score, hidden checks, in walls": lambda place: ours(place, work),
        "stock nbgrader, public checks in real time": lambda place: stock(place, work, cells_in_real_time()),
        "stock nbgrader, five trivial cells": lambda place: stock(place, work, TRIVIAL),
    }
    for name, way in ways.items():
        with tempfile.TemporaryDirectory() as place:
            tell(name, work, *way(Path(place)))


if __name__ == "__main__":
    main()
