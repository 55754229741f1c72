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
}


@pytest.mark.parametrize("rule", PAIRS)
def test_what_lies_beside_a_flagged_line_is_not_flagged(rule):
    flagged, honest = PAIRS[rule]
    assert flags_by_reading(flagged)
    assert not flags_by_reading(honest)


def test_what_is_too_deep_to_be_read_has_no_line():
    assert [flag.line for flag in flags_by_reading(f"x = {'-' * 400}1\n")] == [0]
