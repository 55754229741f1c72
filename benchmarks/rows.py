"""Write every row of every report of the course's own files, to show that a change of the engine changed no verdict.

    python benchmarks/rows.py write ROWS.jsonl [MODULE…] [--jobs N] [--right]
    python benchmarks/rows.py compare BEFORE.jsonl AFTER.jsonl

`write` grades each reference, right and wrong solution with the public and the hidden checks on both backends; a file that
is graded already is skipped, so that a broken run goes on. `--right` leaves the wrong ones out, which takes minutes instead
of hours. Times, hashes and versions are left out. Plans are drawn from
a file's name, not from its bytes: a comment that moves draws no other plan. `compare` prints what differs; exit code 1 if
anything does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.checks.collect import Kind
from grader.course import Course
from grader.judging.judge import How
from grader.judging.pool import GradingTask, run_all
from grader.judging.report import Report

ROOT = Path(__file__).resolve().parents[1]
KINDS: tuple[Kind, ...] = ("public", "hidden")
SHOWN = 20  # differences that are printed in full


def tasks(course: Course, slugs: list[str], done: set[str], *, right_only: bool) -> Iterator[GradingTask]:
    """One task for each file and kind of check that has no rows yet."""
    for module in course.modules(slugs):
        named = {f"{module.slug}/reference": module.solution}
        named |= {f"{module.slug}/right/{path.stem}": path for path in module.right}
        if not right_only:
            named |= {f"{module.slug}/wrong/{path.stem}": path for path in module.wrong}
        for name, path in named.items():
            for kind in KINDS:
                if (tag := f"{name} {kind}") not in done:
                    sha256 = hashlib.sha256(name.encode()).hexdigest()
                    how = How(kind)
                    yield GradingTask(module, path.read_bytes(), sha256, walls=False, how=how, tag=tag)


def plain(report: Report) -> dict[str, Any]:
    """A report without what may differ from run to run."""
    full = report.plain()
    return {key: full.get(key) for key in ("verdict", "core", "points", "clauses", "aspects", "reason", "checks")}


def write(path: Path, slugs: list[str], jobs: int | None, *, right_only: bool) -> None:
    """Append the reports of all files that `path` does not hold yet."""
    done = {json.loads(line)["file"] for line in path.read_text("utf-8").splitlines()} if path.exists() else set()
    with path.open("a", encoding="utf-8") as lines:
        for task, report in run_all(tasks(Course(ROOT), slugs, done, right_only=right_only), jobs=jobs):
            print(json.dumps({"file": task.tag, **plain(report)}, sort_keys=True), file=lines, flush=True)


def read(path: Path) -> dict[str, Any]:
    """The reports of a file that `write` made."""
    reports = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return {report.pop("file"): report for report in reports}


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """One line for each thing that differs between two reports of a file."""
    for key in before.keys() | after.keys():
        if key != "checks" and before.get(key) != after.get(key):
            yield f"{key}: {before.get(key)} → {after.get(key)}"
    rows = [{(row["id"], row["backend"]): row for row in report["checks"]} for report in (before, after)]
    for key in sorted(rows[0].keys() | rows[1].keys()):
        old, new = (table.get(key, {}) for table in rows)
        if parts := [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]:
            yield f"{' on '.join(key)}: " + "; ".join(f"{name} {old.get(name)!r} → {new.get(name)!r}" for name in parts)


def compare(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Print what differs, and the counts; return the exit code."""
    both = sorted(before.keys() & after.keys())
    found = {name: lines for name in both if (lines := list(differences(before[name], after[name])))}
    for name, lines in list(found.items())[:SHOWN]:
        print(name, *lines, sep="\n    ")
    only = [
        f"{len(one.keys() - other.keys())} {word}"
        for one, other, word in ((before, after, "gone"), (after, before, "new"))
    ]
    rows = sum(len(before[name]["checks"]) for name in both)
    print(f"{len(both):,} reports with {rows:,} rows compared: {len(found)} differ; {' and '.join(only)}")
    return 1 if found else 0


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Did a change of the engine change a verdict?")
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("path", type=Path)
    writing.add_argument("--jobs", type=int)
    writing.add_argument("--right", action="store_true", help="the reference and other right solutions only")
    writing.add_argument("modules", nargs="*")
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    asked = parser.parse_args(words)
    if asked.command == "compare":
        return compare(read(asked.before), read(asked.after))
    write(asked.path, asked.modules, asked.jobs, right_only=asked.right)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
