"""What can be said about a submitted file without running it.

A file that cannot be read at all is bad usage; one that can be read but not graded has failed, with one plain sentence and
what to do.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import os
import stat
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import CourseError, Module

MAX_BYTES = 200_000
"""The largest file that is graded. No solution of the course has a tenth of it."""

MAX_HASHED = 64_000_000
"""Beyond this a file is not even hashed: nobody waits for the hash of a file that is refused for its size."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Unreadable(CourseError):
    """The file cannot be found or read; the text is one line."""


@dataclass(frozen=True)
class FileFault:
    """Why a file fails as a whole.

    Args:
        kind: ``size``, ``nul``, ``encoding``, ``empty``, ``syntax``, ``import``, ``missing``, ``not started`` …
        text: one plain sentence and what to do.
        line: the line to look at, if there is one.
        detail: what Python said; for the instructor, and for the learner in the self-check only.
    """

    kind: str
    text: str
    line: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Submission:
    """One submitted file, as far as it can be judged by reading.

    Args:
        name: its file name, for messages.
        sha256: of its bytes; None if it is too large to bother.
        text: its text, empty if it has none.
        fault: why it fails as a whole, or None.
    """

    name: str
    sha256: str | None
    text: str = ""
    fault: FileFault | None = None


def read(path: Path, *, folder: int | None = None) -> tuple[bytes, str | None]:
    """Read a submission: at most one byte more than `MAX_BYTES`, and the sha256 of the whole.

    Args:
        path: the file.
        folder: an open folder that the path begins in. In it links are not followed: in a folder of submissions they
            may point to anything that the instructor can read.

    Raises:
        Unreadable: it is not there, is not a plain file, or may not be read.
    """
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if folder is None else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags, dir_fd=folder)
        try:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise Unreadable(f"{path} is not a plain file: give the learner's .py file")
            return _head_and_hash(descriptor, info.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        if folder is not None and error.errno == errno.ELOOP:
            raise Unreadable(f"{path} is a link: hand in the file itself") from error
        reason = (error.strerror or "error").lower()
        raise Unreadable(f"{path} cannot be read ({reason}): check the path and its permissions") from error
    except ValueError as error:  # a NUL byte in the path
        raise Unreadable(f"{str(path)!r} is not a path: check it") from error


def _head_and_hash(descriptor: int, size: int) -> tuple[bytes, str | None]:
    digest = hashlib.sha256()
    head = b""
    while piece := os.read(descriptor, 1 << 20):
        head += piece[: MAX_BYTES + 1 - len(head)]
        if size > MAX_HASHED:
            return head, None
        digest.update(piece)
    return head, digest.hexdigest()


def examine(module: Module, data: bytes, sha256: str | None = None) -> Submission:
    """Judge a file's bytes by reading alone.

    Args:
        module: the module it was written for.
        data: its bytes, or its first `MAX_BYTES` + 1.
        sha256: of the whole file, if `data` is only its beginning.
    """
    name = f"{module.name}.py"
    digest = sha256 or (hashlib.sha256(data).hexdigest() if len(data) <= MAX_BYTES else None)
    text, fault = _decode(data)
    tree = None
    if fault is None:
        tree, fault = parse(text)
    if tree is not None and fault is None and is_untouched(module, data, tree):
        text_ = f"{name} is not started: write {_join_names(sorted(unwritten(tree, module.names)))}"
        fault = FileFault("not started", text_)
    return Submission(name, digest, text, fault)


def _decode(data: bytes) -> tuple[str, FileFault | None]:
    """The text of a file, or why it has none. A byte order mark and any line ends are fine."""
    if len(data) > MAX_BYTES:
        return "", FileFault("size", f"the file is larger than {MAX_BYTES // 1000} kB: hand in only the code you wrote")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        text = f"line {line}: the file holds a NUL byte, so it is not text: save it again as plain UTF-8 text"
        return "", FileFault("nul", text, line)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", FileFault("encoding", f"line {line}: the file is not UTF-8: save it again with that encoding", line)
    if not text.strip():
        return "", FileFault("empty", "the file is empty: write your solution in it, or copy it again")
    return text, None


def parse(text: str) -> tuple[ast.Module | None, FileFault | None]:
    """The syntax tree of a text, or where Python stops reading it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning about the learner's "\d" is not ours to print
            return ast.parse(text), None
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}: " if error.lineno else ""
        said = f"{type(error).__name__}: {error.msg}"
        return None, FileFault(
            "syntax", f"{where}Python cannot read this: look here and just above", error.lineno, said
        )
    except (ValueError, RecursionError, MemoryError) as error:
        text_ = "Python cannot read the file, it is nested too deeply: write it in smaller steps"
        return None, FileFault("syntax", text_, None, type(error).__name__)


def is_untouched(module: Module, data: bytes, tree: ast.Module) -> bool:
    """Whether nothing that the stub leaves to the learner has been written.

    Comments, helpers and imports may have been added: what counts is that every name that is unwritten in the stub
    still is. A given type, complete in the stub, says nothing.
    """
    left = unwritten(tree, module.names)
    stub = module.stub.read_bytes() if module.stub.is_file() else data
    if stub == data:  # learners write in the stub's own place, so it says nothing about what it was
        given = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and _looks_given(node)}
        values = {name for name, kind in module.names.items() if kind == "value"}
        return bool(left) and set(module.names) <= left | given | values
    stub_tree, _ = parse(stub.decode("utf-8-sig", errors="replace"))
    todo = unwritten(stub_tree, module.names) if stub_tree else set()
    return (todo or set(module.names)) <= left


def unwritten(tree: ast.Module, names: Mapping[str, str] | Iterable[str]) -> set[str]:
    """Those of the names whose last definition in the file only raises `NotImplementedError`."""
    wanted = set(names)
    found: dict[str, bool] = {}
    for node in tree.body:
        if isinstance(node, FunctionNode | ast.ClassDef) and node.name in wanted:
            found[node.name] = _class_is_unwritten(node) if isinstance(node, ast.ClassDef) else is_unwritten(node)
    return {name for name, is_so in found.items() if is_so}


def is_unwritten(function: FunctionNode) -> bool:
    """Whether a function's body, after its docstring, only raises `NotImplementedError` (and perhaps yields)."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not body or not isinstance(body[0], ast.Raise):
        return False
    # A stub of a context manager may have a `yield` after the `raise`, to be a generator.
    rest_is_yield = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield) for node in body[1:])
    raised = body[0].exc
    raised = raised.func if isinstance(raised, ast.Call) else raised
    return rest_is_yield and isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _looks_given(node: ast.ClassDef) -> bool:
    """A complete type that no learner is asked to write: data, an enum, an exception or a protocol."""
    return bool(node.bases or node.decorator_list)


def _class_is_unwritten(node: ast.ClassDef) -> bool:
    """A class is unwritten if some method is, and no public one is written (``__init__`` may be given)."""
    methods = [item for item in node.body if isinstance(item, FunctionNode)]
    left = {method.name for method in methods if is_unwritten(method)}
    public = [method for method in methods if not method.name.startswith("_")] or methods
    return bool(left) and all(method.name in left or _hands_on(method, left) for method in public)


def _hands_on(method: FunctionNode, left: set[str]) -> bool:
    """Whether a method only returns what one of the unwritten ones returns: then the stub has given it."""
    body = method.body[1:] if ast.get_docstring(method, clean=False) is not None else method.body
    match body:
        case [
            ast.Return(ast.Call(ast.Attribute(ast.Name("self"), name)) | ast.Await(ast.Call(ast.Attribute(_, name))))
        ]:
            return name in left
    return False


def next_step(module: Module) -> str:
    """The line about a module that its learner has not begun: what to read and what to open."""
    notebook = module.notebook
    read_first = f"run {notebook.relative_to(module.root)}, then " if notebook.is_file() else ""
    return f"{module.slug}  not started  → {read_first}open {module.stub.relative_to(module.root)} and write in it"


def _join_names(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]])) if quoted else "it"


ADVICE = {
    "import": "run it alone with `python` and repair that line first",
    "missing": "keep the names and signatures of the stub (`grader reset` brings it back)",
    "not callable": "keep the names and signatures of the stub (`grader reset` brings it back)",
    "sync": "write it with `async def`",
    "hang": "only definitions belong at the top of the file",
    "exit": "only definitions belong at the top of the file",
    "syntax": "look there and just above",
}


def load_fault(problem: Mapping[str, object]) -> FileFault:
    """What the worker says about a file that cannot be loaded, with what to do.

    Args:
        problem: the worker's answer; it comes from beside the subject, so nothing in it is trusted to be well formed.
    """
    kind = str(problem.get("kind"))
    line = problem.get("line")
    text = str(problem.get("text") or "the file cannot be loaded")[:300].splitlines()[0]
    advice = ADVICE.get(kind)
    return FileFault(
        kind if advice else "load",
        f"{text}: {advice}" if advice else text,
        line if isinstance(line, int) and not isinstance(line, bool) else None,
        str(problem.get("detail") or "")[:2000],
    )
