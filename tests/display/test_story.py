"""What a card says, and in which order; the same in a terminal and in a notebook."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from grader.display import report_card, show
from grader.display.story import from_outside, headline, open_words, standing, story_of, why
from grader.judging.report import Cause, Report, Row

MODULE = SimpleNamespace(
    misconceptions={"no-wait": "nothing need be waited for"}, steps={"sleep": "Sleep"}, title="Tiny", short="m01"
)
RUN = {"seed": 3, "order": "pos", "cancel": None, "fault": None}


def row(id_="test_x", verdict="failed", backend="trio", **changes):
    known = {
        "misconception": "no-wait",
        "step": "sleep",
        "what": "the list",
        "expected": "[1]",
        "actual": "[2]",
        "run": RUN,
    }
    return replace(Row(id_, "m01.R1", "result", backend, verdict, f"{id_} works."), **(known | changes))


def report(*rows, cause=None, **changes):
    return replace(Report("m01_tiny", "failed", "failed", None, 100, checks=rows, cause=cause), **changes)


SLIP = Cause(
    "exception", "Line 3 raises NameError", 3, "m01.R1", "retrun 7", "name 'retrun'", "test_x", "trio", ("test_y",)
)
CONCEPT = Cause("concept", "test_x works.", clause="m01.R1", check="test_x", backend="trio")


def said(*rows, cause, **options):
    return show.text_of(*report_card.card(report(*rows, cause=cause), module=MODULE, points=False, **options))


def test_a_slip_comes_first_with_its_line_and_the_check_second():
    lines = said(row(), row("test_y"), row("test_z"), cause=SLIP, texts=True).splitlines()
    assert lines[2:4] == ["✗ Line 3 raises NameError: name 'retrun'.", "     3 │ retrun 7"]
    assert lines[5].split(maxsplit=1) == ["check", "R1  test_x works."]


def test_a_learner_who_is_graded_reads_no_text_of_an_exception():
    assert "retrun'" not in said(row(), cause=SLIP)
    assert "Line 3 raises NameError." in said(row(), cause=SLIP)


def test_a_slip_has_no_lesson_and_no_belief():
    text = said(row(), cause=SLIP)
    assert "lesson" not in text
    assert "belief" not in text


def test_a_concept_has_its_lesson_and_what_learners_believe():
    text = said(row(), cause=CONCEPT)
    assert "lesson  Sleep" in text
    assert "belief  “nothing need be waited for”" in text
    assert text.count("test_x works.") == 1


def test_checks_of_the_same_cause_are_a_number_and_the_others_too():
    story = story_of(report(row(), row("test_y"), row("test_z"), cause=SLIP), MODULE)
    assert open_words(story) == (
        "1 other check fails for the same reason. 1 other check is open: look at what is left when this is mended."
    )
    assert story.named == ()


def test_beside_a_concept_up_to_five_others_are_named():
    few = story_of(report(row(), *[row(f"test_{n}") for n in range(5)], cause=CONCEPT), MODULE)
    assert len(few.named) == 5
    many = story_of(report(row(), *[row(f"test_{n}") for n in range(6)], cause=CONCEPT), MODULE)
    assert many.named == ()
    assert open_words(many) == "6 other checks are open."


def test_what_passes_is_one_number_unless_it_is_asked_for():
    rows = [row(), row("test_p", "passed")]
    assert "test_p" not in said(*rows, cause=CONCEPT)
    assert "1 check passes; `grader check m01 --all` lists them" in said(*rows, cause=CONCEPT)
    assert "test_p works." in said(*rows, cause=CONCEPT, every=True)


def test_the_command_is_whole_and_brings_the_run_back():
    story = story_of(report(row(), cause=CONCEPT), MODULE)
    assert story.command == "grader trace m01 --check x --backend trio --seed 3"
    cancelled = row(run={"seed": 0, "order": "fifo", "cancel": {"who": "the caller", "after": 2}, "fault": None})
    assert story_of(report(cancelled, cause=CONCEPT), MODULE).command.endswith("--seed '0:fifo:cancel:the caller:2'")


def test_that_it_fails_on_one_backend_only_is_said():
    text = said(row(), row(verdict="passed", backend="asyncio"), cause=CONCEPT)
    assert "only on  trio: the same check passes on asyncio" in text


def test_what_happened_and_the_smallest_run_are_said():
    text = said(
        row(happened="b asked and got none", smallest="No special order.", differs="After line 3."), cause=CONCEPT
    )
    assert "happened  b asked and got none" in text
    assert "order  No special order." in text
    assert "compare  After line 3." in text


@pytest.mark.parametrize(
    ("verdicts", "said_"),
    [
        ([("passed", True), ("passed", False)], "passed"),
        ([("failed", True), ("passed", False)], "core: 1 of 1 open · stretch passed"),
        ([("passed", True), ("failed", False), ("passed", False)], "core passed · stretch: 1 of 2 open"),
        ([("failed", True)], "core: 1 of 1 open"),
    ],
)
def test_how_far_a_file_is(verdicts, said_):
    rows = [row(f"test_{n}", verdict, core=core) for n, (verdict, core) in enumerate(verdicts)]
    assert standing(report(*rows)) == said_


def test_a_report_from_before_has_its_first_core_failure_as_cause():
    old = report(row("test_s", core=False), row("test_c"))
    assert story_of(old, MODULE).headline == "test_c works."


def test_a_headline_is_one_line():
    many = replace(SLIP, said="first\nsecond")
    assert headline(many, texts=True) == "Line 3 raises NameError: first."


def test_no_line_of_a_card_is_wider_than_a_terminal():
    long = "word " * 60
    text = said(
        row(actual=long, happened=long, message=long), cause=replace(SLIP, text=long, code="x" * 200), texts=True
    )
    assert max(map(len, text.splitlines())) <= 80


def test_why_is_one_line_for_an_instructor():
    assert why(report(row(), cause=SLIP), texts=True) == "Line 3 raises NameError: name 'retrun'. [3: retrun 7]"
    assert why(report(row(), cause=SLIP)) == "Line 3 raises NameError. [3: retrun 7]"
    assert why(report(row(verdict="passed"), verdict="passed")) == ""
    assert why(report(reason="nobody answered", verdict="not run")) == "nobody answered"
    assert why(report(row())) == "test_x works."


def test_what_came_from_outside_is_said_and_a_run_without_it_is_not():
    said = {"run of 2 s, caller cancelled after its step 3": "caller cancelled after its step 3"}
    for where in ("run of 2 s", "run of 2 s, nothing cancelled", None):
        said[where] = ""
    assert {where: from_outside(row(where=where)) for where in said} == said


def test_the_headline_is_the_part_of_the_sentence_that_fails():
    only_part = report(row(part="The list is in order."), cause=None)
    assert story_of(only_part).headline == "The list is in order."
    assert "The list is in order." in why(only_part)


def test_beside_a_part_that_is_not_written_what_else_fails_is_named():
    cause = replace(SLIP, kind="not written", text="`x` is not written yet: line 3 raises NotImplementedError")
    story = story_of(report(row(), row("test_y"), row("test_z", misconception=None), cause=cause))
    assert story.named == ("R1  test_z works.",)
    assert open_words(story).endswith("1 other check is open:")
    assert story_of(report(row(), row("test_y"), row("test_z"), cause=SLIP)).named == ()
