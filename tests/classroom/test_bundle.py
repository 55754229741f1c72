"""What learners get, receipts and disputes by the command line."""

import json

import pytest

from grader.authoring.bundle import count_modules
from grader.classroom import hand_in
from grader.cli import main

SLUG = "m01_tiny"
MARKER = "near(3)"


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "engine-1-py3-none-any.whl"
    path.write_bytes(b"PK")
    return str(path)


@pytest.fixture(autouse=True)
def plain(school, texts):
    """Another right solution, which no bundle holds."""
    path = school.course / f"solutions/{SLUG}/right/plain.py"
    path.parent.mkdir()
    path.write_text(texts["right"])


def run(school, *words):
    return main(["--root", str(school.course), *map(str, words)])


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_class_bundle_holds_no_hidden_check_and_no_solution(school, wheel, tmp_path):
    target = tmp_path / "bundle"
    assert main(["bundle", "--class", "--in", str(school.class_), "--to", str(target), "--wheel", wheel]) == 0
    assert files(target) == {
        "README.md",
        "nbgrader_config.py",
        "exercises/nbgrader_config.py",
        "class.json",
        "engine-1-py3-none-any.whl",
        "lab/labconfig/page_config.json",
        f"lab/stubs/{SLUG}/tiny.py.txt",
        f"lab/notebooks/exercises/{SLUG}/{SLUG}.json",
        f"course/{SLUG}/module.toml",
        *(f"exercises/{SLUG}/{name}" for name in ("scene.py", "test_tiny.py")),
    }
    assert all(path.stat().st_mode & 0o044 for path in target.rglob("*"))
    disabled = json.loads((target / "lab/labconfig/page_config.json").read_text())["disabledExtensions"]
    assert disabled == {"@jupyter/nbgrader:create-assignment": True}


def test_a_self_paced_bundle_holds_both(school, wheel, tmp_path):
    target = tmp_path / "bundle"
    assert run(school, "bundle", "--self-paced", "--to", target, "--wheel", wheel) == 0
    assert {f"solutions/{SLUG}/tiny.py", f"grader/hidden/{SLUG}/test_tiny.py"} <= files(target)
    assert not any("wrong" in name or "right" in name for name in files(target))


@pytest.mark.parametrize("kind", ["--class", "--self-paced"])
def test_a_bundle_holds_versions_that_nobody_reads_in_passing_and_tests_to_write(school, wheel, tmp_path, kind):
    folder = school.course / f"solutions/{SLUG}/versions"
    for name in ("right/plain", "wrong/hasty", "tests"):
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"""It hurries."""\n')
    (school.course / f"exercises/{SLUG}/prove.py").write_text('"""The contract."""\n')
    target = tmp_path / "bundle"
    where = ["--in", str(school.class_)] if kind == "--class" else []
    root = [] if where else ["--root", str(school.course)]
    assert main([*root, "bundle", kind, *where, "--to", str(target), "--wheel", wheel]) == 0
    assert {name for name in files(target) if "prove" in name or "versions" in name} == {
        f"lab/stubs/{SLUG}/prove.py.txt",
        f"lab/versions/{SLUG}.txt",
    }
    assert "hurries" not in (target / f"lab/versions/{SLUG}.txt").read_text()
    assert main(["--root", str(target), "prove", SLUG]) == 1
    assert (target / f"exercises/{SLUG}/prove.py").read_text() == '"""The contract."""\n'


def test_links_of_a_bundle_lead_to_notebooks_that_are_in_it_and_to_terms_that_jupyterlab_finds(school, wheel, tmp_path):
    page = (
        f"[a]({SLUG}/lesson.md#sleep), [b](m02_other/lesson.md), [c](glossary.md#task-group), [d](glossary.md#none)\n"
    )
    (school.course / "course" / "paths.md").write_text(page)
    (school.course / "course" / "glossary.md").write_text("# Glossary\n\n## Task group\n\nA group.\n")
    target = tmp_path / "bundle"
    assert run(school, "bundle", "--self-paced", "--to", target, "--wheel", wheel) == 0
    said = (target / "course" / "paths.md").read_text()
    assert said == f"[a]({SLUG}/lesson.ipynb#sleep), b, [c](glossary.md#Task-group), [d](glossary.md#none)\n"


def test_the_start_page_says_how_many_modules_are_in_the_folder(school, wheel, tmp_path):
    page = "- [Three paths](paths.md) through the thirteen modules, and which module needs which.\n"
    assert count_modules(page, 13, 13) == page
    assert count_modules(page, 2, 13) == (
        "- [Three paths](paths.md) through the thirteen modules of the course, of which two are in this folder, "
        "and which module needs which.\n"
    )
    (school.course / "course" / "m02_other").mkdir()
    (school.course / "course" / "m02_other" / "module.toml").write_text("")
    (school.course / "course" / "start_here.md").write_text("Through the two modules.\n")
    (school.course / "course" / "start_here.ipynb").write_text('{"source": "Through the two modules."}')
    target = tmp_path / "bundle"
    assert main(["bundle", "--class", "--in", str(school.class_), "--to", str(target), "--wheel", wheel]) == 0
    for path in ("course/start_here.md", "lab/notebooks/course/start_here.json"):
        said = (target / path).read_text()
        assert "Through the two modules of the course, of which one is in this folder." in said


def test_bundles_are_asked_for_clearly(school, wheel, tmp_path, capsys):
    assert run(school, "bundle") == 2
    assert run(school, "bundle", "--class", "--to", school.course, "--wheel", wheel) == 2
    assert "there already" in capsys.readouterr().err


ELSEWHERE = """\
import os, sys
target = sys.argv[sys.argv.index("-d") + 1]
os.makedirs(target)
open(os.path.join(target, "engine-1-py3-none-any.whl"), "w").close()
"""


@pytest.fixture
def builds(school):
    """A `hatchling` that builds nothing but says what is asked of it: it runs in the checkout, as the real one does."""

    def builds(text):
        (school.course / "hatchling.py").write_text(text)

    return builds


def test_a_bundle_is_made_from_the_folder_of_the_class(school, builds, tmp_path, monkeypatch):
    builds(ELSEWHERE)
    (tmp_path / "term").mkdir()
    target = tmp_path / "for-learners"
    elsewhere = school.class_.rename(tmp_path / "term" / "spring")
    toml = elsewhere / "class.toml"
    toml.write_text(toml.read_text().replace('course = "../course"', f'course = "{school.course}"'))
    monkeypatch.chdir(elsewhere)
    assert main(["bundle", "--class", "--in", ".", "--to", "../../for-learners"]) == 0
    assert (target / "engine-1-py3-none-any.whl").is_file()
    assert not [path for folder in (tmp_path, school.course, school.root) for path in folder.glob(".*-draft")]


@pytest.mark.parametrize(
    ("hatchling", "said"),
    [
        ("raise SystemExit('ERROR: no pyproject.toml')", "(ERROR: no pyproject.toml): give one with --wheel"),
        ("", "(no word): give one with --wheel"),
        ("raise SystemExit('No module named hatchling')", "pip install hatchling, or give one with --wheel"),
    ],
)
def test_a_wheel_that_cannot_be_built_leaves_nothing_behind(school, builds, tmp_path, capsys, hatchling, said):
    builds(hatchling)
    before = set(tmp_path.iterdir())
    assert run(school, "bundle", "--self-paced", "--to", tmp_path / "bundle") == 2
    assert said in capsys.readouterr().err
    assert set(tmp_path.iterdir()) == before


def test_handing_in_from_a_bundle(school, wheel, tmp_path, capsys, texts, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    target = tmp_path / "bundle"
    run(school, "bundle", "--class", "--in", school.class_, "--to", target, "--wheel", wheel)
    (target / "exercises" / SLUG / "tiny.py").write_text(texts["right"])
    capsys.readouterr()
    assert main(["--root", str(target), "hand-in", "tiny", "--as", "ada"]) == 0
    said = capsys.readouterr().out
    assert "sha256" in said
    assert "passed: 8 passed" in said
    drop = tmp_path / "drop"
    assert main(["--root", str(target), "hand-in", "tiny", "--as", "ben", "--to", str(drop)]) == 0
    school.score()
    school.desk.collect(drop=drop)
    school.desk.autograde()
    assert (school.line("ada").score, school.line("ben").score) == (100, 100)
    desk = school.desk
    desk.feedback()
    account = hand_in.account_of(target, "ada")
    assert len(account.fetch_feedback(SLUG)) == 1


def test_a_dispute_is_one_file_with_all_that_is_needed(school, texts, tmp_path, capsys):
    (school.course / "exercises" / SLUG / "tiny.py").write_text(texts["at_once"])
    out = tmp_path / "d.json"
    assert run(school, "dispute", "m01.R2", "--because", "it is quick", "--to", out) == 0
    data = json.loads(out.read_text())
    assert (data["clause"], data["because"], data["backend"], data["check"]) == (
        "m01.R2",
        "it is quick",
        "asyncio",
        "test_delay",
    )
    assert data["seed"].startswith("0")
    assert data["trace"]["spans"]
    assert data["submission"]["text"] == texts["at_once"]
    assert set(data["versions"]) >= {"version", "anyio", "trio", "checks", "scene", "module.toml", "python"}
    said = capsys.readouterr().out
    assert "it shows" in said
    assert f"{tmp_path / 'd.html'}: the same run, to step through" in said.replace("\n", "")
    assert "All steps as a table" in (tmp_path / "d.html").read_text()
    assert "observed" not in data["trace"]["probes"]


@pytest.mark.parametrize(
    ("clause", "said"), [("R2", "such as m05.R3"), ("m01.R9", "has no clause R9"), ("m09.R1", "m09")]
)
def test_a_dispute_about_nothing_is_told(school, clause, said, capsys):
    assert run(school, "dispute", clause) == 2
    assert said in capsys.readouterr().err


def test_assignments_are_built(school, tmp_path):
    assert run(school, "build", "--to", tmp_path / "out") == 0
    assert files(tmp_path / "out") == {f"{SLUG}/{SLUG}.ipynb", f"{SLUG}/tiny.py"}


def test_the_class_by_command_line(school, texts, tmp_path, capsys):
    school.hand_in("ada", texts["swallows"])
    assert main(["class", "score", "--in", str(school.class_)]) == 0
    assert main(["class", "feedback", "--in", str(school.class_)]) == 0
    assert main(["class", "grades", "--in", str(school.class_), "--to", str(tmp_path)]) == 0
    assert main(["class", "status", "--in", str(school.class_)]) == 0
    said = capsys.readouterr().out
    assert "scored 1 submissions" in said
    assert "1 pages" in said
    assert (tmp_path / "grades.csv").is_file()
    assert run(school, "class", "new", tmp_path / "second", "--module", "m01") == 0
    assert main(["class", "release", "--in", str(tmp_path)]) == 2


def test_the_assignment_list_of_jupyterlab_works_in_the_bundle(school, wheel, tmp_path, monkeypatch, texts):
    from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    bundle = tmp_path / "bundle"
    assert main(["bundle", "--class", "--in", str(school.class_), "--to", str(bundle), "--wheel", wheel]) == 0
    monkeypatch.chdir(bundle)  # JupyterLab runs here
    run_in = AssignmentList()
    run_in.root_dir = str(bundle)
    assert main(["progress"]) == 0  # lays out the exercise, as `grader lab` does
    (one,) = run_in.list_released_assignments()["value"]
    assert (one["course_id"], one["assignment_id"], one["status"]) == ("spring", SLUG, "fetched")
    assert run_in.list_courses()["value"] == ["spring"]
    (bundle / "exercises" / SLUG / "tiny.py").write_text(texts["right"])
    assert run_in.submit_assignment("spring", SLUG)["success"]
    assert "sha256" in (bundle / "exercises" / SLUG / "receipt.txt").read_text()
    (handed_in,) = run_in.list_submitted_assignments("spring")["value"]
    assert len(handed_in["submissions"]) == 1
    scored = school.score()
    assert [each.verdict for each in scored] == ["passed"]
    desk = school.desk
    desk.feedback()
    assert run_in.fetch_feedback("spring", SLUG)["success"]
    (page,) = (bundle / "exercises" / SLUG / "feedback").glob("*/*.html")
    assert "100 of 100 points" in page.read_text()


def test_learners_see_the_due_date_and_that_they_are_late(school, wheel, tmp_path, monkeypatch, texts, capsys):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    school.set("due = 2026-11-01T12:00:00")
    school.desk.release()
    notebook = (school.class_ / "release" / SLUG / f"{SLUG}.ipynb").read_text()
    assert "Due 2026-11-01 12:00 UTC." in notebook
    bundle = tmp_path / "bundle"
    run(school, "bundle", "--class", "--in", school.class_, "--to", bundle, "--wheel", wheel)
    assert "Due 2026-11-01 12:00 UTC." in (bundle / f"lab/notebooks/exercises/{SLUG}/{SLUG}.json").read_text()
    capsys.readouterr()
    for more in ((), ("--to", tmp_path / "drop")):
        (bundle / "exercises" / SLUG).mkdir(parents=True, exist_ok=True)
        assert main(["--root", str(bundle), "hand-in", "tiny", "--as", "ada", *map(str, more)]) == 0
        said = capsys.readouterr().out
        assert "due        2026-11-01 12:00 UTC" in said
        assert "after it was due" in said
        assert (bundle / "exercises" / SLUG / "receipt.txt").read_text() == said
    toml = school.class_ / "class.toml"
    toml.write_text(toml.read_text().replace("due = 2026-11-01", "due = 2099-11-01"))
    school.desk.tables()  # the date on the exchange is newer than the one in the bundle
    assert main(["--root", str(bundle), "hand-in", "tiny", "--as", "ada"]) == 0
    said = capsys.readouterr().out
    assert "due        2099-11-01 12:00 UTC" in said
    assert "after it was due" not in said
