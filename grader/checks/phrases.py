"""Values as a person writes them: `b at 5 s` instead of `{'b': 5}`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from grader.checks.values import Data, Opaque
from grader.checks.words import Matcher, OneOf

PLAIN = re.compile(r"[^\W\d][\w .:/*+-]*\w|\w")
"""Text that needs no quotes: it begins with a letter, and nothing in it could be taken for the end of a list."""
NOT_A = ", which is not a"
"""A text with this is a check's own sentence about a value."""
ARTICLES = {"NoneType": "None", "function": "a function", "async_generator": "an async generator"}
KINDS: dict[type, str] = {
    list: "a list",
    dict: "a dictionary",
    tuple: "a tuple",
    str: "a text",
    int: "a whole number",
    float: "a number",
}
NEVER = "never"
"""A time that there is not."""
NOTHING = "nothing"
"""What was raised if no exception was."""
RAISED = re.compile(r"^raised\b|\b(?:raised|leaves)\b(?!.*\btook$)")
ENDS = {
    "deadlock": "deadlock",
    "runaway": "the run does not end",
    "stuck": "the event loop stands still",
    "exit": "the interpreter was left",
    "error": "an error where none should be",
}


def seconds(time: float) -> str:
    """A virtual time for people: the clock's creep is not worth reading."""
    return f"{round(time, 4):g}"


def phrase(value: Any, unit: str = "") -> str:
    """A value in words.

    Args:
        value: what a check saw or wanted.
        unit: of the numbers in it, such as ``s``.
    """
    if isinstance(value, OneOf):
        return " or ".join(dict.fromkeys(phrase(choice, unit) for choice in value.choices))
    if isinstance(value, Matcher):
        return with_unit(value.text, unit)
    if type(value) in (int, float):
        return with_unit(number(value), unit)
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) or NOT_A in value else repr(value)
    if isinstance(value, Opaque):
        return a_kind(value.kind)
    if value is None and unit == "s":
        return NEVER
    return _of_many(value, unit)


def pair(seen: Any, wanted: Any, unit: str = "") -> tuple[str, str]:
    """What was seen and what was wanted, in words: of two lists without the brackets that say that they are lists.

    Args:
        seen: what a check saw.
        wanted: what it wanted.
        unit: as for `phrase`.
    """
    choices = wanted.choices if isinstance(wanted, OneOf) else [wanted]
    if not all(type(each) is list for each in (seen, *choices)):
        return phrase(seen, unit), phrase(wanted, unit)
    return _items(seen, unit), " or ".join(dict.fromkeys(_items(each, unit) for each in choices))


def _items(values: list[Any], unit: str) -> str:
    if " " in unit and values and all(type(item) in (int, float) or isinstance(item, Matcher) for item in values):
        return with_unit(_items(values, ""), unit)  # a long unit is said once
    return ", ".join(phrase(item, unit) for item in values) or "none"


def _of_many(value: Any, unit: str) -> str:
    if type(value) is dict:
        return table(value, unit)
    if type(value) in (list, tuple):
        inner = ", ".join(phrase(item, unit) for item in value)
        return f"[{inner}]" if type(value) is list else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, Data):
        inner = ", ".join(f"{name}={phrase(item, unit)}" for name, item in value.fields.items())
        return f"{value.kind}({inner})"
    return repr(value)


def table(value: Mapping[Any, Any], unit: str = "") -> str:
    """A dictionary in words: `b at 5 s, c never` where its values are times, `b: 5, c: 7` elsewhere."""
    if not value:
        return "nothing"
    times = unit and all(type(item) in (int, float, type(None)) or isinstance(item, Matcher) for item in value.values())
    between = " at " if times else ": "
    words = _items if all(type(item) is list for item in value.values()) else phrase
    return ", ".join(
        f"{phrase(key)}{' ' if times and item is None else between}{words(item, unit)}" for key, item in value.items()
    )


def unit_of(what: str) -> str:
    """The unit of what a check looks at, as its own words have it: *when* something happened, or how long it *took*."""
    return "s" if what.startswith("when ") or what.endswith((" at", " after", " took", ", and when")) else ""


def without_none(what: str, value: Any) -> Any:
    """The value with `nothing` in place of None, where a check says what was raised, or what leaves a call."""
    if not RAISED.search(what):
        return value
    if type(value) is list:
        return [NOTHING if item is None else item for item in value]
    return NOTHING if value is None else value


def a_kind(kind: str) -> str:
    """An object of which only the class is known."""
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    return ARTICLES.get(kind) or f"{article} {kind}"


def number(value: float) -> str:
    """A number without the clock's creep of about 1e-11 s a step."""
    if type(value) is int:
        return str(value)
    if not math.isfinite(value):
        return str(value)
    rounded = round(value, 6)
    return str(int(rounded)) if rounded == int(rounded) and abs(rounded) < 1e15 else str(rounded)  # noqa: PLR2004 - exact


def with_unit(text: str, unit: str) -> str:
    """A number in words with its unit."""
    return f"{text} {unit}" if unit else text


def breaking_off(end: Mapping[str, Any]) -> tuple[str, str]:
    """How a run broke off, in words: what happened, and where everybody waited.

    Args:
        end: of the trace.
    """
    said = set(re.findall(r"\bline \d+", end["text"]))  # such a line is not named a second time
    places = [_place(entry) for entry in end["waiting"] if entry.get("line") and f"line {entry['line']}" not in said]
    where = "; ".join(dict.fromkeys(places))
    return ENDS.get(end["kind"], "the run broke off"), end["text"] + (f" ({where})" if where else "")


def _place(entry: Mapping[str, Any]) -> str:
    code = f": {entry['code']}" if entry.get("code") else ""
    who = f"{entry['task']} waits at " if entry.get("task") else ""
    return f"{who}line {entry['line']}{code}"
