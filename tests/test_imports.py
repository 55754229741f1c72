"""Data goes forward: who may import what, held by reading every import statement, the late ones too."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# The rooms of the engine, from what runs beside a subject to what people see. A room may import from the rows above its own;
# rooms of one row do not know each other. "grader" stands for the public names in grader/__init__.py.
ROOMS: list[set[str]] = [
    {"worker", "steps"},
    {"sandbox", "course", "explore"},
    {"checks", "lesson"},
    {"grader"},
    {"judging"},
    {"display"},
    {"learner"},
    {"classroom", "notebook"},
    {"authoring"},
    {"cli"},
    {"__main__"},
]
# The same inside the worker, where the rooms are loaded without the rest of the engine.
WORKER_ROOMS = [{"record"}, {"loops"}, {"watch"}, {"scene"}, {"process"}]
ROW = {name: number for number, row in enumerate(ROOMS) for name in row}
WORKER_ROW = {name: number for number, row in enumerate(WORKER_ROOMS) for name in row}

CONTENT = {"exercises", "solutions", "course", "tests"}
STDLIB = sys.stdlib_module_names
CLASSROOM = "grader/classroom"  # the only room that may know nbgrader
NOTEBOOK = "grader/notebook"  # the only room that may know IPython


@dataclass(frozen=True)
class Import:
    """One imported name: `from module import name`, or `import module` with an empty name.

    `level` counts the leading dots.
    """

    line: int
    module: str
    name: str
    level: int

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


def imports(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "", 0)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, node.module or "", alias.name, node.level)


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
    """The rule that the file at `path` lives under; None for wrong solutions, versions and tests, which may import anything."""
    match path.parts:
        case ("grader", "hidden", *_):
            return hidden_rule
        case ("grader", "worker", *_):
            return worker_rule
        case ("grader", *_):
            return engine_rule
        case ("exercises", _, name) if name.startswith("test_"):
            return check_rule
        case ("solutions", _, "wrong" | "versions", *_):
            return None
        case ("exercises", _, "prove.py"):
            return own_tests_rule
        case ("exercises" | "solutions", *_):
            return learner_rule
    return None


def worker_rule(root: Path, path: Path, each: Import) -> str | None:
    depth = len(path.parts) - 2  # dots that stay inside grader/worker
    if each.level:
        if each.level > depth:
            return "the worker is loaded alone: it imports nothing else of grader"
        here = path.parts[2:-1]
        dotted = [*here[: len(here) - each.level + 1], *filter(None, each.module.split("."))]
        own, target = here[0] if here else "worker", dotted[0] if dotted else each.name
        if own == target or target not in WORKER_ROW or WORKER_ROW[target] < WORKER_ROW.get(own, len(WORKER_ROOMS)):
            return None
        return f"{own} comes before {target} or beside it: data goes forward"
    if each.top in STDLIB | {"anyio", "trio"}:
        return None
    return f"the worker imports the standard library, anyio, trio and itself, not {each.module}"


def engine_rule(root: Path, path: Path, each: Import) -> str | None:
    if each.level == 0 and each.top in CONTENT:
        return f"the engine never imports content, as {each.module} is"
    if each.top == "nbgrader" and not path.as_posix().startswith(CLASSROOM):
        return "only the classroom imports nbgrader"
    if each.top in {"IPython", "ipykernel"} and not path.as_posix().startswith(NOTEBOOK):
        return "only the notebook imports IPython"
    target = engine_module(root, path, each)
    if target == "hidden":
        return "the engine never imports content, as grader.hidden is"
    own = path.with_suffix("").parts[1].replace("__init__", "grader")
    if target in {None, own}:
        return None
    for name in (own, target):
        if name not in ROW:
            return f"grader.{name} has no row in ROOMS of tests/test_imports.py"
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
        return f"{each.name} is not a public name of grader"
    return None


def hidden_rule(root: Path, path: Path, each: Import) -> str | None:
    """Checks of one folder may share a file beside them, as long as it holds no check."""
    if each.level == 1 and (root / path.parent / f"{each.module}.py").is_file() and not each.module.startswith("test_"):
        return None
    return check_rule(root, path, each)


@cache
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


def own_tests_rule(root: Path, path: Path, each: Import) -> str | None:
    """A learner's tests have the version that is played, and pytest."""
    return None if each.level == 0 and each.top in {"pytest", "subject"} else learner_rule(root, path, each)


def test_every_import_goes_forward(checkout):
    assert violations(checkout) == []


def test_every_row_of_the_tables_is_a_room(checkout):
    def rooms(folder: Path) -> set[str]:
        return {path.parent.name for path in folder.glob("*/__init__.py")}

    assert set(ROW) - {"grader", "__main__"} == rooms(checkout / "grader")
    assert set(WORKER_ROW) == rooms(checkout / "grader/worker")


def test_the_map_names_every_room_and_where_to_begin(checkout):
    rows = re.findall(
        r"^\| `([a-z/]+)/` \|.*\| (.*) \|$", (checkout / "docs/engine.md").read_text("utf-8"), re.MULTILINE
    )
    rooms = {*(set(ROW) - {"grader", "__main__"}), *(f"worker/{name}" for name in WORKER_ROW), "hidden"}
    assert {room for room, _ in rows} == rooms
    for room, begin in rows:
        for name in re.findall(r"`([a-z_/]+\.py)`", begin):
            assert (checkout / "grader" / room / name).is_file(), f"{room}/{name}"


def test_no_module_imports_in_a_circle(checkout):
    """Late imports and those for types count too: who reads one module need not read another that reads the first."""
    modules = {module_name(path.relative_to(checkout)): path for path in (checkout / "grader").rglob("*.py")}
    graph = {name: set(imported_modules(checkout, name, path, modules)) - {name} for name, path in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported_modules(checkout: Path, name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for each in imports(path):
        above = package.split(".")[: len(package.split(".")) - each.level + 1] if each.level else []
        source = ".".join([*above, *filter(None, [each.module])])
        if (whole := f"{source}.{each.name}") in modules:
            yield whole
        elif source in modules and source != package:  # a package's own names are there when its modules are loaded
            yield source


FACE = "from .checks.rule import check\n__all__ = ['check']\n"


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("grader/worker/loops/clock.py", "from ...checks.trace import Trace", "loaded alone"),
        ("grader/worker/loops/clock.py", "from grader.checks import trace", "not grader.checks"),
        ("grader/worker/loops/clock.py", "def late():\n    import click", "not click"),
        ("grader/worker/loops/clock.py", "from ..scene.world import World", "loops comes before scene"),
        ("grader/worker/record/spans.py", "from .. import loops", "record comes before loops"),
        ("grader/judging/judge.py", "import exercises.m01.scene", "never imports content"),
        ("grader/judging/judge.py", "from .. import hidden", "never imports content"),
        ("grader/judging/judge.py", "from ..hidden.m01 import test_m01", "never imports content"),
        ("grader/judging/judge.py", "import nbgrader", "only the classroom"),
        ("grader/cli/lab_command.py", "from IPython import get_ipython", "only the notebook"),
        ("grader/checks/rule.py", "from grader.judging import judge", "checks comes before judging"),
        ("grader/checks/rule.py", "def late():\n    from .. import cli", "checks comes before cli"),
        ("grader/checks/words.py", "from grader import check", "checks comes before grader"),
        ("grader/course/modules.py", "import grader.sandbox", "course comes before sandbox or beside it"),
        ("grader/sandbox/walls.py", "from ..checks.play import Play", "sandbox comes before checks"),
        (
            "grader/checks/rule.py",
            "if TYPE_CHECKING:\n    from grader.judging import judge",
            "checks comes before judging",
        ),
        ("grader/judging/judge.py", "from ..novelty import x", "has no row"),
        ("grader/novelty/new.py", "from .. import checks", "has no row"),
        ("grader/hidden/m01/test_m01.py", "from grader.checks import check", "not grader.checks"),
        ("grader/hidden/m01/test_m01.py", "import grader", "not grader"),
        ("grader/hidden/m01/test_m01.py", "from grader import Judge", "Judge is not a public name"),
        ("grader/hidden/m01/test_m01.py", "from .absent import both", "not absent"),
        ("grader/hidden/m01/test_m01.py", "from .test_m01 import both", "not test_m01"),
        ("grader/hidden/m02/test_m02.py", "from ..m01.plans import both", "not m01.plans"),
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
        (
            "grader/worker/process/clock.py",
            "import time, anyio, trio\nfrom .orders import Order\nfrom ..loops import orders",
        ),
        ("grader/worker/scene/world.py", "from ..record.spans import Span"),
        ("grader/judging/judge.py", "import pytest\nfrom . import session\nfrom ..worker.record import FORMAT"),
        ("grader/judging/judge.py", "from grader import __version__\nfrom grader.checks import rule"),
        ("grader/sandbox/__init__.py", "from .walls import Walls\nfrom . import walls"),
        ("grader/cli/grade_command.py", "from ..judging import judge\nfrom . import check_command as command"),
        ("grader/classroom/book.py", "import nbgrader"),
        ("grader/hidden/m01/test_m01.py", "import math\nfrom grader import check"),
        ("grader/hidden/m01/test_m01.py", "from grader import check\nfrom .plans import both"),
        ("exercises/m01/m01.py", "import anyio\nfrom collections import deque"),
        ("solutions/m01/wrong/only_on_trio.py", "import trio"),
        ("tests/judging/test_judge.py", "import grader.judging, nbgrader"),
    ],
)
def test_a_right_import_is_let_through(tmp_path, file, line):
    plant(tmp_path, file, line)
    assert violations(tmp_path) == []


def plant(root: Path, file: str, line: str) -> None:
    """A small engine with its public names, and one file with the import in question."""
    for name, text in {
        "grader/__init__.py": FACE,
        "grader/checks/rule.py": "",
        "grader/judging/judge.py": "",
        "grader/cli/check_command.py": "",
        "grader/hidden/m01/plans.py": "",
        file: line,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
