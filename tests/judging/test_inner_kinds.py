"""Entries of another kind than is wanted, and shields that keep a cancellation away: what is said, and when nothing is."""

from dataclasses import replace

import pytest

from grader.checks.rule import CheckFailed, RarePart
from grader.checks.values import Data, Error, Opaque
from grader.checks.words import near, token
from grader.judging.explaining import in_order
from grader.judging.failure import failure_row
from grader.judging.inner_kinds import inner_kind
from grader.judging.learner_code import LearnerCode
from grader.judging.report import Row
from grader.judging.run_evidence import Clue, FailingRun
from grader.judging.sentence_first import needs_the_sentence
from grader.judging.shields import shields_that_delay

A, B, E = token("A"), token("B"), token("E")
CODE = LearnerCode("class Task: ...\n")
SPANS = {"spans": [{"error": {"error": "Fault", "token": "E"}}, {"error": None}]}


@pytest.mark.parametrize(
    ("seen", "wanted", "text"),
    [
        ([(0, A), (1, B)], [A, B], "The list: each entry is a pair with the value in it, where the value alone is wanted"),
        ([[A], [B]], [A, B], "The list: each entry is a list with the value in it, where the value alone is wanted"),
        ({"a": "E"}, {"a": E}, "The list: texts, where the exceptions themselves are wanted"),
        (["A", "B"], [A, B], "The list: texts, where the values themselves are wanted"),
        ([Data("Task", {})], ["a"], "The list: objects of `Task`, where texts are wanted"),
        ([Opaque("coroutine"), Opaque("coroutine")], [A, B], "The list: coroutines, where the values themselves are wanted"),
        ([B, A], [A, B], None),  # of the right kind
        ([A, "B"], [A, B], None),  # only some of them
        ([(0, A), "B"], [A, B], None),  # of several kinds
        ([A], [A, B], None),  # not the same places
        (["b"], ["a"], None),
        ([Data("Other", {})], ["a"], None),  # running code may have named that class
        ([Opaque("Secret")], [A], None),
        ([Error({"error": "Fault"})], [E], None),
        (5, 3, None),
    ],
)  # fmt: skip
def test_entries_of_another_kind(seen, wanted, text):
    found = [clue.text for clue in inner_kind(FailingRun(SPANS, CODE, seen, wanted, "the list: whatever"))]
    assert found == ([] if text is None else [text])


PLAIN = """
async def call(jobs):
    with anyio.move_on_after(5, shield=True):
        await jobs()
"""
CLEANUP = """
async def call(jobs):
    try:
        await jobs()
    finally:
        with anyio.CancelScope(shield=True):
            await jobs()
"""
MANAGER = """
@asynccontextmanager
async def block(conn):
    with anyio.CancelScope(shield=True):
        await conn.begin()
        yield conn
"""
COMMIT = """
@asynccontextmanager
async def block(conn):
    yield conn
    with anyio.CancelScope(shield=True):
        await conn.commit()
"""
UNSHIELDED = PLAIN.replace("shield=True", "shield=False")


def shields(text, *, seen=9.0, belief="shield-everything", ran=True):
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "shield=" in line)
    data = {"probes": {"observed": {"lines": [[line, 1]] if ran else []}}}
    run = FailingRun(data, LearnerCode(text), seen, near(4), "when the call ended: 9", belief)
    return [(clue.kind, clue.line) for clue in shields_that_delay(run)]


@pytest.mark.parametrize("text", [PLAIN, MANAGER])
def test_a_shield_that_a_cancellation_waits_for(text):
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "shield=" in line)
    assert shields(text) == [("shielded", line)]
    assert shields(text, seen=None) == [("shielded", line)]  # it never came


@pytest.mark.parametrize("text", [CLEANUP, COMMIT, UNSHIELDED])
def test_a_shield_that_is_right(text):
    assert shields(text) == []


def test_a_shield_without_the_evidence():
    assert shields(PLAIN, belief="order") == []
    assert shields(PLAIN, seen="returned") == []  # the call swallowed the cancellation
    assert shields(PLAIN, ran=False) == []


ROW = Row("test_a", "m01.R1", "V", "asyncio", "failed", "It holds.", misconception="order", step="first")


def test_a_part_about_a_rare_case_speaks_last():
    rare = failure_row(ROW, CheckFailed("the list", 1, 2, None, part=RarePart("Also of a rare one.")))
    assert (rare.part, rare.wide, rare.misconception) == ("Also of a rare one.", True, "order")
    assert type(rare.part) is str
    plain = failure_row(replace(ROW, id="test_b"), CheckFailed("the list", 1, 2, None))
    assert not plain.wide
    assert [row.id for row in in_order([rare, plain])] == ["test_b", "test_a"]


def test_an_entry_that_is_not_in_a_list_comes_after_the_sentence():
    passing = replace(ROW, id="test_c", verdict="passed")
    clue = Clue(3, "exception", "Line 5 raises ValueError", 5, "<object> is not in list")
    assert needs_the_sentence(clue, ROW, ROW, [ROW, passing])
    assert not needs_the_sentence(clue, ROW, ROW, [ROW])
    assert not needs_the_sentence(replace(clue, said="invalid literal"), ROW, ROW, [ROW, passing])
