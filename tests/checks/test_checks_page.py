"""`docs/checks.md` names every word of a check and every kind of error that a script can raise, and what it says of reading errors is true."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import grader
from grader import CheckFailed, Play, Trace, Trial, token
from grader.worker.scene.scripts import FAULTS
from tests.records import record, span

TEXT = (Path(__file__).parents[2] / "docs/checks.md").read_text(encoding="utf-8")


def ended(how: str, *, error: dict[str, Any] | None = None, outside: bool = False) -> Trace:
    """A run with one call of the subject that ended so."""
    cancelled = 1.0 if outside else None
    return Trace(
        record(span(0, None, "main", subject=True, how=how, error=error, cancelled=cancelled, outside=outside))
    )


def test_every_kind_of_error_is_on_the_page() -> None:
    [kinds] = re.findall(r"^The kinds of `fail.*?\n\n", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert set(FAULTS) <= set(re.findall(r"`([\w ]+)`", kinds))


def test_an_attribute_of_an_error_is_read_as_the_page_says() -> None:
    error = {"error": "OutOfBudget", "attributes": {"tries": 2, "last": {"token": "E1"}}}
    call = ended("raised", error=error).call
    assert call.error_part("tries") == 2
    assert call.error_part("last") == token("E1")
    with pytest.raises(CheckFailed, match="raised OutOfBudget, without an attribute `first`"):
        call.error_part("first")
    with pytest.raises(CheckFailed, match="returned"):
        ended("returned").call.error_part("tries")


@pytest.mark.parametrize("how", ["cancelled", "raised"])
def test_the_word_for_cancellation_fails_only_a_call_that_returned(how) -> None:
    ended(how, outside=True).expect_cancellation_passes()
    with pytest.raises(CheckFailed, match="returned all the same"):
        ended("returned", outside=True).expect_cancellation_passes()


def test_the_page_names_every_word_of_an_author() -> None:
    page = set(re.findall(r"\w+", TEXT))
    functions = {name for name in grader.__all__ if not inspect.isclass(getattr(grader, name))}
    methods = {name for each in (Play, Trial, Trace) for name in vars(each) if inspect.isfunction(vars(each)[name])}
    words = {name for name in functions | methods if not name.startswith("_")}
    assert words - page - {"expect_ended", "fail", "search_for"} == set()  # the engine's own
