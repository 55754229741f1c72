"""Why a person should look at a file: what in its text reaches for the interpreter or the engine instead of anyio.

Reading proves nothing: an honest file may do any of this for a good reason, and a forger who knows the rules can write
around them. So a flag never changes a verdict or a point.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

#: Modules that an exercise in anyio has no use for, and why a file that imports one should be looked at.
MODULES = {
    "_ctypes": "reaches into the interpreter's memory",
    "builtins": "can change what every name means",
    "code": "executes text as code",
    "codeop": "executes text as code",
    "ctypes": "reaches into the interpreter's memory",
    "dis": "reads compiled code",
    "faulthandler": "reaches into the interpreter",
    "fcntl": "works on file descriptors by number",
    "gc": "finds objects that nobody gave to the file",
    "grader": "is the engine",
    "grader_worker": "is the engine",
    "imp": "loads modules by names made up at run time",
    "importlib": "loads modules by names made up at run time",
    "linecache": "reads the source of other code",
    "marshal": "makes code out of bytes",
    "mmap": "works on memory by address",
    "pickle": "makes objects out of bytes",
    "pkgutil": "loads modules by names made up at run time",
    "runpy": "executes other files",
    "symtable": "reads compiled code",
    "unittest.mock": "replaces parts of other modules",
    "zipimport": "loads modules by names made up at run time",
}
#: Names of modules that are useful apart from these.
PARTS = {
    "asyncio": {"all_tasks"},
    "inspect": {
        *("currentframe", "stack", "trace", "getouterframes", "getinnerframes", "getmembers", "getmembers_static"),
        *("getsource", "getsourcelines", "getsourcefile", "getclosurevars", "getgeneratorlocals", "getcoroutinelocals"),
        *("getattr_static", "getasyncgenlocals"),
    },
    "operator": {"attrgetter", "methodcaller"},
    "os": {
        *("read", "write", "readv", "writev", "pread", "pwrite", "sendfile", "dup", "dup2", "close", "closerange"),
        *(
            "fdopen",
            "pipe",
            "pipe2",
            "ftruncate",
            "lseek",
            "open",
            "set_inheritable",
            "kill",
            "killpg",
            "_exit",
            "abort",
        ),
        *("fork", "forkpty", "execv", "execve", "execl", "execle", "execlp", "execvp", "execvpe", "posix_spawn"),
    },
    "sys": {
        *("modules", "settrace", "setprofile", "gettrace", "getprofile", "meta_path", "path_hooks", "addaudithook"),
        *("setswitchinterval", "monitoring", "path_importer_cache", "displayhook", "excepthook", "unraisablehook"),
        *("set_asyncgen_hooks", "get_asyncgen_hooks", "set_coroutine_origin_tracking_depth", "call_tracing"),
        *("setrecursionlimit", "breakpointhook", "stdin", "__stdout__", "__stderr__", "__stdin__"),
    },
    "threading": {"settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads"},
    "traceback": {"walk_stack", "walk_tb", "extract_stack"},
    "types": {"CodeType", "FunctionType", "FrameType", "CellType", "LambdaType"},
}
#: Attributes by which code gets at what it was not given.
ATTRIBUTES = {
    **dict.fromkeys(("__closure__", "cell_contents"), "what a function keeps to itself"),
    **dict.fromkeys(("__globals__", "__builtins__", "f_globals", "f_builtins"), "another module's names"),
    **dict.fromkeys(("__code__", "co_code", "co_consts", "f_code", "gi_code", "cr_code", "ag_code"), "compiled code"),
    **dict.fromkeys(
        (*("f_back", "f_locals", "tb_frame", "gi_frame", "cr_frame", "ag_frame"), *("get_coro", "get_stack")),
        "the frames of running code",
    ),
    **dict.fromkeys(("__subclasses__", "__bases__", "__base__"), "classes that the file was not given"),
    **dict.fromkeys(("__self__", "__func__", "__wrapped__"), "what stands behind a function"),
    **dict.fromkeys(("__loader__", "__spec__", "__getattribute__"), "the import system, or attributes by any name"),
    **dict.fromkeys(("__defaults__", "__kwdefaults__"), "a function's defaults"),
}
CALLS = {
    **dict.fromkeys(("exec", "eval", "compile"), "executes text as code"),
    "__import__": "loads a module by a name made up at run time",
    "globals": "reaches names by text",
    "breakpoint": "stops for a debugger",
}
BY_NAME = ("getattr", "setattr", "delattr", "hasattr")
OWN = ("self", "cls")


@dataclass(frozen=True, order=True)
class Flag:
    """A reason why a person should look at a file.

    Args:
        line: of the file, from 1; 0 for the file as a whole.
        text: one sentence without the line.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


def flags_by_reading(text: str) -> list[Flag]:
    """The flags of a file, one for each line and reason, in order of lines; none if it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    reader = _FileReader(tree)
    return sorted(set(reader.read()))


class _FileReader:
    """Reads one file."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._modules: dict[str, str] = {}  # name in the file → module it stands for
        self._imported: set[str] = set()  # names that come from elsewhere
        self._constant: set[str] = set()  # loop variables over texts that are written down
        self._docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }

    def read(self) -> Iterator[Flag]:
        """Find what there is to flag."""
        nodes = list(ast.walk(self._tree))
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from self._import(node)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and _is_table_of_texts(node.iter):
                self._constant |= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
        used = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            for text in self._reasons(node, used):
                yield Flag(getattr(node, "lineno", 0), text)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Flag]:
        source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = f"{source}.{alias.name}" if source else alias.name
            bound = alias.asname or (alias.name if source else alias.name.split(".")[0])
            self._imported.add(bound)
            if not source:
                self._modules[bound] = alias.name if alias.asname else bound
            if reason := _module_reason(name) or _module_reason(source):
                yield Flag(node.lineno, f"imports `{name}`, which {reason}")
            elif alias.name in PARTS.get(source, ()):
                yield Flag(node.lineno, f"imports `{alias.name}` from `{source}`")
            elif any(_is_private(part) for part in name.split(".")) and source != "__future__":
                yield Flag(node.lineno, f"imports `{name}`, a private part of a library")

    def _reasons(self, node: ast.AST, used: set[int]) -> Iterator[str]:
        yield from self._changes(node)
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self._modules:
                yield from _of_module(self._modules[name], attr)
            case ast.Attribute(attr=attr) if attr in ATTRIBUTES and not _is_of_super(node):
                yield f"uses `{attr}`: {ATTRIBUTES[attr]}"
            case ast.Name(id=name, ctx=ast.Load()) if id(node) not in used:
                yield from self._alone(name)
            case ast.Constant(value=str(text)) if id(node) not in self._docstrings:
                yield from (
                    f"names `{word}` in a text" for word in ATTRIBUTES if word.startswith("__") and word in text
                )
            case ast.MatchClass(kwd_attrs=names):
                yield from (f"uses `{name}`: {ATTRIBUTES[name]}" for name in names if name in ATTRIBUTES)

    def _alone(self, name: str) -> Iterator[str]:
        """What a name says that stands for itself, without an attribute."""
        if self._modules.get(name) in PARTS:
            yield f"hands the module `{self._modules[name]}` on as a value"
        elif name in CALLS:
            yield f"`{name}` {CALLS[name]}"
        elif name == "__builtins__":
            yield f"uses `{name}`: {ATTRIBUTES[name]}"

    def _changes(self, node: ast.AST) -> Iterator[str]:
        """What changes something that the file imported, by an assignment or by a call."""
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if (root := _root(node)) in self._imported:
                yield f"changes an attribute of `{root}`, which it imported"
            case ast.Call(func=ast.Name(id=name), args=[target, word, *_]) if name in BY_NAME:
                yield from self._by_name(name, target, word)
            case ast.Call(func=ast.Attribute(attr="__setattr__" | "__delattr__"), args=[target, *_]):
                if _root(target) in self._imported:
                    yield f"changes an attribute of `{_root(target)}`, which it imported"

    def _by_name(self, call: str, target: ast.expr, word: ast.expr) -> Iterator[str]:
        """What `getattr` and the like do: change what was imported, or use a name that nobody can read."""
        root = _root(target)
        if call in ("setattr", "delattr") and root in self._imported:
            yield f"changes an attribute of `{root}`, which it imported"
        written = isinstance(word, ast.Constant) or (isinstance(word, ast.Name) and word.id in self._constant)
        if not written and not (isinstance(target, ast.Name) and target.id in OWN):
            yield f"`{call}` with a name made up at run time"


def _of_module(module: str, attr: str) -> Iterator[str]:
    if attr in PARTS.get(module, ()) or (module in PARTS and attr == "__dict__"):
        yield f"uses `{module}.{attr}`"
    elif _is_private(attr):
        yield f"uses `{module}.{attr}`, a private part of a library"


def _module_reason(name: str) -> str | None:
    return next((reason for module, reason in MODULES.items() if name == module or name.startswith(f"{module}.")), None)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_of_super(node: ast.AST) -> bool:
    """Whether an attribute is that of `super()`: a class that extends its own."""
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
            return True
    return False


def _root(node: ast.AST) -> str | None:
    """The name at the left end of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_table_of_texts(node: ast.expr) -> bool:
    return isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(
        isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts
    )
