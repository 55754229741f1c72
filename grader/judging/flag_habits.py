"""Habits that look as if they reached for something and do not: they are written out as what they do before a file is read.

Each says in the text of the file what it takes, hands nothing on, or is not executed in grading. What then stands there is read by the
same rules as anything else.
"""

from __future__ import annotations

import ast
from typing import Any

from grader.judging.flag_nodes import last_of, root_of
from grader.judging.flag_words import ATTRIBUTES, BINDS, OF_ENGINE

#: Functions of `operator` that take attributes by text.
_GETTERS = frozenset({"attrgetter", "methodcaller"})
_FIELDS = frozenset({"fields"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MADE_FIELDS = frozenset({"make_dataclass", "__dataclass_fields__"})


def write_out(tree: ast.Module) -> ast.Module:
    """The tree of a file with such habits replaced by what they do.

    - ``attrgetter("job.delay")`` is ``lambda _: _.job.delay``; a name made up at run time stays as it is.
    - ``if __name__ == "__main__":`` is left out: a file that is graded has another name.
    - ``vars(self) == vars(other)`` says whether two objects are alike, and no more.
    - What a descriptor is called for is an object of the class that it stands in, so it is its own.
    - ``getattr(job, field.name)`` with a field of a dataclass takes the names that the class has in its text.
    - ``isinstance(job, types.FunctionType)`` makes no function.

    Args:
        tree: of the file; it is changed.
    """
    nodes = list(ast.walk(tree))
    fields = _names_from(nodes, "dataclasses", _FIELDS) if _has_plain_fields(nodes) else frozenset[str]()
    changed: ast.Module = _Habits(_names_from(nodes, "operator", _GETTERS), fields, _keeps_its_name(nodes)).visit(tree)
    _forget_imports(changed)
    return ast.fix_missing_locations(changed)


def _names_from(nodes: list[ast.AST], module: str, wanted: frozenset[str]) -> frozenset[str]:
    """The names by which a file calls some functions of a module, or ``module.`` with a dot; none that anything else has."""
    known, imports = set[str](), set[int]()
    for node in nodes:
        match node:
            case ast.ImportFrom(module=source, names=names) if source == module:
                known |= {each.name for each in names if each.name in wanted and each.asname is None}
                imports |= set(map(id, names))
            case ast.Import(names=names):
                found = [each for each in names if each.name == module and each.asname is None]
                known |= {f"{module}." for _ in found}
                imports |= set(map(id, found))
    others = [node for node in nodes if id(node) not in imports]
    return frozenset(name for name in known if not _binds(others, name.rstrip(".")))


def _has_plain_fields(nodes: list[ast.AST]) -> bool:
    """Whether the fields of all classes are words that could be written with a dot."""
    for node in nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.Constant(value=str(name)):
                if name in _MADE_FIELDS:
                    return False
            case ast.AnnAssign(target=ast.Name(id=name)) if name in ATTRIBUTES or name in OF_ENGINE or "__" in name:
                return False
    return True


def _keeps_its_name(nodes: list[ast.AST]) -> bool:
    """Whether nothing in a file gives it another name, so that it does not pass for the one that was started."""
    inside = {id(part) for node in nodes if isinstance(node, (*_FUNCTIONS, ast.Lambda)) for part in ast.walk(node)}
    by_text = any(_gives_all_names(node) for node in nodes if id(node) not in inside)
    return not by_text and not _binds(nodes, "__name__")


def _gives_all_names(node: ast.AST) -> bool:
    """Whether an expression gives the names of the file to be changed; `globals` and `exec` are flagged themselves."""
    match node:
        case ast.Name(id="locals") | ast.Call(func=ast.Name(id="vars"), args=[]):
            return True
    return False


class _Habits(ast.NodeTransformer):
    """Writes habits out.

    Args:
        getters: names of `attrgetter` and `methodcaller`, or of their module with a dot.
        fields: the same of `fields`; none if those of some dataclass have names that are not plain.
        own_name: whether the file keeps its name.
    """

    def __init__(self, getters: frozenset[str], fields: frozenset[str], own_name: bool) -> None:  # noqa: FBT001
        self._getters, self._fields, self._own_name = getters, fields, own_name
        self._loops: list[str] = []  # variables of the loops over fields that stand around

    def visit_If(self, node: ast.If) -> Any:
        """Leave out what is executed only if the file is started."""
        match node.test:
            case ast.Compare(
                left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]
            ):
                if self._own_name:
                    node.test, node.body = ast.Constant(value=False), [ast.copy_location(ast.Pass(), node)]
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        """Of two sets of attributes that are compared nothing is handed on."""
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            sides = [_attributes_of(side) for side in (node.left, node.comparators[0])]
            if all(side is not None for side in sides):
                node.left, node.comparators = sides[0], [sides[1]]  # type: ignore[assignment,list-item]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """A descriptor's object is its own."""
        for method in node.body:
            if isinstance(method, _FUNCTIONS) and method.name in BINDS and len(method.args.args) > 1:
                own, given = (each.arg for each in method.args.args[:2])
                inside = [each for statement in method.body for each in ast.walk(statement)]
                if not _binds(inside, given):
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

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # type: ignore[assignment]  # noqa: N815

    def _with_fields(self, node: ast.AST, loops: list[tuple[ast.expr, ast.expr]]) -> ast.AST:
        names = [
            target.id
            for target, over in loops
            if isinstance(target, ast.Name)
            and isinstance(over, ast.Call)
            and _is_one_of(over.func, self._fields, _FIELDS)
        ]
        self._loops += names
        changed = self.generic_visit(node)
        del self._loops[len(self._loops) - len(names) :]
        return changed

    def visit_Call(self, node: ast.Call) -> Any:
        """Write out a call that takes attributes by texts which are written down."""
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[thing, kinds]):
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
    """``lambda _: _.a.b`` for ``attrgetter("a.b")``; None if a name is made up at run time."""
    texts = call.args if name == "attrgetter" else call.args[:1]
    if not texts or not all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in texts):
        return None
    got: list[ast.expr] = []
    for each in texts:
        value: ast.expr = ast.Name(id="_", ctx=ast.Load())
        for part in each.value.split("."):  # type: ignore[attr-defined]
            value = ast.Attribute(value=value, attr=part, ctx=ast.Load())
        got.append(value)
    if name == "methodcaller":
        got += [*call.args[1:], *(each.value for each in call.keywords)]
    return ast.Tuple(elts=got, ctx=ast.Load())


def _attributes_of(node: ast.expr) -> ast.expr | None:
    """The object whose attributes an expression gives all at once; None if it does not."""
    match node:
        case (
            ast.Call(func=ast.Name(id="vars"), args=[thing], keywords=[]) | ast.Attribute(value=thing, attr="__dict__")
        ):
            return thing
    return None


def _without_types(kinds: ast.expr) -> ast.expr:
    """Kinds that an object is tested for, without those of the module `types`."""
    if isinstance(kinds, ast.Tuple):
        return ast.copy_location(ast.Tuple(elts=[_without_types(each) for each in kinds.elts], ctx=ast.Load()), kinds)
    match kinds:
        case ast.Attribute(value=ast.Name(id="types")):
            return ast.copy_location(ast.Constant(value=None), kinds)
    return kinds


def _binds(nodes: list[ast.AST], name: str) -> bool:
    """Whether anything but a use has that name, and so may give it another value."""
    return any(
        name == value or (isinstance(value, list) and name in value)
        for node in nodes
        if not isinstance(node, (ast.Attribute, ast.Constant, ast.ImportFrom, ast.keyword))
        and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        for value in vars(node).values()
    )


def _forget_imports(tree: ast.Module) -> None:
    """Leave out the imports of such functions that nothing uses now."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "operator":
            kept = [each for each in node.names if each.name not in _GETTERS or (each.asname or each.name) in used]
            node.names = kept or [ast.copy_location(ast.alias(name="itemgetter"), node)]
