"""Data goes forward: who may import what, held by reading every import statement, the late ones too."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

# The engine, from what runs beside a subject to what people see. A module may import from the rows above its own;
# modules of one row do not know each other. "grader" stands for the public names in grader/__init__.py.
LAYERS: list[set[str]] = [
    {"worker"},
    {"sandbox", "searches", "words", "course", "report", "flags", "extras", "writing"},
    {"check", "values", "blocks"},
    {"trace"},
    {"play"},
    {"grader"},
    {"contract", "collect", "answers", "schema", "runs", "inprocess", "lesson", "progress", "overrides", "laying"},
    {"session", "points", "failure", "fitting", "show", "assignment", "standing", "pristine", "watching"},
    {"blame", "adopting"},
    {"judge", "timeline", "flaws", "lab"},
    {"pool", "replay"},
    {"batch", "verify", "selfcheck"},
    {"doctor", "pytest_course", "demo", "gradebook", "dispute", "bundle", "scaffold", "notebook"},
    {"cli", "plugin"},
    {"__main__"},
]
ROW = {name: number for number, row in enumerate(LAYERS) for name in row}

CONTENT = {"exercises", "solutions", "course", "tests"}
STDLIB = sys.stdlib_module_names
GRADEBOOK = "grader/classroom"  # the only side that may know nbgrader
NOTEBOOK = "grader/notebook"  # the only side that may know IPython


@dataclass(frozen=True)
class Import:
    """One imported name: `from module import name`, or `import module` with an empty name.

    `level` counts the leading dots; `typing` says that it stands under `if TYPE_CHECKING`, for annotations only.
    """

    line: int
    module: str
    name: str
    level: int
    typing: bool = False

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


def imports(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test).endswith("TYPE_CHECKING")]
    typing = {id(inner) for block in blocks for statement in block.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "", 0, id(node) in typing)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, node.module or "", alias.name, node.level, id(node) in typing)


def violations(root: Path) -> list[str]:
    """Every import under `root` that goes the wrong way, as "file:line: what is wrong"."""
    found = []
    for top in ("exercises", "grader", "solutions", "tests"):
        for file in sorted((root / top).rglob("*.py")):
            path = file.relative_to(root)
            rule = rule_for(path)
            if rule:
                found += [f"{path}:{each.line}: {said}" for each in imports(file) if (said := rule(root, path, each))]
    return list(dict.fromkeys(found))


def rule_for(path: Path):
    """The rule that the file at `path` lives under; None for wrong solutions and tests, which may import anything."""
    match path.parts:
        case ("grader", "hidden", *_):
            return check_rule
        case ("grader", "worker", *_):
            return worker_rule
        case ("grader", *_):
            return engine_rule
        case ("exercises", _, name) if name.startswith("test_"):
            return check_rule
        case ("solutions", _, "wrong", *_):
            return None
        case ("exercises" | "solutions", *_):
            return learner_rule
    return None


def worker_rule(root: Path, path: Path, each: Import) -> str | None:
    depth = len(path.parts) - 2  # dots that stay inside grader/worker
    if each.level:
        return None if each.level <= depth else "the worker is loaded alone: it imports nothing else of grader"
    if each.top in STDLIB | {"anyio", "trio"}:
        return None
    return f"the worker imports the standard library, anyio, trio and itself, not {each.module}"


def engine_rule(root: Path, path: Path, each: Import) -> str | None:
    if each.level == 0 and each.top in CONTENT:
        return f"the engine never imports content, as {each.module} is"
    if each.top == "nbgrader" and not path.as_posix().startswith(GRADEBOOK):
        return "only the gradebook's side imports nbgrader"
    if each.top in {"IPython", "ipykernel"} and not path.as_posix().startswith(NOTEBOOK):
        return "only the notebook's side imports IPython"
    target = engine_module(root, path, each)
    if target == "hidden":
        return "the engine never imports content, as grader.hidden is"
    own = path.with_suffix("").parts[1].replace("__init__", "grader")
    if target in {None, own} or each.typing:
        return None
    for name in (own, target):
        if name not in ROW:
            return f"grader.{name} has no row in LAYERS of tests/test_imports.py"
    if ROW[target] < ROW[own]:
        return None
    return f"{own} comes before {target} or beside it: data goes forward"


def engine_module(root: Path, path: Path, each: Import) -> str | None:
    """Which part of the engine is imported: the first name under grader, "grader" for its public names, else None."""
    if each.level:
        above = path.parts[: -each.level]
        dotted = [*above[1:], *filter(None, each.module.split("."))] if above else []
    elif each.top == "grader":
        dotted = each.module.split(".")[1:]
    else:
        return None
    if dotted:
        return dotted[0]
    here = root / "grader" / each.name
    is_module = each.name == "hidden" or here.is_dir() or here.with_suffix(".py").exists()
    return each.name if is_module else "grader"


def check_rule(root: Path, path: Path, each: Import) -> str | None:
    if each.level == 0 and each.top in STDLIB:
        return None
    if each.level or each.module != "grader" or not each.name:
        return f"a check imports from the standard library and `from grader import …`, not {each.module or 'by dots'}"
    if each.name not in public_names(root):
        return f"{each.name} is no public name of grader"
    return None


def public_names(root: Path) -> set[str]:
    """What grader/__init__.py lists in __all__."""
    for node in ast.parse((root / "grader" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def learner_rule(root: Path, path: Path, each: Import) -> str | None:
    if each.level == 0 and each.top in STDLIB | {"anyio"}:
        return None
    return f"learners have the standard library and anyio, not {each.module or 'neighbours'}"


def test_every_import_goes_forward(checkout):
    assert violations(checkout) == []


def test_every_row_of_the_table_is_a_module(checkout):
    there = {path.stem for path in (checkout / "grader").glob("*.py")} | {
        path.name for path in (checkout / "grader").iterdir() if path.is_dir()
    }
    assert set(ROW) - {"grader"} <= there


FACE = "from .check import check\n__all__ = ['check']\n"


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("grader/worker/clock.py", "from ..trace import Trace", "loaded alone"),
        ("grader/worker/clock.py", "from grader.trace import Trace", "not grader.trace"),
        ("grader/worker/clock.py", "def late():\n    import click", "not click"),
        ("grader/judge.py", "import exercises.m01.scene", "never imports content"),
        ("grader/judge.py", "from . import hidden", "never imports content"),
        ("grader/judge.py", "from .hidden.m01 import test_m01", "never imports content"),
        ("grader/judge.py", "import nbgrader", "only the gradebook's side"),
        ("grader/cli/lab.py", "from IPython import get_ipython", "only the notebook's side"),
        ("grader/check.py", "from .judge import judge", "check comes before judge"),
        ("grader/check.py", "def late():\n    from . import cli", "check comes before cli"),
        ("grader/words.py", "from grader import check", "words comes before check"),
        ("grader/words.py", "import grader.course", "words comes before course or beside it"),
        ("grader/sandbox/walls.py", "from ..play import Play", "sandbox comes before play"),
        ("grader/judge.py", "from .novelty import x", "has no row"),
        ("grader/novelty.py", "from . import check", "has no row"),
        (
            "grader/check.py",
            "if TYPE_CHECKING:\n    pass\nelse:\n    from .judge import judge",
            "check comes before judge",
        ),
        ("grader/hidden/m01/test_m01.py", "from grader.check import check", "not grader.check"),
        ("grader/hidden/m01/test_m01.py", "import grader", "not grader"),
        ("grader/hidden/m01/test_m01.py", "from grader import Judge", "Judge is no public name"),
        ("exercises/m01/test_m01.py", "import anyio", "not anyio"),
        ("exercises/m01/test_m01.py", "from . import scene", "by dots"),
        ("exercises/m01/m01.py", "import trio", "not trio"),
        ("exercises/m01/scene.py", "from grader import check", "not grader"),
        ("solutions/m01/m01.py", "from .other import x", "not other"),
        ("solutions/m01/right/build.py", "import attrs", "not attrs"),
    ],
)
def test_a_wrong_import_is_noticed(tmp_path, file, line, said):
    plant(tmp_path, file, line)
    (found,) = violations(tmp_path)
    assert said in found
    assert found.startswith(f"{file}:")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("grader/worker/clock.py", "import time, anyio, trio\nfrom .orders import Order\nfrom . import orders"),
        ("grader/worker/deep/clock.py", "from ..orders import Order"),
        (
            "grader/judge.py",
            "import pytest\nfrom . import check\nfrom .worker.record import FORMAT\nfrom grader import __version__",
        ),
        ("grader/check.py", "if TYPE_CHECKING:\n    from .trace import Trace"),
        ("grader/sandbox/__init__.py", "from .walls import Walls\nfrom . import walls"),
        ("grader/cli/grade.py", "from ..judge import judge\nfrom . import check as command"),
        ("grader/classroom/book.py", "import nbgrader"),
        ("grader/hidden/m01/test_m01.py", "import math\nfrom grader import check"),
        ("exercises/m01/m01.py", "import anyio\nfrom collections import deque"),
        ("solutions/m01/wrong/only_on_trio.py", "import trio"),
        ("tests/test_judge.py", "import grader.judge, nbgrader"),
    ],
)
def test_a_right_import_is_let_through(tmp_path, file, line):
    plant(tmp_path, file, line)
    assert violations(tmp_path) == []


def plant(root: Path, file: str, line: str) -> None:
    """A small engine with its public names, and one file with the import in question."""
    for name, text in {
        "grader/__init__.py": FACE,
        "grader/check.py": "",
        "grader/cli/check.py": "",
        file: line,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
