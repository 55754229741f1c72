"""Right files in unusual but honest style, put together from the course's own right files and from habits: none is flagged."""

import itertools
import random
from pathlib import Path

import pytest

from grader.course import Course
from grader.course.overrides import whole_program
from grader.judging.flags import flags_by_reading
from grader.judging.judge import grade
from grader.sandbox import ForkServer

COUNT = 200
ROOT = Path(__file__).resolve().parents[2]

#: What honest files do beside their exercise; each stands alone, behind the file's own code.
HABITS = [
    "\nimport logging\nlog = logging.getLogger(__name__)\nlog.addHandler(logging.NullHandler())\nlog.setLevel(logging.DEBUG)\nlog.propagate = False\n",
    "import functools\n@functools.lru_cache(maxsize=None)\ndef _square(number): return number * number\n_square.cache_clear()\n",
    "import functools\ndef traced(function):\n    @functools.wraps(function)\n    async def wrapper(*args, **options): return await function(*args, **options)\n    wrapper.calls = 0\n    return wrapper\n",
    'import dataclasses\n@dataclasses.dataclass(frozen=True, slots=True, order=True)\nclass _Entry:\n    at: float\n    name: str = dataclasses.field(default="", compare=False)\n    def __post_init__(self): object.__setattr__(self, "name", self.name.strip())\n',
    'from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, cast, overload, runtime_checkable\n_T = TypeVar("_T")\nif TYPE_CHECKING:\n    from collections.abc import Awaitable\n@runtime_checkable\nclass _Closes(Protocol):\n    def close(self) -> None: ...\nclass _Box(Generic[_T]):\n    _kept: "list[_T]"\n    def __init__(self) -> None: self._kept = []\n',
    "import contextlib\nclass _Guard(contextlib.AbstractAsyncContextManager):\n    async def __aexit__(self, *exc_info): return None\nasync def _stacked():\n    async with contextlib.AsyncExitStack() as stack:\n        stack.callback(print)\n        await stack.enter_async_context(_Guard())\n",
    'import weakref\nclass _Node: pass\n_nodes = weakref.WeakSet()\n_by_id = weakref.WeakValueDictionary()\ndef _forget(node): weakref.finalize(node, print, "gone")\n',
    "import signal\ndef _install():\n    before = signal.getsignal(signal.SIGTERM)\n    signal.signal(signal.SIGTERM, lambda *_: None)\n    signal.signal(signal.SIGTERM, before)\n",
    'import inspect\ndef _check(function):\n    if not inspect.iscoroutinefunction(function): raise TypeError("give an async function")\n    return inspect.signature(function).parameters, inspect.isawaitable(function), inspect.getdoc(function)\n',
    'import sys\ndef _current(): return sys.exc_info()[1]\nif sys.version_info >= (3, 12): _new = True\nprint("loaded", file=sys.stderr)\n_limits = sys.maxsize, sys.platform, sys.float_info.max\n',
    'import enum\nclass _Phase(enum.Enum):\n    NEW = enum.auto()\n    OLD = "old"\n    @classmethod\n    def _missing_(cls, value): return cls.NEW\nassert _Phase.NEW._value_ == 1 and _Phase("x") is _Phase.NEW\n',
    'from collections import namedtuple\n_Pair = namedtuple("_Pair", "first second")\n_moved = _Pair(1, 2)._replace(first=3)._asdict()\n',
    "import time\n_started = time.perf_counter(), time.monotonic(), time.time()\n",
    "import random\n_jitter = random.Random(7).uniform(0, 1)\n",
    "import anyio\ndef _renamed(scope, seconds):\n    scope.deadline = anyio.current_time() + seconds\n    scope.shield = True\nasync def _limited():\n    anyio.to_thread.current_default_thread_limiter().total_tokens = 40\n    print(anyio.get_current_task().name, anyio.get_cancelled_exc_class())\n",
    'import asyncio\ndef _only_for_types(task: "asyncio.Task[None]") -> bool: return task.done() and not task.cancelled()\n_errors = (asyncio.CancelledError, asyncio.TimeoutError)\n',
    "import trio\n_also = (trio.Cancelled, trio.TooSlowError)\n",
    'import contextvars\n_request = contextvars.ContextVar("_request", default=None)\n_token = _request.set(1)\n_request.reset(_token)\n',
    "import threading\nclass _Counter:\n    def __init__(self):\n        self._lock = threading.Lock()\n        self._count = 0\n    def add(self):\n        with self._lock: self._count += 1\n    def __eq__(self, other): return isinstance(other, _Counter) and self._count == other._count\n    __hash__ = None\n",
    'import copy, itertools, operator, heapq, bisect, math, statistics\n_key = operator.itemgetter(0)\n_ordered = sorted([(2, "b"), (1, "a")], key=operator.itemgetter(0))\n_heap = []\nheapq.heappush(_heap, (1, next(itertools.count())))\n',
    'import traceback\ndef _told(error):\n    error.add_note("seen by the file")\n    return "".join(traceback.format_exception(error)), error.__traceback__, error.__cause__, type(error).__name__\n',
    'import warnings\nwarnings.warn("still a draft", stacklevel=2) if False else None\nwith warnings.catch_warnings():\n    warnings.simplefilter("ignore")\n',
    'import os, pathlib, tempfile\n_home = os.environ.get("HOME", ""), os.path.join("a", "b"), pathlib.Path("a").suffix, os.getpid(), os.cpu_count()\n',
    'class _Registry(dict):\n    __slots__ = ("_order",)\n    def __init_subclass__(cls, **options): super().__init_subclass__(**options)\n    def __missing__(self, key): return self.setdefault(key, [])\n    def __getattr__(self, name):\n        if name.startswith("__"): raise AttributeError(name)\n        return self[name]\n',
    'class _Meta(type):\n    def __call__(cls, *args, **options): return super().__call__(*args, **options)\nclass _Single(metaclass=_Meta):\n    _instance = None\n    def __new__(cls): return object.__new__(cls)\n    def __repr__(self): return f"<{type(self).__name__} at {id(self):#x}>"\n',
    'def _options(**options):\n    for name in ("first", "second"):\n        if hasattr(_options, name): getattr(_options, name)\n    return vars().get("options"), getattr(options, "items")(), callable(options), isinstance(options, dict)\n',
    "import unittest\nclass _TestMine(unittest.IsolatedAsyncioTestCase):\n    async def test_nothing(self): self.assertTrue(True)\n",
    'if __name__ == "__main__":\n    import anyio\n    async def _main(): print(__file__, __doc__, __name__)\n    anyio.run(_main)\n',
    "try:\n    from typing import override\nexcept ImportError:\n    def override(function): return function\n",
    'assert __debug__ or True\n__all__ = [name for name in dir() if not name.startswith("_")]\n__version__ = "1.0"\n__author__ = "a learner"\n',
    'import string, textwrap, json, re, uuid, hashlib, decimal, fractions, datetime\n_pattern = re.compile(r"(?P<name>\\w+)__(?P<rest>.*)")\n_told = json.dumps({"a": 1}), textwrap.dedent(" a"), string.ascii_letters, datetime.timedelta(seconds=1)\n',
    "def _deprecated(*_, **__): raise NotImplementedError\n_unused = lambda *args: None\n_ = _unused\n",
]


def honest_files(count):
    """Right files of all modules in turn, each with some of the habits behind it."""
    chance = random.Random(2026)
    modules = [(module, [module.solution, *module.right]) for module in Course(ROOT)]
    for module, files in itertools.islice(itertools.cycle(modules), count):
        path = chance.choice(files)
        text = whole_program(module, path) if path in module.right else path.read_text("utf-8")
        habits = chance.sample(HABITS, chance.randint(2, 8))
        yield module, path.name, text + "\n".join(("", *habits))


def test_no_habit_is_flagged_by_reading():
    assert {habit: flags for habit in HABITS if (flags := flags_by_reading(habit))} == {}


def test_no_honest_file_is_flagged_by_reading():
    files = list(honest_files(COUNT))
    assert len({text for _, _, text in files}) == COUNT
    assert [(name, flags) for _, name, text in files if (flags := flags_by_reading(text))] == []


@pytest.fixture(scope="module")
def forks():
    with ForkServer(walls=False) as server:
        yield server


@pytest.mark.parametrize(
    ("first", "last"), [(0, 2), *(pytest.param(n, n + 8, marks=pytest.mark.slow) for n in range(2, 50, 8))]
)
def test_no_honest_file_is_flagged_by_the_canary_or_loses_a_point(forks, first, last):
    for module, name, text in itertools.islice(honest_files(COUNT), first, last):
        report = grade(module, text.encode(), forks=forks)
        assert (report.verdict, report.flags) == ("passed", ()), (module.slug, name, report.reason)
