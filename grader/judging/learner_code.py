"""What reading a learner's file tells about a line of it: calls without `await`, functions without `return`, whose library is used."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from grader.judging import mixed_times
from grader.judging.flag_nodes import is_deep

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
CLOCKS = frozenset(
    {
        *(f"time.{name}{unit}" for name in ("time", "monotonic", "perf_counter") for unit in ("", "_ns")),
        *("time.sleep", "datetime.datetime.now", "datetime.datetime.utcnow"),
    }
)
"""What reads or waits on the clock on the wall, which stands still while virtual time passes."""
HARMLESS = frozenset({"asyncio.TimeoutError", "asyncio.iscoroutinefunction", "asyncio.iscoroutine"})
"""Names of a backend's library that mean the same on the other one."""
MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})
SHOWN = 48
"""Characters of a call that a sentence shows."""


@dataclass(frozen=True)
class Call:
    """A call in the file.

    Args:
        name: what is called, as it is written, with brackets.
        form: ``statement`` if nothing uses what it gives, ``value`` if that is stored or returned, else ``part`` of something.
    """

    name: str
    form: str


class LearnerCode:
    """A file that Python can read.

    Args:
        text: of the file.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.tree = ast.Module([], [])
        if is_deep(self.tree):
            self.tree = ast.Module([], [])

    def line(self, number: int | None) -> str:
        """The text of a line, without what it is indented by; empty if there is none."""
        return self.lines[number - 1].strip() if number and number <= len(self.lines) else ""

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def nodes_at(self, number: int) -> list[ast.AST]:
        """All that begins in a line."""
        return [node for node in self._nodes if getattr(node, "lineno", None) == number]

    # -- names ---------------------------------------------------------------------------------------------------
    @cached_property
    def _imported(self) -> dict[str, str]:
        """Name in the file → what it stands for, with its module."""
        names = {}
        for node in self._nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return names

    def _full_name(self, node: ast.AST) -> str:
        """The name of something imported, with its module; empty if it is something else."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, "")
        if isinstance(node, ast.Attribute):
            before = self._full_name(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    @cached_property
    def _uses(self) -> list[tuple[int, str]]:
        """Line and full name of what is imported, wherever the file uses it; of ``a.b`` not ``a`` as well."""
        inner = {id(node.value) for node in self._nodes if isinstance(node, ast.Attribute)}
        names = [node for node in self._nodes if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner]
        found = [(node.lineno, self._full_name(node)) for node in names]
        return sorted((line, name) for line, name in found if "." in name)

    def uses_of(self, library: str, *lines: int) -> list[tuple[int, str]]:
        """Where the file uses a backend's own library: line and full name, on those lines or anywhere."""
        found = [use for use in self._uses if use[1].partition(".")[0] == library and use[1] not in HARMLESS]
        return [use for use in found if not lines or use[0] in lines]

    @cached_property
    def clocks(self) -> list[tuple[int, str]]:
        """Where the file looks at the clock on the wall, other than to print it: line and full name."""
        printed = {
            inner.lineno
            for node in self._nodes
            if isinstance(node, ast.Call) and self._prints(node)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Name | ast.Attribute)
        }
        return [use for use in self._uses if use[1] in CLOCKS and use[0] not in printed]

    def _prints(self, node: ast.Call) -> bool:
        name = ast.unparse(node.func)
        return name == "print" or name.partition(".")[0] in ("logging", "logger", "log")

    @cached_property
    def mixed_times(self) -> list[tuple[int, str, bool]]:
        """Where the file passes seconds for a point in time, or the other way round: see there."""
        return mixed_times.mixed_times(self._nodes)

    # -- exceptions ----------------------------------------------------------------------------------------------
    @cached_property
    def handled(self) -> frozenset[str]:
        """Classes of exceptions that the file catches by name, so that it may expect them."""
        kinds = [node.type for node in self._nodes if isinstance(node, ast.ExceptHandler) and node.type is not None]
        for node in self._nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("suppress", "raises"):
                kinds += node.args
        parts = [part for kind in kinds for part in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
        return frozenset(ast.unparse(part).rpartition(".")[2] for part in parts) - {"Exception", "BaseException"}

    def raises_at(self, number: int, kind: str) -> bool:
        """Whether a `raise` of the learner's own is on that line, and may raise an exception of that class.

        One that makes an exception of another class, builtin or of the file, does not: what it is given is wrong.
        """
        found = [
            node.exc.func if isinstance(node.exc, ast.Call) else None
            for node in self._nodes
            if isinstance(node, ast.Raise) and node.lineno <= number <= (node.end_lineno or node.lineno)
        ]
        others = [isinstance(made, ast.Name) and made.id in {*self.classes, *vars(builtins)} - {kind} for made in found]
        return not all(others)

    # -- calls ---------------------------------------------------------------------------------------------------
    def call_without_await(self, number: int, made: str = "") -> Call | None:
        """The call on a line that no `await` is before, the plainest one first; None if each is awaited.

        Args:
            number: of the line.
            made: name of the coroutine that it made.
        """
        awaited = {id(node.value) for node in self._nodes if isinstance(node, ast.Await)} | self._awaited_later
        found = []
        for node in self._nodes:
            value = getattr(node, "value", None)
            for call in (
                self._calls_in(value) if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) else ()
            ):
                direct = call is value
                form = "statement" if direct and isinstance(node, ast.Expr) else "value" if direct else "part"
                found.append((form != "statement", form == "part", call, form))
        known = {id(call) for _, _, call, _ in found}
        others = [node for node in self._nodes if isinstance(node, ast.Call) and id(node) not in known]
        found += [(True, True, call, "part") for call in others]
        here = [each for each in found if each[2].lineno == number and id(each[2]) not in awaited]
        here.sort(key=lambda each: (*_unlike_a_coroutine(each[2], made), *each[:2]))
        return Call(shorten(f"{ast.unparse(here[0][2].func)}()"), here[0][3]) if here else None

    @cached_property
    def _awaited_later(self) -> set[int]:
        """The calls whose coroutines are kept and awaited somewhere: an `await` may come too late, not be missing.

        They are kept under a name that is awaited, or in a list, and what is awaited is a parameter or runs through a loop.
        """
        names = {ast.unparse(node.value) for node in self._nodes if isinstance(node, ast.Await)}
        later: set[int] = set()
        for node in self._nodes:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.ListComp | ast.List) and names & self._handed_on:
                later |= {id(part) for part in (getattr(value, "elt", None), *getattr(value, "elts", ()))}
            elif isinstance(node, ast.Assign | ast.AnnAssign) and value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                later |= {id(value) for target in targets if ast.unparse(target) in names}
        return later

    @cached_property
    def _handed_on(self) -> set[str]:
        """The names of parameters, and of what loops run through."""
        loops = [node.target for node in self._nodes if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)]
        targets = {name.id for loop in loops for name in ast.walk(loop) if isinstance(name, ast.Name)}
        return targets | {node.arg for node in self._nodes if isinstance(node, ast.arg)}

    @staticmethod
    def _calls_in(value: ast.AST | None) -> Iterator[ast.Call]:
        if value is not None:
            yield from (node for node in ast.walk(value) if isinstance(node, ast.Call))

    # -- functions -----------------------------------------------------------------------------------------------
    @cached_property
    def functions(self) -> list[FunctionNode]:
        """All functions and methods, in the order of the file."""
        found = [node for node in self._nodes if isinstance(node, FunctionNode)]
        return sorted(found, key=lambda node: node.lineno)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The names of classes that are defined in the file, but for enums: their members may be given as other things."""
        kinds = [node for node in self._nodes if isinstance(node, ast.ClassDef)]
        return frozenset(n.name for n in kinds if not any("Enum" in ast.unparse(base) for base in n.bases))

    def function(self, name: str) -> FunctionNode | None:
        """The last function or method of that name."""
        return next((node for node in reversed(self.functions) if node.name == name), None)

    def around(self, number: int) -> FunctionNode | None:
        """The innermost function that a line is in."""
        return next((n for n in reversed(self.functions) if n.lineno <= number <= (n.end_lineno or 0)), None)

    def loop_around(self, number: int, *, waits: bool = False) -> ast.While | ast.For | ast.AsyncFor | None:
        """The innermost loop that a line is in, its own first line included; with `waits` the innermost that has an `await`."""
        loops = [node for node in self._nodes if isinstance(node, ast.While | ast.For | ast.AsyncFor)]
        inside = [node for node in loops if node.lineno <= number <= (node.end_lineno or 0)]
        if waits:
            waiting = ast.Await | ast.AsyncFor | ast.AsyncWith
            inside = [node for node in inside if any(isinstance(part, waiting) for part in ast.walk(node))]
        return max(inside, key=lambda node: node.lineno, default=None)

    # -- loops ---------------------------------------------------------------------------------------------------
    @cached_property
    def late_names(self) -> list[tuple[int, str, FunctionNode | ast.Lambda]]:
        """Functions in a loop that are started as tasks and read what the loop changes: line of the start, name, function.

        The loop has no `await` of its own, so that it has come to its end before the first of the tasks begins.
        """
        late: list[tuple[int, str, FunctionNode | ast.Lambda]] = []
        for loop in (node for node in self._nodes if isinstance(node, ast.For)):
            own = own_nodes(loop)
            if any(isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for node in own):
                continue
            changed = {name.id for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
            inside = {node.name: node for node in own if isinstance(node, FunctionNode)}
            for node in own:
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".start_soon") and node.args:
                    first = node.args[0]
                    function = inside.get(first.id) if isinstance(first, ast.Name) else first
                    if isinstance(function, FunctionNode | ast.Lambda):
                        late += [(node.lineno, name, function) for name in sorted(changed & free_names(function))[:1]]
        return late


def _unlike_a_coroutine(call: ast.Call, made: str) -> tuple[bool, bool]:
    """How little a call looks like one that makes the coroutine of that name: a class or a builtin makes none."""
    name = ast.unparse(call.func).rpartition(".")[2]
    return name[:1].isupper() or name in dir(builtins), name != made.rpartition(".")[2]


def shorten(text: str) -> str:
    """A piece of code that fits into a sentence."""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def free_names(function: FunctionNode | ast.Lambda) -> set[str]:
    """The names that a function reads and neither gets nor sets."""
    body = function.body if isinstance(function.body, list) else [function.body]
    names = [node for each in body for node in ast.walk(each) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    own |= {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    return {node.id for node in names} - own


@lru_cache(64)
def own_nodes(owner: FunctionNode | ast.For) -> tuple[ast.AST, ...]:
    """The nodes of a body, without those of functions and classes in it: each failing run asks for them."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(owner.body)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return tuple(found)


def sleeps_as_worked_out(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    """Whether it has a `sleep` of a time that it works out, as who polls does not."""
    calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call) and node.args]
    sleeps = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] == "sleep"]
    return any(isinstance(part, ast.BinOp) for call in sleeps for part in ast.walk(call.args[0]))


def has_yield(function: FunctionNode) -> bool:
    """Whether it is a generator."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


def yield_line(function: FunctionNode) -> int | None:
    """The line of its first `yield`."""
    lines = [node.lineno for node in own_nodes(function) if isinstance(node, ast.Yield | ast.YieldFrom)]
    return min(lines, default=None)


def returns_a_value(function: FunctionNode) -> bool:
    """Whether some `return` of it has a value that is not None."""
    values = [node.value for node in own_nodes(function) if isinstance(node, ast.Return) and node.value is not None]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in values)


def none_line(function: FunctionNode) -> int | None:
    """The line of a `return` or `return None` of its own; None if it just comes to its end."""
    return max((node.lineno for node in own_nodes(function) if isinstance(node, ast.Return)), default=None)


def is_manager(function: FunctionNode) -> bool:
    """Whether it is marked as a context manager."""
    return any(ast.unparse(each).rpartition(".")[2] in MANAGERS for each in function.decorator_list)


def gives_something(function: FunctionNode) -> bool:
    """Whether its annotation says that it returns something."""
    annotation = function.returns
    if annotation is None:
        return False
    text = ast.unparse(annotation).strip("'\"")
    iterates = text.startswith(("Iterator", "AsyncIterator"))
    return not iterates and text not in ("None", "NoReturn", "Never", "object", "Any")


def unused_value(function: FunctionNode) -> int | None:
    """The line of a value at the end of a path that nothing uses, as if `return` had been forgotten."""
    for node in own_nodes(function):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(block, list) and (line := _unused_line(block)) is not None:
                return line
    return _unused_line(function.body)


def _unused_line(block: list[ast.stmt]) -> int | None:
    last = block[-1] if block else None
    if not isinstance(last, ast.Expr) or isinstance(last.value, ast.Constant | ast.Await | ast.Yield | ast.YieldFrom):
        return None
    is_action = isinstance(last.value, ast.Call) and not ast.unparse(last.value.func).rpartition(".")[2][:1].isupper()
    return None if is_action else last.lineno
