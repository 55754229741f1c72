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
