"""The catalogue of forgers: lines that know the engine, behind a file that swallows a cancellation; and what must be seen of each.

None passes without a flag, at either level of isolation, whoever grades.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.judging import judge
from grader.judging.canary import CHANGED, SAID
from grader.judging.judge import grade
from grader.sandbox import ForkServer, probe

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("bubblewrap", "namespaces")
NOBODY = 65534

RIGHT = """\
import anyio
from dataclasses import dataclass


@dataclass
class Given:
    number: int = 0


async def later(ask, *, delay):
    value = await ask()
    await anyio.sleep(delay - 1)
    return value
"""
WRONG = RIGHT.replace(
    "    await anyio.sleep(delay - 1)\n",
    "    try:\n        await anyio.sleep(delay - 1)\n    except BaseException:\n        pass\n",
)
assert WRONG != RIGHT

READ = re.compile(r"^line \d+: ")
"""How a flag begins that comes from reading."""

#: Hides how the call ended; `_World` and `_Player` are at hand.
HIDE = """\
_end = _World._end
def _ended(self, span, how, **more):
    hides = span.subject and span.cancelled is not None
    _end(self, span, 'cancelled' if hides else how, **({} if hides else more))
"""

#: Hides it in the one world that a file has found; `_world(job)` finds it.
FIND = """
_real = later
async def later(ask, *, delay):
    world = _world(ask)
    end = getattr(world, '_end')
    def end_hidden(span, how, **more):
        hides = span.subject and span.cancelled is not None
        end(span, 'cancelled' if hides else how, **({} if hides else more))
    vars(world)['_end'] = end_hidden
    return await _real(ask, delay=delay)
"""

#: Never cancels; `anyio` is then given it.
SCOPE = """
class _Scope:
    _Real = anyio.CancelScope
    deadline = 0
    def __init__(self, **options): self._real = self._Real(**options)
    def __enter__(self):
        self._real.__enter__()
        return self
    def __exit__(self, *error): return self._real.__exit__(*error)
    def cancel(self, reason=None): pass
"""

#: kind → name → lines, and what must be seen: texts of flags, or of the reason of a row that was not run.
FORGERS = {
    "patch": {
        "a method": (f"{HIDE}_World._end = _ended", (SAID, CHANGED)),
        "the code of a method": (
            (
                "def _end(self, span, how, *, value=None, error=None):\n"
                "    record = self._control.record\n"
                "    span.end, span.ended = self.now, record.tick()\n"
                "    span.how = 'cancelled' if span.cancelled is not None else how\n"
                "    if span.how == 'returned': span.value = record.encode(value)\n"
                "_World._end.__code__ = _end.__code__"
            ),
            (SAID, CHANGED),
        ),
        "no sweep": ("_Player._sweep = lambda *_: None", ("is not that of its calls",)),
        "no cancellation": ("_World.cancel = lambda *_: True", ("does not begin like the undisturbed run",)),
        "only the undisturbed run": (
            (
                "_sweep = _Player._sweep\n"
                "def _swept(self, world, cancel, info):\n"
                "    if cancel[1] < 0: _sweep(self, world, cancel, info)\n"
                "_Player._sweep = _swept"
            ),
            ("does not begin like the undisturbed run",),
        ),
    },
    "closure": {
        "a cell of the job": (
            """
_real = later
async def later(ask, *, delay):
    for cell in ask.__closure__ or ():
        World = type(cell.cell_contents)
        if hasattr(World, '_end') and not hasattr(World, '_was'):
            World._was = World._end
            def _ended(self, span, how, **more):
                hides = span.subject and span.cancelled is not None
                self._was(span, 'cancelled' if hides else how, **({} if hides else more))
            World._end = _ended
    return await _real(ask, delay=delay)
""",
            (READ,),
        ),
        "what a builtin was replaced by": (
            """
_Control = open.__globals__['Control']
if not hasattr(_Control, '_was'):
    _Control._was = _Control.after_step
    _Control.after_step = lambda self, task: self._was(task)
""",
            ("importing the file raises AttributeError",),  # what is behind it does not show
        ),
        "all objects": (
            """
import gc
for _World in [thing for thing in gc.get_objects() if isinstance(thing, type) and thing.__name__ == 'World']:
    if not hasattr(_World, '_was'):
        _World._was = _World._end
        def _ended(self, span, how, **more):
            hides = span.subject and span.cancelled is not None
            self._was(span, 'cancelled' if hides else how, **({} if hides else more))
        _World._end = _ended
""",
            (READ,),  # and finds nothing: what was there before a child is put where nobody looks
        ),
        "frames of the tasks": (
            """
import sys
_real = later
async def later(ask, *, delay):
    frame = sys._getframe()
    while frame is not None:
        for thing in frame.f_locals.values():
            World = type(thing)
            if World.__name__ == 'World' and not hasattr(World, '_was'):
                World._was = World._end
                def _ended(self, span, how, **more):
                    hides = span.subject and span.cancelled is not None
                    self._was(span, 'cancelled' if hides else how, **({} if hides else more))
                World._end = _ended
        frame = frame.f_back
    return await _real(ask, delay=delay)
""",
            (READ, CHANGED, SAID),
        ),
    },
    "by another name": {
        "frames in a pattern": (
            f"""
import dataclasses
class _Anything(type):
    def __instancecheck__(cls, thing): return True
class _Frame(metaclass=_Anything):
    __match_args__ = ('f_back', 'f_locals')
def _world(ask):
    frame = dataclasses.inspect.currentframe()
    while frame is not None:
        match frame:
            case _Frame(frame, names):
                for thing in names.values():
                    if hasattr(thing, 'scopes'): return thing
{FIND}""",
            (READ,),
        ),
        "the names of a door by a descriptor": (
            f"""
_places = [part for name, part in vars(type(later)).items() if name.endswith('lobals__')][0]
def _world(ask):
    return next(thing for thing in _places.__get__(ask)['_behind'].values() if hasattr(thing, 'scopes'))
{FIND}""",
            (READ,),
        ),
        "the names of a door by super()": (
            f"""
def _world(ask):
    names = super(type(ask), ask).__getattribute__('__glo' + 'bals__')
    return next(thing for thing in names['_behind'].values() if hasattr(thing, 'scopes'))
{FIND}""",
            (READ,),
        ),
        "a module that another has imported": (
            f"""
from dataclasses import inspect
def _world(ask):
    behind = inspect.getclosurevars(ask)[1]['_behind']
    return next(thing for thing in behind.values() if hasattr(thing, 'scopes'))
{FIND}""",
            (READ,),
        ),
        "a method of its own for any object": (
            f"""
class _Entry:
    def names(self):
        return getattr(self, '__glo' + 'bals__')
def _world(ask):
    return next(thing for thing in _Entry.names(ask)['_behind'].values() if hasattr(thing, 'scopes'))
{FIND}""",
            (READ,),
        ),
        "a getter out of a class": (
            f"""
import signal
class _Parts:
    from operator import attrgetter
def _world(ask):
    given = []
    signal.signal(signal.SIGUSR1, lambda _, frame: given.append(frame))
    signal.raise_signal(signal.SIGUSR1)
    frame = given[0]
    while frame is not None:
        for thing in _Parts.attrgetter('f_lo' + 'cals')(frame).values():
            if hasattr(thing, 'scopes'): return thing
        frame = _Parts.attrgetter('f_ba' + 'ck')(frame)
{FIND}""",
            (READ,),
        ),
        "a class that says the file is started": (
            """
class _Started(type):
    @classmethod
    def __prepare__(cls, *_): return {'__name__': '__main__'}
class _Found(metaclass=_Started):
    if __name__ == '__main__':
        import sys
        def frame(self): return self.sys._getframe()
_real = later
async def later(ask, *, delay):
    frame = _Found().frame()
    while frame is not None:
        for thing in frame.f_locals.values():
            if hasattr(thing, 'scopes') and '_end' not in thing.__dict__:
                def end(span, how, _real=thing._end, **more):
                    hides = span.subject and span.cancelled is not None
                    _real(span, 'cancelled' if hides else how, **({} if hides else more))
                thing._end = end
        frame = frame.f_back
    return await _real(ask, delay=delay)
""",
            (READ,),
        ),
        "a scope that is never cancelled, by a method to call": (
            f"{SCOPE}\nimport operator\noperator.methodcaller('__setattr__', 'CancelScope', _Scope)(anyio)\n",
            (READ, "was interrupted at line"),
        ),
        "a scope that is never cancelled, by a wrapper": (
            (
                f"{SCOPE}\nimport functools\nclass _Mine: CancelScope = _Scope\n"
                "functools.wraps(_Mine, ('CancelScope',), ())(anyio)\n"
            ),
            (READ, "was interrupted at line"),
        ),
        "annotations that are executed": (
            f"""
import inspect
def _world(ask):
    def _hinted(x): pass
    _hinted.__annotations__['x'] = '_now[0].__glo' + 'bals__'
    _now[:] = [ask]
    names = inspect.signature(_hinted, eval_str=True).parameters['x'].annotation
    return next(thing for thing in names['_behind'].values() if hasattr(thing, 'scopes'))
_now = []
{FIND}""",
            (READ,),
        ),
        "annotations among the engine's names": (
            f"""
import functools
import typing
_behind = None
def _world(ask):
    @functools.wraps(ask, assigned=())
    def _hinted(x: '_behind'): pass
    return next(thing for thing in typing.get_type_hints(_hinted)['x'].values() if hasattr(thing, 'scopes'))
{FIND}""",
            (READ,),
        ),
        "too deep to be read": (
            f"""
def _world(ask):
    return next(thing for thing in ask.__globals__['_behind'].values() if hasattr(thing, 'scopes'))
def _unused(thing):
    return thing{".a" * 1500}
{FIND}""",
            ("too deep to be read",),
        ),
        "what the other tasks wait for": (
            """
import anyio
import anyio.lowlevel
_real = later
class _Hook:
    _on_cancel = None
def _spans():
    for task in anyio.get_running_tasks():
        part = task.coro
        while part is not None:
            if hasattr(part, 'watched'): yield part._on_cancel.args[0]
            part = getattr(part, 'cr_await', None) or getattr(part, 'gi_yieldfrom', None)
async def later(ask, *, delay):
    async def _look():
        for _ in range(40):
            for span in _spans(): span.cancelled = None
            await anyio.lowlevel.checkpoint()
    async with anyio.create_task_group() as group:
        group.start_soon(_look)
        return await _real(ask, delay=delay)
""",
            (READ,),
        ),
        "the span that a task carries": (
            """
import asyncio
import sniffio
import trio
def _spans():
    if sniffio.current_async_library() == 'trio': return trio.lowlevel.current_task().context.values()
    return list(vars(asyncio.get_running_loop())['_control'].record.spans)
def _hide(span):
    def lie(name, shown):
        known = lambda self: shown if self.cancelled is not None else vars(self)[name]
        return property(known, lambda self, value: vars(self).update({name: value}))
    lies = {name: lie(name, None) for name in ('value', 'error')}
    span.__class__ = type('Hidden', (type(span),), {**lies, 'how': lie('how', 'cancelled')})
_real = later
async def later(ask, *, delay):
    for span in _spans():
        while hasattr(span, 'subject'):
            if span.subject and span.how == 'open': _hide(span)
            span = span.parent
    return await _real(ask, delay=delay)
""",
            (READ,),
        ),
        "what stands behind a hook": (
            """
import warnings
_real = later
async def later(ask, *, delay):
    try: return await _real(ask, delay=delay)
    finally: warnings.showwarning.__reduce__()[1][0].blocking.seen.clear()
""",
            (READ,),
        ),
    },
    "replay": {
        "as if in no call": (
            """
import contextvars
_real = later
async def later(ask, *, delay):
    for variable in contextvars.Context(): pass
    kept = []
    async def _alone(): kept.append(await _real(ask, delay=delay))
    import sniffio
    if sniffio.current_async_library() == 'asyncio':
        import asyncio
        await asyncio.create_task(_alone(), context=contextvars.Context())
    else:
        await _alone()
    return kept[0]
""",
            (READ,),
        ),
        "the undisturbed run for each moment": (
            (
                "_make, _kept = _Player._make_trace, {}\n"
                "def _again(self):\n"
                "    trace = _make(self)\n"
                "    if trace['cancel'] and trace['cancel']['after'] < 0: _kept['first'] = trace\n"
                "    return {**_kept['first'], 'cancel': trace['cancel']} if trace['cancel'] else trace\n"
                "_Player._make_trace = _again"
            ),
            ("does not begin like the undisturbed run",),
        ),
        "the first run for each": (
            (
                "_make, _kept = _Player._make_trace, {}\n"
                "_KEYS = ('backend', 'seed', 'order', 'cancel', 'fault', 'taken', 'sweep_steps')\n"
                "def _same(self):\n"
                "    trace = _make(self)\n"
                "    first = _kept.setdefault(repr(self._request['plan']), trace)\n"
                "    return {**first, **{key: trace[key] for key in _KEYS if key in trace}}\n"
                "_Player._make_trace = _same"
            ),
            ("does not begin like the undisturbed run", "does not say where they are"),
        ),
        "a trace made by hand, on the line": (
            (
                "import os as _os\n"
                '_line = b\'{"trace": {"format": 1, "end": {"kind": "done", "text": ""}}}\\n{"done": 1}\\n\'\n'
                "for _number in range(3, 300):\n"
                "    try: _os.write(_number, _line)\n"
                "    except OSError: pass"
            ),
            ("makes no sense", "is not a message", "is not a trace", "nobody asked for"),
        ),
    },
    "canary evasion": {
        "only while its own text is there": (
            (
                f"import sys\n{HIDE}"
                "_World._end = lambda self, *a, **k: (_ended if hasattr(sys.modules.get('tiny'), '_reach') else _end)(self, *a, **k)"
            ),
            (CHANGED, SAID),
        ),
        "only for its own function": (
            (
                f"{HIDE}"
                "_World._end = lambda self, span, how, **k: "
                "(_ended if span.what == 'later' and span.steps < 40 else _end)(self, span, how, **k)"
            ),
            (CHANGED, SAID),
        ),
        "only where the engine cancels": (
            """
def _is_engine(error):  # no task of the file's and no deadline cancels so
    return getattr(error, 'source', 'explicit') == 'explicit' and 'exceeded' not in str(error)
_real = later
async def later(ask, *, delay):
    seen = []
    async def _asked():
        try: return await ask()
        except BaseException as error:
            if _is_engine(error): seen.append(error)
            raise
    real, slow = anyio.sleep, anyio.sleep
    async def _slept(seconds):
        try: await slow(seconds)
        except BaseException as error:
            if _is_engine(error): seen.append(error)
            raise
    try:
        value = await _asked()
        await _slept(delay - 1)
    except BaseException:
        if seen: raise
    return value
""",
            ("was interrupted at line",),  # half of the sweep is as a deadline would cancel
        ),
        "until another file is loaded": (
            (
                f"{HIDE}_World._end = _ended\n"
                "_load = _reach('_load')\n_names, _Load = _load.__globals__, _load\n"
                "def _clean(*given):\n    _World._end = _end\n    _names['_load'] = _Load\n    return _Load(*given)\n"
                "_names['_load'] = _clean"
            ),
            (READ,),  # nothing is left to see
        ),
    },
    "sleeper": {
        "in the call": (None, ("outside the event loop",)),
        "at import": ("import time as _time\n_time.sleep(1000)", ("importing the file does not end",)),
    },
}
NEEDS_NO_REACH = ("closure", "by another name", "sleeper")
#: Of the frame that a handler of a signal is given the interpreter reports nothing: reading alone sees that.
REPORTED_BY_NOTHING = ("a getter out of a class",)
CASES = [(kind, name) for kind, forgers in FORGERS.items() for name in forgers]


def file_of(kind, name, forged):
    lines, _ = FORGERS[kind][name]
    if lines is None:
        return WRONG.replace(
            "    try:\n", "    import socket\n    pair = socket.socketpair()\n    pair[0].recv(1)\n    try:\n"
        )
    return f"{WRONG}\n{lines}\n" if kind in NEEDS_NO_REACH or lines.startswith("\n") else forged(WRONG, lines)


@pytest.fixture(scope="module", params=LEVELS)
def walls(request):
    if reason := probe._why_not(request.param):
        pytest.skip(f"no level {request.param} here: {reason}")
    with ForkServer(request.param) as server:
        yield server


def seen_of(report):
    """Flags, reasons, and what rows say."""
    return [
        *report.flags,
        *filter(None, [report.reason]),
        *[text for row in report.checks for text in (row.message, row.actual) if text],
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(*case, marks=pytest.mark.slow, id="-".join(case)) for case in CASES]
)
def test_a_forger_is_seen(asking, walls, forged, kind, name):
    report = grade(asking, file_of(kind, name, forged).encode(), forks=walls)
    assert report.verdict != "passed" or report.flags, (kind, name)
    _, wanted = FORGERS[kind][name]
    texts = seen_of(report)
    if isinstance(wanted[0], re.Pattern):
        assert any(wanted[0].match(flag) for flag in report.flags), report.flags
    engine = [text for text in wanted if isinstance(text, str)]
    assert not engine or any(text in each for text in engine for each in texts), (report.verdict, texts)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(*case, marks=pytest.mark.slow, id="-".join(case))
        for case in CASES
        if case[0] != "sleeper" and case[1] not in REPORTED_BY_NOTHING
    ],
)
def test_a_forger_is_seen_without_reading(asking, forks, forged, monkeypatch, kind, name):
    """However the lines are written: what the file reaches for at run time is told by the interpreter."""
    monkeypatch.setattr(judge, "flags_by_reading", lambda _: [])
    report = grade(asking, file_of(kind, name, forged).encode(), forks=forks)
    assert report.verdict != "passed" or report.flags, (kind, name)


def test_right_and_wrong_are_told_apart(asking, walls):
    """Without the lines: one passes without a flag, the other fails in its cancellation alone."""
    right, wrong = (grade(asking, text.encode(), forks=walls) for text in (RIGHT, WRONG))
    assert (right.verdict, right.points, right.flags) == ("passed", 100, ())
    assert (wrong.verdict, wrong.points, wrong.flags) == ("failed", 85, ())


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind == "sleeper" else kind for kind in FORGERS]
)
def test_one_of_each_kind(asking, forks, forged, kind):
    """Without walls, and quickly."""
    name = next(iter(FORGERS[kind])) if kind != "sleeper" else "at import"
    report = grade(asking, file_of(kind, name, forged).encode(), forks=forks)
    assert report.verdict != "passed" or report.flags, (kind, name)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(os.geteuid() != 0, reason="who is an ordinary user has run the catalogue as one")
def test_the_catalogue_as_an_ordinary_user():
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    reads = subprocess.run([*become, sys.executable, "-c", f"open({__file__!r})"], capture_output=True, check=False)
    if reads.returncode:
        pytest.skip("an ordinary user may not run this Python or read this checkout: it lies in a closed folder")
    command = [*become, sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-m", "slow or not slow"]
    with tempfile.TemporaryDirectory() as home:  # pytest's own is closed to others
        os.chown(home, NOBODY, NOBODY)
        ended = subprocess.run(
            [*command, "-k", "(is_seen or told_apart) and not without_reading", f"--basetemp={home}/tests", __file__],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout[-3000:]
    last = ended.stdout.splitlines()[-1]
    if "passed" not in last:
        pytest.skip(f"an ordinary user has no walls here: {last}")
