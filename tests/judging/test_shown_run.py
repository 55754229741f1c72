"""The run in a report, as a page draws it."""

from grader.display import picture, picture_signs
from grader.judging.shown_run import MOST_ROWS, shown_run
from tests.records import record, span


def trace(*changes):
    return record(*(span(number, **change) for number, change in enumerate(changes)))


def test_a_row_says_who_did_what_when_and_how_it_ended():
    shown = shown_run(
        trace({}, {"parent": 0, "what": "take", "start": 1.00000001, "value": {"secret": 1}, "cancelled": 1.5})
    )
    assert (shown["backend"], shown["start"], shown["end"]) == ("trio", 1.0, 2.0)
    assert [(row["label"], row["depth"], row["start"], row.get("cancelled")) for row in shown["rows"]] == [
        ("caller", 0, 0.0, None),
        ("take", 1, 1.0, 1.5),
    ]
    assert "secret" not in str(shown)


def test_a_long_run_is_cut_and_says_so():
    shown = shown_run(trace(*[{}] * (MOST_ROWS + 3)))
    assert (len(shown["rows"]), shown["more"]) == (MOST_ROWS, 3)
    assert "and 3 more" in picture.svg(picture.of_run(shown), picture_signs.NARROW)


def test_a_run_without_anything_has_no_picture():
    assert shown_run(trace()) is None
