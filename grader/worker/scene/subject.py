"""The learner's file: compiled once, and for every run as if executed afresh."""

from __future__ import annotations

import ast
import linecache
import sys
import types
from typing import Any

from .module_state import State, only_defines


class Problem(Exception):
    """The file cannot be played.

    Args:
        kind: ``syntax``, ``import``, ``missing`` or ``not callable``.
        text: one plain sentence.
        line: line of the file, if one is to blame.
        detail: what Python said.
    """

    def __init__(self, kind: str, text: str, line: int | None = None, detail: str = "") -> None:
        super().__init__(text)
        self.kind, self.text, self.line, self.detail = kind, text, line, detail

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"kind": self.kind, "text": self.text, "line": self.line, "detail": self.detail}


class Subject:
    """One file of a learner's.

    Args:
        name: module name, such as ``parallel_timeout``.
        source: the file's text.
        names: what it must define: name → ``async``, ``function``, ``class``, ``context`` or ``value``.

    Raises:
        Problem: if the text does not compile.
    """

    def __init__(self, name: str, source: str, names: dict[str, str]) -> None:
        self.name, self.names = name, names
        self.file = f"{name}.py"
        self._kept: tuple[types.ModuleType, State] | None = None
        self._source = source
        self.show()
        try:
            self.code = compile(source, self.file, "exec", dont_inherit=True)
            self._keeps = only_defines(ast.parse(source).body)
        except SyntaxError as error:
            text = f"line {error.lineno}: Python cannot read this line ({error.msg})"
            raise Problem("syntax", text, error.lineno, f"{type(error).__name__}: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise Problem("syntax", f"Python cannot read the file ({error})", None, str(error)) from None

    def show(self) -> None:
        """Let this be the text of the file of that name, as tracebacks and `inspect` show it."""
        lines = self._source.splitlines(keepends=True)
        linecache.cache[self.file] = (len(self._source), None, lines, self.file)

    def load(self) -> types.ModuleType:
        """Return the module as executing the file makes it: the last one, if that is untouched, else a new one.

        Raises:
            Problem: if the file raises while it is executed.
        """
        if self._kept is not None:
            module, state = self._kept
            if state.is_untouched():
                sys.modules[self.name] = module
                return module
            self._kept, self._keeps = None, False  # what one run touches, the next will touch
        module = self._execute()
        if self._keeps:
            state = State(module)
            self._keeps = state.known
            self._kept = (module, state) if state.known else None
        return module

    def _execute(self) -> types.ModuleType:
        module = types.ModuleType(self.name)
        module.__file__ = self.file
        sys.modules[self.name] = module  # dataclasses and typing look their module up
        try:
            exec(self.code, module.__dict__)
        except (Exception, SystemExit) as error:
            line = line_of(error, self.file)
            where = f"line {line}: " if line else ""
            text = f"{where}importing the file raises {type(error).__name__}"
            raise Problem("import", text, line, f"{type(error).__name__}: {error}") from None
        return module

    def check_names(self, module: types.ModuleType) -> None:
        """Raise `Problem` if the module lacks one of the names, or has it as something else."""
        for name, kind in self.names.items():
            if name not in module.__dict__:
                raise Problem("missing", f"`{name}` is not defined in the file")
            value = module.__dict__[name]
            if kind != "value" and not callable(value):
                raise Problem("not callable", f"`{name}` must be something to call, not {type(value).__name__}")
            if kind == "class" and not isinstance(value, type):
                raise Problem("not callable", f"`{name}` must be a class")


def line_of(error: BaseException, file: str) -> int | None:
    """Return the innermost line of `file` in an exception's traceback."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
