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
    'import enum\nclass _Colour(enum.StrEnum):\n    RED = "red"\n    BLUE = "blue"\n\ndef _shade(thing):\n    match thing:\n        case _Colour.RED | _Colour.BLUE as found: return found.value\n        case {"colour": str(name), **rest}: return name, rest\n        case [first, *others] if others: return first\n        case int(number) | float(number): return number\n        case _: return None\n_shades = [_shade(_Colour.RED), _shade({"colour": "x", "b": 1}), _shade([1, 2]), _shade(3)]\n',
    'class _Slotted:\n    __slots__ = ("_value", "__weakref__")\n    def __init__(self, value): self._value = value\n    def __eq__(self, other):\n        if not isinstance(other, _Slotted): return NotImplemented\n        return self._value == other._value\n    def __hash__(self): return hash(self._value)\n    def __repr__(self): return f"{self.__class__.__name__}({self._value!r})"\nassert _Slotted(1) == _Slotted(1) and repr(_Slotted(2)) == "_Slotted(2)"\n',
    'class _Positive:\n    """A descriptor."""\n    def __set_name__(self, owner, name): self.name = "_" + name\n    def __get__(self, instance, owner=None):\n        if instance is None: return self\n        return 1\n    def __set__(self, instance, value):\n        if value <= 0: raise ValueError(f"{self.name} must be positive")\nclass _Measured:\n    size = _Positive()\n    def __init__(self, size): self.size = size\n_measured = _Measured(3).size\n',
    'import functools\n@functools.singledispatch\ndef _describe(thing): return "something"\n@_describe.register\ndef _(thing: int): return "a number"\n@_describe.register(str)\ndef _(thing): return "a text"\n@_describe.register\ndef _(thing: list | tuple): return "several"\n_said = [_describe(1), _describe("a"), _describe([]), _describe.dispatch(int)(2), sorted(map(str, _describe.registry))]\n',
    "import functools\nclass _Shape:\n    @functools.singledispatchmethod\n    def area(self, side): return 0\n    @area.register\n    def _(self, side: int): return side * side\n    @functools.cached_property\n    def double(self): return self.area(2) * 2\n    @functools.partialmethod\n    def nothing(self): return None\n_area = _Shape().area(3), _Shape().double\n",
    'import contextvars\n_trace_id: contextvars.ContextVar[str] = contextvars.ContextVar("trace_id", default="-")\ndef _within(name):\n    token = _trace_id.set(name)\n    try: return _trace_id.get(), token.old_value is contextvars.Token.MISSING\n    finally: _trace_id.reset(token)\n_seen_ids = [_within(name) for name in ("a", "b")]\n',
    'import contextlib, io\n@contextlib.contextmanager\ndef _swallow(*kinds):\n    try: yield\n    except kinds as error: error.add_note("swallowed")\nwith contextlib.ExitStack() as _stack:\n    _stack.enter_context(_swallow(ValueError))\n    _stack.push(lambda *_: None)\n    _stack.callback(lambda: None)\n    _later_close = _stack.pop_all()\n_later_close.close()\nwith contextlib.redirect_stdout(io.StringIO()) as _printed: print("hidden")\nwith contextlib.nullcontext(3) as _three, contextlib.closing(io.StringIO()): pass\n',
    'from typing import Protocol, NamedTuple, NewType, TypedDict, Literal, Annotated, ClassVar, Self, assert_never, get_args, get_origin, get_type_hints, Required, Unpack\nSeconds = NewType("Seconds", float)\nclass _Sized(Protocol):\n    def __len__(self) -> int: ...\nclass _Config(TypedDict, total=False):\n    limit: Required[int]\n    mode: Literal["fast", "slow"]\nclass _Row(NamedTuple):\n    name: str\n    at: "float" = 0.0\nclass _Chain:\n    parts: Annotated[list[int], "sorted"]\n    def add(self, part: "int") -> "Self": return self\n_hints = get_type_hints(_Row), get_args(Literal["a"]), get_origin(list[int]), Seconds(1.5)\n',
    'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from collections.abc import Sequence\n    from anyio.abc import TaskGroup, TaskStatus\ndef _total(numbers: "Sequence[int]", group: "TaskGroup | None" = None) -> "dict[str, list[tuple[int, ...]]]": return {"all": [tuple(numbers)]}\n_totals = _total([1])\n',
    'import operator\n_by = operator.itemgetter("at", "name")\n_rows = sorted([{"at": 2, "name": "b"}, {"at": 1, "name": "a"}], key=_by)\n_sum = operator.add(1, 2), operator.index(3), operator.truth([]), operator.contains([1], 1), operator.is_(None, None)\n',
    'import itertools\n_pairs = list(itertools.pairwise("abc")), list(itertools.batched("abcd", 2)) if hasattr(itertools, "batched") else [], dict(itertools.groupby("aab", key=str)), list(itertools.chain.from_iterable([[1], [2]])), list(itertools.accumulate([1, 2], initial=0))\n_left, _right = itertools.tee([1, 2])\n',
    "def _counter():\n    count = 0\n    def step(by=1):\n        nonlocal count\n        count += by\n        return count\n    step.reset = lambda: None\n    return step\n_step = _counter()\n_step(), _step(2)\n_calls = 0\ndef _bump():\n    global _calls\n    _calls += 1\n",
    'class ConfigurationError(Exception):\n    """Own error with a cause and a hint."""\n    def __init__(self, message, *, hint=None):\n        super().__init__(message)\n        self.hint = hint\n    def __str__(self): return f"{self.args[0]} ({self.hint})"\ntry:\n    try: int("x")\n    except ValueError as _error: raise ConfigurationError("bad", hint="digits") from _error\nexcept ConfigurationError as _outer:\n    _why = _outer.__cause__, _outer.__context__, _outer.__suppress_context__, type(_outer.__cause__).__name__, _outer.__traceback__ is not None\n',
    'import logging\n_log = logging.getLogger(f"{__name__}.detail")\nclass _Only(logging.Filter):\n    def filter(self, record): record.where = "here"; return record.levelno < logging.ERROR\nclass _Short(logging.Formatter):\n    def format(self, record): return f"{record.levelname[0]} {record.getMessage()} {record.funcName}"\n_handler = logging.StreamHandler()\n_handler.setFormatter(_Short("%(message)s"))\n_handler.addFilter(_Only())\n_log.addHandler(_handler)\n_log.propagate = False\n_log.debug("made %s", "a", extra={"request": 1})\n_adapter = logging.LoggerAdapter(_log, {"who": "me"})\n',
    'import traceback\ndef _report(error):\n    try: raise error\n    except type(error):\n        text = traceback.format_exc(limit=2)\n        lines = traceback.TracebackException.from_exception(error).format()\n        return text, list(lines), traceback.format_exception_only(error), traceback.extract_tb(error.__traceback__)[-1].lineno\n_reported = _report(KeyError("k"))\n',
    'import warnings\nclass _DraftWarning(UserWarning): pass\ndef _old():\n    warnings.warn("use the new one", category=_DraftWarning, stacklevel=2)\nwith warnings.catch_warnings(record=True) as _caught:\n    warnings.simplefilter("always")\n    _old()\n_count_of_warnings = len(_caught), str(_caught[0].message) if _caught else ""\n',
    'import time, sys\ndef _timed(label):\n    begun = time.perf_counter()\n    def end(): print(f"{label}: {time.perf_counter() - begun:.3f} s", file=sys.stderr, flush=True)\n    return end\n_timed("import")()\nif sys.version_info < (3, 11): raise RuntimeError("too old")\n_impl = sys.implementation.name, sys.getsizeof([]), sys.byteorder, sys.argv[:1]\n',
    'import inspect\ndef _needs_async(function):\n    target = function\n    return inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target), inspect.signature(target), inspect.isclass(target), inspect.cleandoc(" a")\nasync def _nothing() -> None: """Nothing."""\n_is = _needs_async(_nothing)\n',
    'def _name_of(thing): return getattr(thing, "name", None) or getattr(thing, "__name__", repr(thing))\n_named = _name_of(_name_of), hasattr(_name_of, "__call__"), getattr(5, "bit_length")(), callable(_name_of)\n',
    'from dataclasses import dataclass, field, fields, asdict, astuple, replace, KW_ONLY, is_dataclass\n@dataclass(kw_only=True)\nclass _Job5:\n    at: float\n    tags: set[str] = field(default_factory=set, compare=False, repr=False, hash=False)\n    extra: dict[str, object] = field(default_factory=dict, metadata={"help": "more"})\n    def __lt__(self, other): return self.at < other.at\n@dataclass\nclass _Sub5(_Job5):\n    _: KW_ONLY\n    size: int = 0\n    total: float = field(init=False, default=0)\n    def __post_init__(self): self.total = self.at + self.size\n_made5 = asdict(_Sub5(at=1)), astuple(_Sub5(at=1)), [each.name for each in fields(_Sub5)], replace(_Sub5(at=1), size=3)\n',
    'class _Everything:\n    def __contains__(self, item): return True\n    def __iter__(self): yield from (1, 2)\n    def __len__(self): return 2\n    def __getitem__(self, key): return key if not isinstance(key, slice) else [key.start]\n    def __enter__(self): return self\n    def __exit__(self, kind, error, trace): return kind is None\n    def __call__(self, *given, **named): return len(given) + len(named)\n    def __bool__(self): return True\n    def __add__(self, other): return NotImplemented\n    def __format__(self, spec): return spec.upper()\n    def __del__(self): pass\n_text5 = f"{_Everything():abc}", "{0!r:>5} {1[0]} {2.real}".format(1, [2], 3), "{a[b]}".format_map({"a": {"b": 1}})\n',
    'class _Plugin:\n    known: dict[str, type] = {}\n    def __init_subclass__(cls, /, key=None, **options):\n        super().__init_subclass__(**options)\n        cls.known[key or cls.__name__] = cls\n    def __class_getitem__(cls, item): return cls\nclass _First(_Plugin, key="first"): pass\nclass _Second(_Plugin): pass\n_plugins = {name: kind.__qualname__ for name, kind in _Plugin.known.items()}, _Plugin[int] is _Plugin, _First.__mro__[1].__name__\n',
    "import abc\nclass _Store(abc.ABC):\n    @property\n    @abc.abstractmethod\n    def size(self): ...\n    @staticmethod\n    def make(): return _Memory()\n    @classmethod\n    def __subclasshook__(cls, other): return NotImplemented\nclass _Memory(_Store):\n    _items: list\n    def __init__(self): self._items = []\n    @property\n    def size(self): return len(self._items)\n    @size.setter\n    def size(self, value): del self._items[value:]\n    @size.deleter\n    def size(self): self._items.clear()\n_store5 = _Store.make()\n_store5.size = 0\n",
    'from collections import deque, defaultdict, Counter, OrderedDict, ChainMap, UserDict, UserList\nclass _Lru(OrderedDict):\n    def __init__(self, most=2): super().__init__(); self.most = most\n    def __setitem__(self, key, value):\n        super().__setitem__(key, value)\n        self.move_to_end(key)\n        while len(self) > self.most: self.popitem(last=False)\nclass _Loud(UserDict):\n    def __getitem__(self, key): return str(self.data[key]).upper()\n_lru = _Lru(); _lru[1] = 2; _lru[3] = 4; _lru[5] = 6\n_kinds5 = Counter("hello").most_common(1), ChainMap({}, {"a": 1})["a"], deque([1, 2], maxlen=1), defaultdict(list), _Loud(a="b")["a"]\n',
    'import asyncio, anyio\n_task_group = getattr(asyncio, "TaskGroup", None)\n_has_timeout = hasattr(asyncio, "timeout")\nasync def _who():\n    task = asyncio.current_task()\n    loop = asyncio.get_running_loop()\n    print(task.get_name() if task else "-", loop.time(), loop.is_running(), loop.get_debug())\n    task = anyio.get_current_task()\n    return task.name, task.id, task.parent_id\n',
    'import sys, os, signal\n_frozen = getattr(sys, "frozen", False), hasattr(sys, "pypy_version_info"), getattr(os, "O_BINARY", 0), hasattr(signal, "SIGHUP"), hasattr(os, "sched_getaffinity")\n',
    "def _announce(function):\n    def inner(*given):\n        inner._count += 1\n        return function(*given)\n    inner._count = 0\n    inner._inner = function\n    return inner\n@_announce\ndef _twice(number): return 2 * number\n_twice(3)\n_twice._count\n",
    'try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\ntry:\n    import orjson as json\nexcept ImportError:\n    import json\n_fast = uvloop is not None\n_dumped = json.dumps({"a": 1})\nassert json\n',
    'import copy, pprint, reprlib, textwrap, string\n_deep = copy.deepcopy({"a": [1, {"b": 2}]}), copy.copy([1])\n_pretty = pprint.pformat(_deep), reprlib.repr(list(range(100))), string.Template("$a b").substitute(a=1), textwrap.shorten("a b c", 3, placeholder=".")\nclass _Cloned:\n    def __copy__(self): return _Cloned()\n    def __deepcopy__(self, memo): memo[id(self)] = self; return self\n_cloned = copy.copy(_Cloned())\n',
    'class Maybe:\n    """A value or nothing, in the functional way."""\n    __match_args__ = ("value",)\n    def __init__(self, value=None): self.value = value\n    def map(self, function): return self if self.value is None else Maybe(function(self.value))\n    def __rshift__(self, function): return self.map(function)\n    def __or__(self, other): return self.value if self.value is not None else other\nmatch Maybe(3) >> str:\n    case Maybe(str(text)): _maybe = text\n    case Maybe(value=None): _maybe = ""\n    case _: _maybe = None\n',
    'class Node:\n    """A linked list; private parts of others of its own kind."""\n    def __init__(self, value, after=None):\n        self._value, self._after = value, after\n    def __iter__(self):\n        node = self\n        while node is not None:\n            yield node._value\n            node = node._after\n    @classmethod\n    def of(cls, *values):\n        first = None\n        for value in reversed(values): first = cls(value, first)\n        return first\n    def join(self, other):\n        last = self\n        while last._after is not None: last = last._after\n        last._after = other\n        return self\n_nodes5 = list(Node.of(1, 2).join(Node.of(3)))\ndef _length(node): return 0 if node is None else 1 + _length(node._after)\n_length(Node.of(1))\n',
    'import random, secrets, uuid, hashlib, base64, struct, zlib, datetime, calendar, locale\n_odd5 = random.Random(3).choice([1]), hashlib.sha256(b"a").hexdigest()[:3], base64.b64encode(b"a"), struct.pack(">I", 3), zlib.crc32(b"a"), datetime.datetime(2020, 1, 1).isoformat(), calendar.isleap(2000)\n',
    'class _Temperature(float):\n    """A number with a unit."""\n    def __repr__(self): return f"{float(self)} C"\n    __str__ = __repr__\nclass _Name(str):\n    __slots__ = ()\n    def __eq__(self, other): return self.casefold() == str(other).casefold()\n    def __hash__(self): return hash(self.casefold())\nclass _Bag(list):\n    def total(self): return sum(self)\n_values5 = _Temperature(3), _Name("A") == "a", _Bag([1, 2]).total()\n',
    'def debug_state(**extra):\n    """Prints what it is given and its own locals."""\n    here = locals()\n    print(sorted(here), {key: type(value).__name__ for key, value in extra.items()})\n    return here.keys()\ndebug_state(a=1)\nassert "debug_state" in dir()\n',
    'import asyncio\nfrom concurrent.futures import ThreadPoolExecutor, Future\nimport threading, queue\n_pool5 = None\ndef _get_pool():\n    global _pool5\n    if _pool5 is None: _pool5 = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mine")\n    return _pool5\nclass _Local(threading.local):\n    def __init__(self): self.count = 0\n_local5 = _Local()\n_local5.count += 1\n_queue5: "queue.Queue[int]" = queue.Queue(maxsize=2)\n',
    'def _compose(*functions):\n    from functools import reduce\n    return reduce(lambda first, second: lambda value: second(first(value)), functions)\n_composed = _compose(str, len, bool)(3)\n_flip = {value: key for key, value in {"a": 1}.items()}\n(_walrus := [number for number in range(5) if (square := number * number) > 4])\n_lambda = (lambda *given, key=lambda x: x, **named: [key(one) for one in given])(1, 2)\n',
    'class _Timer:\n    """Both kinds of context manager, and awaitable."""\n    async def __aenter__(self): return self\n    async def __aexit__(self, *how): return False\n    def __enter__(self): return self\n    def __exit__(self, *how): return False\n    def __await__(self):\n        return self\n        yield\n    def __aiter__(self): return self\n    async def __anext__(self): raise StopAsyncIteration\nasync def _stream5():\n    async with _Timer() as timer:\n        async for _ in timer: pass\n    return [item async for item in _Timer()], await _Timer()\n',
    'import anyio\nfrom anyio import abc as _abc, lowlevel as _low, from_thread as _ft, to_thread as _tt\n_VAR = _low.RunVar("checkpoint_count", default=0)\nasync def _counted():\n    _VAR.set(_VAR.get() + 1)\n    await _low.checkpoint()\n    async with anyio.create_task_group() as group:\n        group.cancel_scope.shield = False\n        group.start_soon(anyio.sleep, 0, name="named")\n    with anyio.CancelScope() as scope: scope.cancel()\n    return scope.cancelled_caught, scope.cancel_called, anyio.current_effective_deadline()\n',
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
