"""Stilted phrases are found in prose, not in code; the course's own pages have none."""

from pathlib import Path

import pytest

from grader.lesson import voice
from grader.lesson.voice import stilted_phrases


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("It waits for ever.", "forever"),
        ("The count starts anew.", "again"),
        ("Cancellation from outside of it.", "outside, inside"),
        ("The stop belongs into the `finally`.", "belongs in"),
        ("What becomes of the others?", "happens to"),
        ("The group sees to it.", "makes sure"),
        ("When the deadline strikes, it ends.", "expires"),
        ("The first checkpoint behind the shield raises.", "after"),
        ("A limit is no rate.", "is not a"),
        ("An order of arguments is none.", "is not one"),
        ("The program stands still.", "stops"),
        ("It ends. Who waits is served.", "a waiting task"),
    ],
)
def test_a_stilted_phrase_is_found_with_its_line(text, instead):
    ((line, said),) = stilted_phrases(f"# Title\n\n{text}\n")
    assert line == 3
    assert instead in said


@pytest.mark.parametrize(
    "text",
    [
        "There is no task left, and there are none to start.",
        "It is no longer open, and no more comes.",
        "Who waits for it? Who waits?",
        "The code `what is no list` is not prose.",
        "```python\n# it waits for ever\n```",
        "A task waits behind the first one in the queue.",
    ],
)
def test_plain_english_and_code_are_left_alone(text):
    assert list(stilted_phrases(text)) == []


def test_an_exception_is_left_alone(monkeypatch):
    assert list(stilted_phrases("It is no picnic."))
    monkeypatch.setitem(voice.EXCEPTIONS, "is no picnic", "an idiom")
    assert list(stilted_phrases("It is no picnic.")) == []


def test_the_docs_are_plain(checkout):
    pages = [*checkout.glob("*.md"), *checkout.glob("docs/*.md")]
    found = [
        f"{page.name}:{line}: {said}"
        for page in pages
        for line, said in stilted_phrases(page.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_page_and_its_hints_are_held(school, changed):
    from grader.lesson.shape import shape_faults

    lesson = changed("## Further\n", "## Further\n\nIt waits for ever.\n")
    hints = Path(school.module("m01").toml.with_name("hints.md"))
    hints.write_text(hints.read_text().replace("## Hint 1\n", "## Hint 1\n\nStart anew.\n"))
    said = [wrong.text for wrong in shape_faults(lesson, school.module("m01"))]
    assert "'for ever': write forever" in said
    assert "'anew': write again" in said
