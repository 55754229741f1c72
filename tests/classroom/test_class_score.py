"""A learner sees the class's score where they look anyway: `grader progress` and the start page."""

import json

import pytest

from grader.classroom import dropping
from grader.classroom.hand_in import account_of, for_bundle
from grader.cli import main
from grader.learner import class_score as scores
from grader.learner.due import FILE
from grader.notebook.progress_table import progress as table

SLUG = "m01_tiny"


@pytest.fixture
def learner(school, tmp_path, monkeypatch):
    """The course of a learner, as a bundle of the class lays it out: the folder."""
    root = tmp_path / "for-learners"
    school.course.joinpath("course").rename(root.with_name("course-of-class"))
    root.mkdir()
    root.with_name("course-of-class").rename(root / "course")
    (school.course / "course").symlink_to(root / "course")
    exercise = root / "exercises" / SLUG
    exercise.mkdir(parents=True)
    shipped = for_bundle(school.settings)
    text = shipped["hand_in"]("exercises") + f"get_config().Exchange.cache = {str(tmp_path / 'cache')!r}\n"
    (root / "nbgrader_config.py").write_text(text)
    (root / FILE).write_text(json.dumps(shipped["dates"]))
    (exercise / f"{SLUG}.ipynb").write_bytes(school.settings.release(SLUG).read_bytes())
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def hand_in(learner):
    def hand_in(text):
        (learner / "exercises" / SLUG / "tiny.py").write_text(text)
        account_of(learner, "ada").submit(SLUG)

    return hand_in


def watch(school):
    assert main(["class", "watch", "--once", "--in", str(school.class_)]) == 0


def test_what_watch_has_scored_is_in_the_learners_table(school, learner, hand_in, texts, capsys):
    hand_in(texts["no_value"])
    assert main(["progress"]) == 0
    assert "class" not in capsys.readouterr().out
    watch(school)
    capsys.readouterr()
    assert main(["progress"]) == 0
    said = capsys.readouterr().out
    assert "39 of 100" in said
    assert f"m01: 39 of 100 in the class, {school.class_}/exchange/spring/feedback/" in said
    shown = table()
    assert "39 of 100" in str(shown)
    assert '<th scope="col" style="text-align:left;padding:2px 14px 2px 0">class</th>' in shown._repr_html_()
    assert "39 of 100</td>" in shown._repr_html_()


def test_a_newer_file_that_is_not_scored_yet_is_said(school, learner, hand_in, texts):
    hand_in(texts["no_value"])
    watch(school)
    hand_in(texts["right"])
    found = scores.class_score(learner, SLUG)
    assert (found.words, found.newer) == ("39 of 100, newer file waits", True)
    watch(school)
    assert scores.class_score(learner, SLUG).words == "100 of 100"


def test_a_record_that_cannot_be_used_or_written_stops_nobody(school, learner, hand_in, texts):
    (learner / ".lab").write_text("in the way")
    hand_in(texts["right"])
    watch(school)
    assert scores.class_score(learner, SLUG) is None
    (learner / ".lab").unlink()
    (learner / ".lab").mkdir()
    (learner / scores.RECORD).write_text('{"m01_tiny": [3')
    assert scores.class_score(learner, SLUG) is None
    account_of(learner, "ada").fetch_feedback(SLUG)
    assert scores.class_score(learner, SLUG).words == "100 of 100"


def test_what_could_not_be_checked_is_a_question_mark(school, learner, hand_in, texts):
    school.checks(lambda text: "import nothing_like_it\n" + text)
    hand_in(texts["right"])
    main(["class", "watch", "--once", "--in", str(school.class_)])
    school.desk.feedback()
    assert scores.class_score(learner, SLUG).text == "? of 100"


def test_handing_in_for_somebody_else_says_that_it_may_be_left_out(learner, texts, monkeypatch, tmp_path, capsys):
    (learner / "exercises" / SLUG / "tiny.py").write_text(texts["right"])
    monkeypatch.setenv("LOGNAME", "mal")  # what it says is not the account
    assert main(["hand-in", "m01", "--to", str(tmp_path / "drop"), "--as", "ann"]) == 0
    said = capsys.readouterr()
    account = dropping.own_name()
    assert account != "mal"
    assert f"you are ann in the class and {account} on this machine" in said.err
    assert main(["hand-in", "m01", "--to", str(tmp_path / "drop"), "--as", account]) == 0
    assert capsys.readouterr().err == ""
    facts = json.loads((learner / FILE).read_text())
    (learner / FILE).write_text(json.dumps({**facts, "check_owner": False}))
    assert main(["hand-in", "m01", "--to", str(tmp_path / "drop"), "--as", "ann"]) == 0
    assert capsys.readouterr().err == ""
