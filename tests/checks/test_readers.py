"""The words with which a check reads what a learner's function gave: what is not as it must be fails the subject."""

from typing import Any

import pytest

from grader import CheckFailed
from grader.checks.trace import Trace


def span(
    number: int, what: str, *, value: Any = None, how: str = "returned", end: float | None = 2.0
) -> dict[str, Any]:
    return {
        "id": number,
        "parent": None,
        "who": "caller",
        "what": what,
        "args": [],
        "task": "caller",
        "subject": what == "main",
        "start": 0.0,
        "end": end,
        "order": [2 * number, None if end is None else 2 * number + 1],
        "how": how,
        "value": value,
        "error": None,
        "cancelled": None,
        "outside": False,
        "line": None,
        "steps": 1,
    }


def trace(*spans: dict[str, Any]) -> Trace:
    return Trace({"backend": "trio", "spans": list(spans), "notes": [], "steps": 1, "time": 2.0})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1], list),
        ({"tuple": [1]}, tuple),
        ({"dict": [["a", 1]]}, dict),
        ("a", str),
        (1.5, float),
        (7, int),
        (True, bool),
    ],
)
def test_what_it_returned_as_what_it_must_be(value: Any, kind: type) -> None:
    assert type(trace(span(0, "main", value=value)).call.value_as(kind)) is kind


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        (None, list, "returned None, which is not a list"),
        ({"tuple": [1]}, list, "returned (1,), which is not a list"),
        ("1.5", float, "returned '1.5', which is not a number"),
        (True, int, "returned True, which is not a whole number"),
        ({"type": "coroutine"}, dict, "returned an object of coroutine, which is not a dictionary"),
    ],
)
def test_something_else_fails_the_subject(value: Any, kind: type, seen: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        trace(span(0, "main", value=value)).call.value_as(kind)
    assert (failed.value.what, failed.value.seen) == ("main", seen)


def test_a_part_of_what_it_returned() -> None:
    report = {"data": "Report", "fields": {"done": ["a"]}}
    assert trace(span(0, "main", value=report)).call.part("done") == ["a"]
    for value, name in ((report, "failed"), (None, "done"), ({"dict": [["done", []]]}, "done")):
        with pytest.raises(CheckFailed, match=f"which has no `{name}`"):
            trace(span(0, "main", value=value)).call.part(name)


def test_when_the_spans_of_a_kind_ended() -> None:
    t = trace(span(0, "main"), span(1, "run", end=1.0), span(2, "run"))
    assert t.ends("run") == [1.0, 2.0]
    assert [each.id for each in t.some("run")] == [1, 2]


def test_nothing_of_a_kind_fails_the_subject() -> None:
    t = trace(span(0, "main"))
    for read in (t.some, t.ends):
        with pytest.raises(CheckFailed, match="run: never happened"):
            read("run")


def test_what_never_ended_fails_the_subject() -> None:
    with pytest.raises(CheckFailed, match="never ended"):
        trace(span(0, "main"), span(1, "run", how="open", end=None)).ends("run")
