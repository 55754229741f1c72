import gc
import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from grader.course import CourseError, safe_files
from grader.judging import batch, pool
from grader.judging.batch import Shelf, grade_all
from grader.judging.folder import FolderEntry, scan
from grader.judging.judge import blank_report, stamp
from grader.judging.pool import GradingTask, run_all
from grader.sandbox import limits


@pytest.fixture
def folder(tiny, texts, tmp_path):
    """Submissions of two honest learners."""
    place = tmp_path / "handed_in"
    for learner, text in (("ada", texts["right"]), ("ben", texts["no_value"])):
        path = place / learner / "m01_tiny" / "tiny.py"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def grade_folder(tiny, folder, shelf, threads, **more):
    found = scan(folder, tiny)
    graded = list(grade_all(tiny, found, shelf, level="none", executor=threads, **more))
    assert len(graded) == len(found.entries)
    return {each.entry.learner: each for each in graded}, found.notes


def verdicts(graded):
    return {learner: (each.report.verdict, each.report.points) for learner, each in graded.items()}


def test_each_submission_gets_its_report_and_it_is_kept(tiny, folder, tmp_path, threads):
    shelf = Shelf(tmp_path / "reports")
    graded, notes = grade_folder(tiny, folder, shelf, threads)
    assert verdicts(graded) == {"ada": ("passed", 100), "ben": ("failed", 39)}
    assert notes == []
    kept = json.loads(shelf.path("ada", "m01_tiny").read_text())
    assert (kept["learner"], kept["verdict"], next(iter(kept))) == ("ada", "passed", "learner")
    assert [path.name for path in shelf.folder.rglob("*") if path.is_file()] == ["m01_tiny.json"] * 2


def test_a_second_run_makes_only_what_is_missing_or_changed(tiny, folder, tmp_path, threads):
    shelf = Shelf(tmp_path / "reports")
    grade_folder(tiny, folder, shelf, threads)
    (folder / "ben/m01_tiny/tiny.py").write_bytes((folder / "ada/m01_tiny/tiny.py").read_bytes())
    graded, _ = grade_folder(tiny, folder, shelf, threads)
    assert {learner: each.kept for learner, each in graded.items()} == {"ada": True, "ben": False}
    assert verdicts(graded)["ben"] == ("passed", 100)
    path = tiny.module("m01").scene
    path.write_text(path.read_text() + "\n")
    graded, _ = grade_folder(tiny, folder, shelf, threads)
    assert not any(each.kept for each in graded.values())


def test_a_torn_report_is_made_anew(tiny, folder, tmp_path, threads):
    shelf = Shelf(tmp_path / "reports")
    grade_folder(tiny, folder, shelf, threads)
    shelf.path("ada", "m01_tiny").write_text('{"format": 1, "mod')
    graded, _ = grade_folder(tiny, folder, shelf, threads)
    assert not graded["ada"].kept
    assert shelf.get("ada", "m01_tiny").verdict == "passed"


def test_not_run_never_takes_the_place_of_a_verdict(tiny, folder, tmp_path, threads):
    shelf = Shelf(tmp_path / "reports")
    grade_folder(tiny, folder, shelf, threads)
    [checks] = tiny.module("m01").hidden_checks
    good = checks.read_text()
    checks.write_text(good.replace('t.expect("the value"', '1 / 0; t.expect("the value"'))
    graded, _ = grade_folder(tiny, folder, shelf, threads)
    assert verdicts(graded)["ada"] == ("not run", None)
    assert shelf.get("ada", "m01_tiny").verdict == "passed"
    aside = shelf.folder / "ada" / "m01_tiny.not-run.json"
    assert json.loads(aside.read_text())["verdict"] == "not run"
    checks.write_text(good + "\n")
    grade_folder(tiny, folder, shelf, threads)
    assert not aside.exists()


def test_odd_folders_get_a_line_or_a_report_and_never_stop_the_others(tiny, folder, tmp_path, threads, texts):
    secret = tmp_path / "secret.py"
    secret.write_text(texts["right"])

    def make(learner):
        place = folder / learner / "m01_tiny"
        place.mkdir(parents=True)
        return place

    make("no_file")
    (make("wrong_name") / "solution.py").write_text(texts["right"])
    (make("link") / "tiny.py").symlink_to(secret)
    os.mkfifo(make("pipe") / "tiny.py")
    (make("folder") / "tiny.py").mkdir()
    with (make("huge") / "tiny.py").open("wb") as file:
        file.truncate(1 << 40)
    (make("latin") / "tiny.py").write_bytes(b"# caf\xe9")
    (folder / "slug_link").mkdir()
    (folder / "slug_link" / "m01_tiny").symlink_to(folder / "ada" / "m01_tiny")
    (folder / "slug_file").mkdir()
    (folder / "slug_file" / "m01_tiny").write_text("?")
    # these are not submissions
    (folder / "unknown" / "m99_nothing").mkdir(parents=True)
    (folder / "nothing").mkdir()
    (folder / "notes.txt").write_text("?")
    (folder / "learner_link").symlink_to(folder / "ada")
    (folder / ".hidden" / "m01_tiny").mkdir(parents=True)
    # and the names of learners are their own
    (make("a b; rm -rf \x1b[31m\n") / "tiny.py").write_text(texts["right"])

    graded, notes = grade_folder(tiny, folder, Shelf(tmp_path / "reports"), threads)
    reasons = {learner: each.report.reason for learner, each in graded.items() if each.report.verdict == "failed"}
    assert verdicts(graded)["ada"] == ("passed", 100)
    assert verdicts(graded)["a b; rm -rf \x1b[31m\n"] == ("passed", 100)
    assert reasons.pop("ben") is None
    assert reasons == {
        "no_file": "there is no tiny.py in m01_tiny: hand in the file under this name",
        "wrong_name": "there is no tiny.py in m01_tiny: hand in the file under this name",
        "link": "tiny.py is a link: hand in the file itself",
        "pipe": "tiny.py is not a plain file: hand in the file itself",
        "folder": "tiny.py is not a plain file: hand in the file itself",
        "huge": "the file is larger than 200 kB: hand in only the code you wrote",
        "latin": "line 1: the file is not UTF-8: save it again with that encoding",
        "slug_link": "m01_tiny is a link: hand in the folder itself",
        "slug_file": "m01_tiny is not a folder: hand in a folder with tiny.py in it",
    }
    assert all(each.report.points == 0 for learner, each in graded.items() if learner in reasons)
    assert sorted(notes) == [
        ".hidden begins with a dot: left out",
        "learner_link is not a learner's folder: left out",
        "notes.txt is not a learner's folder: left out",
        "nothing holds no submission: a folder such as m01_tiny/ was expected",
        "unknown holds no submission: a folder such as m01_tiny/ was expected",
        "unknown/m99_nothing is not a module of this course: left out",
    ]


def test_a_folder_that_is_none_is_bad_usage(tiny, tmp_path):
    with pytest.raises(CourseError, match="cannot be listed"):
        scan(tmp_path / "absent", tiny)


def test_reports_inside_the_folder_are_no_learner(tiny, folder, threads):
    shelf = Shelf(folder / "reports")
    grade_folder(tiny, folder, shelf, threads)
    assert scan(folder, tiny, skip=shelf.folder).notes == []


def test_a_module_that_cannot_be_read_is_not_run_for_everybody(tiny, folder, tmp_path, threads):
    tiny.module("m01").toml.write_text("title = 1")
    graded, _ = grade_folder(tiny, folder, Shelf(tmp_path / "reports"), threads)
    assert {each.report.verdict for each in graded.values()} == {"not run"}
    assert graded["ada"].report.reason.startswith("course/m01_tiny/module.toml: ")


def test_real_processes_grade_too(tiny, folder, tmp_path):
    graded, _ = grade_folder(tiny, folder, Shelf(tmp_path / "reports"), None, jobs=1)
    assert verdicts(graded) == {"ada": ("passed", 100), "ben": ("failed", 39)}


# -- executors that misbehave ---------------------------------------------------------------------------------------
class Scripted:
    """An executor whose futures end as told."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.asked = []

    def submit(self, function, task):
        self.asked.append(task.tag)
        future, end = Future(), self.ends.pop(0)
        if isinstance(end, Exception):
            future.set_exception(end)
        else:
            future.set_result(end)
        return future


def report(verdict="passed", *, late=False):
    from dataclasses import replace

    return replace(blank_report("m01_tiny", "", "none"), verdict=verdict, late=late)


def tasks(course, *tags):
    return [GradingTask(course.module("m01"), b"", tag=tag) for tag in tags]


def test_what_came_late_is_tried_once_more_at_the_end(tiny):
    executor = Scripted(report("not run", late=True), report(), report("failed"))
    found = [(task.tag, each.verdict) for task, each in run_all(tasks(tiny, "a", "b"), executor)]
    assert found == [("b", "passed"), ("a", "failed")]
    assert executor.asked == ["a", "b", "a"]


def test_a_killed_process_costs_only_the_one_that_does_it(tiny):
    died = BrokenProcessPool("died")
    executor = Scripted(died, died, report(), died)
    found = {task.tag: each for task, each in run_all(tasks(tiny, "a", "b"), executor)}
    assert (found["a"].verdict, found["b"].verdict) == ("passed", "not run")
    assert "the judging process was killed, twice" in found["b"].reason


def test_an_executor_that_fails_is_said(tiny):
    [(_, found)] = run_all(tasks(tiny, "a"), Scripted(RuntimeError("no machine")))
    assert (found.verdict, found.reason) == ("not run", "the executor failed: RuntimeError: no machine")


def test_whatever_goes_wrong_in_a_judging_process_is_a_report(tiny, monkeypatch):
    monkeypatch.setattr(pool, "grade", lambda *_, **__: 1 / 0)
    found = pool.run(GradingTask(tiny.module("m01"), b"", walls=False))
    assert (found.verdict, found.reason[:23]) == ("not run", "the grader itself faile")


def test_a_report_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x" / "a.json"
    safe_files.write_private(path, "old")
    monkeypatch.setattr(safe_files.os, "fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        safe_files.write_private(path, "new")
    assert path.read_text() == "old\n"
    assert list(path.parent.iterdir()) == [path]


def test_when_a_kept_report_is_current(tiny):
    entry = FolderEntry("ada", "m01_tiny", b"", "1")
    mark = stamp(tiny.module("m01"))
    from dataclasses import replace

    good = replace(blank_report("m01_tiny", "", "none", "1"), verdict="failed", grader=mark)
    assert batch.is_current(good, entry, mark, "none")
    for other in (
        replace(good, sha256="2"),
        replace(good, verdict="not run"),
        replace(good, isolation="bubblewrap"),
        replace(good, grader={**mark, "anyio": "4.15"}),
    ):
        assert not batch.is_current(other, entry, mark, "none")


def test_a_process_of_the_pool_collects_garbage_rarely():
    with pool.local_executor(1) as executor:
        assert executor.submit(gc.get_threshold).result()[0] == limits.GARBAGE
