"""Files that try to score without solving the exercise, graded behind walls: none passes, none disturbs its neighbour.

Each attack stands before or after a wrong `gather_within` that gives an empty list. Forging a whole right trace on
purpose needs the answer and is a matter for flags, see SECURITY.md; these are the generic tricks.
"""

import os
from pathlib import Path

import pytest

from grader.course import Course
from grader.judging.answers import TimeLimits
from grader.judging.judge import How, grade
from grader.sandbox import ForkServer, level

ROOT = Path(__file__).resolve().parents[2]
RIGHT = (ROOT / "solutions/m01_parallel_timeout/parallel_timeout.py").read_text()
WRONG = """
import enum
from typing import Final
class TimedOut(enum.Enum):
    TIMED_OUT = "timed out"
TIMED_OUT: Final = TimedOut.TIMED_OUT
async def gather_within(jobs, *, timeout):
    return [TIMED_OUT for _ in jobs]
"""
ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getattr__(self, name): return self
    def __call__(self, *args, **options): return self
class EqualList(list):
    def __eq__(self, other): return True
    def __len__(self): return 10**6
class EqualFloat(float):
    def __eq__(self, other): return True
    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
"""
ATTACKS = {
    "always-equal value": WRONG + ALWAYS_EQUAL + "async def gather_within(jobs, *, timeout): return Equal()\n",
    "always-equal list": WRONG + ALWAYS_EQUAL + "async def gather_within(jobs, *, timeout): return EqualList()\n",
    "always-equal items": WRONG
    + ALWAYS_EQUAL
    + "async def gather_within(jobs, *, timeout): return [Equal() for _ in jobs]\n",
    "the jobs themselves": WRONG + "async def gather_within(jobs, *, timeout): return list(jobs)\n",
    "exit at import": "import os\nos._exit(0)\n" + WRONG,
    "SystemExit at import": "raise SystemExit(0)\n" + WRONG,
    "KeyboardInterrupt at import": "raise KeyboardInterrupt\n" + WRONG,
    "exit in the call": WRONG + "import os\nasync def gather_within(jobs, *, timeout): os._exit(0)\n",
    "SystemExit in the call": WRONG + "async def gather_within(jobs, *, timeout): raise SystemExit(0)\n",
    "exit at exit": WRONG + "import atexit, os\natexit.register(os._exit, 0)\n",
    "crash": WRONG + "import ctypes\nasync def gather_within(jobs, *, timeout): ctypes.string_at(0)\n",
    "deep recursion": WRONG + "def f(): f()\nasync def gather_within(jobs, *, timeout): f()\n",
    "patched assertion": WRONG + "import builtins\nbuiltins.AssertionError = builtins.Exception = BaseException\n",
    "patched json": WRONG + "import json\njson.dumps = lambda *a, **k: '{}'\n",
    "patched clock": WRONG + "import time\ntime.monotonic = time.time = lambda: 0.0\n",
    "patched isinstance": WRONG + "import builtins\nbuiltins.isinstance = lambda *a: True\n",
    "patched anyio": WRONG + "import anyio\nanyio.sleep = anyio.CancelScope = anyio.create_task_group = None\n",
    "fake report line": WRONG
    + "import os, json\nfor fd in range(3, 64):\n"
    + '    try: os.write(fd, b\'{"trace": {}}\\n{"done": 1, "discard": false}\\n\')\n    except OSError: pass\n',
    "fake done in the call": WRONG
    + "import os\nasync def gather_within(jobs, *, timeout):\n    for fd in range(3, 64):\n"
    + '        try: os.write(fd, b\'{"done": 0, "discard": false}\\n\')\n        except OSError: pass\n',
    "closed descriptors": WRONG + "import os\nos.closerange(3, 64)\n",
    "silent channel": WRONG
    + "import sys\nfor m in list(sys.modules.values()):\n"
    + "    if getattr(m, '__name__', '').endswith('channel'): m.Channel.send = lambda *a: None\n",
    "frozen record": WRONG
    + "import sys\nfor m in list(sys.modules.values()):\n"
    + "    if getattr(m, '__name__', '').endswith('.record'): m.Recorder.begin = lambda *a, **k: None\n",
    "empty spans": WRONG
    + "import sys\nfor m in list(sys.modules.values()):\n"
    + "    if getattr(m, '__name__', '').endswith('.record'): m.Recorder.plain_spans = lambda self: []\n",
    "values replaced by what was asked": WRONG
    + "import sys\nfor m in list(sys.modules.values()):\n"
    + "    if getattr(m, '__name__', '').endswith('.record'): m.Recorder.encode = lambda self, v, depth=0: None\n",
    "cut runs called done": WRONG.replace("return [", "await __import__('anyio').Event().wait(); return [")
    + "import sys\nfor m in list(sys.modules.values()):\n"
    + "    if getattr(m, '__name__', '').endswith('.control'): m.Control.stop = lambda self, *a: (_ for _ in ()).throw(SystemExit)\n",
    "endless loop at import": "while True: pass\n" + WRONG,
    "endless loop in C": WRONG
    + "import itertools\nasync def gather_within(jobs, *, timeout): sum(itertools.repeat(1))\n",
    "blocked signals": WRONG
    + "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
    + "async def gather_within(jobs, *, timeout):\n    while True: pass\n",
    "threads that never end": WRONG
    + "import threading\nfor _ in range(4): threading.Thread(target=threading.Event().wait).start()\n",
    "memory bomb": WRONG + "async def gather_within(jobs, *, timeout): return [b'x' * 10**8 for _ in range(100)]\n",
    "output bomb": WRONG + "async def gather_within(jobs, *, timeout):\n    while True: print('x' * 10**6)\n",
    "shadow module": WRONG + "import sys, types\nsys.modules['anyio'] = types.ModuleType('anyio')\n",
    "test detection": WRONG + "import sys\nassert 'pytest' in sys.modules or 'grader' in sys.modules\n",
    "imports the solution": "from solutions.m01_parallel_timeout.parallel_timeout import *\n" + WRONG,
    "reads the checks": WRONG
    + "import os\nfound = [d for d, _, files in os.walk('/') if {'test_parallel_timeout.py', 'test_timeouts.py'} & {*files}]\n"
    + "assert found\n",
}


@pytest.fixture(scope="module")
def forks():
    if level() == "none":
        pytest.skip("this machine offers no walls")
    with ForkServer() as server:
        yield server


@pytest.fixture(scope="module")
def module():
    return Course(ROOT).module("m01")


# Each run costs a child, a limit strikes, threads are waited for, or every folder is looked into.
LONG = {
    "exit in the call",
    "crash",
    "patched isinstance",
    "patched anyio",
    "closed descriptors",
    "cut runs called done",
    "endless loop in C",
    "blocked signals",
    "silent channel",
    "memory bomb",
    "output bomb",
    "threads that never end",
    "reads the checks",
}


#: The judge finds these by the processor time that a child may use without a word: less of it shows the same, sooner.
SPINS = {"endless loop in C", "blocked signals"}
SOONER = How(limits=TimeLimits(cpu=1.0))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in ATTACKS])
def test_no_trick_scores(forks, module, name):
    report = grade(module, ATTACKS[name].encode(), forks=forks, how=SOONER if name in SPINS else None)
    assert report.verdict != "passed"
    assert report.core != "passed"
    # What is wrong anyway may be right by chance in a few rows, never in most of the points.
    assert (report.points or 0) <= 0.35 * report.max_points


def test_the_neighbour_is_not_touched(forks, module):
    """The positive control: after all that, a right file passes, on the same server."""
    report = grade(module, RIGHT.encode(), forks=forks)
    assert (report.verdict, report.points) == ("passed", report.max_points), report.reason


def test_odd_forms_of_a_right_file_pass(forks, module):
    for data in (b"\xef\xbb\xbf" + RIGHT.encode(), RIGHT.replace("\n", "\r\n").encode()):
        assert grade(module, data, forks=forks).verdict == "passed"


def test_nothing_is_left_behind(forks, module):
    mine = _children()
    source = WRONG + "import os, threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    report = grade(module, source.encode(), forks=forks, how=How(only=frozenset({"test_order_of_jobs"})))
    assert report.checks
    assert _children() <= mine


def _children() -> set[str]:
    """The processes that this one started and that still live, their descendants included."""
    threads = Path(f"/proc/{os.getpid()}/task").iterdir()
    found, left = set(), [thread / "children" for thread in threads]
    while left:
        try:
            children = left.pop().read_text().split()
        except OSError:
            continue
        found |= set(children)
        left += [Path(f"/proc/{child}/task/{child}/children") for child in children]
    return found


def test_a_file_does_not_find_the_engine_among_the_modules(forks, module):
    """Neither by name nor by a loop over them, and the loop of asyncio names nothing of the worker's in public."""
    looks = (
        "\nimport sys as _sys, asyncio as _asyncio\n"
        "assert not [name for name in _sys.modules if 'grader' in name or 'worker' in name]\n"
        "_real = gather_within\n"
        "async def gather_within(jobs, *, timeout):\n"
        "    try:\n        loop = _asyncio.get_running_loop()\n"
        "    except RuntimeError:\n        loop = None\n"
        "    assert not [n for n in dir(loop) if type(getattr(loop, n, 0)).__module__.startswith('grader') and n[0] != '_']\n"
        "    return await _real(jobs, timeout=timeout)\n"
    )
    report = grade(module, (RIGHT + looks).encode(), forks=forks)
    assert report.verdict == "passed", report.reason
