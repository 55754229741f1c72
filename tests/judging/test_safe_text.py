"""Texts that a submission chooses while it runs do not reach its learner; what was known beforehand does."""

import json
from dataclasses import replace

import pytest

from grader.judging.judge import How, grade
from grader.judging.report import Row
from grader.judging.safe_text import DIGITS_IN_ALL, SafeTexts, cover, qualified_names, short_number

#: What carries the plan out: it is known only when the file runs.
CARRIERS = {
    "a text that it returns": "return repr(sorted(locals().items())) * 9",
    "texts in a list": "return [f'secret{value}', f'quiet{delay}']",
    "the name of a class": "raise type(f'Secret{value}delay{delay}'.replace('.', '_') * 9, (Exception,), {})",
    "an object of such a class": "return type(f'Secret{value}', (), {})()",
    "the class of what cannot be awaited": "return value\ndef later(value, *, delay): return type(f'Secret{value}', (), {})()",
    "a key": "return {f'secret{value}': 1}",
    "a name in an enum": "import enum\n    return enum.Enum('E', [f'secret{value}'])[f'secret{value}']",
    "a long number as text": "return str(10**40 + value)",
    "a long number": "return 10**40 + value",
    "a long fraction": "return 0.1 + value / 10**11",
    "a time to wait": "await anyio.sleep(0.1 + value / 10**11)\n    return 0",
    "the attribute of an exception": "error = KeyError()\n    error.where = f'secret{value}'\n    raise error",
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_text_that_only_the_run_knows_is_covered(tiny, forks, texts, carrier):
    text = texts["right"].replace("return value", CARRIERS[carrier])
    report = grade(tiny.module("m01"), text.encode(), forks=forks)
    plain = report.plain()
    seen = json.dumps([plain.get("cause"), [{**row, "detail": ""} for row in plain["checks"]]])
    assert report.verdict == "failed"
    for leak in ("secret7", "Secret7", "quiet", "('delay'", "00000000007", "000000007"):
        assert leak not in seen
    # The instructor and the self-check see it.
    assert report.plain() != grade(tiny.module("m01"), text.encode(), forks=forks, how=How(kind="public")).plain()


def test_a_text_that_begins_like_another_one_is_covered_whole():
    said = cover("live: ['/dev/shm/tmpother/alder'], none", "/dev/shm/tmpfirst/alder")
    assert said == "live: [a text of 23 characters], none"
    assert "other" not in cover("it gave /dev/shm/tmpother/alder and more", "/dev/shm/tmpfirst/alder")


def test_what_the_file_itself_says_is_shown(tiny, forks, texts):
    text = texts["right"].replace("return value", "return 'nothing at all'")
    report = grade(tiny.module("m01"), text.encode(), forks=forks)
    assert "nothing at all" in {row.actual for row in report.checks}


def test_what_is_known(tiny):
    safe = SafeTexts(tiny.module("m01"), "class Mine: ...")
    assert all(map(safe.is_known, ("caller", "Mine", "ValueError", "CancelScope", "value 7", "")))
    assert not any(map(safe.is_known, ("secret", "value 1234567", "value " * 20)))


def test_the_name_of_a_task_is_known_where_the_file_has_that_function(tiny):
    module = tiny.module("m01")
    source = "class Zebra:\n    async def stripe(self):\n        async def quagga(): ..."
    known = ["Zebra.stripe", "Zebra.stripe.<locals>.quagga"]
    assert sorted(qualified_names(source)) == known
    assert list(qualified_names("def (")) == []
    safe = SafeTexts(module, source)
    assert all(safe.is_known(f"{module.stub.stem}.{name}") for name in known)
    assert not safe.is_known(f"{module.stub.stem}.stripe.Zebra")


@pytest.mark.parametrize(
    ("shown", "text", "said"),
    [
        ("returned 'secret'", "secret", "returned a text of 6 characters"),
        ("returned ['secr', 'secr…", "secr", "returned [a text of 4 characters, a text of 4 characters…"),
        ("returned 'a long secret in two li…", "a long secret in two lines", "returned a text of 26 characters…"),
        (r"returned 'two\nlines'", "two\nlines", "returned a text of 9 characters"),
        ("raised Secret at line 7", "Secret", "raised a name of 6 characters at line 7"),
        ("nothing known, not 7", "nothing known", "a text of 13 characters, not 7"),
        ("raised Secretary", "Secret", "raised Secretary"),
        ("it was at an end", "at", "it was at an end"),
        ("returned 'at'", "at", "returned a text of 2 characters"),
    ],
)
def test_how_a_text_is_covered(shown, text, said):
    assert cover(shown, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7", "7"),
        ("123456", "123456"),
        ("1234567", "a number of 7 digits"),
        ("1000000", "a number of 7 digits"),
        ("100.25", "100.25"),
        ("100.333333", "100.333"),
        ("0.000123", "0.000123"),
        ("0.123456789", "0.123457"),
        ("123456.789", "123457"),
        ("1234567.5", "a number of 8 digits"),
        ("1.5e-07", "1.5e-07"),
        ("1.23456e+37", "a number of 6 digits"),
        ("0.00001234567", "a number of 7 digits"),
    ],
)
def test_how_a_number_is_shown(text, said):
    assert short_number(text) == said


def trace_with(*values):
    return {"spans": [{"value": list(values), "error": None, "args": []}]}


def test_times_are_shown_as_a_learner_reads_them(tiny):
    """They are not the submission's values: each has six digits that count, and there may be many."""
    safe = SafeTexts(tiny.module("m01"), "")
    times = ", ".join(f"{name} at {number / 4} s" for number, name in enumerate("abcdefghijklmnop", 397))
    assert safe.cover(times) == times
    assert safe.cover("b at 103.333333 s, not 100 s (line 7)") == "b at 103.333 s, not 100 s (line 7)"
    assert safe.cover("Task-12345678 of c1 waits at v1.2345678") == "Task-12345678 of c1 waits at v1.2345678"


def test_only_so_many_numbers_of_a_submission_are_shown(tiny):
    safe = SafeTexts(tiny.module("m01"), "LIMIT = 2500000")
    safe.learn(trace_with(*range(100, 200), 2500000, -7.25))
    many = ", ".join(map(str, range(100, 200)))
    shown = safe.cover(f"[{many}]")
    assert shown.count("a number") == 100 - DIGITS_IN_ALL // 3
    assert shown.startswith("[100, 101, ")
    # What was expected, or stands in the file, was known.
    assert safe.cover(f"[{many}]", f"[{many}, 200]") == f"[{many}]"
    assert safe.cover("[2500000, -7.25, 7]") == "[2500000, -7.25, 7]"


def test_a_row_keeps_what_was_covered_for_the_instructor(tiny):
    safe = SafeTexts(tiny.module("m01"), "")
    safe.learn(trace_with(12345678901))
    row = Row("a", "m01.R1", "result", "trio", "failed", "It says.", expected="7", actual="returned 12345678901")
    covered = safe.row(row)
    assert (covered.actual, covered.detail) == ("returned a number of 11 digits", "returned 12345678901")
    assert safe.row(replace(row, actual="returned 8")) == replace(row, actual="returned 8")
