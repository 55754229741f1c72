"""What a failed row says, and what only the instructor reads."""

import pickle
from dataclasses import replace

import pytest

from grader.checks.rule import CheckFailed, SentencePart
from grader.checks.words import near
from grader.judging.failure import MAX_CHARS, cut, error_texts, failure_row, plain_run_of, where, without_text
from grader.judging.report import Row

ROW = Row("test_it", "m01.R1", "result", "trio", "not run", "It says.")
RUN = {"seed": 0, "order": "fifo", "cancel": None, "fault": None}


def call(error, subject=True):
    return {"subject": subject, "error": error}


def trace(*errors, kind="done", text="", **changes):
    end = {"kind": kind, "text": text, "waiting": []}
    return {**RUN, "time": 2.5, "end": end, "spans": [call(error) for error in errors], **changes}


def test_a_row_says_what_was_seen_and_wanted():
    row = failure_row(ROW, CheckFailed("ended at", 5.0, near(3), trace(seed=4), "s", "b came late"))
    assert (row.verdict, row.what, row.expected, row.actual) == ("failed", "ended at", "3 s", "5 s")
    assert (row.happened, row.where, row.seed, row.detail) == ("b came late", "run of 2.5 s", 4, None)
    assert row.run == {**RUN, "seed": 4}


def test_a_unit_is_what_the_check_gives_or_what_its_words_have():
    row = failure_row(ROW, CheckFailed("the rate", 5, 3, trace(), "tokens"))
    assert (row.expected, row.actual) == ("3 tokens", "5 tokens")
    row = failure_row(ROW, CheckFailed("ended at", 5, 3, trace()))
    assert (row.expected, row.actual) == ("3 s", "5 s")


def test_a_part_may_be_about_another_misconception():
    row = replace(ROW, misconception="order", step="first")
    part = SentencePart("It ends in time.", misconception="late", step="second")
    found = failure_row(row, CheckFailed("ended at", 5.0, near(3), trace(), part=part))
    assert (found.part, found.misconception, found.step) == ("It ends in time.", "late", "second")
    assert type(found.part) is str
    found = failure_row(
        row, CheckFailed("ended at", 5.0, near(3), trace(), part=SentencePart("It ends.", step="second"))
    )
    assert (found.misconception, found.step) == (None, "second")
    found = failure_row(row, CheckFailed("ended at", 5.0, near(3), trace(), part="It ends."))
    assert (found.misconception, found.step) == ("order", "first")


def test_a_row_without_a_wish_or_a_run():
    row = failure_row(ROW, CheckFailed("the list", "is empty", None, None))
    assert (row.verdict, row.expected, row.actual) == ("failed", None, "is empty")
    assert (row.happened, row.where, row.seed, row.run, row.detail) == (None,) * 5


def test_a_run_of_choices_keeps_them():
    assert plain_run_of({**RUN, "more": 1, "seed": 3}) == {**RUN, "seed": 3}
    assert plain_run_of({**RUN, "choices": [[5, 1]]}) == {**RUN, "choices": [[5, 1]]}


@pytest.mark.parametrize(
    ("kind", "text", "seen", "shown"),
    [
        ("error", "ValueError: a secret", "ValueError: a secret (line 7)", "ValueError (line 7)"),
        ("error", "ValueError: a secret", "something else", "something else"),
        ("deadlock", "ValueError: a secret", "ValueError: a secret", "ValueError: a secret"),
        ("error", "ValueError: a: secret", "ValueError: a: secret", "ValueError"),
    ],
)
def test_the_text_of_what_broke_a_run_off_is_for_the_instructor(kind, text, seen, shown):
    data = trace(kind=kind, text=text)
    assert without_text(seen, data) == shown
    row = failure_row(ROW, CheckFailed("the run", seen, None, data))
    assert (row.actual, row.detail) == (shown, seen if shown != seen else None)
    assert without_text(seen, {}) == seen


def error(name, text, **more):
    return {"error": name, "text": text, **more}


def test_the_texts_of_errors_that_are_shown_are_for_the_instructor():
    secret = error("ValueError", "a secret: 7")
    assert error_texts("raised ValueError", trace(secret)) == "ValueError: a secret: 7"
    assert error_texts("raised KeyError", trace(secret)) is None
    assert error_texts("raised ValueError", trace(error("ValueError", ""))) is None
    assert error_texts("raised ValueError", trace({**secret, "token": "the scene's own"})) is None
    assert error_texts("raised CancelledError", trace(error("CancelledError", "Cancelled by <Task …>"))) is None
    assert error_texts("raised ValueError", trace(None)) is None
    assert error_texts("raised ValueError", {**trace(), "spans": [call(secret, subject=False)]}) is None
    assert error_texts("raised ValueError", {}) is None


def test_each_text_of_a_group_is_said_once():
    group = error(
        "ExceptionGroup", "two", leaves=[error("ValueError", "a"), error("KeyError", "b"), error("OSError", "c")]
    )
    said = error_texts("an ExceptionGroup of ValueError and KeyError", trace(group, error("ValueError", "a")))
    assert said == "ValueError: a; KeyError: b"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"cancel": {"who": "caller", "after": 3}}, ", caller cancelled after its step 3"),
        ({"cancel": {"who": "caller", "after": 0}}, ", caller cancelled after its step 0"),
        ({"cancel": {"who": "caller", "after": -1}}, ", nothing cancelled"),
        ({"cancel": {"who": "caller"}}, ", nothing cancelled"),
        ({"fault": {"who": "db", "call": 2}}, ", call 2 of db fails"),
    ],
)
def test_where_a_run_failed(changes, said):
    assert where({**trace(), **changes}) == f"run of 2.5 s{said}"
    assert where({}) is None


def test_texts_are_bounded():
    assert cut("a" * MAX_CHARS) == "a" * MAX_CHARS
    assert cut("a" * (MAX_CHARS + 1)) == "a" * (MAX_CHARS - 1) + "…"


def test_a_row_with_a_part_goes_from_process_to_process():
    part = SentencePart("It is refused.", misconception="never", step="one")
    row = failure_row(Row("a", "m01.R1", "result", "trio", "not run", "A."), CheckFailed("a", 1, 2, {}, part=part))
    assert pickle.loads(pickle.dumps(row)) == row
    assert type(row.part) is str
    again = pickle.loads(pickle.dumps(part))
    assert (again, again.misconception, again.step) == (part, "never", "one")
