"""Flags by reading: what reaches for the interpreter is flagged with its line, unusual but honest style is not."""

import json
import textwrap
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import Course
from grader.course.overrides import whole_program
from grader.judging.flag_roads import TOO_DEEP
from grader.judging.flags import flags_by_reading
from grader.judging.judge import How, grade
from grader.judging.report import Report

ROOT = Path(__file__).resolve().parents[2]

REACHES = {
    "the module behind a job": ("import inspect\ninspect.getmodule(f).World._end = 1\n", "uses `inspect.getmodule`"),
    "getattr as a value": ("import functools\nfunctools.reduce(getattr, ['a', 'b'], f)\n", "hands `getattr` on"),
    "getattr unpacked": ("def f(pair): return getattr(*pair)\n", "`getattr` with a name made up at run time"),
    "fields of a format": ("import string\nstring.Formatter().get_field('0', (f,), {})\n", "uses `string.Formatter`"),
    "the clock of trio": ("import trio\ntrio.lowlevel.current_clock()\n", "uses `trio.lowlevel.current_clock`"),
    "the clock of trio by import": ("from trio import lowlevel\nlowlevel.current_clock()\n", "uses `trio.lowlevel"),
    "a private part of a loop": ("def f(loop): return loop._ready\n", "uses `_ready`, a private part of something"),
    "a private part, far": ("import anyio\nanyio.abc.TaskGroup._spawn\n", "uses `anyio.abc.TaskGroup._spawn`"),
    "the time of the loop": (
        "import asyncio\nasync def f():\n    loop = asyncio.get_running_loop()\n    loop.time = None\n",
        "changes an attribute of the event loop",
    ),
    "the class of another object": (
        "def f(scope): type(scope).cancel = None\n",
        "changes an attribute of another object's class",
    ),
    "by __class__": ("def f(scope): scope.__class__.cancel = None\n", "changes an attribute of another object's class"),
    "the context": ("import contextvars\ncontextvars.copy_context()\n", "uses `contextvars.copy_context`"),
    "globals of a library's function": ("import anyio\nanyio.sleep.__globals__\n", "uses `__globals__`"),
    "objects by text": ("import logging.config\n", "imports `logging.config`"),
    "engine by name": ("import sys\nw = sys.modules['grader_worker']", "line 2: uses `sys.modules`"),
    "engine imported": ("import grader_worker.session", "line 1: imports `grader_worker.session`, which is the engine"),
    "an alias": ("import sys as s\ns.modules", "line 2: uses `sys.modules`"),
    "a part": ("from sys import modules", "line 1: imports `modules` from `sys`"),
    "the module as a value": ("import sys\nvars(sys)['modules']", "line 2: hands the module `sys` on as a value"),
    "a module's dictionary": ("import sys\nsys.__dict__", "line 2: uses `sys.__dict__`"),
    "a closure": ("def f(job): return job.__closure__[0].cell_contents", "what a function keeps to itself"),
    "globals of a job": ("def f(job): return job.__globals__", "another module's names"),
    "globals by text": ("def f(job): return getattr(job, '__globals__')", "names `__globals__` in a text"),
    "globals in a format": ("def f(job): return '{0.__globals__}'.format(job)", "names `__globals__` in a text"),
    "globals in a pattern": ("match 1:\n    case object(__globals__=g): pass", "line 2: uses `__globals__`"),
    "a name made up": ("def f(job): return getattr(job, '__glo' + 'bals__')", "a name made up at run time"),
    "a name in a variable": ("def f(job, name): return getattr(job, name)", "a name made up at run time"),
    "subclasses": ("object.__subclasses__()", "classes that the file was not given"),
    "collector": ("import gc\ngc.get_objects()", "line 1: imports `gc`"),
    "frames": ("import inspect\ninspect.currentframe()", "line 2: uses `inspect.currentframe`"),
    "frames of an error": ("def f(e): return e.__traceback__.tb_frame.f_back", "the frames of running code"),
    "frames of a task": ("def f(task): return task.coro.cr_frame", "the frames of running code"),
    "memory": ("import ctypes", "reaches into the interpreter's memory"),
    "patched library": ("import anyio\nanyio.sleep = None", "line 2: changes an attribute of `anyio`"),
    "patched class": (
        "from anyio import CancelScope\nCancelScope.cancel = None",
        "changes an attribute of `CancelScope`",
    ),
    "patched by call": ("import anyio\nsetattr(anyio, 'sleep', None)", "changes an attribute of `anyio`"),
    "patched by type": ("import anyio\ntype.__setattr__(anyio.Event, 'set', None)", "changes an attribute of `anyio`"),
    "deleted": ("import anyio\ndel anyio.sleep", "changes an attribute of `anyio`"),
    "text as code": ("exec('x = 1')", "executes text as code"),
    "an expression as code": ("run = eval", "executes text as code"),
    "an import by text": ("__import__('sys')", "loads a module"),
    "an import by library": ("import importlib", "loads modules by names made up at run time"),
    "builtins": ("import builtins\nbuiltins.isinstance = None", "can change what every name means"),
    "descriptors": ("import os\nos.write(3, b'')", "line 2: uses `os.write`"),
    "a trace function": ("import sys\nsys.settrace(None)", "line 2: uses `sys.settrace`"),
    "a private part": ("from anyio._backends import _asyncio", "a private part of a library"),
    "a private attribute": ("import asyncio\nasyncio._get_running_loop()", "a private part of a library"),
    "a bound method": ("def f(job): return job.__self__", "what stands behind a function"),
    "a bound method taken apart": ("def f(hook): return hook.__reduce__()[1][0]", "what an object is made of"),
    "a private part by getattr": ("def f(lock): return getattr(lock, '_tell')", "uses `_tell`, a private part"),
    "frames by getattr": ("def f(frame): return getattr(frame, 'f_back')", "the frames of running code"),
    "frames in a pattern": ("class F:\n    __match_args__ = ('f_back',)", "names `f_back` in a text"),
    "a module through a module": ("import dataclasses\ndataclasses.inspect", "reaches the module `inspect` through"),
    "builtins through a module": ("import dataclasses\ndataclasses.builtins.eval", "reaches the module `builtins`"),
    "a part by another module": ("from inspect import attrgetter", "imports `attrgetter` from `inspect`"),
    "a part of another module": ("import enum\nenum.FunctionType", "uses `enum.FunctionType`"),
    "all attributes": ("def f(stream): vars(stream)['closed'] = True", "reaches all attributes of something"),
    "all attributes of a class": ("def f(job): return vars(type(job))", "reaches all attributes of something"),
    "a dictionary of attributes": ("def f(job): return job.__dict__.values()", "reaches all attributes of something"),
    "a private part in a pattern": ("match 1:\n    case object(_end=end): pass", "uses `_end`, a private part"),
    "a private part by its place": ("class F:\n    __match_args__ = ('_end',)", "uses `_end`, a private part"),
    "vars as a value": ("reach = vars", "hands `vars` on"),
    "a task in passing": ("import trio\n(t := trio.lowlevel.current_task()).context", "what it carries along"),
    "another class": ("def f(span, kind): span.__class__ = kind", "changes the class of an object"),
    "what a task carries": ("import trio\ntrio.lowlevel.current_task().context", "what it carries along"),
    "code in an annotation": ("def f(x: 'x.f_back'): pass", "line 1: uses `f_back`"),
    "attributes by super()": (
        "def f(job): return super(type(job), job).__getattribute__('__glo' + 'bals__')",
        "attributes by any name",
    ),
    "a module by an import from another": ("from dataclasses import inspect", "reaches the module `inspect` through"),
    "builtins by an import from another": ("from enum import bltns as b", "reaches the module `bltns` through `enum`"),
    "a module under another name": ("import dataclasses\nd = dataclasses\nd.inspect", "reaches the module `inspect`"),
    "a module in a pattern": ("match 1:\n    case object(inspect=i): pass", "reaches the module `inspect` through"),
    "a module of something": ("def f(m): return m.inspect", "reaches the module `inspect` through something"),
    "all of a module": ("from inspect import *\ngetclosurevars(f)", "line 2: uses `inspect.getclosurevars`"),
    "parts of a class": ("import inspect\ninspect.classify_class_attrs(int)", "uses `inspect.classify_class_attrs`"),
    "self of a function": ("def f(self, name): return getattr(self, name)", "a name made up at run time"),
    "self made another": (
        "class A:\n    def f(self, job, name):\n        self = job\n        return getattr(self, name)",
        "a name made up at run time",
    ),
    "self of a static method": (
        "class A:\n    @staticmethod\n    def f(self): return self.__dict__",
        "reaches all attributes of something",
    ),
    "a method given another object": (
        "class A:\n    def take(self, name): return getattr(self, name)\ndef f(job): return A.take(job, 'x')",
        "a method that takes attributes by any name may be given any object",
    ),
    "a method bound to another object": (
        "import types\nclass A:\n    def take(self, name): return getattr(self, name)\nk = A\ntypes.MethodType(k.take, f)",
        "a method that takes attributes by any name may be given any object",
    ),
    "a method that Python calls": (
        "class A:\n    def __call__(self, name): return getattr(self, name)\nA.__call__(f, 'x')",
        "a method that takes attributes by any name may be given any object",
    ),
    "a method made static": (
        "class A:\n    def take(self, name): return getattr(self, name)\n    give = staticmethod(take)",
        "a method that takes attributes by any name may be given any object",
    ),
    "a method kept by a decorator": (
        "class A:\n    @keep\n    def take(self, name): return getattr(self, name)",
        "a method that takes attributes by any name may be given any object",
    ),
    "a property taken apart": (
        "class A:\n    @property\n    def take(self): return getattr(self, 'a' + 'b')\nA.take.fget(f)",
        "a method that takes attributes by any name may be given any object",
    ),
    "a method by a class made of its own": (
        "class A:\n    def take(self, name): return getattr(self, name)\nB = type('B', (A,), {})\nB.take(f, 'x')",
        "a method that takes attributes by any name may be given any object",
    ),
    "getattr hidden by a name": ("take = [getattr][0]\ndef f():\n    getattr = 1", "hands `getattr` on"),
    "a word of a table made another": (
        "def f(job):\n    for w in ('a', 'b'): pass\n    w = 'x' + 'y'\n    return getattr(job, w)",
        "a name made up at run time",
    ),
    "super() of a function": (
        "def f(self): return super(type(self), self).__getattribute__('x' + 'y')",
        "attributes by any name",
    ),
    "an annotation in a variable": ("W = ''.join(['a', 'b'])\ndef f(x: W): pass", "makes up annotations"),
    "the loop for a method of its own": (
        "import asyncio\nclass A:\n    def look(self): return vars(self)\nA.look(asyncio.get_running_loop())",
        "gives an object of the event loop to a method of its own",
    ),
    "a private name of its own elsewhere": (
        "_ready = 0\ndef f(loop): return loop._ready",
        "uses `_ready`, a private part of something",
    ),
    "a private part of the loop": (
        "import asyncio\nclass A:\n    _ready = 0\nasyncio.get_running_loop()._ready",
        "uses `_ready`, a private part of something",
    ),
    "the engine's private part": (
        "class A:\n    _control = 0\ndef f(loop): return loop._control",
        "uses `_control`, a private part of something",
    ),
    "what another task carries": (
        "import trio\nt = trio.lowlevel.current_task()\nt.parent_nursery.parent_task.context",
        "what it carries along",
    ),
    "what wraps takes": (
        "import functools\ndef f(a, job): functools.update_wrapper(a, job, assigned=['__x' + '__'])",
        "`update_wrapper` with names made up",
    ),
    "the loop wrapped": (
        "import asyncio, functools\nfunctools.wraps(asyncio.get_running_loop())(f)",
        "gives an object of the event loop to `wraps`",
    ),
    "the loop copied": (
        "import asyncio, copy\nloop = asyncio.get_running_loop()\ncopy.deepcopy([loop])",
        "gives an object of the event loop to `deepcopy`",
    ),
    "a descriptor for any object": (
        "def f(part, job): return part.__get__(job)",
        "calls a descriptor for an object of its choice",
    ),
    "a descriptor given a name": ("def f(part): part.__set_name__(int, 'x')", "names made up at run time"),
    "a signature as code": ("import inspect\ninspect.signature(f, eval_str=True)", "`eval_str` executes text as code"),
    "annotations made up": ("def f(g): g.__annotations__ = {'x': 'a' + 'b'}", "makes up annotations"),
    "an annotation made up": ("def f(x: 'a' + 'b'): pass", "makes up annotations"),
    "code deep in an annotation": ("def f(x: list['x.f_back']): pass", "line 1: uses `f_back`"),
    "a class under another name": (
        "from anyio import CancelScope\nK = CancelScope\nK.cancel = None",
        "changes an attribute of another object's class",
    ),
    "the class of an object in a variable": (
        "def f(stream):\n    kind = type(stream)\n    kind.close = None",
        "changes an attribute of another object's class",
    ),
    "a hook of a class": ("def f(kind): kind.__post_init__ = None", "changes `__post_init__` of something"),
    "a class changed by call": (
        "def f(span, kind): object.__setattr__(span, '__class__', kind)",
        "changes the class of an object",
    ),
    "any attribute by call": (
        "def f(span, name): object.__setattr__(span, name, 1)",
        "changes an attribute by a name made up",
    ),
    "options into an object": (
        "import argparse\ndef f(stream): argparse.ArgumentParser().parse_args([], stream)",
        "`parse_args` into an object of its choice",
    ),
    "a module of the library's server": ("from xmlrpc.server import resolve_dotted_attribute", "finds objects by text"),
    "a task past the loop": ("import asyncio\nasyncio.Task(f())\n", "line 2: makes a task without the event loop"),
    "a task past the loop by import": ("from asyncio import Task\nT = Task\nT(f())\n", "line 3: makes a task without"),
    "a task past the loop by a star": (
        "from asyncio import *\nTask(f())\n",
        "line 2: makes a task without the event loop",
    ),
    "the class of a task": (
        "import asyncio\nmade = asyncio.ensure_future(f())\nkind = type(made)\nkind(f())\n",
        "line 4: makes a task without the event loop",
    ),
    "annotations by another name": (
        (
            "from typing import get_type_hints as h\nfrom functools import wraps as w\n"
            "def g(job):\n    @w(job, assigned=())\n    def f(x: 'int'): pass\n    h(f)\n"
        ),
        "line 4: has annotations executed among the names of another module",
    ),
    "annotations by a text": (
        "import typing\ndef f(x: '_behind'): pass\ngetattr(typing, 'get_type_hints')(f)\n",
        "line 2: has annotations executed that name what the file does not know",
    ),
    "annotations of attrs": ("import attrs\nattrs.resolve_types(A, {}, {})\n", "uses `attrs.resolve_types`"),
    "a copy by another name": (
        (
            "from copy import copy as again\nimport anyio\nmake = anyio.create_memory_object_stream\n"
            "pair = make(1)\nagain(pair[0])\n"
        ),
        "line 5: copies a stream",
    ),
    "a library's class by another name": (
        (
            "import functools\nfrom anyio import CancelScope\nK = CancelScope\n"
            "functools.update_wrapper(K, f, ('cancel',), ())\n"
        ),
        "line 4: changes an attribute of `K`",
    ),
    "a class of tasks": ("import asyncio\nclass Own(asyncio.Task): pass\n", "makes a task without the event loop"),
    "the class of the current task": (
        "import asyncio\ntype(asyncio.current_task())(f())\n",
        "makes a task without the event loop",
    ),
    "how the loop makes tasks": ("def f(loop): loop.set_task_factory(None)", "how the event loop makes tasks"),
    "an empty context": ("import contextvars\ncontextvars.Context().run(f)\n", "uses `contextvars.Context`"),
    "annotations among the names of another": (
        (
            "import functools, typing\ndef g(job):\n"
            "    @functools.wraps(job, assigned=())\n    def f(x: 'int'): pass\n    typing.get_type_hints(f)\n"
        ),
        "line 3: has annotations executed among the names of another module",
    ),
    "annotations of what the file does not know": (
        "import typing\ndef f(x: '_behind'): pass\ntyping.get_type_hints(f)\n",
        "line 2: has annotations executed that name what the file does not know",
    ),
    "annotations of the engine's names": (
        "import typing\n_behind = None\ndef f(x: '_behind'): pass\ntyping.get_type_hints(f)\n",
        "line 3: has annotations executed that name what the file does not know",
    ),
    "annotations of a library's function": (
        (
            "import time, functools\n@functools.singledispatch\ndef g(x): pass\n"
            "time.sleep.__annotations__['x'] = 'str'\n"
        ),
        "line 4: changes annotations of something",
    ),
    "a function that passes for a library's": (
        "import time, typing\nfrom functools import cache\nf = cache(time.sleep)\ntyping.get_type_hints(f)\n",
        "line 3: has annotations executed among the names",
    ),
    "annotations written into a wrapper": (
        (
            "import functools, typing\ndef g(job):\n    @functools.wraps(job)\n    def f(x): pass\n"
            "    f.__annotations__ = {'x': 'int'}\n    typing.get_type_hints(f)\n"
        ),
        "line 5: changes annotations of something",
    ),
    "a class of another module": (
        "import typing\nclass A:\n    __module__ = 'threading'\n    x: 'int'\ntyping.get_type_hints(A)\n",
        "line 3: has annotations executed among the names of another module",
    ),
    "a copy of a stream": (
        (
            "import copy, anyio\nasync def f():\n    send, receive = anyio.create_memory_object_stream(1)\n"
            "    return copy.copy(send)\n"
        ),
        "line 4: copies a stream",
    ),
    "a stream that nobody counts": (
        "from anyio.streams.memory import MemoryObjectSendStream as S\nclass Q(S):\n    def __post_init__(self): pass\n",
        "line 3: extends a library's stream",
    ),
    "a library's class changed by a decorator": (
        "import dataclasses\nfrom anyio import CapacityLimiter\ndataclasses.dataclass(repr=False)(CapacityLimiter)\n",
        "line 3: changes an attribute of `CapacityLimiter`",
    ),
    "a library's class changed by a copy of parts": (
        "import functools\nfrom anyio import CancelScope\nfunctools.update_wrapper(CancelScope, f, ('cancel',), ())\n",
        "line 3: changes an attribute of `CancelScope`",
    ),
    "a descriptor that writes": ("def f(kind, thing): kind.how.__set__(thing, 1)", "calls a descriptor for an object"),
    "what a task waits for": ("def f(task): return task.coro.cr_await", "what running code waits for"),
    "a mark of the engine's": ("def f(error): return 'grader_worker' in str(error)", "names `grader_worker` in a text"),
    "a descriptor by number": ("open(253, 'wb')", "opens a file descriptor by its number"),
    "a socket by number": ("import socket\nsocket.socket(fileno=9)", "opens a file descriptor by its number"),
    "what starts the process": ("import __main__", "imports `__main__`"),
    "the alarm": ("import signal\nsignal.setitimer(signal.ITIMER_PROF, 0)", "uses `signal.ITIMER_PROF`"),
    "a name on a lock": ("def f(lock): lock.watched_name = None", "uses `watched_name`, a private part"),
    "annotations as code": (
        "import typing\ntyping.get_type_hints(f, {}, {'x': 1})",
        "`get_type_hints` with names of its own executes text as code",
    ),
}
HONEST = """
import contextlib
import contextvars
import dataclasses
import functools
import inspect
import logging
import os
import re
import signal
import sys
import threading
import traceback
import types
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, get_type_hints

import anyio
import anyio.abc
import anyio.from_thread
import anyio.lowlevel
import sniffio

T = TypeVar("T")
log = logging.getLogger(__name__)
PATTERN = re.compile(r"a+")
running: "weakref.WeakSet[Any]" = weakref.WeakSet()
current = contextvars.ContextVar("current", default=None)
if sys.version_info >= (3, 11):
    from typing import Self


class Meta(type):
    def __call__(cls, *args, **kwargs):
        return super().__call__(*args, **kwargs)


@dataclasses.dataclass(frozen=True, slots=True)
class Point(Generic[T], metaclass=Meta):
    x: int = 0

    def __post_init__(self):
        object.__setattr__(self, "x", abs(self.x))

    def __getattr__(self, name):
        return getattr(self, "_" + name, None)

    def shown(self, *names):
        return [getattr(self, name) for name in names]

    def drawn(self):
        shown = self.shown("x")
        return shown

    def same(self, other: "Point") -> bool:
        return isinstance(other, Point) and self.shown("x") == Point.shown(self, "x")


def traced(func: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    @functools.wraps(func)
    async def inner(*args: Any, **kwargs: Any) -> T:
        log.debug("%s %r %s", func.__name__, func.__doc__, func.__module__)
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result) or inspect.iscoroutinefunction(func):
                return await result
            return result
        except Exception:
            kind, error, tb = sys.exc_info()
            log.exception("failed: %s", "".join(traceback.format_exception(kind, error, tb)))
            raise error.with_traceback(tb) from None

    inner.calls = 0
    return inner


class Pool:
    limit = 3

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)
        for name, value in options.items():
            setattr(self, name, value)
        for name in ("aclose", "close"):
            if hasattr(self, name):
                getattr(self, name)
        self.lock = threading.local()
        type(self).limit += 1
        Pool.made = True
        self._finalizer = weakref.finalize(self, print, "gone")

    def __reduce__(self):
        return type(self), ()

    async def main(self) -> None:
        with contextlib.suppress(KeyError), contextlib.ExitStack() as stack:
            stack.callback(print, os.getpid(), os.path.join("a", "b"), file=sys.stderr)
            name = anyio.get_current_task().name
            print(sniffio.current_async_library(), name, vars(self), type(self).__name__, type(self).__mro__)
            if "error" not in locals():
                signal.getsignal(signal.SIGTERM)
        scope = anyio.CancelScope()
        scope.deadline = anyio.current_time() + 1
        scope.shield = True
        space = types.SimpleNamespace(a=1)
        space.a = getattr(space, "b", 2)
        frame = {"line": 1}["line"]
        logging.getLogger("x").setLevel(logging.DEBUG)
        print(f"{frame!r}", dataclasses.replace(Point(1), x=2), get_type_hints(Point))
"""


@pytest.mark.parametrize(("text", "reason"), REACHES.values(), ids=REACHES)
def test_what_reaches_for_the_interpreter_is_flagged_with_its_line(text, reason):
    said = [str(flag) for flag in flags_by_reading(text)]
    assert any(reason in line for line in said), said


def test_unusual_but_honest_style_is_not_flagged():
    assert flags_by_reading(HONEST) == []


def test_docstrings_may_name_what_they_like():
    assert flags_by_reading('"""Says something of __globals__ and sys.modules."""\n') == []


@pytest.mark.slow
@pytest.mark.timeout(600)  # on a busy machine
def test_no_file_of_the_course_is_flagged():
    programs = {
        path: whole_program(module, path) if path in module.wrong else path.read_text("utf-8")
        for module in Course(ROOT)
        for path in (module.solution, *module.right, *module.wrong)
    }
    assert len(programs) > 900
    assert [path.name for path, program in programs.items() if flags_by_reading(program)] == []


@pytest.mark.parametrize("inside", ["x" + ".a" * 5000, "+".join(["x"] * 50_000)])
def test_a_file_too_deep_to_be_read_is_flagged(inside):
    assert [str(flag) for flag in flags_by_reading(f"def f(x): return {inside}")] == [TOO_DEEP]


@pytest.mark.parametrize("text", ["def f(:", "\x00", "(" * 500])
def test_what_is_not_python_has_no_flags(text):
    assert flags_by_reading(textwrap.dedent(text)) == []


def test_a_flag_is_in_the_report_and_changes_nothing_else(tiny, forks, texts):
    reaching = texts["right"] + "\nimport gc\n"
    module = tiny.module("m01")
    plain, flagged = (grade(module, text.encode(), forks=forks) for text in (texts["right"], reaching))
    assert flagged.flags == (
        f"line {reaching.count(chr(10))}: imports `gc`, which finds objects that nobody gave to the file",
    )
    assert (plain.flags, plain.points, plain.verdict) == ((), flagged.points, flagged.verdict)
    assert "flags" not in plain.plain()
    assert Report.from_plain(json.loads(flagged.json())).flags == flagged.flags


def test_a_learners_own_check_has_no_flags(tiny, forks, texts):
    report = grade(
        tiny.module("m01"), (texts["right"] + "\nimport gc\n").encode(), forks=forks, how=How("public", ("trio",))
    )
    assert report.flags == ()


def test_the_instructor_sees_flags_and_may_ask_for_an_exit_code(tiny, texts, tmp_path, capsys):
    file = tmp_path / "tiny.py"
    file.write_text(texts["right"] + "\nimport gc\n")
    words = ["--root", str(tiny.root), "grade", "m01", str(file), "--unsafe-no-sandbox"]
    assert main(words) == 0
    assert "look at it: line" in capsys.readouterr().out
    assert main([*words, "--strict-flags"]) == 3
    file.write_text(texts["right"])
    assert main([*words, "--strict-flags"]) == 0
