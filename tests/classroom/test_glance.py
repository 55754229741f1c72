"""The class at a glance, one score told, scoring on hand-in, and the tables of learning-management systems."""

import csv
import datetime as dt
import io
import json

import pytest

from grader.classroom import class_toml, hand_in_watch, overview, overview_page, recording
from grader.classroom.settings import LateRules
from grader.cli import main
from grader.course import CourseError
from grader.judging.report import Report, Row

SLUG = "m01_tiny"
ROSTER = "id,last_name,first_name,email,sis,canvas_id,login,section\nada,Love,Ada,ada@x,007,42,alove,A\nben,Ö,Ben,ben@x,8,,,\n"


def when(day):
    return f"2026-11-{day:02} 10:00:00.000000 UTC"


@pytest.fixture
def played(school, texts):
    """A class: two right (one of them renamed and laid out anew), one wrong three times, one flagged."""
    school.hand_in("ada")
    school.hand_in("bea", "# mine\n" + texts["right"])
    for day in (1, 2, 3):
        school.hand_in("cleo", texts["no_value"] + "\n" * day, when=when(day))
        school.score()
    school.hand_in("dan", texts["right"] + "\nimport sys\nknown = list(sys.modules)\n")
    school.hand_in("eve")
    school.score()
    return school


def test_the_report_says_who_is_stuck_what_fails_and_what_is_equal(played, tmp_path, capsys):
    assert main(["class", "report", "--in", str(played.class_), "--to", str(tmp_path)]) == 0
    (view,) = overview.look_at(played.settings, played.desk.standing().lines)
    assert (view.handed_in, view.passed, sum(view.scores)) == (5, 4, 5)
    assert view.stuck == [("cleo", each.name) for each in view.clauses]
    assert [each.count for each in view.clauses] == [1] * len(view.clauses)
    assert view.ideas[0].name in played.settings.course.module("m01").misconceptions.values()
    assert view.clauses[0].step
    assert view.equal == [["ada", "eve"]]
    assert view.alike == [["ada", "bea", "eve"]]
    assert view.look == [("dan", view.look[0][1])]
    assert view.look[0][1].startswith("flag; line")
    html = (tmp_path / "report.html").read_text()
    for name in ("cleo", "dan", view.clauses[0].step, view.ideas[0].name):
        assert name in html
    assert "http" not in html.replace("http-equiv", "")
    assert "<script" not in html
    people = list(csv.DictReader(io.StringIO((tmp_path / "report_people.csv").read_text())))
    assert {"cleo", "dan", "ada", "eve"} <= {row["learner"] for row in people}
    faults = list(csv.DictReader(io.StringIO((tmp_path / "report_faults.csv").read_text())))
    assert {row["kind"] for row in faults} == {"clause", "idea"}
    assert str(tmp_path / "report.html") in capsys.readouterr().out


def test_the_report_without_names_names_nobody(played, tmp_path):
    command = ["class", "report", "--in", str(played.class_), "--to", str(tmp_path), "--without-names"]
    assert main(command) == 0
    html = (tmp_path / "report.html").read_text()
    assert "learner 1" in html
    assert not any(f">{name}<" in html or f"{name}," in html for name in ("ada", "bea", "cleo", "dan", "eve"))
    assert not (tmp_path / "report_people.csv").exists()


def test_what_a_learner_or_a_file_says_is_escaped_on_the_report(played):
    (view,) = overview.look_at(played.settings, played.desk.standing().lines)
    view.look.append(("<b>x", "<script>alert(1)</script>"))
    html = overview_page.page(played.settings, [view], made="now")
    assert "<script" not in html
    assert "&lt;b&gt;x" in html


def test_files_are_alike_whatever_their_names_and_layout():
    one = b'"""Doc."""\nasync def work(a, b):\n    """More."""\n    return a + b  # sum\n'
    two = b"async def job(first, second):\n    return (first\n        + second)\n"
    other = b"async def job(first, second):\n    return second + first - 0\n"
    assert overview.shape(one) == overview.shape(two) != overview.shape(other)
    assert overview.shape(b"x = (") == ""


def test_nobody_is_stuck_on_one_file_handed_in_three_times():
    entry = {"sha256": "1", "failed": ["R1"]}
    assert overview.stuck_on([entry] * 3) == []
    files = [{"sha256": str(number), "failed": ["R1", f"R{number + 1}"]} for number in range(3)]
    assert overview.stuck_on(files) == ["R1"]
    assert overview.stuck_on(files[:2]) == []


def test_a_hand_in_is_remembered_once(tmp_path):
    row = Row("x", "m01.R1", "result", "trio", "failed", "it holds")
    report = Report("m01", "failed", "failed", 3, 9, checks=(row,), sha256="ab")
    for time in ("2026-11-01T10:00:00", "2026-11-02T10:00:00", "2026-11-01T10:00:00"):
        recording.remember(tmp_path, "m01", time, report)
    assert [(each["time"][:10], each["failed"]) for each in recording.history(tmp_path, "m01")] == [
        ("2026-11-01", ["m01.R1"]),
        ("2026-11-02", ["m01.R1"]),
    ]
    (tmp_path / ".m01.history").write_text("{")
    assert recording.history(tmp_path, "m01") == []


def test_one_score_is_told(school, texts, capsys):
    school.set("due = 2026-10-31T12:00:00")
    school.set("[late]\npercent_per_day = 10")
    school.hand_in("ada", texts["no_value"])
    school.score()
    school.grade("ada", "leak", manual_score=10, needs_manual_grade=False)
    capsys.readouterr()
    assert main(["class", "explain", "ada", "m01", "--in", str(school.class_)]) == 0
    said = capsys.readouterr().out
    assert "leak: 10 of 15, given by hand" in said
    assert "result: 0 of 61" in said
    assert "    m01.R1 0 of " in said
    assert "checks fail for the reason above" in said or "failed on asyncio and trio: " in said
    assert "1 day begun, 10 %" in said
    assert f"score: {school.line('ada').score:g} of 100" in said
    assert main(["class", "explain", "nobody", "m01", "--in", str(school.class_)]) == 2


@pytest.mark.slow
def test_a_file_that_fails_everything_is_told_in_few_lines(school, texts, capsys):
    first = "    await anyio.sleep"
    assert first in texts["right"]
    school.hand_in("ada", texts["right"].replace(first, "    while True: pass\n" + first, 1))
    school.score()
    capsys.readouterr()
    assert main(["class", "explain", "ada", "m01", "--in", str(school.class_)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("checks fail for the reason above" in line for line in lines)
    assert max(map(len, lines)) < 200
    assert len(lines) < 40


def test_checks_that_fail_for_reasons_of_their_own_are_said_once_and_not_all():
    rows = [
        Row(f"{number}", "m01.R1", "result", backend, "failed", f"sentence {number}")
        for number in range(6)
        for backend in ("asyncio", "trio")
    ]
    assert overview._open_checks(rows, frozenset({"0", "1"})) == [
        "2 of 6 checks fail for the reason above",
        "failed on asyncio and trio: sentence 2",
        "failed on asyncio and trio: sentence 3",
        "failed on asyncio and trio: sentence 4",
        "and 1 more",
    ]


def test_a_penalty_is_said_in_days_begun():
    late = LateRules(10, 25, 15)
    assert [late.words(seconds) for seconds in (900, 901, 86401, 9e5)] == [
        "",
        "1 day begun, 10 %",
        "2 days begun, 20 %",
        "11 days begun, 25 %, the most that is taken off",
    ]


def test_canvas_gets_its_own_columns(school):
    (school.class_ / "roster.csv").write_text(ROSTER)
    school.set('[lms]\nform = "canvas"')
    school.set('weight = 5\nlms_column = "Tiny (4711)"')
    school.hand_in("ada")
    school.score()
    _, lms, _ = school.desk.tables()
    assert lms.read_text().splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Tiny (4711)",
        "    Points Possible,,,,,5",
        '"Love, Ada",42,007,alove,A,5',
        '"Ö, Ben",,8,,,',
    ]


def test_moodle_gets_the_address(school):
    (school.class_ / "roster.csv").write_text(ROSTER)
    school.set('[lms]\nform = "moodle"')
    school.hand_in("ada")
    school.score()
    assert school.desk.tables()[1].read_text().splitlines() == ["Email address,Tiny", "ada@x,100", "ben@x,"]


@pytest.mark.parametrize(
    ("lines", "said"), [('form = "blackboard"', "write one of"), ('id_from = "siss"', "no column 'siss'")]
)
def test_a_wrong_form_is_said(school, lines, said):
    (school.class_ / "roster.csv").write_text(ROSTER)
    school.set(f"[lms]\n{lines}")
    with pytest.raises(CourseError, match=said):
        class_toml.read(school.class_)


def test_watch_scores_what_comes_in_and_releases_its_page(school, texts, capsys):
    school.hand_in("ada", texts["no_value"])
    command = ["class", "watch", "--once", "--in", str(school.class_)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "collected 1, waiting 1, oldest" in said
    assert "scored 1 in" in said
    assert "39 of 100 points" in school.page("ada")
    assert len(list((school.class_ / "exchange/spring/feedback").glob("*.html"))) == 1
    assert main(command) == 0
    assert "collected 0, waiting 0" in capsys.readouterr().out
    school.hand_in("ada", when=when(2))
    assert main(command) == 0
    assert "100 of 100 points" in school.page("ada")


def test_watch_scores_so_many_a_day_and_score_scores_the_rest(school, texts, capsys):
    school.set("[watch]\nscored_a_day = 2")
    now = dt.datetime.now(dt.UTC)
    watch = hand_in_watch.Watch(school.class_)
    for minute, text in ((-9, "no_value"), (-6, "swallows"), (-3, "right")):
        time = now + dt.timedelta(minutes=minute)
        school.hand_in("ada", texts[text], when=time.strftime("%Y-%m-%d %H:%M:%S.%f UTC"))
        look = hand_in_watch.look_once(watch)
    assert (look.collected, look.scored, look.put_off) == (1, 0, 1)
    assert "put off 1" in look.text()
    assert school.line("ada").score == 85
    assert [each.verdict for each in school.desk.autograde()] == ["passed"]
    path = school.class_ / "verdicts" / "ada" / f".{SLUG}.history"
    assert [json.loads(line)["points"] for line in path.read_text().splitlines()] == [39, 85, 100]


def test_a_look_that_fails_is_said_and_the_next_one_goes_on(school, monkeypatch, capsys):
    school.hand_in("ada")
    (school.class_ / "release" / SLUG / f"{SLUG}.ipynb").rename(school.class_ / "spare")
    look = hand_in_watch.look_once(hand_in_watch.Watch(school.class_))
    assert any("not released yet" in each for each in look.problems)
    (school.class_ / "spare").rename(school.class_ / "release" / SLUG / f"{SLUG}.ipynb")
    assert hand_in_watch.look_once(hand_in_watch.Watch(school.class_)).scored == 1


def test_a_class_can_keep_the_sentences_of_hidden_checks_to_itself(school, texts):
    school.set("hidden_titles = false")
    school.hand_in("ada", texts["at_once"])
    school.score()
    school.desk.feedback()
    page = school.page("ada")
    assert "It comes after the delay." not in page
    assert "does not hold in every case" in page
    assert "What held" not in page
