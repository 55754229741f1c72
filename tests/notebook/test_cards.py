"""The card of the self-check and the learner's own module, as a notebook uses them."""

import json
from html.parser import HTMLParser

import pytest

from grader.course import CourseError
from grader.notebook.cards import NotPassed, check, mine

VOID = {"rect", "line", "path", "br"}


@pytest.fixture
def write(tiny, texts, monkeypatch):
    monkeypatch.chdir(tiny.root)

    def hand_in(name):
        tiny.module("m01").stub.write_text(texts[name], encoding="utf-8")

    return hand_in


class Checker(HTMLParser):
    """Whether tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] in VOID and self.open[-1] != tag:
            self.open.pop()
        assert self.open.pop() == tag


def html_of(card):
    html = card._repr_html_()
    parser = Checker()
    parser.feed(html)
    assert [tag for tag in parser.open if tag not in VOID] == []
    return html


def test_a_file_that_is_not_started_is_one_line(write):
    write("stub")
    card = check("m01")
    assert str(card) == "m01_tiny  not started  → open exercises/m01_tiny/tiny.py and write in it"
    assert "not started" in html_of(card)
    assert not card.passed


def test_a_file_that_passes(write):
    write("right")
    card = check("m01")
    assert card.passed
    assert card.require() is None
    assert "m01_tiny  ✓ passed" in str(card)
    assert "4 checks pass" in str(card)
    html = html_of(card)
    assert "✓ passed" in html
    assert "Stuck" not in html


def test_a_failure_says_first_what_failed(write):
    write("no_value")
    card = check("m01")
    text = str(card)
    assert text.splitlines()[2].startswith("✗ `later` returns None: line ")
    assert "R1  The value comes back." in text
    assert "expected  7" in text
    assert "grader trace m01 --check value --backend asyncio" in text
    assert "caller actor" in text
    html = html_of(card)
    assert (
        html.index("✗ <code>later</code> returns None")
        < html.index("<svg")
        < html.index("<tbody><tr><td", html.index("<svg"))
    )
    for word in (
        "✗ core: 1 of 3 open",
        "expected",
        "✗ failed",
        "✓ passed",
        "(stretch)",
        "<svg",
        "3 checks pass",
        "return None",
    ):
        assert word in html


def test_the_form_that_raises(write):
    write("no_value")
    with pytest.raises(NotPassed, match="The value comes back"):
        check("m01").require()
    write("stub")
    with pytest.raises(NotPassed, match="not started"):
        check("m01").require()


def test_text_from_the_file_cannot_become_markup(write, tiny, texts):
    text = texts["right"].replace("return value", 'raise ValueError("<script>alert(1)</script>")')
    tiny.module("m01").stub.write_text(text, encoding="utf-8")
    html = html_of(check("m01"))
    assert "<script>" not in html


def test_a_file_that_cannot_be_loaded(write, tiny):
    tiny.module("m01").stub.write_text("def later(:\n", encoding="utf-8")
    card = check("m01")
    assert "Python cannot read this" in str(card)
    assert html_of(card).count("Python cannot read this") == 1


def test_the_next_hint_is_folded_into_the_card(write, tiny):
    hints = "".join(f"## Hint {n}\n\nThe *{n}th* hint.\n\n" for n in (1, 2, 3))
    (tiny.root / "course/m01_tiny/hints.md").write_text(f"{hints}## Question\n\nWhy?\n", encoding="utf-8")
    write("no_value")
    card = check("m01")
    assert "<summary>Stuck? Hint 1</summary><p>The <em>1th</em> hint.</p>" in html_of(card)
    assert "stuck?  grader hint m01" in str(card)


def test_the_file_is_read_afresh_each_time(write):
    write("no_value")
    assert not check("m01").passed
    write("right")
    assert check("m01").passed


def test_the_hidden_checks_where_there_are_some(write, tiny):
    write("right")
    assert check("m01", hidden=True).passed
    tiny.module("m01").hidden_checks[0].unlink()
    with pytest.raises(CourseError, match="has no hidden checks here"):
        check("m01", hidden=True)


def test_progress_is_kept(write, tiny):
    write("stub")
    check("m01")
    assert not (tiny.root / "progress.json").exists()
    write("no_value")
    check("m01")
    write("right")
    check("m01")
    entry = json.loads((tiny.root / "progress.json").read_text())["modules"]["m01_tiny"]
    assert {"started", "core", "all"} <= set(entry)


@pytest.mark.parametrize(("name", "state"), [("stub", "is not started"), ("no_value", "does not pass its core checks")])
def test_a_lesson_goes_on_without_the_learners_module(write, capsys, name, state):
    write(name)
    assert mine("m01") is None
    said = capsys.readouterr().out
    assert f"Your tiny.py {state}" in said
    assert said.count("\n") == 1


def test_the_learners_own_module_when_it_passes(write, capsys):
    write("right")
    module = mine("m01_tiny")
    assert module.later.__name__ == "later"
    assert mine("m01_tiny") is not module
    assert capsys.readouterr().out == ""


def test_a_check_that_is_stopped_says_so_in_one_line(write, monkeypatch):
    write("right")

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.notebook.cards.self_check", stop)
    with pytest.raises(KeyboardInterrupt, match="the check was stopped") as stopped:
        check("m01")
    assert stopped.value.__suppress_context__
