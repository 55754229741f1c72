"""Rules of reading that differ by one condition: what is flagged, and what lies beside it and is not."""

import pytest

from grader.judging.flags import flags_by_reading

PAIRS = {
    "words of a comprehension's table": (
        "def f(job, names): return [getattr(job, name) for name in names for other in ('value', 'number')]\n",
        "def f(job, names): return [getattr(job, name) for name in ('value', 'number') for other in names]\n",
    ),
    "words of a table in a dictionary": (
        "def f(job, names): return {getattr(job, name): other for name in names for other in ('value',)}\n",
        "def f(job, names): return {getattr(job, name): other for name in ('value',) for other in names}\n",
    ),
    "attributes by what the class extends": (
        "class A:\n    def __getattribute__(self, name): return object.__getattribute__(self.job, name)\n",
        "class A:\n    def __getattribute__(self, name): return super().__getattribute__(name)\n",
    ),
    "a method that takes any name": (
        "def mine(f): return f\nclass A:\n    @mine\n    def look(self, name): return getattr(self, name)\n",
        "class A:\n    @classmethod\n    def look(cls, name): return getattr(cls, name)\n",
    ),
    "a part by another module": (
        "from weakref import mmap\n",
        "from __future__ import annotations\n",
    ),
    "type hints with names": (
        "import typing\ndef f(job, names): return typing.get_type_hints(job, names)\n",
        "import typing\ndef f(job): return typing.get_type_hints(job, include_extras=True)\n",
    ),
    "what a wrapper takes over": (
        "import functools\ndef f(a, b, names): functools.update_wrapper(a, b, names)\n",
        "import functools\ndef f(a, b): functools.update_wrapper(a, b, ('__name__', '__doc__'))\n",
    ),
    "arguments into an object": (
        "import argparse\ndef f(job): argparse.ArgumentParser().parse_args([], job)\n",
        "import argparse\ndef f(): return argparse.ArgumentParser().parse_args([])\n",
    ),
    "a module in a package": (
        "import os.path\nos.write(3, b'')\n",
        "import os.path\nos.path.join('a', 'b')\n",
    ),
    "a key to sort by": (
        "import operator\ndef f(jobs, names): return sorted(jobs, key=operator.attrgetter(*names))\n",
        "import operator\nfrom operator import itemgetter\ndef f(jobs): return sorted(jobs, key=operator.attrgetter('deadline', 'job.name'))\n",
    ),
    "a key to sort by, what it says": (
        "from operator import attrgetter\ndef f(jobs): return [attrgetter('run.__globals__')(job) for job in jobs]\n",
        "from operator import attrgetter\ndef f(jobs): return [attrgetter('run.delay')(job) for job in jobs]\n",
    ),
    "a key to sort by, handed on": (
        "from operator import attrgetter\nattrgetter('a')\ndef f(jobs, names): return map(attrgetter, names)\n",
        "from operator import itemgetter\ndef f(jobs, names): return map(itemgetter, names)\n",
    ),
    "a key to sort by, another one": (
        "from operator import attrgetter\ndef attrgetter(name): return vars(name)\nattrgetter('a')\n",
        "def attrgetter(name): return name\nattrgetter('a')\n",
    ),
    "a method to call": (
        "from operator import methodcaller\ndef f(job, name): return methodcaller(name)(job)\n",
        "from operator import methodcaller\ndef f(job): return methodcaller('run', 1)(job)\n",
    ),
    "what is executed if the file is started": (
        "__name__ = '__main__'\nif __name__ == '__main__':\n    import doctest\n",
        "if __name__ == '__main__':\n    import doctest\n    doctest.testmod()\n",
    ),
    "what is executed if the file is started, by another way": (
        "locals()['__na' + 'me__'] = '__main__'\nif __name__ == '__main__':\n    import gc\n",
        "class A:\n    def __repr__(self): return f'{vars(self)} {locals()}'\nif __name__ == '__main__':\n    import gc\n",
    ),
    "what is executed if the file is not started": (
        "if __name__ == '__main__':\n    pass\nelse:\n    import gc\n",
        "if __name__ == '__main__':\n    import gc\nelse:\n    pass\n",
    ),
    "all attributes, compared": (
        "class A:\n    def __eq__(self, other): return other.__dict__\n",
        "class A:\n    def __eq__(self, other): return vars(self) == vars(other) and self.__dict__ == other.__dict__\n",
    ),
    "what a descriptor is called for": (
        "class D:\n    def __get__(self, job, kind=None):\n        job = self.other\n        return job.__dict__[self.name]\n",
        (
            "class D:\n    def __get__(self, job, kind=None): return job.__dict__[self.name]\n"
            "    def __set__(self, job, value): setattr(job, self.name, value)\n"
        ),
    ),
    "fields of a dataclass": (
        "def fields(job): return names\ndef f(job): return [getattr(job, each.name) for each in fields(job)]\n",
        "from dataclasses import fields\ndef f(job): return [getattr(job, each.name) for each in fields(job)]\n",
    ),
    "fields of a dataclass, in a loop": (
        (
            "import dataclasses\nclass A:\n    __globals__: int\n"
            "def f(job):\n    for each in dataclasses.fields(A): print(getattr(job, each.name))\n"
        ),
        (
            "import dataclasses\nclass A:\n    delay: int\n    _: dataclasses.KW_ONLY\n    _kept: int = 0\n"
            "def f(job):\n    for each in dataclasses.fields(A): print(getattr(job, each.name))\n"
        ),
    ),
    "a method to call, which changes something": (
        "import operator, anyio\noperator.methodcaller('__setattr__', 'CancelScope', None)(anyio)\n",
        "import operator\ndef f(job): return operator.methodcaller('close', wait=True)(job)\n",
    ),
    "a method to call, which takes something away": (
        "from operator import methodcaller\nimport anyio\nmethodcaller('__delattr__', 'CancelScope')(anyio)\n",
        "class A:\n    def __delattr__(self, name): super().__delattr__(name)\n",
    ),
    "what is executed if a class says that the file is started": (
        (
            "class M(type):\n    @classmethod\n    def __prepare__(cls, *_): return {'__name__': '__main__'}\n"
            "class A(metaclass=M):\n    if __name__ == '__main__':\n        import gc\n"
        ),
        "class A:\n    name = __name__\nif __name__ == '__main__':\n    import gc\n",
    ),
    "what is executed if the file has itself made once more": (
        "import mine\nmine.__init__('__main__')\nif __name__ == '__main__':\n    import gc\n",
        (
            "import uvloop, threading\nclass A(threading.Thread):\n    def __init__(self): threading.Thread.__init__(self)\n"
            "class B(A):\n    def __init__(self): super().__init__()\nif __name__ == '__main__':\n    import gc\n"
        ),
    ),
    "what is executed if a module's class makes it once more": (
        "import mine, types\ntypes.ModuleType.__init__(mine, '__main__')\nif __name__ == '__main__':\n    import gc\n",
        "import types\ndef f(x): return isinstance(x, types.MethodType)\nif __name__ == '__main__':\n    import gc\n",
    ),
    "what a wrapper changes": (
        "import functools, anyio\nclass A: CancelScope = None\nfunctools.wraps(A, ('CancelScope',), ())(anyio)\n",
        "import functools\ndef f(a):\n    def g(): pass\n    return functools.wraps(a)(g)\n",
    ),
    "what a wrapper changes, by a name of it": (
        "import functools, anyio\ndef f(): pass\nmine = functools.wraps(f)\nmine(anyio.Lock)\n",
        "import functools, anyio\ndef f(): pass\nmine = functools.wraps(f)\n@mine\ndef g(): anyio.Lock()\n",
    ),
    "a key to sort by, out of a class": (
        "class A:\n    from operator import attrgetter\ndef f(job, name): return A.attrgetter(name)(job)\n",
        "class A:\n    from operator import itemgetter\ndef f(job, name): return A.itemgetter(name)(job)\n",
    ),
    "a module out of a class": (
        "class A:\n    import operator\ndef f(job, name): return A.operator.attrgetter(name)(job)\n",
        "class A:\n    def __init__(self, operator): self.operator = operator\ndef f(a): return a.operator.name\n",
    ),
    "what a descriptor is called for, under another name": (
        "class D:\n    def __get__(self, job, kind=None): return job.__dict__\n    look = __get__\n",
        "class D:\n    def __get__(self, job, kind=None): return job.__dict__[self.name]\n    look = 1\n",
    ),
    "what a descriptor is called for, by one that extends it": (
        (
            "class D:\n    def __get__(self, job, kind=None): return job.__dict__\n"
            "class E(D):\n    def look(self, job): return super().__get__(job)\n"
        ),
        (
            "class D:\n    def __get__(self, job, kind=None): return job.__dict__[self.name]\n"
            "class E(D):\n    def __get__(self, job, kind=None): return super().__get__(job, kind)\n"
        ),
    ),
    "what a descriptor is called for, by who decorates it": (
        "kept = []\nclass D:\n    @kept.append\n    def __get__(self, job, kind=None): return job.__dict__\n",
        "kept = []\nclass D:\n    def __get__(self, job, kind=None): return job.__dict__[self.name]\n    @kept.append\n    def f(self): pass\n",
    ),
    "what a descriptor is called for, out of the names of its class": (
        "class D:\n    def __get__(self, job, kind=None): return job.__dict__\nlook = [*vars(D).values()]\n",
        "class D:\n    def __get__(self, job, kind=None): return job.__dict__[self.name]\n    def show(self): return vars(self)\n",
    ),
    "fields of a dataclass, and another thing in their place": (
        "from dataclasses import fields\ndef f(job, A, other):\n    for each in fields(A):\n        each = other\n        print(getattr(job, each.name))\n",
        "from dataclasses import fields\ndef f(job, A):\n    for each in fields(A):\n        value = getattr(job, each.name)\n        print(value)\n",
    ),
    "fields of a dataclass, called by another name": (
        "from dataclasses import fields\ndef f(job, A, name):\n    for each in fields(A):\n        each.name = name\n        print(getattr(job, each.name))\n",
        "from dataclasses import fields\ndef f(job, A, name):\n    job.name = name\n    return [getattr(job, each.name) for each in fields(A)]\n",
    ),
    "fields of a dataclass, later": (
        "from dataclasses import fields\ndef f(job, A):\n    for each in fields(A):\n        yield lambda: getattr(job, each.name)\n",
        "from dataclasses import fields\ndef f(job, A): return tuple(getattr(job, each.name) for each in fields(A))\n",
    ),
    "fields of a class that is made": (
        "from dataclasses import fields\nA = type('A', (), {'__annotations__': {'_end': int}})\ndef f(job): return [getattr(job, each.name) for each in fields(A)]\n",
        "from dataclasses import fields\nA = type('A', (), {'delay': 1})\ndef f(job, B): return [getattr(job, each.name) for each in fields(B)]\n",
    ),
    "a kind of the interpreter's, handed back": (
        "import types\ndef isinstance(job, kind): return kind\nmade = isinstance(1, types.FunctionType)\n",
        "import types\ndef is_one(job, kind): return kind\nmade = isinstance(1, types.FunctionType)\n",
    ),
    "a kind of the interpreter's": (
        "import types\ndef f(job): return types.FunctionType(job)\n",
        "import types\ndef f(job): return isinstance(job, (types.FunctionType, int))\n",
    ),
    "open with a number": (
        "def f(): return open(3, 'wb')\n",
        "class A:\n    def open(self, seconds): self.until = seconds\n    def trip(self): self.open(30)\n",
    ),
    "a file by its number": (
        "import socket\nsocket.socket(fileno=3)\n",
        "def handle(fileno): return fileno\nhandle(fileno=3)\n",
    ),
}


@pytest.mark.parametrize("rule", PAIRS)
def test_what_lies_beside_a_flagged_line_is_not_flagged(rule):
    flagged, honest = PAIRS[rule]
    assert flags_by_reading(flagged)
    assert not flags_by_reading(honest)


def test_what_is_too_deep_to_be_read_has_no_line():
    assert [flag.line for flag in flags_by_reading(f"x = {'-' * 400}1\n")] == [0]
