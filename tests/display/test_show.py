import io
import re
import sys
from dataclasses import replace

import pytest

from grader.checks.phrases import seconds
from grader.checks.rule import CheckFailed
from grader.checks.runs import run_of, word
from grader.checks.trace import Trace
from grader.display import report_card, show
from grader.display.trace_text import timeline
from grader.judging.failure import failure_row
from grader.judging.report import Report, Row, Score
from tests import records


def row(verdict="passed", backend="trio", **changes):
    return replace(Row("test_x", "m01.R1", "result", backend, verdict, "It works."), **changes)


def report(*rows, verdict="failed", **changes):
    aspects = {"result": Score(5, 10), "leak": Score(None, 4)}
    return replace(Report("m01_tiny", verdict, "passed", 5, 14, aspects=aspects, checks=rows), **changes)


def text(*parts):
    console = show.console()
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()


def test_the_headline_says_how_far_a_file_is():
    said = text(*report_card.card(report(row(), row("failed", id="b", core=False), row("passed", id="c", core=False))))
    assert "m01_tiny  ✓ core passed · stretch: 1 of 2 open  5 of 14 points" in said
    assert "✗ core: 1 of 2 open" in text(*report_card.card(report(row(), row("failed", id="b"), core="failed")))


def test_blank_is_shown_as_blank():
    said = text(*report_card.card(report(row("not run", message="the check broke"), verdict="not run", points=None)))
    assert "? of 14 points" in said
    assert "? of 4" in said


def test_a_reason_is_said_once_and_not_in_every_row():
    rows = [row("failed", id=name, message="the file is empty", detail="its text") for name in "abc"]
    whole = report(*rows, reason="the file is empty")
    assert text(*report_card.card(whole)).count("the file is empty") == 1
    assert "its text" not in text(*report_card.card(whole))
    assert "its text" in text(*report_card.card(whole, texts=True))


def test_nothing_a_learner_writes_moves_the_cursor():
    evil = "\x1b[2J\r\x07[red]x[/red]\u202e"
    said = text(*report_card.card(report(row("failed", actual=evil, what=evil), reason=None), name=evil))
    assert "\x1b" not in said
    assert "\r" not in said
    assert "\u202e" not in said
    assert "[red]x[/red]" in said


def test_a_class_in_two_tables():
    graded = [
        ("ada", report(row(), verdict="passed")),
        ("ben\x1b", report(row("not run"), verdict="not run", points=None)),
    ]
    said = text(show.learners_table(graded), show.modules_table(each for _, each in graded))
    assert "ben\\x1b" in said
    lines = [line.split() for line in said.splitlines()]
    assert ["ada", "m01", "✓", "passed", "5", "5", "?"] in lines
    assert ["m01", "1", "0", "1", "50", "%", "?"] in lines
    assert all(len(line) <= 80 for line in said.splitlines())


# -- runs as words --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["17", "4", "0:fifo", "3:uniform", "0:fifo:cancel:caller:3", "5:pos:fault:the db:2", "0:fifo:cancel:a:b:1"]
)
def test_a_word_names_its_run(name):
    assert word(run_of(name)) == name


@pytest.mark.parametrize("name", ["", "x", "1:lifo", "1:pos:cancel", "1:pos:cancel:a:b", "1:pos:other:a:1"])
def test_a_word_that_names_no_run(name):
    with pytest.raises(ValueError, match="is not a run: write a seed"):
        run_of(name)


def test_the_creep_of_the_clock_is_not_shown():
    assert [seconds(value) for value in (0, 3.0000000001, 0.1, 1234.5)] == ["0", "3", "0.1", "1234.5"]


# -- failures as rows -----------------------------------------------------------------------------------------------
def trace(**changes):
    return Trace(records.record(**changes))


def failure(seen, wanted=None, **changes):
    return failure_row(row("not run"), CheckFailed("the list", seen, wanted, trace(**changes).data))


def test_what_was_expected_and_seen_is_said_in_values():
    found = failure([1, 2.0000000001], [1, 3])
    assert (found.verdict, found.what, found.expected, found.actual) == ("failed", "the list", "1, 3", "1, 2")
    assert (found.seed, found.where) == (0, "run of 2 s")


def test_of_two_long_tables_only_the_rows_that_differ_are_said():
    wanted = {name: index for index, name in enumerate("abcdef")}
    with pytest.raises(CheckFailed, match=re.escape("expected {'e': 4}, seen {'e': 9}")):
        trace().expect("the table", {**wanted, "e": 9}, wanted)
    with pytest.raises(CheckFailed, match=re.escape("{'a': 0, 'b': 1}, seen {'a': 0, 'b': 2}")):  # a short one
        trace().expect("the table", {"a": 0, "b": 2}, {"a": 0, "b": 1})
    turned = dict(reversed(wanted.items()))
    with pytest.raises(CheckFailed, match=re.escape(f"{wanted}, seen {turned}")):  # the rows are right, not their order
        trace().expect("the table", turned, wanted)
    rows = [[name, index] for index, name in enumerate("abcde")]
    with pytest.raises(CheckFailed, match=re.escape("expected [['d', 3]], seen [['d', 9]]")):
        trace().expect("the report", [*rows[:3], ["d", 9], rows[4]], rows)
    for seen in (rows[:4], [*rows[:4], 4]):  # a row is missing, or none: all of it says more
        with pytest.raises(CheckFailed, match=re.escape(f"{rows}, seen {seen}")):
            trace().expect("the report", seen, rows)


def test_the_text_of_an_exception_that_broke_the_run_off_is_kept_apart():
    end = {"kind": "error", "text": "KeyError, line 3: 'a secret: here'", "waiting": []}
    found = failure(end["text"] + " (line 3)", end=end)
    assert (found.actual, found.detail) == ("KeyError, line 3 (line 3)", "KeyError, line 3: 'a secret: here' (line 3)")


def test_the_text_of_an_error_that_left_the_call_is_kept_apart():
    def call(error):
        return {"subject": True, "error": {"is": [], **error}}

    spans = [
        call({"error": "Fault", "text": "E1", "token": "E1"}),  # the scene's own: it has a name
        call({"error": "ExceptionGroup", "leaves": [{"error": "RuntimeError", "text": "no running event loop"}]}),
        call({"error": "KeyError", "text": "not what was seen"}),
        {"subject": False, "error": {"error": "RuntimeError", "text": "not of a call"}},
    ]
    found = failure("raised ExceptionGroup of RuntimeError", spans=spans)
    assert found.actual == "raised ExceptionGroup of RuntimeError"
    assert found.detail == "RuntimeError: no running event loop"


def test_what_was_done_from_outside_is_said():
    assert failure(1, 2, cancel={"who": "caller", "after": 3}).where == "run of 2 s, caller cancelled after its step 3"
    assert failure(1, 2, cancel={"who": "caller", "after": -1}).where == "run of 2 s, nothing cancelled"
    assert failure(1, 2, fault={"who": "db", "call": 2}).where == "run of 2 s, call 2 of db fails"


def test_long_values_are_cut():
    assert len(failure("x" * 10_000, "y").actual) == 600


# -- the picture ----------------------------------------------------------------------------------------------------
def span(number, parent, who, what, start, end, how="returned", **changes):
    return records.span(number, parent, what, who=who, start=start, end=end, how=how, **changes)


def test_the_picture_of_a_run():
    spans = [
        span(0, None, "caller", "gather", 0, 4),
        span(1, 0, "a", "run", 0, 1, value=7),
        span(2, 0, "b", "run", 1, 3, how="cancelled", line=12),
        span(3, 0, "c", "run", 2, None, how="open"),
    ]
    note = {"t": 2.0, "order": 9, "who": "b", "what": "read", "value": None, "span": 2}
    end = {"kind": "deadlock", "text": "every task waits", "waiting": [{"task": "c", "line": 9}, {"line": None}]}
    lines = timeline(trace(spans=spans, notes=[note], time=4.0, end=end)).splitlines()
    assert lines == [
        "trio · seed 0 (fifo) · 3 steps",
        "                         0                          4 s",
        "caller gather            ├────────────────────────────┤ 4 returned",
        "  a run                  ├──────┤                       1 returned 7",
        "  b run                         ├──────────────⊘        3 was cancelled",
        "  c run                                ├──────────────… never ended",
        "b read                   at 2",
        "end: deadlock: every task waits",
        "  c waits at line 9",
        "├┤ from call to return · ⊘ was cancelled · … never ended · virtual seconds",
    ]


def test_a_long_run_is_cut():
    spans = [span(number, None, "a", "run", 0, 1) for number in range(100)]
    assert "… and 40 more" in timeline(trace(spans=spans))


@pytest.mark.parametrize(("columns", "width"), [("", 80), ("120", 80), ("60", 60), ("7", 40), ("wide", 80)])
def test_a_narrow_terminal_gets_narrow_lines(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert show.width_of(sys.stdout) == width
    assert show.width_of(io.StringIO()) == 80


def test_a_picture_fits_a_narrow_terminal():
    value = {"dict": [["a", 1]]}
    spans = [
        span(number, number - 1 if number else None, "somebody", "fetches", 0.0, 4.0, value=value)
        for number in range(3)
    ]
    for width in (50, 80):
        drawn = timeline(trace(spans=spans, time=4.0), width)
        assert max(map(len, drawn.splitlines())) <= width
        assert "4 returned a: 1" in drawn


def test_the_verdict_is_never_dim_and_its_words_have_no_colour():
    text = report_card.with_tick("passed", "passed")
    assert [(span.style, text.plain[span.start : span.end]) for span in text.spans] == [("bold default", "passed")]
    assert text.style == "green"
