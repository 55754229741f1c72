"""`docs/engine.md` says how a submission goes: each function that it names is there, and the hops are gone in their order."""

import importlib
import re
import sys
from functools import reduce
from pathlib import Path

import pytest

from grader.judging import pool
from grader.judging.judge import How

PAGE = Path(__file__).parents[2] / "docs/engine.md"
HOPS = re.findall(
    r"^(\d+)\. (.*(?:\n   .*)*)", PAGE.read_text("utf-8").partition("hop by hop\n")[2], flags=re.MULTILINE
)
NAMED = [re.findall(r"`([a-z/_]+)\.py` `([\w.]+)`", text) for _, text in HOPS]
IN_THE_CHILD = {6, 7, 8}


def object_of(file, name):
    """The function or class that the page names."""
    return reduce(getattr, name.split("."), importlib.import_module(f"grader.{file.replace('/', '.')}"))


def code_of(file, name):
    """The code object that is entered when it is called."""
    found = object_of(file, name)
    return found.__init__.__code__ if isinstance(found, type) else found.__code__


def test_there_are_at_most_twelve_hops():
    assert [int(number) for number, _ in HOPS] == list(range(1, len(HOPS) + 1))
    assert len(HOPS) <= 12
    assert all(NAMED), "each hop names a function"


@pytest.mark.parametrize(("file", "name"), [each for hop in NAMED for each in hop])
def test_what_a_hop_names_is_there(file, name):
    assert callable(object_of(file, name))


def test_a_submission_goes_the_hops_in_their_order(tiny, texts):
    """Of a file that fails, graded in this process. What the child does cannot be seen from here."""
    begins = [code_of(*hop[0]) for number, hop in enumerate(NAMED, 1) if number not in IN_THE_CHILD]
    entered = []

    def note(frame, event, _):
        if event == "call" and frame.f_code in begins and frame.f_code not in entered:
            entered.append(frame.f_code)

    module = tiny.module("m01")
    how = How(only=frozenset({"test_value"}))
    task = pool.GradingTask(module, texts["no_value"].encode(), walls=False, how=how)
    sys.setprofile(note)
    try:
        report = pool.run(task)
    finally:
        sys.setprofile(None)
    assert report.verdict == "failed", report.reason
    assert [code.co_qualname for code in entered] == [code.co_qualname for code in begins]
