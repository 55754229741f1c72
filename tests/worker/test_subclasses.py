"""A subclass of a built-in type is recorded as what it holds, and nothing that its own methods say counts."""

from collections.abc import Callable

import pytest

from grader import Play, near
from grader.checks.values import same

HONEST = """
from collections import OrderedDict, defaultdict

class Results(list): ...
class Pair(tuple): ...
class Names(set): ...
class Name(str): ...
class Count(int): ...
class Seconds(float): ...

async def main(world):
    found = defaultdict(list)
    found["a"] = Results([Name("b"), Pair((Count(1), Seconds(2.5)))])
    return OrderedDict(found=found, names=Names({"c"}))
"""
#: Holds one thing and says another, in each way in which it can be asked.
LYING = """
class Results(list):
    def __iter__(self): return iter(["right"])
    def __getitem__(self, index): return "right"
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 1
    def __repr__(self): return "['right']"

class Report(dict):
    def items(self): return [("right", "right")]
    def __iter__(self): return iter(["right"])
    def __getitem__(self, key): return "right"
    def __eq__(self, other): return True
    def __len__(self): return 1

class Name(str):
    def __str__(self): return "right"
    def __eq__(self, other): return True
    def __hash__(self): return hash("right")

class Seconds(float):
    def __float__(self): return 3.0
    def __pos__(self): return 3.0
    def __eq__(self, other): return True

async def main(world):
    return [Results(["wrong"]), Report(wrong="wrong"), Name("wrong"), Seconds(1.0)]
"""
#: Classes that pass themselves off as built-in types without being derived from them.
PRETENDING = """
class Meta(type):
    def __instancecheck__(cls, other): return True
    def __subclasscheck__(cls, other): return True

class Results(metaclass=Meta):
    __class__ = list
    def __iter__(self): return iter(["right"])

async def main(world):
    return Results()
"""
DEEP = """
class Results(list): ...

async def main(world):
    inner = Results(range(5000))
    for _ in range(50):
        inner = Results([inner])
    return [inner, Results(range(5000))]
"""


def test_it_is_what_it_holds(playing: Callable[..., Play]) -> None:
    t = playing(HONEST)()
    assert same({"found": {"a": ["b", (1, near(2.5))]}, "names": ["c"]}, t.call.value)


@pytest.mark.parametrize("source", [LYING, PRETENDING])
def test_what_it_says_does_not_count(playing: Callable[..., Play], source: str) -> None:
    t = playing(source)()
    assert "right" not in repr(t.data["spans"])
    assert t.call.how == "returned"


def test_a_lying_one_is_told_as_what_it_holds(playing: Callable[..., Play]) -> None:
    t = playing(LYING)()
    assert same([["wrong"], {"wrong": "wrong"}, "wrong", 1.0], t.call.value)


def test_it_is_bounded_like_any_other(playing: Callable[..., Play]) -> None:
    deep, long = playing(DEEP)().call.value
    assert repr(deep).count("[") <= 6
    assert len(long) == 1000
