"""What an instructor changes after scoring counts, and what could not be done is said."""

import gc
import re
import sqlite3

import pytest
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from grader.classroom import nbgrader_api, new_class, upkeep
from grader.classroom.desk import Desk
from grader.cli import main
from grader.course import CourseError

SLUG = "m01_tiny"
DUE = "due = 2026-10-31T12:00:00"
LATE = "[late]\npercent_per_day = 10"
EXTENSION = '[[extension]]\nlearner = "ada"\nmodule = "m01"\ndays = 2\n'
REACHES = "\nimport sys\nknown = list(sys.modules)\n"
REASON = "uses `sys.modules`"


def scores(school):
    return {line.learner: line.score for line in school.desk.tables()[2]}


def test_a_due_date_and_an_extension_count_at_once(school, capsys):
    for learner in ("ada", "ben"):
        school.hand_in(learner)
    school.score()
    school.set(DUE)
    school.set(LATE)
    capsys.readouterr()
    assert scores(school) == {"ada": 90, "ben": 90}
    assert "m01_tiny: due 2026-10-31 12:00 UTC" in capsys.readouterr().err
    school.set(EXTENSION)
    assert {line.learner: line.penalty for line in school.desk.standing().lines} == {"ada": 0, "ben": 10}
    assert "ada/m01_tiny: 2 days, 0:00:00 more time" in capsys.readouterr().err
    school.desk.feedback()
    assert "100 of 100 points" in school.page("ada")
    assert "90 of 100 points" in school.page("ben")
    assert scores(school) == {"ada": 100, "ben": 90}
    assert capsys.readouterr().err == ""


def test_a_date_that_leaves_class_toml_is_taken_back_and_one_of_formgrader_stays(school):
    for learner in ("ada", "ben"):
        school.hand_in(learner)
    school.score()
    toml = school.class_ / "class.toml"
    plain = toml.read_text()
    school.set(DUE)
    school.set(LATE)
    school.set(EXTENSION)
    assert scores(school) == {"ada": 100, "ben": 90}
    toml.write_text(toml.read_text().replace(EXTENSION, ""))
    assert scores(school) == {"ada": 90, "ben": 90}
    with school.desk.book() as book:
        book.grant_extension(SLUG, "ben", days=3)
    assert scores(school) == {"ada": 90, "ben": 100}
    toml.write_text(plain + LATE)
    assert scores(school) == {"ada": 100, "ben": 100}
    with school.desk.book() as book:
        assert book.find_assignment(SLUG).duedate is None


def test_an_extension_for_nobody_is_said(school, capsys):
    (school.class_ / "roster.csv").write_text("id,last_name,first_name,email\nada,,,\n")
    school.set(DUE)
    school.set(EXTENSION.replace("ada", "adaa"))
    school.desk.release()
    assert "extension for adaa" in capsys.readouterr().err
    school.desk.tables()
    assert "extension for adaa" in capsys.readouterr().err


def test_points_that_change_before_the_next_release_are_not_cut(school, capsys):
    school.hand_in("ada")
    school.hand_in("ben")
    school.score()
    school.toml(lambda text: text.replace("core = 61", "core = 71"))
    assert [count.stale for count in school.desk.standing().counts] == [2]
    capsys.readouterr()
    school.desk.autograde()
    said = capsys.readouterr().err
    assert "result 71, was 61" in said
    assert f"grader class release {SLUG}" in said
    assert (school.line("ada").score, school.line("ada").max_points) == (110, 110)
    school.desk.release()
    assert school.desk.autograde() == []
    assert school.line("ben").score == 110


def test_a_score_by_hand_above_what_a_cell_is_worth_now_waits_for_a_person(school):
    school.hand_in("ada")
    school.score()
    school.grade("ada", "result", manual_score=61, needs_manual_grade=False)
    school.toml(lambda text: text.replace("core = 61", "core = 50"))
    school.desk.autograde()
    assert school.line("ada").review == ("result",)


def test_a_score_by_hand_stops_waiting_when_the_checks_are_mended(school):
    school.hand_in("ada")
    school.score()
    school.grade("ada", "result", manual_score=50, needs_manual_grade=False)
    school.checks(lambda text: "import nothing_like_it\n" + text)
    school.score()
    assert "result" in school.line("ada").review
    school.checks(lambda text: text.partition("\n")[2])
    school.score()
    assert (school.line("ada").aspects["result"], school.line("ada").review) == (50, ())


def test_status_says_why_each_submission_fails(school, texts, capsys):
    school.hand_in("ada", texts["right"].replace("return value", "retrun(value)"))
    school.hand_in("ben")
    assert main(["class", "score", "--in", str(school.class_)]) == 0
    capsys.readouterr()
    assert main(["class", "status", "--in", str(school.class_)]) == 0
    said = capsys.readouterr().out.splitlines()
    place = next(number for number, line in enumerate(said) if line.startswith(f"ada {SLUG}"))
    assert re.fullmatch(
        r"    Line \d+ raises NameError: name 'retrun' is not defined\. \[\d+: retrun\(value\)\]", said[place + 1]
    )
    assert sum("    " in line and "raises" in line for line in said) == 1


def test_a_flag_marks_a_submission_for_a_person_and_never_reaches_the_page(school, texts, capsys):
    school.hand_in("ada", texts["right"] + REACHES)
    school.hand_in("ben")
    assert main(["class", "score", "--in", str(school.class_)]) == 0
    assert f"ada/{SLUG}: a person should read the file: line" in capsys.readouterr().err
    ada = school.line("ada")
    assert (ada.score, ada.verdict, ada.review, school.line("ben").review) == (100, "passed", ("flag",), ())
    assert REASON in ada.flags[0]
    table = (school.class_ / "grades.csv").read_text()
    assert REASON in table
    assert "sys" not in (school.class_ / "grades_lms.csv").read_text()
    assert main(["class", "status", "--in", str(school.class_)]) == 0
    assert f"ada {SLUG}" in (said := capsys.readouterr().out)
    assert "needs a person: flag" in said
    assert REASON in said
    scored = (school.class_ / "autograded" / "ada" / SLUG / f"{SLUG}.ipynb").read_text()
    assert "for you alone" in scored
    school.desk.feedback()
    page = school.page("ada")
    assert "100 of 100 points" in page
    for words in (REASON, "sys.modules`", "flag", "for you alone", "looks at it"):
        assert words not in page


@pytest.mark.slow
def test_a_flag_that_a_person_took_off_comes_back_with_another_file_only(school, texts):
    school.hand_in("ada", texts["right"] + REACHES)
    school.score()
    with school.desk.book() as book:
        book.find_submission_notebook(SLUG, SLUG, "ada").flagged = False
        book.db.commit()
    school.score(force=True)
    assert school.line("ada").review == ()
    school.hand_in("ada", texts["right"] + REACHES + "\n", when="2026-11-02 10:00:00.000000 UTC")
    school.score()
    assert school.line("ada").review == ("flag",)
    school.hand_in("ada", when="2026-11-03 10:00:00.000000 UTC")
    school.score()
    assert (school.line("ada").review, school.line("ada").flags) == ((), ())


def test_what_could_not_be_written_is_not_counted_as_scored(school, monkeypatch, capsys):
    school.hand_in("ada")
    school.hand_in("ben")
    real = nbgrader_api.call

    def fails(action, *args):
        if args == (SLUG, "ada"):
            raise CourseError("nbgrader could not autograde m01_tiny ada: OSError: read-only file system")
        real(action, *args)

    monkeypatch.setattr(nbgrader_api, "call", fails)
    assert main(["class", "score", "--in", str(school.class_)]) == 3
    said = capsys.readouterr()
    assert "scored 1 submissions; 1 could not be written into the gradebook" in said.out
    assert "read-only file system" in said.err
    monkeypatch.undo()


def test_the_line_that_says_why_is_what_was_raised():
    log = (
        "[ERROR] There was an error processing assignment: x\n[ERROR] Traceback (most recent call last):\n"
        "sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) database disk image is malformed\n"
    )
    boiler = "nbgrader.converters.base.NbGraderException: Please see the the above traceback for details"
    assert "malformed" in nbgrader_api.why({"log": log, "error": f"Traceback\n{boiler}\n"})
    assert nbgrader_api.why({}) == "it does not say why"


def test_a_broken_book_is_named_with_the_remedy(school, capsys):
    school.hand_in("ada")
    school.score()
    (school.class_ / "gradebook.db").write_bytes(b"not a database, surely" * 1000)
    for command in ("score", "grades", "status", "feedback"):
        assert main(["class", command, "--in", str(school.class_)]) in (2, 3)
        said = capsys.readouterr().err
        assert "gradebook.db" in said, command
        assert "grader class doctor" in said, command


@pytest.mark.slow
def test_a_lost_book_is_made_again_from_the_verdicts(school, capsys):
    school.hand_in("ada")
    school.score()
    (school.class_ / "gradebook.db").unlink()
    assert main(["class", "score", "--in", str(school.class_), "m01"]) == 2
    assert f"run `grader class release {SLUG}`" in capsys.readouterr().err
    school.desk.release()
    assert [each.problem for each in school.desk.autograde(force=True)] == [""]
    assert school.line("ada").score == 100


def test_the_book_is_backed_up_before_it_is_written_and_ten_are_kept(school):
    school.hand_in("ada")
    school.score()
    school.grade("ada", "result", manual_score=33, needs_manual_grade=False)
    for _ in range(11):
        school.desk.autograde()
    backups = sorted((school.class_ / "backups").iterdir())
    assert len(backups) == 10
    assert {path.stat().st_mode & 0o777 for path in backups} == {0o600}
    with sqlite3.connect(upkeep.newest_backup(school.settings)) as book:
        assert book.execute("select manual_score from grade where manual_score is not null").fetchall() == [(33.0,)]
    backups[-1].write_bytes(b"torn")
    assert upkeep.newest_backup(school.settings) == backups[-2]


def test_a_missing_driver_is_named(school):
    pytest.importorskip("sqlalchemy")
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        school.set('db_url = "postgresql+psycopg://nobody@/nothing"')
        with pytest.raises(CourseError, match=r"psycopg\[binary\]"), school.desk.book():
            pass


def test_tables_and_pages_say_that_something_is_stale(school, capsys):
    school.hand_in("ada")
    desk = school.desk
    desk.collect()
    desk.tables()
    assert "1 submissions are not scored yet" in capsys.readouterr().err


def test_what_was_not_run_is_run_once(school, monkeypatch):
    school.checks(lambda text: "import nothing_like_it\n" + text)
    school.hand_in("ada")
    from grader.judging import pool

    calls = []
    real = pool.run
    monkeypatch.setattr(pool, "run", lambda task: calls.append(task) or real(task))
    assert [each.verdict for each in school.score()] == ["not run"]
    assert len(calls) == 1


def test_a_desk_that_waits_says_so(school, capsys):
    import fcntl

    said = []
    desk = Desk(school.settings, say=said.append)
    with (school.class_ / "class.toml").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        monkey = fcntl.flock
        try:
            fcntl.flock = lambda file, how: monkey(file, how) if how & fcntl.LOCK_NB else None
            with desk.alone():
                pass
        finally:
            fcntl.flock = monkey
    assert said == ["another `grader class` is at work in this class: waiting until it has finished"]


@pytest.mark.slow
def test_the_doctor_brings_a_book_back_from_backup_and_verdicts(school, capsys):
    new_class.make_key(school.settings.course)
    school.hand_in("ada")
    school.score()
    school.grade("ada", "result", manual_score=33, needs_manual_grade=False)
    school.desk.autograde()  # backs the book up
    school.hand_in("ben")
    school.score()
    doctor = ["class", "doctor", "--in", str(school.class_)]
    assert main(doctor) == 0
    book = school.class_ / "gradebook.db"
    for spoil in (book.unlink, lambda: book.write_bytes(b"not a database, surely" * 1000)):
        spoil()
        assert main(doctor) == 1
        assert "to do: grader class doctor --mend" in capsys.readouterr().out
        assert main([*doctor, "--mend"]) == 0
        assert "nothing is wrong" in capsys.readouterr().out
        assert school.line("ada").by_hand == ("result",)
        assert (school.line("ada").score, school.line("ben").score) == (72, 100)
    assert list(school.class_.glob("gradebook-damaged-*.db"))
    for path in (school.class_ / "backups").iterdir():
        path.unlink()
    book.unlink()
    assert main([*doctor, "--mend"]) == 0
    assert "there is no backup" in capsys.readouterr().out
    assert (school.line("ada").score, school.line("ben").score) == (100, 100)


@pytest.mark.slow
def test_a_mended_book_has_its_flags_again_and_knows_which_scores_by_hand_are_for_an_older_file(school, texts, capsys):
    new_class.make_key(school.settings.course)
    school.hand_in("ada", texts["no_value"])
    school.score()
    school.grade("ada", "leak", manual_score=9, needs_manual_grade=False)
    school.desk.autograde(force=True)  # backs the book up
    school.hand_in("ada", texts["no_value"] + "# newer\n", when="2026-11-02 10:00:00.000000 UTC")
    school.hand_in("ben", texts["right"] + REACHES)
    school.score()
    assert (school.line("ada").review, school.line("ben").review) == (("leak",), ("flag",))
    before = [(line.learner, line.aspects, line.review) for line in school.desk.tables()[2]]
    (school.class_ / "gradebook.db").unlink()
    for path in sorted((school.class_ / "backups").iterdir())[1:]:
        path.unlink()  # the one that is left knows neither ben nor ada's newer file
    capsys.readouterr()
    assert main(["class", "status", "--in", str(school.class_)]) == 0  # makes a new book, which knows nothing
    assert "gradebook.db is not there, but submissions were scored" in capsys.readouterr().err
    assert main(["class", "doctor", "--in", str(school.class_)]) == 1
    assert "gradebook.db knows no submission, but submissions were scored" in capsys.readouterr().out
    assert main(["class", "doctor", "--mend", "--in", str(school.class_)]) == 0
    assert "taken from gradebook-" in capsys.readouterr().out
    assert [(line.learner, line.aspects, line.review) for line in school.desk.tables()[2]] == before
    school.desk.autograde(force=True)
    assert school.line("ben").review == ("flag",)


def test_nobody_of_that_name_is_said(school, capsys):
    school.hand_in("ada")
    school.desk.collect()
    for more in ((), ("--force",)):
        assert main(["class", "autograde", *more, "--learner", "adaa", "--in", str(school.class_)]) == 2
        assert "nothing of adaa was collected: `grader class status --all`" in capsys.readouterr().err


def test_the_doctor_names_what_is_missing(school, capsys):
    assert main(["class", "doctor", "--in", str(school.class_)]) == 1
    assert "the course has no secret" in capsys.readouterr().out


def test_scoring_says_whose_points_a_changed_check_moves(school, texts, capsys):
    for learner, name in (("ada", "right"), ("ben", "at_most_a_minute")):
        school.hand_in(learner, texts[name])
    command = ["class", "score", "--in", str(school.class_)]
    assert main(command) == 0
    assert "scored again" not in capsys.readouterr().out
    school.checks(lambda text: "# a remark\n" + text)
    assert main(command) == 0
    assert "scored again with the same file: 2; all earn the same points" in capsys.readouterr().out
    school.checks(lambda text: text.replace("delay=1000", "delay=50").replace("near(1000)", "near(50)"))
    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"scored again with the same file: 2; of these 1 earn other points\nben/{SLUG} 91 → 100\n" in said
    school.hand_in("ben", texts["right"], when="2026-11-02 10:00:00.000000 UTC")
    assert main(command) == 0
    assert "scored again" not in capsys.readouterr().out


def test_a_file_copied_into_the_folder_by_hand_is_scored(school, texts):
    place = school.class_ / "submitted" / "zoe" / SLUG
    place.mkdir(parents=True)
    (place / "tiny.py").write_text(texts["right"])
    (scored,) = school.desk.autograde()
    assert (scored.problem, school.line("zoe").score) == ("", 100)


def test_ids_of_the_learning_management_system_are_never_made_up(school, capsys):
    (school.class_ / "roster.csv").write_text("id,last_name,first_name,email,sis\nada,,,,7\nben,,,,\n")
    school.set('[lms]\nid_from = "sis"\nid_column = "SIS User ID"')
    for learner in ("ada", "ben", "root"):
        school.hand_in(learner)
    school.score()
    capsys.readouterr()
    _, lms, _ = school.desk.tables()
    assert [line.split(",")[0] for line in lms.read_text().splitlines()] == ["SIS User ID", "7", "", ""]
    assert "no id for ben, root: the roster's column 'sis' is empty for them" in capsys.readouterr().err


@pytest.mark.slow
def test_scoring_keeps_nothing_of_a_submission_that_is_done(school):
    for number in range(3):
        school.hand_in(f"l{number}")
    desk = school.desk
    desk.collect()
    kept = []

    def count(_):
        gc.collect()
        kept.append(sum(isinstance(each, SQLiteCompiler) for each in gc.get_objects()))

    desk.autograde(done=count)
    assert kept[2] <= kept[0], kept
