"""Lines that change the worker from inside, appended to files that are handed in."""

import pytest

#: Gets at the worker's names: while a file is imported, the worker's functions stand on the stack.
REACH = """
import sys as _sys
def _reach(name):
    frame = _sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals[name]
if not hasattr(_sys, "_reached"):
    _sys._reached = True
    _Player = _reach("RunPlayer")
    _World = _Player._run.__globals__["World"]
"""


@pytest.fixture(scope="session")
def forged():
    """A function that appends lines to a file; they run once, with `_Player` and `_World` at hand."""

    def append(text: str, lines: str) -> str:
        return text + REACH + "".join(f"    {line}\n" for line in lines.splitlines())

    return append
