"""Break the code that decides, one place at a time, and see whether a fast test notices.

    python benchmarks/mutation.py [--list] [--sample N] [--jobs N] [FILE…]

A mutant is the engine with one comparison, condition, returned value or constant of a file turned into another. It is
killed if the fast tests that belong to the file fail, and survives if they pass. What survives is printed, and how many were
killed in each file; exit code 1 if more than one in twenty survives, or if a survivor is not explained in
`benchmarks/mutation_survivors.toml`.

Without FILE: what believes a trace, a link and a report, proves sweeps, and adds up points. The tests run in copies of the
checkout in a temporary folder, each mutant's in a process that is forked from one which has imported pytest. By hand, because
the tools for it (mutmut, cosmic-ray) rewrite modules or swap files in the running checkout, and the worker reads the engine's
source when a fork server starts.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import math
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
#: What decides, and the fast tests of it: those that fail soonest come first.
TESTS = {
    "grader/judging/points.py": ("judging/test_points.py",),
    "grader/judging/sweep_proof.py": ("judging/test_sweep_rules.py", "judging/test_sweep_proof.py"),
    "grader/judging/trusted_trace.py": ("judging/test_schema.py", "judging/test_session.py"),
    "grader/judging/report.py": ("judging/test_report.py", "judging/test_points.py"),
    "grader/sandbox/link.py": ("sandbox/test_link.py",),
    "grader/sandbox/endings.py": ("sandbox/test_endings.py",),
    "grader/judging/judge.py": ("judging/test_judging.py", "judging/test_judge.py"),
    "grader/judging/searches.py": ("judging/test_searches.py", "judging/test_session.py"),
    "grader/judging/answers.py": ("judging/test_waiting.py", "judging/test_session.py"),
    "grader/judging/failure.py": ("judging/test_failure_rows.py",),
    "grader/judging/steadiness.py": ("judging/test_steadiness.py",),
    "grader/judging/canary.py": ("judging/test_canary_rules.py",),
    "grader/judging/run_check.py": ("judging/test_run_check.py", "judging/test_blame.py"),
    "grader/judging/reached.py": ("judging/test_reached.py",),
    "grader/judging/flags.py": ("judging/test_flag_edges.py", "judging/test_flag_rules.py", "judging/test_flags.py"),
    "grader/judging/flag_habits.py": (
        "judging/test_flag_edges.py",
        "judging/test_flag_rules.py",
        "judging/test_flags.py",
    ),
    "grader/judging/flag_roads.py": (
        "judging/test_flag_edges.py",
        "judging/test_flag_rules.py",
        "judging/test_flags.py",
    ),
    "grader/judging/flag_scopes.py": (
        "judging/test_flag_edges.py",
        "judging/test_flag_rules.py",
        "judging/test_flags.py",
    ),
    "grader/judging/flag_nodes.py": (
        "judging/test_flag_edges.py",
        "judging/test_flag_rules.py",
        "judging/test_flags.py",
    ),
}
SECONDS = 20.0  # that tests may take in any case
TIMES = 6  # as long as without a mutant tests may take; then they hang, and the mutant counts as killed
ALLOWED = 0.05  # part of the mutants that may survive
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")

# What is returned and does not become None: it is None, or as good as None, and the constant itself becomes another one.
NO = ("None", "False")

# Each sign of a comparison, and what it becomes.
SIGNS = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Args:
        file: relative to the checkout.
        line: of the change, from 1.
        start: offset of its first byte in the file.
        stop: offset behind its last.
        before: the text that goes.
        after: the text that comes.
    """

    file: str
    line: int
    start: int
    stop: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {' '.join(self.before.split())}  →  {' '.join(self.after.split())}"

    def apply(self, data: bytes) -> bytes:
        """The changed file."""
        return data[: self.start] + self.after.encode() + data[self.stop :]


class Places:
    """Where a file can be changed.

    Args:
        file: relative to the checkout.
        data: its bytes.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file, self.data = file, data
        self.tree = ast.parse(data)
        self._starts = [0]
        for line in data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def text(self, node: ast.expr) -> str:
        """The source of an expression."""
        return self.change(node, "").before

    def operand(self, node: ast.expr) -> str:
        """The source of one side of a comparison; it does not hold the parentheses around it."""
        return f"({self.text(node)})" if isinstance(node, ast.Compare | ast.BoolOp | ast.NamedExpr) else self.text(node)

    def change(self, node: ast.expr, after: str) -> Mutant:
        """The mutant that has `after` in the place of `node`."""
        start = self._starts[node.lineno - 1] + node.col_offset
        stop = self._starts[node.end_lineno - 1] + node.end_col_offset
        return Mutant(self.file, node.lineno, start, stop, self.data[start:stop].decode(), after)

    def of(self, node: ast.AST) -> Iterator[Mutant]:
        """The mutants of one node of the syntax tree."""
        if isinstance(node, ast.Compare):
            yield from self.comparisons(node)
        elif isinstance(node, ast.BoolOp):
            word = " or " if isinstance(node.op, ast.And) else " and "
            yield self.change(node, "(" + word.join(f"({self.text(value)})" for value in node.values) + ")")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self.change(node, f"({self.text(node.operand)})")
        elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) not in NO:
            yield self.change(node.value, "None")
        elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
            yield self.change(node, repr(not node.value if type(node.value) is bool else node.value + 1))
        tested = node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else None
        if isinstance(tested, ast.expr) and not isinstance(tested, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield self.change(tested, f"(not ({self.text(tested)}))")

    def comparisons(self, node: ast.Compare) -> Iterator[Mutant]:
        """One mutant for each sign of a comparison such as ``0 < row <= 5``."""
        for changed in range(len(node.ops)):
            words = [self.operand(node.left)]
            for place, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
                words += [SIGNS[type(op)][place == changed], self.operand(right)]
            yield self.change(node, f"({' '.join(words)})")


def mutants(file: str, data: bytes) -> list[Mutant]:
    """Every mutant of a file, from its first line to its last."""
    places = Places(file, data)
    nodes = list(ast.walk(places.tree))
    silent = {id(part) for node in nodes for skipped in unread(node) for part in ast.walk(skipped)}
    made = [mutant for node in nodes if id(node) not in silent for mutant in places.of(node)]
    return sorted(dict.fromkeys(made), key=lambda mutant: (mutant.start, mutant.after))


def unread(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that decide nothing: annotations, words for people, numbers that somebody chose."""
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg) and arg.annotation)
        yield from filter(None, [node.returns])
    elif isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "dataclass"):
        yield node
    elif isinstance(node, ast.Module | ast.ClassDef):  # limits: one more is as good
        values = [part.value for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign)]
        yield from (value for value in values if isinstance(value, ast.Constant | ast.BinOp))


def copy_checkout(place: Path) -> Path:
    """A copy that the tests can run in, without environments and history."""
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.ipynb")
    shutil.copytree(ROOT, place / "checkout", ignore=ignored, symlinks=True)
    return place / "checkout"


class Copy:
    """A checkout whose tests can be run, each time in a fresh process. Use as a context manager.

    Args:
        checkout: its folder.
    """

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        command = [sys.executable, str(Path(__file__).resolve()), "--serve"]
        self._server = subprocess.Popen(
            command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def is_killed(self, mutant: Mutant | None, tests: Sequence[str], seconds: float = math.inf) -> bool:
        """Whether tests fail with the mutant, or take too long; with None, whether they fail at all."""
        if mutant is None:
            return self._fail(tests, seconds)
        path = self.checkout / mutant.file
        data, times = path.read_bytes(), path.stat()
        try:
            path.write_bytes(mutant.apply(data))
            return self._fail(tests, seconds)
        finally:
            path.write_bytes(data)
            # Else the compiled file that is kept would be out of date.
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _fail(self, tests: Sequence[str], seconds: float) -> bool:
        print(json.dumps([seconds, *tests]), file=self._server.stdin)
        return self._server.stdout.readline() != "0\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()


def serve() -> None:
    """Run the tests that are asked for in the folder where it was started, in a fork each; answer with the exit code."""
    import pytest
    import rich.console  # noqa: F401
    import trio.testing  # noqa: F401

    sys.path[0] = str(Path.cwd())  # as `python -m pytest` has it
    for line in sys.stdin:
        seconds, *tests = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(nowhere, number)
            # A mutant is as long as the file and may be as old: no compiled file must be taken for it.
            sys.dont_write_bytecode = True
            options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
            with contextlib.suppress(BaseException):
                os._exit(pytest.main([*options, *tests]))
            os._exit(99)
        watched = os.pidfd_open(child)
        ended, _, _ = select.select([watched], [], [], None if seconds == math.inf else seconds)
        os.close(watched)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # also what tests have left
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status) if ended else "late", flush=True)


def explained() -> dict[str, tuple[str, int]]:
    """Why a survivor may live, and how many may that are alike, by what it prints as without the line's number."""
    entries = tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"] if SURVIVORS.exists() else []
    return {
        f"{entry['file']}: {entry['before']}  →  {entry['after']}": (entry["why"], entry.get("times", 1))
        for entry in entries
    }


def key(mutant: Mutant) -> str:
    """A mutant's name in the file of survivors: it holds when lines move."""
    return f"{mutant.file}: {' '.join(mutant.before.split())}  →  {' '.join(mutant.after.split())}"


def main() -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", default=list(TESTS))
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, drawn evenly, the same each time")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time, each in its own copy")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    chosen = [mutant for file in options.files for mutant in mutants(file, (ROOT / file).read_bytes())]
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(0).sample(chosen, options.sample)
    if options.list:
        print(*chosen, f"{len(chosen)} mutants", sep="\n")
        return 0
    return play(chosen, options.jobs)


def tests_of(file: str) -> list[str]:
    """The fast tests of a file."""
    return [f"tests/{test}" for test in TESTS[file]]


def play(chosen: Sequence[Mutant], jobs: int) -> int:
    """Play mutants and print the survivors; the exit code."""
    excused = Counter({name: times for name, (_, times) in explained().items()})
    alive: list[Mutant] = []
    unexplained: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as place, contextlib.ExitStack() as stack:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(stack.enter_context(Copy(copy_checkout(Path(place) / str(number)))))
        first, seconds = copies.get(), {}
        for file in dict.fromkeys(mutant.file for mutant in chosen):
            began = time.monotonic()
            if first.is_killed(None, tests_of(file)):
                print(f"the tests of {file} fail as it is: mend that first", file=sys.stderr)
                return 2
            seconds[file] = SECONDS + TIMES * (time.monotonic() - began)
        copies.put(first)

        def is_killed(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                return copy.is_killed(mutant, tests_of(mutant.file), seconds[mutant.file])
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(jobs) as pool:
            for mutant, killed in zip(chosen, pool.map(is_killed, chosen), strict=True):
                if not killed:
                    alive.append(mutant)
                    excused[key(mutant)] -= 1
                    unexplained += [mutant] if excused[key(mutant)] < 0 else []
                    print(f"survived  {mutant}{'  (not explained)' if mutant in unexplained else ''}", flush=True)
    all_, living = Counter(mutant.file for mutant in chosen), Counter(mutant.file for mutant in alive)
    for file, count in all_.items():
        print(f"{file}: {count - living[file]} of {count} killed")
    print(f"{len(chosen) - len(alive)} of {len(chosen)} killed")
    return int(len(alive) > ALLOWED * len(chosen) or bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
