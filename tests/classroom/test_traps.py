"""The faults of a stock nbgrader that were met: each is without effect here."""

import json
import os
import shutil

import nbformat
import pytest
from nbgrader.utils import determine_grade

from grader.classroom import assignment, config, intake, origin, recording

SLUG = "m01_tiny"
MARKER = "MARKER-OF-A-HIDDEN-CHECK"


def cells(school):
    path = school.class_ / "release" / SLUG / f"{SLUG}.ipynb"
    return [cell for cell in nbformat.read(path, 4).cells if cell.metadata.get("nbgrader", {}).get("grade")]


# 1
def test_a_graded_cell_raises_so_that_no_stock_nbgrader_takes_it_for_full_marks(school):
    found = cells(school)
    assert {cell.metadata.nbgrader.grade_id for cell in found} == {"result", "timeout", "leak"}
    for cell in found:
        assert cell.metadata.nbgrader.locked
        with pytest.raises(NotImplementedError, match="grader check"):
            exec(cell.source, {})
        cell.outputs = [nbformat.v4.new_output("error", ename="NotImplementedError", evalue="", traceback=[])]
        assert determine_grade(cell)[0] == 0


def test_what_a_submission_prints_costs_nothing(school, texts):
    school.hand_in("ada", texts["right"] + "\nimport sys, warnings\nprint('x', file=sys.stderr)\nwarnings.warn('x')\n")
    school.score()
    assert school.line("ada").score == 100


def test_a_score_is_never_more_than_the_cell_is_worth(school):
    school.hand_in("ada")
    school.score()
    with school.desk.book() as book:
        recording.write_grades(book, "ada", SLUG, {"result": 1000, "timeout": 0, "leak": 0})
    assert school.line("ada").aspects["result"] == 61


# 2
def test_only_notebook_and_stub_are_handed_out(school):
    for place in ("source", "release"):
        assert {path.name for path in (school.class_ / place / SLUG).iterdir()} == {f"{SLUG}.ipynb", "tiny.py"}


def test_the_stub_is_not_put_over_what_was_handed_in(school, texts):
    school.hand_in("ada", texts["no_value"])
    school.score()
    assert (school.class_ / "autograded" / "ada" / SLUG / "tiny.py").read_text() == texts["no_value"]


# 3
def test_a_notebook_with_a_cell_twice_stops_nobody(school):
    place = school.hand_in("ada")
    notebook = json.loads((school.class_ / "release" / SLUG / f"{SLUG}.ipynb").read_text())
    notebook["cells"] += notebook["cells"]
    (place / f"{SLUG}.ipynb").write_text(json.dumps(notebook))
    school.hand_in("ben")
    assert [each.problem for each in school.score()] == ["", ""]
    assert school.line("ada").score == school.line("ben").score == 100


@pytest.mark.slow
def test_a_hang_fails_and_stops_nobody(school, texts):
    school.hand_in("ada", texts["right"].replace("    await anyio.sleep(delay)\n", "    while True: pass\n"))
    school.hand_in("ben")
    school.score()
    assert (school.line("ada").score, school.line("ada").verdict) == (0, "failed")
    assert school.line("ben").score == 100


# 4
@pytest.mark.parametrize("late", [False, True], ids=["on the exchange", "after collecting"])
def test_a_link_named_as_a_page_publishes_nothing(school, late):
    secret = school.course / "grader" / "hidden" / SLUG / "test_tiny.py"
    secret.write_text(secret.read_text() + f"# {MARKER}\n")
    place = school.hand_in("ada")
    desk = school.desk
    if not late:
        (place / "x.html").symlink_to(secret)
        (place / f"{SLUG}.html").symlink_to(school.class_ / "gradebook.db")
    desk.collect()
    if late:
        (school.class_ / "submitted" / "ada" / SLUG / "x.html").symlink_to(secret)
    desk.autograde()
    desk.feedback()
    public = school.class_ / "exchange" / "spring" / "feedback"
    pages = list(public.iterdir())
    assert len(pages) == 1
    assert MARKER not in pages[0].read_text()
    assert not list((school.class_ / "feedback").rglob("x.html"))


# 5
def test_a_page_shows_no_check_and_runs_no_script(school, texts):
    school.checks(lambda text: text.replace("t = play(", f"{MARKER.replace('-', '_')} = 1\n    t = play("))
    school.hand_in("ada", texts["at_once"] + "\n# <script>alert(1)</script> </pre>\n")
    school.hand_in("ben", "raise RuntimeError('<script>alert(2)</script>')\n")
    desk = school.desk
    school.score()
    desk.feedback()
    for learner in ("ada", "ben"):
        page = school.page(learner)
        assert MARKER.replace("-", "_") not in page
        assert "test_delay" not in page
        assert "t.expect" not in page
        assert "<script" not in page
    assert "&lt;script&gt;" in school.page("ada")
    assert "It comes after the delay." in school.page("ada")
    assert "alert(2)" not in school.page("ben").split("<details>")[0]


# 6
SHIELD = "\n\n@check('G2', misconception='no-wait', step='sleep')\ndef test_more(play):\n    '''More.'''\n    t = play(value=1, delay=1)\n    t.expect('it', t.call.value, 1)\n"


def test_a_new_aspect_comes_to_an_assignment_that_has_submissions(school):
    school.hand_in("ada")
    school.score()
    before = school.toml
    before(lambda text: text.replace("[misconceptions]", 'G2 = { aspect = "shield", core = 7 }\n\n[misconceptions]'))
    school.checks(lambda text: text + SHIELD)
    school.desk.release()
    assert (school.class_ / "release" / SLUG / f"{SLUG}.ipynb").is_file()
    school.hand_in("ben")
    school.score()
    assert school.line("ada").aspects["shield"] == school.line("ben").aspects["shield"] == 7
    assert school.line("ada").score == 107


def test_an_aspect_that_goes_is_retired(school):
    school.hand_in("ada")
    school.score()
    school.toml(lambda text: text.replace('aspect = "timeout"', 'aspect = "result"'))
    school.desk.release()
    assert "timeout" in {cell.metadata.nbgrader.grade_id for cell in cells(school)}
    school.score()
    line = school.line("ada")
    assert (line.score, line.max_points, set(line.aspects)) == (100, 100, {"result", "leak"})


def test_changed_points_count_at_once(school):
    school.hand_in("ada")
    school.score()
    school.toml(lambda text: text.replace("core = 61", "core = 50"))
    school.desk.release()
    school.score()
    assert school.line("ada").score == 89


def test_what_was_released_stays_when_nbgrader_refuses(school, monkeypatch):
    desk = school.desk

    def refuse(slug):
        shutil.rmtree(school.class_ / "release" / slug)
        return {"success": False, "log": "[ERROR] no"}

    refuse.__name__ = "generate_assignment"
    monkeypatch.setattr(desk.api, "generate_assignment", refuse)
    with pytest.raises(Exception, match="could not generate_assignment"):
        desk.release()
    assert (school.class_ / "release" / SLUG / f"{SLUG}.ipynb").is_file()


# 7
def test_after_new_checks_old_submissions_are_scored_again_without_force(school, texts):
    school.hand_in("ada", texts["at_most_a_minute"])
    school.score()
    assert school.line("ada").score == 91
    assert school.desk.autograde() == []
    school.checks(lambda text: text.replace("delay=1000", "delay=50").replace("near(1000)", "near(50)"))
    assert [each.learner for each in school.desk.autograde()] == ["ada"]
    assert school.line("ada").score == 100


# 8
def test_what_could_not_be_checked_is_blank_in_the_tables(school):
    school.checks(lambda text: text.replace("near(3)", "nearly(3)"))
    school.hand_in("ada")
    school.score()
    aspects, lms, _ = school.desk.tables()
    (row,) = [line for line in aspects.read_text().splitlines() if line.startswith("ada")]
    assert ",not run," in row
    assert ",61,,,15,,,100," in row  # result is known, timeout and the sum are blank
    assert lms.read_text().splitlines()[1] == "ada,"
    assert school.line("ada").review == ("timeout",)


# 9
def test_a_broken_suite_is_not_run_and_takes_no_score_away(school):
    school.hand_in("ada")
    school.score()
    school.checks(lambda text: "import nothing_like_it\n" + text)
    school.hand_in("ben")
    scored = school.score()
    assert {each.verdict for each in scored} == {"not run"}
    ada, ben = school.line("ada"), school.line("ben")
    assert (ada.score, set(ada.review)) == (100, {"result", "timeout", "leak"})
    assert (ben.score, set(ben.aspects.values())) == (None, {None})
    assert set(ben.review) == {"result", "timeout", "leak"}
    desk = school.desk
    desk.feedback()
    assert "nothing_like_it" not in school.page("ben")
    assert "could not be checked" in school.page("ben")
    school.checks(lambda text: text.partition("\n")[2])
    school.score()
    assert (school.line("ben").score, school.line("ben").review, school.line("ada").review) == (100, (), ())


# 10
def test_what_goes_wrong_in_the_intake_is_told(school, monkeypatch):
    school.hand_in("ada")
    school.hand_in("ben")
    take = intake.take

    def fails(each, target, *args, **kwargs):
        if each.learner == "ada":
            raise OSError(28, "No space left on device")
        return take(each, target, *args, **kwargs)

    monkeypatch.setattr(intake, "take", fails)
    done = school.desk.collect()
    assert [each.learner for each in done.taken] == ["ben"]
    assert any("No space left" in note for note in done.notes)


def test_the_tools_that_a_new_book_runs_are_found(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    config.put_tools_on_path()
    assert shutil.which("alembic")


# 11: the panel is turned off in the learner's bundle, see test_bundle.py; a drop folder has the same intake
def test_a_drop_folder_has_the_same_intake(school, texts, tmp_path):
    for learner in ("ada", "ben"):
        place = tmp_path / "drop" / learner / SLUG
        place.mkdir(parents=True)
        (place / "tiny.py").write_text(texts["right"])
    (place / "tiny.py").unlink()
    (place / "tiny.py").symlink_to("/etc/passwd")
    done = school.desk.collect(drop=tmp_path / "drop")
    assert len(done.taken) == 2
    school.desk.autograde()
    assert (school.line("ada").score, school.line("ben").score) == (100, 0)
    assert not (school.class_ / "submitted" / "ben" / SLUG / "tiny.py").exists()


# 12
def no_file(place):
    (place / "tiny.py").unlink()


def linked(place):
    no_file(place)
    (place / "tiny.py").symlink_to("/etc/passwd")


def fifo(place):
    no_file(place)
    os.mkfifo(place / "tiny.py")


def folder(place):
    no_file(place)
    (place / "tiny.py").mkdir()


def huge(place):
    with (place / "tiny.py").open("wb") as file:
        file.truncate(2 << 30)


def not_utf8(place):
    (place / "tiny.py").write_bytes(b"x = '\xff'\n")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_file, "there is no tiny.py"),
        (linked, "is a link"),
        (fifo, "not a plain file"),
        (folder, "not a plain file"),
        pytest.param(huge, "larger than 200 kB", marks=pytest.mark.slow),
        pytest.param(not_utf8, "not UTF-8", marks=pytest.mark.slow),
    ],
)
def test_an_odd_file_gets_0_with_a_reason_in_plain_words(school, spoil, reason):
    spoil(school.hand_in("ada"))
    school.hand_in("ben")
    school.score()
    assert (school.line("ada").score, school.line("ben").score) == (0, 100)
    desk = school.desk
    desk.feedback()
    assert reason in school.page("ada")


@pytest.mark.parametrize(
    "notebook",
    [
        "{",
        *(
            pytest.param(text, marks=pytest.mark.slow)
            for text in ("[]", '{"cells": [], "metadata": {}, "nbformat": 3}')
        ),
        None,
    ],
)
def test_an_odd_notebook_changes_nothing(school, notebook):
    place = school.hand_in("ada")
    if notebook is not None:
        (place / f"{SLUG}.ipynb").write_text(notebook)
    for name in ("nbgrader_config.py", "conftest.py", "sitecustomize.py", "pytest.ini", "usercustomize.py"):
        (place / name).write_text("raise SystemExit(1)\n")
    school.score()
    assert school.line("ada").score == 100
    found = {path.name for path in (school.class_ / "submitted" / "ada" / SLUG).iterdir()}
    assert found == {"tiny.py", f"{SLUG}.ipynb", intake.RECORD, intake.TIMESTAMP, intake.SECRET}


@pytest.mark.parametrize("name", ["..", ".hidden", "a b", "", "-x"])
def test_a_name_that_is_no_learner_is_left_out(school, name):
    school.hand_in("ada")
    (school.class_ / "exchange" / "spring" / "inbound" / f"{name}+{SLUG}+2026-11-01 10:00:00.000000 UTC+r").mkdir()
    done = school.desk.collect()
    assert [each.learner for each in done.taken] == ["ada"]
    assert sum("not named" in note for note in done.notes) == 1


@pytest.mark.parametrize(
    "secret", ["", *(pytest.param(text, marks=pytest.mark.slow) for text in ("../../../etc/x", "y" * 10_000))]
)
def test_a_secret_that_is_none_is_replaced(school, secret):
    school.hand_in("ada", secret=secret)
    school.hand_in("ben").joinpath("submission_secret.txt").unlink()
    desk = school.desk
    school.score()
    desk.feedback()
    assert len(list((school.class_ / "exchange" / "spring" / "feedback").glob("*.html"))) == 2


def test_the_time_is_that_of_the_folder_not_of_a_file_in_it(school):
    school.set("due = 2026-11-01T12:00:00")
    place = school.hand_in("ada", when="2026-11-02 10:00:00.000000 UTC")
    (place / "timestamp.txt").write_text("2026-10-01 10:00:00.000000 UTC")
    school.score()
    assert school.line("ada").late_seconds == 22 * 3600


def test_somebody_elses_folder_is_left_out(school, monkeypatch):
    school.hand_in("ada")
    school.hand_in("ben")
    monkeypatch.setattr(origin.os, "getuid", lambda: 12345)
    done = school.desk.collect()
    assert done.taken == ()
    assert all("belongs to" in note for note in done.notes)
    school.set("check_owner = false")
    assert len(school.desk.collect().taken) == 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_newer_folder_of_somebody_else_does_not_stand_in_for_ones_own(school):
    school.hand_in("ada")
    forged = school.hand_in("ada", "raise SystemExit\n", when="2026-11-02 10:00:00.000000 UTC")
    os.chown(forged, 12345, 12345)
    assert [each.learner for each in school.score()] == ["ada"]
    assert school.line("ada").score == 100


def test_a_forged_cell_scores_nothing(school, texts):
    forged = 'import json\nprint("100")\nresult = timeout = leak = 100\n' + texts["no_value"]
    school.hand_in("ada", forged)
    school.score()
    assert school.line("ada").aspects["result"] == 0


def test_a_points_cell_is_one_for_each_aspect():
    assert assignment.ANSWER not in ("result", "timeout", "shield", "leak", "ordering")
