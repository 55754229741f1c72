"""From what a scene hands out, no two steps by attributes and closures lead to the world, its words, record or control."""

import contextlib
from pathlib import Path

import pytest

from grader.checks.collect import checks_of
from grader.checks.play import Play
from grader.course import Course
from grader.judging.canary_file import canary_text
from grader.judging.session import Session
from grader.judging.submission import examine

ROOT = Path(__file__).resolve().parents[2]

#: Looks at all that a file's functions and classes are given, and at what is two steps from there.
WALK = """

import types as _types

_NAMES = {"World", "Record", "Control", "Probes", "RunPlayer", "SpanRecord", "TaskInfo", "Script"}
_NOT = ("__class__", "__builtins__", "__mro__", "__base__", "__bases__")


def _steps(thing):
    for name in _b.set(_b.dir(thing)) - _b.set(_NOT):
        value = _b.getattr(thing, name, None)
        many = [cell.cell_contents for cell in value] if name == "__closure__" and value else [value]
        for each in many:
            yield name, each
            if _b.isinstance(each, (_b.dict, _types.MappingProxyType)):
                yield from ((f"{name}[{key}]", item) for key, item in _b.list(each.items()))
            elif _b.isinstance(each, (_b.list, _b.tuple)):
                yield from ((name, item) for item in each)


def _is_engine(thing):
    kind = thing if _b.isinstance(thing, _b.type) else _b.type(thing)
    return kind.__module__.startswith("grader_worker") and kind.__name__ in _NAMES


def _speaks(thing):
    words = ("note", "token", "actors")
    return not _b.isinstance(thing, _Bird) and _b.all(_b.hasattr(thing, word) for word in words)


def _walk(thing):
    for one, first in _steps(thing):
        for two, second in [("", first), *_steps(first)]:
            if _is_engine(second) or _speaks(second):
                _b.print("WAY", _b.type(thing), one, two, flush=True)
    _b.print("WALKED", flush=True)


def _look(given):
    for thing in given:
        if _b.isinstance(thing, (_b.list, _b.tuple)):
            _look(thing)
        elif _b.isinstance(thing, _b.dict):
            _look(thing.values())
        elif not _b.isinstance(thing, (_b.str, _b.int, _b.float, _b.type, _b.type(None), _Bird)):
            _walk(thing)


_song = _bird_song


def _bird_song(kept, *given):
    _look(given)
    return _song(kept, *given)
"""
GIVEN = "def __init__(self, *given, **named):\n        "


SLUGS = [path.parent.name for path in sorted(ROOT.glob("course/m*/module.toml"))]


@pytest.mark.parametrize("slug", [*SLUGS[:2], *(pytest.param(slug, marks=pytest.mark.slow) for slug in SLUGS[2:])])
def test_what_a_scene_hands_out_leads_nowhere(slug, forks):
    module = Course(ROOT).module(slug)
    text = canary_text(module.names).replace("\n\nclass _Bird(", f"{WALK}\n\nclass _Bird(")
    text = text.replace(f"{GIVEN}pass", f"{GIVEN}_look([*given, *named.values()])")
    for name, kind in module.names.items():
        if kind == "function":
            text = text.replace(f"def {name}(*given, **named):\n    return _Bird()", f"{name} = _Bird")
    seen = ""
    with Session(module, examine(module, text.encode()), forks) as session:
        assert session.load() is None
        for check in checks_of(module, "hidden")[::5]:
            with contextlib.suppress(Exception):  # it solves nothing
                check.function(Play(session, backend="trio"))
            seen += session.output
    assert "WAY" not in seen, sorted({line for line in seen.splitlines() if line.startswith("WAY")})
    assert "WALKED" in seen
