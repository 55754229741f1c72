"""Run the cells of one lesson on one backend and say what does not hold.

`grader.lesson.execution` starts a process with it for each backend.

It reads its job from standard input and writes one JSON object a line: ``begin`` with a line of the lesson, or ``line``
and ``said`` about something that does not hold.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.lesson.parts import Cell, Fails, Lesson, Puzzle, Verify
from grader.lesson.puzzles import right_programs, wrong_program
from grader.lesson.source import read
from grader.worker.record.spans import leaves

PATIENCE = 20.0
"""Real seconds that one program of a Parsons problem may take: virtual time needs none of them."""

SHORT = 120
"""Characters of a value that a message shows."""

BACKEND = re.compile(r"""\bbackend(\s*)=(\s*)(["'])asyncio\3""")
WELL = "ended well"
OWN_FILE = ("mine", "check", "progress")
"""What shows the learner's own file: its output is not the lesson's to say, once there is such a file."""

Namespace = dict[str, Any]


class LessonPlayer:
    """One lesson on one backend.

    Args:
        backend: where every ``backend="asyncio"`` leads to.
        solved: whether the learner's file is complete, so that output about it is not as the lesson shows it.
        tell: gets the JSON objects.
    """

    def __init__(self, lesson: Lesson, backend: str, tell: Callable[[dict[str, Any]], None], *, solved: bool) -> None:
        self.lesson = lesson
        self.backend = backend
        self.solved = solved
        self.tell = tell
        self.namespace: Namespace = {"__name__": "__main__"}
        self.proofs: Namespace = {}  # names of verify blocks: later ones may use them, cells may not

    def play(self) -> None:
        """Run everything in order. After a cell that raised, the rest would only say the same again."""
        for part in self.lesson.parts:
            if isinstance(part, Cell | Puzzle | Fails):
                self.tell({"begin": part.line})
            if isinstance(part, Cell | Puzzle) and not self.cell(part):
                return
            if self.solved:
                continue
            if isinstance(part, Puzzle):
                self.puzzle(part)
            elif isinstance(part, Fails):
                self.fails(part)

    def wrong(self, line: int, said: str) -> None:
        """Tell of something that does not hold."""
        self.tell({"line": line, "said": said})

    # -- cells -----------------------------------------------------------------------------------------------------
    def cell(self, cell: Cell | Puzzle) -> bool:
        """Run a cell, compare what it prints, prove what the lesson says about it."""
        name = f"cell `{cell.id}` on {self.backend}"
        text = cell.text if isinstance(cell, Cell) else f'parsons("{cell.id}", "")'
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                self.namespace["_"] = self.run(text, cell.line, self.namespace)
        except BaseException as error:  # noqa: BLE001 - SystemExit and groups too: a lesson runs to its end
            self.wrong(self.line_of(error, cell.line), f"{name} raised {error_line(error)}")
            return False
        output = self.lesson.output(cell.id, self.backend)
        own = self.solved and any(f"{word}(" in text for word in OWN_FILE)
        if output is not None and not own and (difference := difference_between(printed.getvalue(), output.text)):
            self.wrong(output.line, f"{name} {difference}")
        if isinstance(cell, Cell) and (proof := self.lesson.verify(cell.id)):
            self.verify(proof, name)
        return True

    def verify(self, proof: Verify, name: str) -> None:
        """Run a proof; it finds the value of the cell's last expression as ``_`` and the backend as ``BACKEND``."""
        names = {**self.proofs, **self.namespace, "BACKEND": self.backend}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self.run(proof.text, proof.line, names)
        except BaseException as error:  # noqa: BLE001 - as above
            line = self.line_of(error, proof.line)
            said = f"{error_line(error)}: {self.source(line)}{self.sides(error, line, names)}"
            self.wrong(line, f"{name}: its verify block does not hold: {said}")
        self.proofs |= {name: value for name, value in names.items() if name not in self.namespace}

    def run(self, text: str, line: int, namespace: Namespace) -> Any:
        """Execute a piece of the lesson; the value of its last expression."""
        tree = ast.parse("\n" * (line - 1) + self.for_backend(text), str(self.lesson.path))
        last = tree.body[-1] if tree.body else None
        value = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
        if value is not None:
            tree.body.pop()
        exec(compile(tree, str(self.lesson.path), "exec"), namespace)  # noqa: S102 - that is its task
        return eval(compile(value, str(self.lesson.path), "eval"), namespace) if value else None  # noqa: S307

    def for_backend(self, text: str) -> str:
        """A text for this backend."""
        return BACKEND.sub(rf"backend\1=\2\3{self.backend}\3", text)

    def line_of(self, error: BaseException, default: int) -> int:
        """The line of the lesson where an exception came from."""
        if isinstance(error, SyntaxError) and error.lineno:
            return error.lineno
        if isinstance(error, BaseExceptionGroup):
            return self.line_of(error.exceptions[0], default)
        frames = traceback.extract_tb(error.__traceback__)
        return next((f.lineno for f in reversed(frames) if f.filename == str(self.lesson.path) and f.lineno), default)

    def sides(self, error: BaseException, line: int, names: Namespace) -> str:
        """The two sides of an assert that does not hold, if they can be computed again."""
        try:
            node = ast.parse(self.for_backend(self.source(line))).body[0]
            if not isinstance(error, AssertionError) or not isinstance(node, ast.Assert):
                return ""
            if not isinstance(node.test, ast.Compare) or len(node.test.comparators) != 1:
                return ""
            with contextlib.redirect_stdout(io.StringIO()):
                values = [
                    eval(compile(ast.Expression(side), "<side>", "eval"), names)  # noqa: S307 - its task
                    for side in (node.test.left, node.test.comparators[0])
                ]
        except BaseException:  # noqa: BLE001 - it was only meant to help
            return ""
        return f" (here {' and '.join(short_repr(value) for value in values)})"

    def source(self, line: int) -> str:
        """A line of the lesson."""
        lines = self.lesson.path.read_text(encoding="utf-8").splitlines()
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""

    # -- programs that run apart -----------------------------------------------------------------------------------
    def puzzle(self, puzzle: Puzzle) -> None:
        """Every right order must pass, every wrong line must fail."""
        proof = self.lesson.verify(puzzle.id)
        if proof is None:
            return
        name = f"Parsons `{puzzle.id}` on {self.backend}"
        for number, program in enumerate(right_programs(puzzle, proof.text)):
            if said := self.apart(program):
                order = "the right order" if not number else f"also {' '.join(map(str, puzzle.also[number - 1]))}"
                self.wrong(puzzle.line, f"{name}: {order} must pass, but {said}")
        for each in puzzle.distractors:
            said = self.apart(wrong_program(puzzle, each, proof.text))
            if not said:
                self.wrong(each.line, f"{name}: the wrong line must fail, and passes: {each.text.strip()}")
            elif "SyntaxError" in said or "IndentationError" in said:
                self.wrong(each.line, f"{name}: the wrong line is not Python in its place: {said}")

    def fails(self, part: Fails) -> None:
        """What is shown because it raises must raise just that."""
        said = self.apart(part.text, fresh=True) or "nothing was raised"
        if not re.match(rf"it raised (\w+\.)*{re.escape(part.error)}\b", said):
            self.wrong(part.line, f"the block on {self.backend} must raise {part.error}, but {said}")

    def apart(self, text: str, *, fresh: bool = False) -> str:
        """Run a program in a copy of this process; why it failed, empty if it did not."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a backend may have idle threads: the child needs none
            child = os.fork()
        if not child:
            os.close(reading)
            with contextlib.suppress(BaseException):
                os.write(writing, self.outcome(text, fresh=fresh).encode()[:4000])
            os._exit(0)
        os.close(writing)
        try:
            if not select.select([reading], [], [], PATIENCE)[0]:
                return f"it did not end within {PATIENCE:.0f} s"
            said = os.read(reading, 4096).decode(errors="replace")
            return "" if said == WELL else said or "the interpreter died"
        finally:
            os.close(reading)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def outcome(self, text: str, *, fresh: bool) -> str:
        """In the child: how the program ended."""
        namespace: Namespace = {"__name__": "__main__"} if fresh else {**self.proofs, **self.namespace}
        namespace["BACKEND"] = self.backend
        silence = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - it ends with the child
        os.dup2(silence.fileno(), 2)
        try:
            with contextlib.redirect_stdout(silence):
                exec(compile(self.for_backend(text), "<program>", "exec"), namespace)  # noqa: S102 - that is its task
        except BaseException as error:  # noqa: BLE001 - whatever it is, it failed
            return f"it raised {error_line(error)}"
        return WELL


def error_line(error: BaseException) -> str:
    """An exception in one line; of a group, the first that is in it."""
    inner = leaves(error)[0]
    said = " ".join(str(inner).split())[:300]
    name = type(inner).__name__ + (f": {said}" if said else "")
    return name if inner is error else f"{name} (in an {type(error).__name__})"


def short_repr(value: object) -> str:
    """A value in at most a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def difference_between(printed: str, wanted: str) -> str:
    """How what was printed differs from what the lesson says; empty if it does not."""
    mine, theirs = printed.rstrip("\n").split("\n"), wanted.rstrip("\n").split("\n")
    if mine == theirs:
        return ""
    for number, (left, right) in enumerate(zip(mine, theirs, strict=False), 1):
        if left != right:
            return f"printed in line {number} {left!r}, the lesson says {right!r}"
    if len(mine) > len(theirs):
        return f"printed more than the lesson says: {mine[len(theirs)]!r}"
    return f"printed less than the lesson says: {theirs[len(mine)]!r} is missing"


def messages() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Where the JSON objects go: the standard output, which the cells cannot reach any more."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(said: dict[str, Any]) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    yield tell
    out.close()


def main() -> None:
    """Do the job that comes on the standard input."""
    job = json.load(sys.stdin)
    path = Path(job["path"])
    with contextlib.contextmanager(messages)() as tell:
        LessonPlayer(read(path), job["backend"], tell, solved=job["solved"]).play()
        tell({"done": True})


if __name__ == "__main__":
    main()
