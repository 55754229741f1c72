"""A value whose class is derived from a built-in one counts as one of that class, and none of its own code runs."""

from collections.abc import Callable

from grader import Play

SUBJECT = """
import collections, enum

class Stubborn:
    def __iter__(self): raise AssertionError("code of the subject's ran")
    __getitem__ = __len__ = __str__ = __repr__ = __eq__ = items = keys = __int__ = __float__ = __iter__

class AList(Stubborn, list): pass
class ADict(Stubborn, dict): pass
class ATuple(Stubborn, tuple): pass
class Text(Stubborn, str): __hash__ = str.__hash__
class Whole(Stubborn, int): pass
class Real(Stubborn, float): pass
class Colour(enum.StrEnum): RED = "red"
Point = collections.namedtuple("Point", "x y")

async def main(world):
    return AList([ADict(a=ATuple((1, 2))), Text("text"), Whole(7), Real(1.5), Colour.RED, Point(3, 4),
                  collections.OrderedDict(b=1), collections.defaultdict(list, c=2), object()])
"""


def test_subclasses_of_built_in_classes(playing: Callable[..., Play]) -> None:
    value = playing(SUBJECT)().call.value
    assert value[:-1] == [{"a": (1, 2)}, "text", 7, 1.5, "RED", (3, 4), {"b": 1}, {"c": 2}]
    assert repr(value[-1]) == "an object of object"
