"""Side by side with stock nbgrader, in one run: submissions a minute, and how many wrong files are caught.

    python benchmarks/stock_nbgrader.py [--right 4] [--wrong 14] [--rounds 3]

The same files of m01, right ones and wrong ones of the tree, are scored three times: by `grader class score`, which plays
the hidden checks; by stock `nbgrader autograde` on a notebook whose cells are the public checks as tests in real time
(`benchmarks/stock_m01.py`); and by stock `nbgrader autograde` on a notebook of five trivial cells, which only look whether
the function is there. A wrong file is caught if it has less than all points, a right one is harmed if it has; what
nbgrader could not score at all is named.

The files are dealt into rounds. In each round all three ways score the same files, and the next round begins with another
way, so that a busy machine slows all of them. Checkpoint uses all processors, nbgrader one.
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
from dataclasses import dataclass, field
from functools import partial
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
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TRIVIAL = [
    "assert callable(gather_within)",
    "assert gather_within.__name__",
    "assert TIMED_OUT is not None",
    "import inspect\nassert inspect.signature(gather_within).parameters",
    "assert inspect.iscoroutinefunction(gather_within) or callable(gather_within)",
]


@dataclass(frozen=True)
class Work:
    """One file to score.

    Args:
        name: of the file in the tree.
        right: whether it deserves all points.
        text: what it holds.
    """

    name: str
    right: bool
    text: str


@dataclass
class Tally:
    """What one way of scoring has done so far."""

    seconds: float = 0.0
    right: int = 0
    wrong: int = 0
    caught: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    harmed: list[str] = field(default_factory=list)
    unscored: list[str] = field(default_factory=list)

    def add(self, work: dict[str, Work], seconds: float, shares: dict[str, float]) -> None:
        """Add a round: a learner who has no share was not scored."""
        self.seconds += seconds
        self.right += sum(each.right for each in work.values())
        self.wrong += sum(not each.right for each in work.values())
        for learner, each in work.items():
            if learner not in shares:
                self.unscored.append(each.name)
            elif each.right:
                self.harmed += [each.name] if shares[learner] < 1 else []
            else:
                (self.caught if shares[learner] < 1 else self.missed).append(each.name)


def deal(right: int, wrong: int, rounds: int) -> list[dict[str, Work]]:
    """Learner → file, for each round."""
    course = Course(ROOT)
    module = course.module(SLUG)
    chance = random.Random(0)
    good = [module.solution, *chance.sample(list(module.right), right - 1)]
    bad = chance.sample(list(module.wrong), wrong)
    found = [Work(path.name, True, path.read_text("utf-8")) for path in good]
    found += [Work(path.name, False, whole_program(module, path)) for path in bad]
    hands: list[dict[str, Work]] = [{} for _ in range(rounds)]
    for number, each in enumerate(found):
        hands[number % rounds][f"learner{number:02}"] = each
    return hands


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


def stock(folder: Path, work: dict[str, Work], cells: list[str]) -> tuple[float, dict[str, float]]:
    """Score with nbgrader alone; seconds, and the share of all points of each learner that it could score."""
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.ExecutePreprocessor.timeout = 120\n"
    )
    for learner, answer in {"": STUB, **{name: each.text for name, each in work.items()}}.items():
        place = folder / ("submitted" if learner else "source") / learner / "ps"
        place.mkdir(parents=True)
        nbformat.write(notebook(cells, answer), place / "ps.ipynb")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    options = {"cwd": folder, "env": environment, **QUIET}
    subprocess.run(["nbgrader", "generate_assignment", "ps", "--force"], check=True, **options)
    began = time.monotonic()
    subprocess.run(["nbgrader", "autograde", "ps"], check=False, **options)
    seconds = time.monotonic() - began
    shares = {}
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db", "stock")) as book:
        for each in book.find_assignment("ps").submissions:
            if (folder / "autograded" / each.student.id).is_dir():  # it removes what it could not score
                shares[each.student.id] = each.score / each.max_score
    return seconds, shares


def ours(folder: Path, work: dict[str, Work]) -> tuple[float, dict[str, float]]:
    """Score with `grader class score`; seconds, and the share of all points of each learner."""
    settings = new_class.create(folder / "class", "spring", Course(ROOT), [SLUG])
    toml = settings.folder / "class.toml"
    toml.write_text("unsafe_no_sandbox = true\n" + toml.read_text())
    Desk(class_toml.read(settings.folder)).release()
    for learner, each in work.items():
        place = folder / "drop" / learner / SLUG
        place.mkdir(parents=True)
        (place / "parallel_timeout.py").write_text(each.text)
    command = [sys.executable, "-m", "grader", "class", "score", "--in", settings.folder, "--drop", folder / "drop"]
    began = time.monotonic()
    subprocess.run(command, check=True, **QUIET)
    seconds = time.monotonic() - began
    lines = Desk(class_toml.read(settings.folder)).standing().lines
    return seconds, {line.learner: line.score / line.max_points for line in lines if line.score is not None}


def tell(name: str, tally: Tally) -> None:
    """One line of the result, and what went wrong."""
    rate = (tally.right + tally.wrong) / tally.seconds * 60
    print(
        f"{name:44} {tally.seconds:6.0f} s {rate:6.1f} a minute   "
        f"caught {len(tally.caught)} of {tally.wrong} wrong files, harmed {len(tally.harmed)} of {tally.right} right ones",
        flush=True,
    )
    for said, names in (("missed", tally.missed), ("harmed", tally.harmed), ("not scored", tally.unscored)):
        if names:
            print(f"    {said}: {', '.join(sorted(names))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Side by side with stock nbgrader.")
    parser.add_argument("--right", type=int, default=4, help="right files")
    parser.add_argument("--wrong", type=int, default=14, help="wrong files")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    ways = {
        "grader class score, hidden checks, in walls": ours,
        "stock nbgrader, public checks in real time": partial(stock, cells=cells_in_real_time()),
        "stock nbgrader, five trivial cells": partial(stock, cells=TRIVIAL),
    }
    tallies = {name: Tally() for name in ways}
    for number, work in enumerate(deal(words.right, words.wrong, words.rounds)):
        names = [*ways]
        for name in names[number % len(names) :] + names[: number % len(names)]:
            with tempfile.TemporaryDirectory() as place:
                seconds, shares = ways[name](Path(place), work)
            tallies[name].add(work, seconds, shares)
            load = os.getloadavg()[0]
            print(f"round {number + 1}: {name:44} {len(work):3} files {seconds:6.0f} s, load {load:.1f}", flush=True)
    for name, tally in tallies.items():
        tell(name, tally)


if __name__ == "__main__":
    main()
