"""Habits that look as if they reached for something and do not: they are written out as what they do before a file is read.

Each says in the text of the file what it takes, hands nothing on, or is not executed in grading. What then stands there is read by the
same rules as anything else.
"""

from __future__ import annotations

import ast
from typing import Any

from grader.judging.flag_means import (
    FIELDS,
    FUNCTIONS,
    TESTS,
    attributes_of,
    binds,
    blocks_when_started,
    calls_no_descriptor,
    has_plain_fields,
    keeps_its_name,
    names_from,
    tests_kinds,
)
from grader.judging.flag_nodes import last_of, root_of
from grader.judging.flag_words import BINDS

#: Functions of `operator` that take attributes by text.
_GETTERS = frozenset({"attrgetter", "methodcaller"})
#: Stands for what a getter is given; no file has such a name.
GIVEN = "what is given"


def write_out(tree: ast.Module) -> ast.Module:
    """The tree of a file with such habits replaced by what they do.

    - ``attrgetter("job.delay")`` is ``.job.delay`` of what is given; a name made up at run time stays as it is.
    - ``if __name__ == "__main__":`` is left out: a file that is graded has another name.
    - ``vars(self) == vars(other)`` says whether two objects are alike, and no more.
    - What a descriptor is called for is an object of the class that it stands in, so it is its own.
    - ``getattr(job, field.name)`` with a field of a dataclass takes the names that the class has in its text.
    - ``isinstance(job, types.FunctionType)`` makes no function.

    Args:
        tree: of the file; it is changed.
    """
    nodes = list(ast.walk(tree))
    fields = names_from(nodes, "dataclasses", FIELDS) if has_plain_fields(nodes) else frozenset[str]()
    started = blocks_when_started(tree) if keeps_its_name(nodes) else frozenset[int]()
    habits = _Habits(
        names_from(nodes, "operator", _GETTERS),
        fields,
        started,
        kinds=tests_kinds(nodes),
        descriptors=calls_no_descriptor(nodes),
    )
    changed: ast.Module = habits.visit(tree)
    _forget_imports(changed)
    return ast.fix_missing_locations(changed)


class _Habits(ast.NodeTransformer):
    """Writes habits out.

    Args:
        getters: names of `attrgetter` and `methodcaller`, or of their module with a dot.
        fields: the same of `fields`; none if those of some dataclass have names that are not plain.
        started: ids of the statements that may be left out, if they are executed only when the file is started.
        kinds: whether what is tested for being of a kind is.
        descriptors: whether the object that a descriptor is called for is its own.
    """

    def __init__(
        self,
        getters: frozenset[str],
        fields: frozenset[str],
        started: frozenset[int],
        *,
        kinds: bool,
        descriptors: bool,
    ) -> None:
        self._getters, self._fields, self._started = getters, fields, started
        self._kinds, self._descriptors = kinds, descriptors
        self._loops: list[str] = []  # variables of the loops over fields that stand around

    def visit_If(self, node: ast.If) -> Any:
        """Leave out what is executed only if the file is started."""
        match node.test:
            case ast.Compare(
                left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]
            ):
                if id(node) in self._started:
                    node.test, node.body = ast.Constant(value=False), [ast.copy_location(ast.Pass(), node)]
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        """Of two sets of attributes that are compared nothing is handed on."""
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            sides = [attributes_of(side) for side in (node.left, node.comparators[0])]
            if all(side is not None for side in sides):
                node.left, node.comparators = sides[0], [sides[1]]  # type: ignore[assignment,list-item]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """A descriptor's object is its own."""
        for method in node.body if self._descriptors else ():
            if isinstance(method, FUNCTIONS) and method.name in BINDS and len(method.args.args) > 1:
                own, given = (each.arg for each in method.args.args[:2])
                inside = [each for statement in method.body for each in ast.walk(statement)]
                if not binds(inside, given):
                    for each in inside:
                        if isinstance(each, ast.Name) and each.id == given:
                            each.id = own
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> Any:
        """See fields of a dataclass in a loop."""
        return self._with_fields(node, [(node.target, node.iter)])

    def visit_ListComp(self, node: ast.ListComp) -> Any:
        """See them in a comprehension."""
        return self._with_fields(node, [(each.target, each.iter) for each in node.generators])

    visit_SetComp = visit_DictComp = visit_ListComp  # type: ignore[assignment]  # noqa: N815

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        """See them in one that may be gone through later: by then a variable around it may hold something else."""
        around, self._loops = self._loops, []
        changed = self.visit_ListComp(node)  # type: ignore[arg-type]
        self._loops = around
        return changed

    def visit_Lambda(self, node: ast.AST) -> Any:
        """See none in what is called later."""
        around, self._loops = self._loops, []
        changed = self.generic_visit(node)
        self._loops = around
        return changed

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda  # noqa: N815

    def _with_fields(self, node: ast.AST, loops: list[tuple[ast.expr, ast.expr]]) -> ast.AST:
        names = [
            target.id
            for target, over in loops
            if isinstance(target, ast.Name)
            and isinstance(over, ast.Call)
            and _is_one_of(over.func, self._fields, FIELDS)
            and not binds([part for part in ast.walk(node) if part is not target], target.id)
        ]
        self._loops += names
        changed = self.generic_visit(node)
        del self._loops[len(self._loops) - len(names) :]
        return changed

    def visit_Call(self, node: ast.Call) -> Any:
        """Write out a call that takes attributes by texts which are written down."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[thing, kinds]) if name in TESTS and self._kinds:
                node.args = [thing, _without_types(kinds)]
            case ast.Call(
                func=ast.Name(id="getattr"), args=[thing, ast.Attribute(value=ast.Name(id=name), attr="name"), *_]
            ):
                if name in self._loops:
                    return self.visit(thing)
            case ast.Call(func=function) if _is_one_of(function, self._getters, _GETTERS) and (
                word := _access(node, last_of(function))
            ):
                return ast.copy_location(word, node)
        return self.generic_visit(node)


def _is_one_of(function: ast.expr, known: frozenset[str], names: frozenset[str]) -> bool:
    """Whether an expression is one of those functions, by a name of it that is `known`."""
    if isinstance(function, ast.Name):
        return function.id in known
    return last_of(function) in names and isinstance(function, ast.Attribute) and f"{root_of(function)}." in known


def _access(call: ast.Call, name: str) -> ast.expr | None:
    """What is given, ``.a.b``, for ``attrgetter("a.b")``; None if a name is made up at run time."""
    texts = call.args if name == "attrgetter" else call.args[:1]
    if not texts or not all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in texts):
        return None
    got: list[ast.expr] = []
    for each in texts:
        value: ast.expr = ast.Name(id=GIVEN, ctx=ast.Load())
        for part in each.value.split("."):  # type: ignore[attr-defined]
            value = ast.Attribute(value=value, attr=part, ctx=ast.Load())
        got.append(value)
    if name == "methodcaller":
        return ast.Call(func=got[0], args=call.args[1:], keywords=call.keywords)
    return ast.Tuple(elts=got, ctx=ast.Load())


def _without_types(kinds: ast.expr) -> ast.expr:
    """Kinds that an object is tested for, without those of the module `types`."""
    if isinstance(kinds, ast.Tuple):
        return ast.copy_location(ast.Tuple(elts=[_without_types(each) for each in kinds.elts], ctx=ast.Load()), kinds)
    match kinds:
        case ast.Attribute(value=ast.Name(id="types")):
            return ast.copy_location(ast.Constant(value=None), kinds)
    return kinds


def _forget_imports(tree: ast.Module) -> None:
    """Leave out the imports of such functions that nothing uses now."""
    used = set[object]()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=name):
                used.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "operator":
            kept = [each for each in node.names if each.name not in _GETTERS or (each.asname or each.name) in used]
            node.names = kept or [ast.copy_location(ast.alias(name="itemgetter"), node)]
