"""What a file reaches for at run time is told to the judge before it happens, however it is spelled, and what libraries do is not."""

import _thread
import ast
import threading
import time
from pathlib import Path
from types import FrameType

import pytest

import grader.worker
from grader.sandbox import ForkServer
from grader.worker.watch import reach

HEAD = "import asyncio, functools, gc, inspect, logging, operator, sys, traceback, types, warnings\nimport anyio.to_thread\n"

REACHES = {
    "tb_frame": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    operator.attrgetter('tb_' + 'frame')(error.__traceback__)",
    "cr_frame": "async def f(): pass\nc = f()\ngetattr(c, 'cr_' + 'frame')\nc.close()",
    "gi_frame": "match (x for x in ()):\n    case object(gi_frame=frame): pass",
    "__code__": "def f(): pass\nmatch f:\n    case object(__code__=code): pass",
    "sys._getframe": "inspect.currentframe()",
    "sys._getframe ": "inspect.stack()",
    "gc.get_objects": "functools.partial(gc.get_objects)()",
    "gc.get_referents": "list(map(gc.get_referents, [1]))",
    "gc.get_referrers": "import contextlib\nwith contextlib.ExitStack() as s:\n    s.callback(gc.get_referrers, 1)",
    "sys._current_frames": "sys._current_frames()",
    "sys.addaudithook": "functools.partial(sys.addaudithook)(lambda *_: None)",
    "sys.settrace": "sys.settrace(None)",
    "sys.setprofile": "import threading\nthreading.setprofile(print)\nsys.setprofile(None)",
}
HONEST = [
    "logging.getLogger('x').info('said', stack_info=True)",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    traceback.format_exc(); traceback.print_exception(error); logging.exception('x')",
    "warnings.warn('old', DeprecationWarning)",
    "async def f(): pass\nc = f()\ninspect.iscoroutinefunction(f), inspect.isawaitable(c), inspect.getcoroutinestate(c), c.close()",
    "def f(x: int = 1) -> int: return x\ninspect.signature(f), f.__defaults__, f.__name__, repr(f)",
    "import dataclasses, enum, typing\n@dataclasses.dataclass(slots=True)\nclass A:\n    x: int = 0\nclass E(enum.Enum):\n    A = 1\nN = typing.NamedTuple('N', [('a', int)])",
    "from collections import namedtuple\nimport weakref, contextlib, threading\nnamedtuple('P', 'x y')\nthreading.Thread(target=print).start(); gc.collect()",
    "@functools.singledispatch\ndef f(x): return x\n@f.register\ndef _(x: int): return x\nf(1)",
]


def reports_of(forks: ForkServer, lines: str) -> list[list[object]]:
    """What the child of a file tells, while it is loaded."""
    with forks.child() as link:
        link.send({"op": "load", "name": "subject", "source": HEAD + lines, "scene": "def scene(): pass", "names": {}})
        messages = []
        while "loaded" not in (message := link.receive(time.monotonic() + 30)):
            messages.append(message["reach"])
        assert message == {"loaded": True}, message
    return messages


@pytest.mark.parametrize("what", REACHES)
def test_what_a_file_reaches_for_is_told(forks: ForkServer, what: str) -> None:
    seen = reports_of(forks, REACHES[what])
    assert what.strip() in [name for name, _ in seen], seen
    assert all(type(line) is int and line > 2 for _, line in seen), seen


def test_a_function_of_c_that_a_thread_begins_with_is_seen() -> None:
    seen: list[tuple[str, int | None]] = []
    ended = threading.Event()

    def begin() -> None:
        reach.look("gc.get_objects", ())  # as the interpreter's hook does, above which stands nothing of the file
        ended.set()

    reach.watch(lambda what, line: seen.append((what, line)))
    reach.watch_file("subject.py")
    try:
        _thread.start_new_thread(begin, ())
        ended.wait(30)
        reach.look("sys._getframe", ())
    finally:
        reach.watch(None)
        reach.watch_file("")
    assert seen == [("gc.get_objects", None)]


def test_a_look_while_another_is_under_way_sees_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int | None]] = []
    names = {"look": lambda: reach.look("sys._getframe", ())}
    file = compile("def hook():\n    look()\n\ndef begin():\n    hook()\nbegin()\n", "subject.py", "exec")

    def busy() -> FrameType:
        raise ValueError("generator already executing")

    reach.watch(lambda what, line: seen.append((what, line)))
    reach.watch_file("subject.py")
    try:
        exec(file, names)
        first = seen.copy()
        reach.watch(lambda what, line: seen.append((what, line)))
        monkeypatch.setattr(reach, "calling_frame", busy)
        exec(file, names)
    finally:
        reach.watch(None)
        reach.watch_file("")
    assert first == [("sys._getframe", 2)]
    assert seen == [*first, *first]


@pytest.mark.parametrize("lines", HONEST)
def test_what_libraries_do_for_themselves_is_not(forks: ForkServer, lines: str) -> None:
    assert reports_of(forks, lines) == []


def test_what_the_worker_uses_itself_is_known() -> None:
    """Else each honest file would be flagged."""
    names = {event.rpartition(".")[2] for event in reach.EVENTS if event.startswith(("gc.", "sys."))}
    names -= {"_getframe", "addaudithook"}  # the worker's own hook is there before anybody listens
    using = set()
    for path in sorted(Path(grader.worker.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                used = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
                using |= {node.name} if used & names else set()
    assert using == reach.OURS - {"iter_await_frames"}
