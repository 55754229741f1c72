"""What an instructor does in a term: late ones, manual grades, regrades, resubmissions, tables."""

import csv
import datetime as dt
import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.classroom import class_toml, dropping, feedback, hand_in, hand_ins, new_class, settings, table, verdicts
from grader.classroom.desk import Desk
from grader.course import CourseError
from grader.judging.report import Cause, Report

SLUG = "m01_tiny"
NEXT_DAY = "2026-11-02 13:00:00.000000 UTC"


def test_a_command_of_the_class_builds_no_parser_of_iris():
    """It would take longer than the command; and a notebook is still held against its schema."""
    code = (
        "import sys, grader.classroom.desk, nbformat\n"
        "notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[])])\n"
        "nbformat.validate(notebook)\n"
        "notebook.cells[0].outputs = 1\n"
        "try:\n    nbformat.validate(notebook)\n"
        "except nbformat.ValidationError:\n    print('refused', bool(sys.modules.get('lark')))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["refused", "False"], ended.stderr


def test_right_half_and_nothing(school, texts):
    school.hand_in("ada")
    school.hand_in("ben", texts["right"].replace("await", "import asyncio; asyncio.get_running_loop()\n    await", 1))
    school.hand_in("cleo", "import nothing_like_it\n")
    school.hand_in("dan", texts["stub"])
    scored = {each.learner: each.verdict for each in school.score()}
    assert scored == {"ada": "passed", "ben": "failed", "cleo": "failed", "dan": "failed"}
    ben = school.line("ben")
    assert ben.aspects == {"result": 30, "timeout": 7 + 4, "leak": 15}
    assert (school.line("ada").score, ben.score, school.line("cleo").score) == (100, 56, 0)
    assert school.line("dan").score == 0


def test_twice_in_a_row_gives_the_same(school, texts):
    school.hand_in("ada", texts["swallows"])
    school.score()
    first = school.desk.tables()[0].read_bytes()
    assert school.score() == []
    school.score(force=True)
    assert school.desk.tables()[0].read_bytes() == first


def test_core_only_leaves_stretch_out(school, texts):
    school.set("core_only = true")
    school.desk.release()
    school.hand_in("ada", texts["at_most_a_minute"])
    school.hand_in("ben", texts["swallows"])
    school.score()
    ada = school.line("ada")
    assert (ada.score, ada.max_points, ada.core, ada.stretch_points) == (91, 91, "passed", 0)
    assert school.line("ben").score == 76


def test_a_late_one_costs_and_an_extension_gives_it_back(school):
    school.set("due = 2026-11-01T12:00:00")
    school.set("[late]\npercent_per_day = 10\nat_most = 50\ngrace_minutes = 15")
    school.hand_in("ada", when="2026-11-01 12:14:00.000000 UTC")
    school.hand_in("ben", when=NEXT_DAY)
    school.score()
    assert (school.line("ada").penalty, school.line("ben").penalty, school.line("ben").score) == (0, 20, 80)
    desk = school.desk
    desk.feedback()
    assert "late by 1 day" in school.page("ben")
    school.set('[[extension]]\nlearner = "ben"\nmodule = "m01"\ndays = 2')
    school.score(force=True)
    assert (school.line("ben").penalty, school.line("ben").late_seconds) == (0, 0)


def test_the_penalty_follows_a_score_given_by_hand(school, texts):
    school.set("due = 2026-11-01T12:00:00")
    school.set("[late]\npercent_per_day = 10")
    school.hand_in("ada", texts["no_value"], when="2026-11-01 13:00:00.000000 UTC")
    school.score()
    assert (school.line("ada").points, school.line("ada").score) == (39, 35.1)
    school.grade("ada", "result", manual_score=61, needs_manual_grade=False)
    assert (school.line("ada").penalty, school.line("ada").score) == (10, 90)
    desk = school.desk
    desk.feedback()
    assert "90 of 100 points" in school.page("ada")


def test_manual_score_and_comment_survive_and_are_flagged_when_the_score_moved(school, texts):
    school.hand_in("ada", texts["no_value"])
    school.score()
    school.grade("ada", "result", manual_score=30, needs_manual_grade=False)
    with school.desk.book() as book:
        book.find_comment("answer", SLUG, SLUG, "ada").manual_comment = "Nice try & <b>more</b>"
        book.db.commit()
    school.score(force=True)
    assert (school.line("ada").aspects["result"], school.line("ada").review) == (30, ())
    school.checks(lambda text: text.replace("given", "said"))
    school.hand_in("ada", when=NEXT_DAY)
    school.score()
    line = school.line("ada")
    assert (line.aspects["result"], line.by_hand, line.review) == (30, ("result",), ("result",))
    assert school.grade("ada", "result")["auto_score"] == 61
    desk = school.desk
    desk.feedback()
    assert "Nice try &amp; &lt;b&gt;more&lt;/b&gt;" in school.page("ada")
    assert "given by your instructor" in school.page("ada")


def test_a_newer_file_is_picked_up_without_force_and_an_older_one_is_not(school, texts):
    school.hand_in("ada", texts["no_value"], when=NEXT_DAY)
    school.score()
    school.hand_in("ada")
    assert school.score() == []
    school.hand_in("ada", when="2026-11-03 10:00:00.000000 UTC")
    assert len(school.score()) == 1
    assert school.line("ada").score == 100


def test_a_score_given_by_hand_settles_what_was_not_run(school):
    school.checks(lambda text: text.replace("near(3)", "nearly(3)"))
    school.hand_in("ada")
    school.score()
    school.grade("ada", "timeout", manual_score=20, needs_manual_grade=False)
    school.score()
    assert (school.line("ada").score, school.line("ada").review) == (96, ())


def test_the_table_for_a_learning_management_system(school):
    (school.class_ / "roster.csv").write_text("id,last_name,first_name,email,sis\nada,Love,Ada,a@x,007\nzoe,,,,=1+1\n")
    school.set('[lms]\nid_column = "SIS User ID"\nid_from = "sis"\nmodule_column = "{title}"\nmissing_is_zero = true')
    school.set("weight = 5\ndue = 2026-11-01T12:00:00")
    school.hand_in("ada")
    school.score()
    aspects, lms, _ = school.desk.tables()
    assert lms.read_text() == "SIS User ID,Tiny\n007,5\n'=1+1,0\n"
    rows = list(csv.DictReader(io.StringIO(aspects.read_text())))
    assert [(row["learner"], row["last_name"], row["result"], row["shield"], row["score"]) for row in rows] == [
        ("ada", "Love", "61", "", "100"),
        ("zoe", "", "", "", ""),
    ]


def test_solutions_open_when_the_class_says_so(school):
    school.hand_in("ada")
    school.score()
    desk = school.desk
    desk.feedback()
    assert "A solution" not in school.page("ada")
    school.set("solutions = 2026-01-01T00:00:00")
    school.desk.feedback()
    assert "A solution" in school.page("ada")


def test_a_learner_fetches_hands_in_and_reads_the_feedback(school, texts, tmp_path):
    ada = hand_in.Account("ada", "spring", school.settings.exchange, tmp_path / "ada", tmp_path / "cache")
    ada.fetch(SLUG)
    with pytest.raises(CourseError, match="already have a copy"):
        ada.fetch(SLUG)
    file = tmp_path / "ada" / SLUG / "tiny.py"
    assert file.read_text() == texts["stub"]
    file.write_text(texts["no_value"])
    first = ada.submit(SLUG)
    assert school.settings.folder.name == "class"
    assert "warning" not in first
    assert verdicts.META not in first
    assert "same file" in ada.submit(SLUG)
    file.write_text(texts["right"])
    assert "warning" not in ada.submit(SLUG)
    file.write_text(texts["no_value"])
    assert "is replaced by it" in ada.submit(SLUG)
    file.write_text(texts["right"])
    os.utime(file, (1, 1))
    ada.submit(SLUG)
    school.score()
    assert school.line("ada").score == 100
    desk = school.desk
    desk.feedback()
    (page,) = ada.fetch_feedback(SLUG)
    assert "100 of 100 points" in page.read_text()
    assert school.line("ada").handed_in in page.read_text()


def test_the_receipt_says_what_the_public_checks_say(school, texts, tmp_path):
    place = school.course / "exercises"
    (place / SLUG / "tiny.py").write_text(texts["no_value"])
    ada = hand_in.Account("ada", "spring", school.settings.exchange, place, tmp_path / "cache")
    text = ada.submit(SLUG)
    assert "failed: 6 passed, 2 failed, 0 not run" in text
    (place / SLUG / "tiny.py").write_text("x = (\n")
    assert "Python cannot read this" in ada.submit(SLUG)


def test_handing_in_to_a_drop_folder(school, texts, tmp_path):
    file = tmp_path / "tiny.py"
    file.write_text(texts["no_value"])
    first = dropping.drop(file, SLUG, "ada", tmp_path / "drop")
    again = dropping.drop(file, SLUG, "ada", tmp_path / "drop")
    assert (first.warnings, len(again.warnings)) == ((), 1)
    file.write_text(texts["right"])
    dropping.drop(file, SLUG, "ada", tmp_path / "drop")
    school.desk.collect(drop=tmp_path / "drop")
    school.desk.autograde()
    assert school.line("ada").score == 100


def test_the_newest_that_is_not_late_can_be_chosen(tmp_path):
    at = [dt.datetime(2026, 11, day) for day in (1, 2, 3)]  # noqa: DTZ001 - nbgrader keeps UTC without saying so
    found = [hand_ins.HandIn("ada", SLUG, tmp_path, (), when) for when in at]
    found.append(hand_ins.HandIn("ben", SLUG, tmp_path, (), at[2]))
    assert [each.time for each in hand_ins.choose(found, at[1])] == [at[1], at[2]]
    assert [each.time for each in hand_ins.choose(found)] == [at[2], at[2]]


def test_late_penalties():
    late = settings.LateRules(10, 25, 15)
    assert [late.penalty(80, seconds) for seconds in (0, 900, 901, 86400, 86401, 9e9)] == [0, 0, 8, 8, 16, 20]


def test_a_spreadsheet_takes_nothing_for_a_formula():
    assert [table.harmless(value) for value in ("=1", "+1", "-1", "@x", "ada", 3)] == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "ada",
        3,
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("nam = 1", "nam: is unknown"),
        ("timezone = 'Mars'", "timezone: 'Mars' is unknown"),
        ("core_only = 1", "core_only: write true or false"),
        ("late = {percent_per_day = -1}", "late.percent_per_day: write a number of 0 or more"),
        ("late = {percent = 1}", "late.percent: is unknown"),
        ("due = 'soon'", "m01_tiny.due: write a time"),
        ("[modules.m77]", "no module 'm77'"),
        ("[[extension]]\nlearner = 'a'\nmodule = 'm01'", "no due date"),
        ("[lms]\nmodule_column = '{x}'", "lms.module_column: use"),
        ("roster = 7", "roster: write a text"),
        ("x = [", "cannot be read"),
    ],
)
def test_a_wrong_class_toml_is_told_by_key(school, lines, said):
    toml = school.class_ / "class.toml"
    keys = ("roster =", "core_only =", "timezone =")
    kept = [line for line in toml.read_text().splitlines() if not (line.startswith(keys) and line[:4] == lines[:4])]
    toml.write_text("\n".join(kept) + "\n")
    school.set(lines)
    with pytest.raises(CourseError, match=said.replace("[", r"\[")) as error:
        class_toml.read(school.class_)
    assert "class.toml" in str(error.value) or "no module" in str(error.value)


@pytest.mark.parametrize(("line", "said"), [("../x,,,", "line 2: write an `id`"), ("a,,,\na,,,", "there twice")])
def test_a_wrong_roster_is_told_by_line(school, line, said):
    (school.class_ / "roster.csv").write_text(f"id,last_name,first_name,email\n{line}\n")
    with pytest.raises(CourseError, match=said):
        class_toml.read(school.class_)


def test_a_class_is_not_made_where_something_is(school):
    with pytest.raises(CourseError, match="there already"):
        new_class.create(school.class_, "x", school.settings.course, [])


def test_standing(school):
    school.hand_in("ada")
    school.desk.collect()
    (before,) = school.desk.standing().counts
    school.score()
    (after,) = school.desk.standing().counts
    assert (before.collected, before.stale, after.scored, after.stale, after.review) == (1, 1, 1, 0, 0)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_nbgrader_command_line_does_the_same(school, texts):
    school.hand_in("ada")
    school.hand_in("ben", texts["swallows"])

    def nbgrader(*words):
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "nbgrader", *words],
            cwd=school.class_,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    nbgrader("collect", SLUG)
    nbgrader("autograde", SLUG)
    assert (school.line("ada").score, school.line("ben").score) == (100, 85)
    assert school.desk.autograde() == []
    nbgrader("generate_feedback", SLUG)
    nbgrader("release_feedback", SLUG)
    assert "85 of 100 points" in school.page("ben")
    nbgrader("export", "--to", "out.csv")
    assert "ada" in (school.class_ / "out.csv").read_text()


def test_a_page_offers_the_steps_of_a_public_check_and_of_no_hidden_one(school):
    module = school.desk.settings.course.module(SLUG)
    said = feedback.public_steps(module, "m01.R2", "test_long_delay")
    assert said.startswith("grader trace m01 --check long_delay --steps run.html ")
    assert "--check value " in feedback.public_steps(module, "m01.R1", "test_only_hidden")
    assert not feedback.public_steps(module, "m01.R9", "test_only_hidden")


def test_a_page_says_one_cause_once():
    raised = (("seen", "raised RuntimeError at line 18"),)
    late = (("expected", "3"), ("seen", "0.0"))
    found = [
        feedback.FailedCheck(
            "m01.R1", sentence, facts, "Passes on asyncio, but not on trio: it must do both.", "", "", True
        )
        for sentence, facts in (("a", raised), ("b", late), ("c", raised), ("d", late))
    ]
    assert [(each.sentence, each.also) for each in feedback.merge_alike(found)] == [("a", ("c",)), ("b", ()), ("d", ())]


def test_a_page_shows_the_run_of_its_cause_as_a_picture(school, texts):
    school.hand_in("ada", texts["at_once"])
    school.hand_in("ben", texts["no_value"])
    school.score()
    school.desk.feedback()
    assert "<p><strong><code>later</code> returns None" in school.page("ben")
    page = school.page("ada")
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert all(said in svg for said in ("caller", ">●<", ">returned<"))
    assert 'width="400"' in svg
    assert page.index("<svg") < page.index("<h2>Points</h2>")
    row = next(row for row in _report(school, "ada").checks if row.shown is not None)
    assert {"label", "depth", "start", "end", "how", "said"} <= set(row.shown["rows"][0])
    school.set("hidden_titles = false")
    school.desk.feedback()
    assert "<svg" not in school.page("ada")


def _report(school, learner):
    known = verdicts.verdict_in_notebook(school.settings, learner, SLUG)
    return Report.from_plain(known["report"])


def test_a_page_folds_what_fails_for_the_same_cause(school, texts):
    school.hand_in("ada", texts["at_once"])
    school.score()
    report, module = _report(school, "ada"), school.settings.course.module(SLUG)
    failing = list(dict.fromkeys(row.id for row in report.checks if row.verdict == "failed"))
    assert len(failing) > 1
    first, *same = failing
    cause = Cause("exception", "Line 3 raises NameError", check=first, backend="asyncio", same=tuple(same))
    (only,) = feedback.failed_checks(module, replace(report, cause=cause))
    assert len(only.also) == len(same)


def test_a_class_of_an_older_version_gets_its_three_lines_anew(school, capsys):
    path = school.class_ / "nbgrader_config.py"
    new = path.read_text()
    path.write_text(new.replace("grader.classroom", "grader.gradebook"))
    Desk(school.desk.settings)
    assert path.read_text() == new
    assert "up to date now" in capsys.readouterr().err
    path.write_text(new + "c.Own.setting = 1\n")
    Desk(school.desk.settings)
    assert path.read_text().endswith("c.Own.setting = 1\n")
