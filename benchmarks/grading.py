"""What grading costs, with walls, from the shell: one right file cold, many in parallel, and the self-check.

    python benchmarks/grading.py [MODULE…]

A right file is the dearest case: no check stops early. Prints seconds of this machine.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
LEARNERS = 24
ROUNDS = 3


def timed(*command: str, cwd: Path = ROOT) -> float:
    """Run a command and return how long it took (s); the best of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        best = min(best, time.perf_counter() - start)
    return best


def in_parallel(slug: str, solution: Path) -> tuple[float, float]:
    """Grade a folder of equal right files; return seconds a submission by the wall, and inside the judge."""
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        for number in range(LEARNERS):
            place = Path(folder) / f"learner{number:02}" / slug / solution.name
            place.parent.mkdir(parents=True)
            # Not the same file twice: nothing is there to be remembered.
            place.write_text(f"{solution.read_text()}# {number}\n")
        command = [sys.executable, "-m", "grader", "grade", "--all", folder, "--jobs", str(jobs), "--json"]
        start = time.perf_counter()
        done = subprocess.run([*command, "--reports", f"{folder}-reports"], cwd=ROOT, capture_output=True, check=True)
        wall = time.perf_counter() - start
    shutil.rmtree(f"{folder}-reports", ignore_errors=True)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(report["verdict"] == "passed" for report in reports), "a right file did not pass"
    seconds = sorted(report["seconds"] for report in reports)
    return wall / LEARNERS, seconds[len(seconds) // 2]


def self_check(slug: str, solution: Path) -> float:
    """Seconds of `pytest exercises/<slug>` with the reference solution in place."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("exercises", "course"):
            shutil.copytree(ROOT / part, Path(folder) / part)
        shutil.copy(solution, Path(folder) / "exercises" / slug / solution.name)
        return timed(sys.executable, "-m", "pytest", "-q", f"exercises/{slug}", cwd=Path(folder))


def run(slugs: list[str]) -> None:
    """Measure and print."""
    table = Table("module", "cold, one file", "--all, wall a file", "--all, judge a file", "pytest exercises/…")
    for slug in slugs:
        solution = ROOT / "solutions" / slug / f"{slug.partition('_')[2]}.py"
        cold = timed(sys.executable, "-m", "grader", "grade", slug, str(solution))
        wall, judge = in_parallel(slug, solution)
        checking = self_check(slug, solution)
        table.add_row(slug, f"{cold:.2f} s", f"{wall:.2f} s", f"{judge:.2f} s", f"{checking:.2f} s")
    console = Console(width=110)
    console.print(table)
    console.print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")


if __name__ == "__main__":
    run(sys.argv[1:] or sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir()))
