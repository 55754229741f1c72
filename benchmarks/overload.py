"""Grade mixed files on a quiet machine, then again and again on an overloaded one: not one verdict may differ.

    python benchmarks/overload.py [--count 10000] [--seed 0] [MODULE…]

The files are the course's own: solutions, wrong solutions, right ones of another build. Four processes a processor want to
run: three that grade and one that burns. Exit code 1 if a row of a report differs from the quiet run.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course, Module
from grader.course.overrides import whole_program
from grader.judging.judge import How
from grader.judging.pool import GradingTask, run_all
from grader.judging.report import Report

ROOT = Path(__file__).resolve().parents[1]
Verdicts = tuple[tuple[str, str, str], ...]
File = tuple[Module, Path]


def files(course: Course, slugs: list[str]) -> Iterator[File]:
    """Each file, with its module."""
    for module in course.modules(slugs):
        yield from ((module, path) for path in (module.solution, *module.right, *module.wrong))


def text_of(module: Module, path: Path) -> str:
    """The whole text of a file."""
    return whole_program(module, path) if path in module.wrong else path.read_text("utf-8")


def verdicts(report: Report) -> Verdicts:
    """All that a report says of a file, without times and texts."""
    rows = sorted((row.id, row.backend, row.verdict) for row in report.checks)
    return (("", "", report.verdict), *rows)


def burn() -> None:
    while True:
        pass


def tasks(chosen: Iterator[File] | list[File]) -> Iterator[GradingTask]:
    for module, path in chosen:
        yield GradingTask(module, text_of(module, path).encode(), walls=False, how=How("hidden"), tag=path)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Does an overloaded machine change a verdict?")
    parser.add_argument("--count", type=int, default=10_000, help="gradings under load")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the files")
    parser.add_argument("modules", nargs="*")
    asked = parser.parse_args(words)
    cores = len(os.sched_getaffinity(0))
    mixed = list(files(Course(ROOT), asked.modules))
    random.Random(asked.seed).shuffle(mixed)
    mixed = mixed[: asked.count]

    began = time.monotonic()
    quiet = {task.tag: verdicts(report) for task, report in run_all(tasks(mixed), jobs=cores)}
    print(f"quiet: {len(quiet):,} files in {time.monotonic() - began:.0f} s, {cores} at a time", flush=True)

    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(cores)]
    for burner in burners:
        burner.start()
    began, count, differing, not_run = time.monotonic(), 0, 0, 0
    try:
        rounds = itertools.islice(itertools.cycle(mixed), asked.count)
        for task, report in run_all(tasks(rounds), jobs=3 * cores):
            count += 1
            not_run += report.verdict == "not run"
            if (now := verdicts(report)) != quiet[task.tag]:
                differing += 1
                changed = sorted(set(now) ^ set(quiet[task.tag]))[:4]
                print(f"differs: {task.tag.relative_to(ROOT)}: {changed}", flush=True)
            if count % 500 == 0:
                print(
                    f"{count:,} gradings in {time.monotonic() - began:.0f} s, {differing} differ, {not_run} not run",
                    flush=True,
                )
    finally:
        for burner in burners:
            burner.kill()
    print(
        f"overloaded four times: {count:,} gradings in {time.monotonic() - began:.0f} s, {differing} with another verdict, "
        f"{not_run} not run; load {os.getloadavg()[0]:.1f}"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
