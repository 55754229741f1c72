"""The tree stays tidy, and a new module is four new folders and nothing else."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = {
    ".ci", ".devcontainer", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md",
    "SECURITY.md", "benchmarks", "bootstrap.py", "constraints.txt", "containers", "course", "docs", "exercises", "grader",
    "pyproject.toml", "solutions", "tests",
}  # fmt: skip
MAY_BE_EMPTY = {"__init__.py", "py.typed"}
LEFTOVER = re.compile(
    r"(~|\.(orig|rej|bak|swp|tmp|pyc|log))$|^(\.DS_Store|Thumbs\.db|Untitled.*)$|\bcopy\b", re.IGNORECASE
)
VAGUE = re.compile(r"^_*(utils?|helpers?|common|manager|base)$")
# Put together so that this file does not hold what it looks for.
ADDRESS = re.compile("|".join(["index-" + "url", '"resolved": *"http', "/ro" + "ot/", "/ho" + "me/[a-z.]"]))
LARGEST = 1 << 20  # bytes
LONGEST = 350  # lines of an engine module: longer, and it holds two ideas
LONGEST_CHECKS = 500  # lines of a file of hidden checks: longer, and it is split by clauses

SLUG = re.compile(r"^m\d\d_[a-z0-9_]+$")
PLACES = ("course", "exercises", "solutions", "grader/hidden")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_top_level_entry_is_known(tracked):
    assert {path.parts[0] for path in tracked} <= TOP


def test_every_file_says_something_and_none_is_a_leftover(checkout, tracked):
    assert [p for p in tracked if p.name not in MAY_BE_EMPTY and (checkout / p).stat().st_size == 0] == []
    assert [p for p in tracked if LEFTOVER.search(p.name)] == []


def test_no_file_is_large(checkout, tracked):
    assert [p for p in tracked if (checkout / p).stat().st_size > LARGEST] == []


def test_every_name_says_what_is_in_it(tracked):
    named = {part for path in tracked for part in (*path.parts[:-1], path.stem)}
    assert sorted(name for name in named if VAGUE.search(name)) == []


def test_no_file_names_a_registry_or_a_place_on_a_machine(checkout, tracked):
    found = [
        f"{path}:{number}"
        for path in tracked
        for number, line in enumerate((checkout / path).read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if ADDRESS.search(line)
    ]
    assert found == []


def test_the_pins_are_names_and_versions(checkout):
    lines = [line for line in text_of(checkout / "constraints.txt").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []
    assert lines == sorted(lines, key=lambda line: line.split("==")[0].lower())


def test_notebooks_hold_no_outputs(checkout, tracked):
    for path in tracked:
        if path.suffix == ".ipynb":
            cells = json.loads(text_of(checkout / path))["cells"]
            assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path


def test_engine_modules_hold_one_idea_each(checkout, tracked):
    engine = [p for p in tracked if p.parts[0] == "grader" and p.parts[1] != "hidden" and p.suffix == ".py"]
    lengths = {str(p): len(text_of(checkout / p).splitlines()) for p in engine}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_files_of_hidden_checks_hold_neighbouring_clauses(checkout, tracked):
    hidden = [p for p in tracked if p.parts[:2] == ("grader", "hidden")]
    lengths = {str(p): len(text_of(checkout / p).splitlines()) for p in hidden}
    assert {name: length for name, length in lengths.items() if length > LONGEST_CHECKS} == {}
    by_clause = {}
    for path in hidden:
        for clause in set(re.findall(r'^@check\(\s*"(\w+)"', text_of(checkout / path), re.MULTILINE)):
            by_clause.setdefault((path.parts[2], clause), []).append(path.name)
    assert {clause: files for clause, files in by_clause.items() if len(files) > 1} == {}


def test_links_between_pages_lead_somewhere(checkout, tracked):
    broken = []
    for path in tracked:
        if path.suffix != ".md":
            continue
        page = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(checkout / path), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", page):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (checkout / path.parent / target.split("#")[0]).exists():
                broken.append(f"{path}: {target}")
    assert broken == []


def slugs(checkout: Path, place: str) -> set[str]:
    return {path.name for path in (checkout / place).iterdir() if SLUG.match(path.name)}


def test_each_module_has_the_same_name_everywhere(checkout):
    modules = slugs(checkout, "course")
    assert {place: slugs(checkout, place) for place in PLACES} == dict.fromkeys(PLACES, modules)


def test_each_module_has_its_files(checkout):
    missing = [
        wanted
        for slug in slugs(checkout, "exercises")
        for name in [slug.split("_", 1)[1]]
        for wanted in (
            f"course/{slug}/module.toml",
            f"exercises/{slug}/{name}.py",
            f"exercises/{slug}/test_{name}.py",
            f"exercises/{slug}/scene.py",
            f"solutions/{slug}/{name}.py",
            f"solutions/{slug}/wrong",
            f"grader/hidden/{slug}/test_*.py",
        )
        if not list(checkout.glob(wanted))
    ]
    assert missing == []


def test_the_folders_of_modules_hold_nothing_else(checkout, tracked):
    strays = []
    for path in tracked:
        slug = next((part for part in path.parts if SLUG.match(part)), None)
        if not slug:
            continue
        name, inside = slug.split("_", 1)[1], path.as_posix().split(f"{slug}/", 1)[1]
        allowed = {
            "course": r"module\.toml|lesson\.(md|ipynb)|hints\.md",
            "exercises": rf"({name}|test_{name}|scene|prove)\.py",
            "solutions": rf"({name}|core)\.py|(versions/)?(right|wrong)/\w+\.py|versions/tests\.py",
            "grader": r"(plans|test_\w+)\.py",
        }[path.parts[0]]
        if not re.fullmatch(allowed, inside):
            strays.append(path.as_posix())
    assert strays == []


def test_the_wheel_holds_the_engine_and_nothing_that_is_secret(checkout, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=checkout, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "grader/__init__.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"grader", "checkpoint_course"}
    assert [name for name in names if name.startswith("grader/hidden")] == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_another_module_is_four_new_folders_and_nothing_else(checkout, tracked, tmp_path):
    course = tmp_path / "course of another school"
    for path in tracked:
        (course / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / path, course / path)
    before = contents(course)

    for place in PLACES:
        copy_module(course / place / "m01_parallel_timeout", course / place / "m14_second_try")

    ended = subprocess.run(
        [sys.executable, "-m", "grader", "verify", "m14_second_try"],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "m14_second_try" in ended.stdout
    changed = {name for name, content in contents(course).items() if before.get(name) != content}
    assert {name for name in changed if "/m14_second_try/" not in name} == set()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under `folder` that is not a cache."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def copy_module(source: Path, target: Path) -> None:
    """Copy one of a module's folders under another slug; `name` in file names and texts follows the slug."""
    old, new = (folder.name.split("_", 1)[1] for folder in (source, target))
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = target / path.relative_to(source).as_posix().replace(old, new)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text_of(path).replace(source.name, target.name).replace(old, new), encoding="utf-8")
