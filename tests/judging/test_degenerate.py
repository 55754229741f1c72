"""Functions that give nothing, anything or everything: whatever a file does, each check says *passed* or *failed*.

The files are built from the reference solutions: one name of the contract, or one method of a class of it, is replaced.
"""

import ast
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.authoring.fitting import is_given
from grader.authoring.flaws import KINDS
from grader.checks.collect import Kind
from grader.course import Course, Module
from grader.judging.judge import How, Wanted
from grader.judging.pool import GradingTask, run_all
from grader.judging.submission import FunctionNode, is_unwritten
from tests.authoring.test_modules import proven_whole

COURSE = Course(Path(__file__).parents[2])
HEAD = """

import anyio as _anyio
from contextlib import asynccontextmanager as _context

class _Everything:
    def __init__(self, *args, **options): pass
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __call__(self, *args, **options): return self
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __len__(self): return 0
    def __aiter__(self): return self
    async def __anext__(self): raise StopAsyncIteration
    def __await__(self):
        yield from _anyio.sleep(0).__await__()
        return self
    async def __aenter__(self): return self
    async def __aexit__(self, *error): return None
    def __enter__(self): return self
    def __exit__(self, *error): return None
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __lt__(self, other): return True

"""
#: What stands for an `async def` function: name of the kind → its definition.
ASYNC = {
    "gives None": "async def _odd(*args, **options): return None",
    "raises": "async def _odd(*args, **options): raise TypeError('odd')",
    "hangs": "async def _odd(*args, **options): await _anyio.sleep_forever()",
    "gives 42": "async def _odd(*args, **options): return 42",
    "gives a tuple": "async def _odd(*args, **options): return (1, 'two')",
    "gives a coroutine": "async def _odd(*args, **options): return _anyio.sleep(1)",
    "gives everything": "async def _odd(*args, **options): return _Everything()",
    "is an async generator": "async def _odd(*args, **options): yield 1",
}
#: What stands for anything that is called.
CALLED = {
    "is sync": "def _odd(*args, **options): return None",
    "is sync and raises": "def _odd(*args, **options): raise KeyError('odd')",
    "is sync and gives 42": "def _odd(*args, **options): return 42",
    "is sync and gives a list": "def _odd(*args, **options): return ['odd', None]",
    "is a generator": "def _odd(*args, **options): yield 1",
    "is a class": "class _odd:\n    def __init__(self, *args, **options): pass",
    "is everything": "_odd = _Everything()",
}
CONTEXT = {
    "yields None": "@_context\nasync def _odd(*args, **options): yield None",
    "yields everything": "@_context\nasync def _odd(*args, **options): yield _Everything()",
    "yields nothing": "@_context\nasync def _odd(*args, **options):\n    if args is None: yield",
    "yields twice": "@_context\nasync def _odd(*args, **options):\n    yield 1\n    yield 2",
}


def odd_kinds(kind: str, *, is_async: bool) -> dict[str, str]:
    """What may stand for a name of the contract, or for a method."""
    if kind == "context":
        return {**CONTEXT, **ASYNC, **CALLED}
    return {**ASYNC, **CALLED} if is_async else {**CALLED, "is async": ASYNC["gives 42"]}


def odd_files(module: Module) -> Iterator[tuple[str, str]]:
    """What is odd, and the file's text: each name of the contract, and each method of its classes, in each way."""
    text = module.solution.read_text(encoding="utf-8")
    stub = {
        node.name: node for node in ast.parse(module.stub.read_text(encoding="utf-8")).body if hasattr(node, "name")
    }
    for name, kind in module.names.items():
        node = stub.get(name)
        if isinstance(node, FunctionNode) and not is_unwritten(node) and kind != "context":
            continue  # given
        if isinstance(node, ast.ClassDef):
            if is_given(node):
                continue
            for method in node.body:
                if isinstance(method, FunctionNode):
                    yield from odd_methods(text, name, method)
        if kind != "value":
            for said, odd in odd_kinds(kind, is_async=kind == "async").items():
                if kind != "class" or said in ("is a class", "is everything"):
                    end = f"\n_odd.__name__ = {name!r}\n" if "class _odd" in odd else "\n"
                    yield f"{name} {said}", f"{text}{HEAD}{odd}{end}{name} = {taken(kind)}\n"


def taken(kind: str) -> str:
    """What the name stands for: a class must be one."""
    return "_odd if isinstance(_odd, type) else type(_odd)" if kind == "class" else "_odd"


def odd_methods(text: str, owner: str, method: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """One method or property of a class, in each way."""
    marks = {ast.unparse(mark).split(".")[-1] for mark in method.decorator_list}
    is_context = marks & {"asynccontextmanager", "contextmanager"}
    kinds = odd_kinds("context" if is_context else "", is_async=isinstance(method, ast.AsyncFunctionDef))
    for said, odd in kinds.items():
        value = "property(_odd)" if "property" in marks else "_odd"
        yield f"{owner}.{method.name} {said}", f"{text}{HEAD}{odd}\n{owner}.{method.name} = {value}\n"


def without_verdict(files: list[tuple[Module, str, str]], kinds: Sequence[Kind] = KINDS) -> list[str]:
    """A line for each check of these kinds that was not run over one of the files.

    What public checks find is explained as well. For hidden ones the same would take a third of the time.
    """
    wanted: dict[Kind, Wanted] = {"public": "report", "hidden": "verdicts"}
    tasks = [
        GradingTask(
            module, text.encode(), walls=False, how=How(kind, wanted=wanted[kind]), tag=f"{module.short} {said}, {kind}"
        )
        for module, said, text in files
        for kind in kinds
    ]
    lines = []
    for task, report in run_all(tasks):
        rows = [row for row in report.checks if row.verdict == "not run"]
        lines += [f"{task.tag}, {row.id} on {row.backend}: {row.message}" for row in rows]
        assert report.checks, f"{task.tag}: {report.reason}"
    return lines


@functools.cache
def modules() -> list[Module]:
    return [COURSE.module(slug) for slug in COURSE.slugs]


def test_each_name_of_each_contract_is_replaced():
    said = {f"{module.short} {said}" for module in modules() for said, _ in odd_files(module)}
    assert {
        "m01 gather_within gives None",
        "m04 CircuitBreaker.call hangs",
        "m07 TokenBucket.available is sync",
    } <= said
    assert {name.split()[0] for name in said} == {module.short for module in modules()}


@pytest.mark.timeout(600)  # on a busy machine
@pytest.mark.parametrize(
    ("odd", "kind"), [("gives None", "public"), pytest.param("is everything", "hidden", marks=pytest.mark.slow)]
)
def test_no_check_is_at_a_loss(odd, kind):
    """One odd file for each module: its first name gives None, or is everything."""
    files = []
    for module in modules():
        said, text = next(each for each in odd_files(module) if each[0].endswith(odd))
        files.append((module, said, text))
    assert without_verdict(files, [kind]) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("slug", proven_whole(COURSE.slugs))
def test_no_check_is_ever_at_a_loss(slug):
    """For the modules whose whole proof is due: all of them take ten minutes."""
    module = COURSE.module(slug)
    assert without_verdict([(module, said, text) for said, text in odd_files(module)]) == []
