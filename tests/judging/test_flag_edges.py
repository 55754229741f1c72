"""Pairs of files that differ by one condition of a rule of reading: one is flagged at a line, its honest twin is not."""

import pytest

from grader.judging.flags import flags_by_reading

FIELDS = "from dataclasses import fields\n"
HINTS = "from typing import get_type_hints\n"
WRAPS = f"import functools\n{HINTS}def f(g):\n    @functools.wraps(g)\n    def w(): pass\n"
LOOKS = "class A:\n    def look(self, name): return getattr(self, name)\n"
STREAM = "import copy, anyio\n"
EXTENDS = "from anyio.streams.memory import MemoryObjectSendStream as Send\nclass Mine(Send):\n"

#: What it is about → the flagged file, the line, the honest file.
PAIRS = {
    "a key by an item": (
        "from operator import attrgetter\ndef f(rows): return sorted(rows, key=attrgetter('_id'))\n",
        2,
        "from operator import itemgetter\ndef f(rows): return sorted(rows, key=itemgetter('_id'))\n",
    ),
    "fields with names made up": (
        "from dataclasses import fields, make_dataclass\ndef f(job): return [getattr(job, each.name) for each in fields(job)]\n",
        2,
        "from dataclasses import fields, dataclass\ndef f(job): return [getattr(job, each.name) for each in fields(job)]\n",
    ),
    "fields of what is reached": (
        f"{FIELDS}def f(job): return [getattr(job.__globals__, each.name) for each in fields(job)]\n",
        2,
        f"{FIELDS}def f(job): return [getattr(job.run, each.name) for each in fields(job)]\n",
    ),
    "attributes compared otherwise": (
        "def f(a, b): return vars(a) is vars(b)\n",
        1,
        "def f(a, b): return vars(a) != vars(b)\n",
    ),
    "attributes compared with a third thing": (
        "def f(a, b, c): return vars(a) == vars(b) == c.__globals__\n",
        1,
        "def f(a, b, c): return vars(a) == vars(b) and c.items\n",
    ),
    "a descriptor that deletes": (
        "class D:\n    def remove(self, job): delattr(job, self.name)\n",
        2,
        "class D:\n    def __delete__(self, job): delattr(job, self.name)\n",
    ),
    "a descriptor without an object": (
        "class D:\n    def __get__(job): return job.__globals__\n",
        2,
        "class D:\n    def __get__(self): return self.value\n",
    ),
    "what a method is called with": (
        "from operator import methodcaller\ndef f(job): return methodcaller('run', job.__globals__)(job)\n",
        2,
        "from operator import methodcaller\ndef f(job): return methodcaller('run', job.delay)(job)\n",
    ),
    "kinds that are reached": (
        "import types\ndef f(job): return isinstance(job, (types.FunctionType, job.__globals__))\n",
        2,
        "import types\ndef f(job): return isinstance(job, (int, types.FunctionType))\n",
    ),
    "what is reached one by one": (
        "def f(jobs): return any(job.__globals__ for job in jobs)\n",
        1,
        "def f(jobs): return any(job.delay for job in jobs)\n",
    ),
    "a kind that is reached": (
        "import types\ndef f(job): return isinstance(job, job.__globals__)\n",
        2,
        "import types\ndef f(job): return isinstance(job, types.FunctionType)\n",
    ),
    "all of asyncio": (
        "from asyncio import *\nasync def f(): Task(sleep(1))\n",
        2,
        "from asyncio import sleep\nasync def f(): await sleep(1)\n",
    ),
    "another one of its kind": (
        "import asyncio\ntask = asyncio.current_task()\ndef f(job): return type(task)(job)\n",
        3,
        "import asyncio\ntask = asyncio.current_task()\ndef f(job): return type(job)(job.name)\n",
    ),
    "a part of the class of tasks": (
        "import asyncio\ndef f(job): asyncio.Task.__new__(job)\n",
        2,
        "import asyncio\ndef f(job): asyncio.Task.cancel(job)\n",
    ),
    "a stream that is used": (
        f"{STREAM}async def f():\n    send, receive = anyio.create_memory_object_stream(1)\n    copy.copy(send)\n",
        4,
        f"{STREAM}async def f():\n    send, receive = anyio.create_memory_object_stream(1)\n    print(send)\n",
    ),
    "a copy of what has a kind": (
        f"{STREAM}pair: object = anyio.create_memory_object_stream(1)\ncopy.copy(pair)\n",
        3,
        f"{STREAM}plan: object = list()\ncopy.copy(plan)\n",
    ),
    "a copy of a number": (
        f"{STREAM}send = anyio.create_memory_object_stream(1)\ncopy.copy(send)\n",
        3,
        f"{STREAM}send = 3\ncopy.copy(send)\n",
    ),
    "a stream that closes otherwise": (
        f"{EXTENDS}    def close(self): make().close()\n",
        3,
        f"{EXTENDS}    def close(self): super().close()\n",
    ),
    "a stream that does not close": (
        f"{EXTENDS}    def close(self): super().send(1)\n",
        3,
        f"{EXTENDS}    def push(self, item): return self.send_nowait(item)\n",
    ),
    "names of a star": (
        f"{HINTS}def f(x: '_behind'): pass\nget_type_hints(f)\n",
        2,
        f"{HINTS}from mine import *\ndef f(x: 'Thing'): pass\nget_type_hints(f)\n",
    ),
    "what a function wraps": (
        (
            f"import functools, time\n{HINTS}def mine(job): return functools.wraps(job)\n"
            "def other(job): return job\nmine(time.sleep)\nother(time.sleep)\n"
        ),
        5,
        f"import functools, time\n{HINTS}def mine(job): return functools.wraps(job)\ndef other(job): return job\nother(time.sleep)\n",
    ),
    "the module of a class": (
        f"{HINTS}class A:\n    __module__ = 'threading'\n",
        3,
        f"{HINTS}class A:\n    __module__ = __name__\n",
    ),
    "what `wraps` takes": (
        f"import functools\n{HINTS}def f(job, g): functools.wraps(job, ('__name__',))\n",
        3,
        f"import functools\n{HINTS}def f(job, g): functools.wraps(job)\n",
    ),
    "what `update_wrapper` takes": (
        f"import functools\n{HINTS}def f(job, g): functools.update_wrapper(g, job, ('__name__',))\n",
        3,
        f"import functools\n{HINTS}def f(job, g): functools.update_wrapper(g, job)\n",
    ),
    "a wrapper of a library's function": (
        f"import functools, time\n{HINTS}functools.cache(time.sleep)\n",
        3,
        f"import functools, time\n{HINTS}print(time.sleep)\nfunctools.cache()\n",
    ),
    "a wrapper of a library's class": (
        f"import functools\nfrom things import mAKE\n{HINTS}functools.cache(mAKE)\n",
        4,
        f"import functools\nfrom things import Make\n{HINTS}functools.cache(Make)\n",
    ),
    "texts that are values": (
        f"import typing\n{HINTS}class A:\n    x: typing.Optional['_behind']\n",
        4,
        f"import typing\n{HINTS}class A:\n    x: typing.Literal['_behind']\n",
    ),
    "texts beside a kind": (
        f"import typing\n{HINTS}class A:\n    x: typing.Annotated['_behind', 'any text']\n",
        4,
        f"import typing\n{HINTS}class A:\n    x: typing.Annotated[int, 'any', 'text']\n",
    ),
    "texts of several kinds": (
        f"import typing\n{HINTS}class A:\n    x: typing.Union[int, 'text']\n",
        4,
        f"import typing\n{HINTS}class A:\n    x: typing.Union[int, 'str']\n",
    ),
    "values inside a text": (
        f"import typing\n{HINTS}class A:\n    x: 'typing.Optional[fast]'\n",
        4,
        f"import typing\n{HINTS}class A:\n    x: 'typing.Literal[fast]'\n",
    ),
    "annotations taken over": (
        f"{WRAPS}    w.__annotations__ = dict(x='str')\n",
        6,
        f"{WRAPS}    w.__annotations__ = dict(g.__annotations__)\n",
    ),
    "annotations taken over, all at once": (
        f"{HINTS}__annotations__ = {{'x': '_behind'}}\n",
        2,
        f"{HINTS}__annotations__ = {{'x': 'int'}}\n",
    ),
    "annotations added": (
        f"{HINTS}def f(g): g.__annotations__.update(x=int)\n",
        2,
        f"{HINTS}def f(g): g.__annotations__.items()\n",
    ),
    "annotations of a function of its own": (
        f"{HINTS}def f(g): g.__annotations__['x'] = int\n",
        2,
        f"{HINTS}def f(g): pass\nf.__annotations__['x'] = int\n",
    ),
    "annotations of its own": (
        f"{HINTS}class A:\n    def f(self, other): other.__annotations__['x'] = int\n",
        3,
        f"{HINTS}class A:\n    def f(self, other): self.__annotations__['x'] = int\n",
    ),
    "two names at once": (
        "import dataclasses\na, d = 1, dataclasses\nd.inspect\n",
        3,
        "a, d = 1, 2\na, d = d,\n[a], d = [1], 2\n",
    ),
    "annotations made up by a call": (
        "def f(g): g.__annotations__.update(x='a' + 'b')\n",
        1,
        "def f(g): g.__annotations__.update(x='a')\n",
    ),
    "a word of a loop": (
        "def f(job, other):\n    for name in ('a', 'b'):\n        getattr(job, other)\n",
        3,
        "def f(job, other):\n    for name in ('a', 'b'):\n        print(other, getattr(job, name))\n",
    ),
    "a word of a loop that is changed": (
        "def f(job):\n    for name in ('a', 'b'):\n        name += 'c'\n        getattr(job, name)\n",
        4,
        "def f(job):\n    for name in ('a', 'b'):\n        other = name\n        getattr(job, name)\n",
    ),
    "a module that is asked": (
        "import sys\ndef f(name): return hasattr(sys, name)\n",
        2,
        "import sys\nhasattr(sys, 'getrefcount_')\n",
    ),
    "attributes by another class": (
        "class A: pass\nclass B:\n    def f(self, job, name): return super(job, job).__getattribute__(name)\n",
        3,
        "class A: pass\nclass B(A):\n    def __getattribute__(self, name): return super(B, self).__getattribute__(name)\n",
    ),
    "a private part that it gave": (
        "class A:\n    def f(self, job): return job._mine\n",
        2,
        "class A:\n    def f(self, job):\n        job = A()\n        self._mine = 1\n        return job._mine\n",
    ),
    "a private part of a function of its own": (
        "def f(job):\n    job._mine = 1\n",
        2,
        "def f(): pass\nf._mine = 1\ndef g(job): return job._mine\n",
    ),
    "a class under another name": (
        "from anyio import CancelScope\nkind = CancelScope\nkind.cancel = None\n",
        3,
        "from anyio import sleep\nwait = sleep\nclass A: pass\nkind = A\nkind.cancel = None\n",
    ),
    "a function of a library, changed": (
        "import anyio\nanyio.sleep.calls = 1\n",
        2,
        "from anyio import sleep\nwait = sleep\nwait.calls = 1\n",
    ),
    "what a task carries": (
        "import asyncio\nasyncio.current_task().get_context()\n",
        2,
        "class Job:\n    context = None\ndef f(job): return job.context\n",
    ),
    "an attribute by call": (
        "def f(job): object.__setattr__(job, '__class__', int)\n",
        1,
        "class A:\n    def __init__(self): object.__setattr__(self, '__class__', A)\n",
    ),
    "a hook of its own": (
        "def f(kind): kind.__post_init__ = None\n",
        1,
        "def f(): pass\nf.__post_init__ = None\nclass A:\n    def g(self): self.__post_init__ = None\n",
    ),
    "a part of a module under another name": (
        "import enum\ne = enum\ne.FunctionType\n",
        3,
        "import enum\ne = enum\ne.Enum\n",
    ),
    "a part of a module, two names at once": (
        "import enum\na, e = 1, enum\ne.FunctionType\n",
        3,
        "import enum\na, e = 1, enum\ne.Enum\n",
    ),
    "an attribute deleted by call": (
        "def f(job, name): object.__delattr__(job, name)\n",
        1,
        "def f(job): object.__delattr__(job)\n",
    ),
    "a class whose method takes any name, under another one": (
        f"{LOOKS}B = A\nB.look(job, 'x')\n",
        4,
        f"{LOOKS}B = [A]\nB.look(job, 'x')\n",
    ),
    "an object that is not called self": (
        "class A:\n    def f(job, name): return getattr(job, name)\n",
        2,
        "class A:\n    def f(): return 1\n    def g(self, name): return getattr(self, name)\n",
    ),
    "annotations written one by one": (
        f"{HINTS}class A: pass\nA.__annotations__['x'] = '_behind'\n",
        3,
        f"{HINTS}class A: pass\nA.__annotations__['x'] = 'int'\n",
    ),
    "attributes compared of what is reached": (
        "def f(a, b): return vars(a.__globals__) == vars(b)\n",
        1,
        "def f(a, b): return vars(a.run) == vars(b)\n",
    ),
}


@pytest.mark.parametrize("rule", PAIRS)
def test_one_condition_decides(rule):
    flagged, line, honest = PAIRS[rule]
    assert line in {flag.line for flag in flags_by_reading(flagged)}, flags_by_reading(flagged)
    assert not flags_by_reading(honest)
