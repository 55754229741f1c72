"""Break the code that decides, one place at a time, and see whether a fast test notices.

    python benchmarks/mutation.py [--list] [--sample N] [--jobs N] [FILE…]

A mutant is the engine with one comparison, condition, returned value or constant of a file turned into another. It is
killed if the tests of the file's room fail, and survives if they pass. What survives is printed; exit code 1 if that is
more than one in twenty, or if a survivor is not explained in `benchmarks/mutation_survivors.toml`.

Without FILE: what believes a trace, a link and a report, plans sweeps, and adds up points. The tests run in copies of the
checkout in a temporary folder. By hand, because the tools for it (mutmut, cosmic-ray) rewrite modules or swap files in the
running checkout, and the worker reads the engine's source when a fork server starts.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
FILES = (
    *(f"grader/judging/{name}.py" for name in ("answers", "failure", "judge", "points", "report", "searches")),
    "grader/judging/trusted_trace.py",
    *(f"grader/sandbox/{name}.py" for name in ("endings", "link")),
)
TESTS = {
    "judging": (*(f"tests/judging/test_{name}.py" for name in ("points", "schema", "session", "contract", "judge")),),
    "sandbox": ("tests/sandbox",),
}
SECONDS = 300.0  # that the tests of a room may take before a mutant counts as killed: it hangs
ALLOWED = 0.05  # part of the mutants that may survive
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")

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
        elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
            yield self.change(node.value, "None")
        elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
            yield self.change(node, repr(not node.value if type(node.value) is bool else node.value + 1))
        tested = node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else None
        if isinstance(tested, ast.expr) and not isinstance(tested, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield self.change(tested, f"(not ({self.text(tested)}))")

    def comparisons(self, node: ast.Compare) -> Iterator[Mutant]:
        """One mutant for each sign of a comparison such as ``0 < row <= 5``."""
        for changed in range(len(node.ops)):
            words = [self.text(node.left)]
            for place, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
                words += [SIGNS[type(op)][place == changed], self.text(right)]
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


def is_killed(checkout: Path, mutant: Mutant | None, file: str) -> bool:
    """Whether the tests of the file's room fail with the mutant; with None, whether they fail at all."""
    path = checkout / file
    data = path.read_bytes()
    tests = TESTS[Path(file).parts[1]]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    try:
        if mutant is not None:
            path.write_bytes(mutant.apply(data))
        ended = subprocess.run(
            command, cwd=checkout, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_bytes(data)
    return ended.returncode != 0


def explained() -> dict[str, str]:
    """Why a survivor may live, by what it prints as without the line's number."""
    entries = tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"] if SURVIVORS.exists() else []
    return {f"{entry['file']}: {entry['before']}  →  {entry['after']}": entry["why"] for entry in entries}


def key(mutant: Mutant) -> str:
    """A mutant's name in the file of survivors: it holds when lines move."""
    return f"{mutant.file}: {' '.join(mutant.before.split())}  →  {' '.join(mutant.after.split())}"


def main() -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", default=FILES)
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, drawn evenly, the same each time")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time, each in its own copy")
    options = parser.parse_args()
    chosen = [mutant for file in options.files for mutant in mutants(file, (ROOT / file).read_bytes())]
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(0).sample(chosen, options.sample)
    if options.list:
        print(*chosen, f"{len(chosen)} mutants", sep="\n")
        return 0
    reasons, alive = explained(), []
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            copies.put(copy_checkout(Path(place) / str(number)))
        first = copies.get()
        for file in {Path(mutant.file).parts[1]: mutant.file for mutant in chosen}.values():
            if is_killed(first, None, file):
                print(f"the tests of {file} fail as it is: mend that first", file=sys.stderr)
                return 2
        copies.put(first)

        def play(mutant: Mutant) -> bool:
            checkout = copies.get()
            try:
                return is_killed(checkout, mutant, mutant.file)
            finally:
                copies.put(checkout)

        with ThreadPoolExecutor(options.jobs) as pool:
            for mutant, killed in zip(chosen, pool.map(play, chosen), strict=True):
                if not killed:
                    alive.append(mutant)
                    print(f"survived  {mutant}{'' if key(mutant) in reasons else '  (not explained)'}", flush=True)
    print(f"{len(chosen) - len(alive)} of {len(chosen)} killed")
    return int(len(alive) > ALLOWED * len(chosen) or any(key(mutant) not in reasons for mutant in alive))


if __name__ == "__main__":
    sys.exit(main())
