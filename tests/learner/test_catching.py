"""What a learner's tests catch: naive ones little, strict ones hear what they invent, and nothing hangs."""

import shutil

import pytest

from grader.authoring.version_flaws import version_flaws
from grader.classroom import hand_in, origin
from grader.cli import main
from grader.course import Course, CourseError
from grader.course.versions import own_tests, pack_place, pack_versions, versions_folder, versions_of
from grader.learner import catching, progress
from grader.learner.catching import catch, escaped_line, headline, invented_lines
from grader.notebook.catch_card import CatchCard

HEAD = "import anyio\nimport pytest\nfrom subject import twice\n\n\n"
NAIVE = HEAD + "def test_two():\n    assert anyio.run(twice, 2) == 4\n"
GOOD = (
    HEAD
    + "@pytest.mark.explore\n@pytest.mark.parametrize('number', [2, 0, 3])\n"
    + "async def test_each(number):\n    assert await twice(number) == 2 * number\n"
)
STRICT = GOOD + (
    "\n\n@pytest.mark.explore\nasync def test_takes_a_second():\n"
    "    await twice(1)\n    assert anyio.current_time() > 0.5, 'slow'\n"
)
STUB = '"""The contract: twice the number."""\n\nfrom subject import twice\n'
VERSION = '"""{}"""\n\nimport anyio\n\n\nasync def twice(number):\n    {}\n'
VERSIONS = {
    "right/at_once": ("It answers at once.", "return 2 * number"),
    "right/later": ("It takes a second.", "await anyio.sleep(1)\n    return number + number"),
    "wrong/always_four": ("Twice is four.", "return 4"),
    "wrong/square": ("Twice is the square.", "return number * number"),
    "wrong/never_for_three": (
        "Nobody asks for three.",
        "if number == 3:\n        await anyio.sleep_forever()\n    return 2 * number",
    ),
}


@pytest.fixture
def module(tiny):
    module = tiny.module("m01")
    for name, (idea, body) in VERSIONS.items():
        path = versions_folder(module) / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(VERSION.format(idea, body))
    (versions_folder(module) / "tests.py").write_text(GOOD)
    own_tests(module).write_text(STUB)
    return module


def catch_with(module, text):
    own_tests(module).write_text(text)
    return catch(module)


def ideas(versions):
    return [version.idea for version in versions]


@pytest.mark.slow
def test_naive_tests_catch_little_and_one_idea_that_escaped_is_named(module):
    made = catch_with(module, NAIVE)
    assert headline(made) == "your tests catch 0 of 3 wrong versions and pass all 2 right ones"
    assert escaped_line(made) == "One that escaped (2 more escaped). Its author believes: Twice is four."


@pytest.mark.slow
def test_good_tests_catch_all_and_a_deadlock_under_explore_fails_at_once(module):
    made = catch_with(module, GOOD)
    assert made.is_complete
    assert ideas(version for version, _ in made.caught) == [
        "Twice is four.",
        "Nobody asks for three.",
        "Twice is the square.",
    ]
    assert not any(test.hung for _, test in made.caught)
    own_tests(module).write_text(STUB)
    assert version_flaws(module) == []


@pytest.mark.slow
def test_a_test_that_fails_a_right_version_is_told_what_differs_and_does_not_count(module):
    made = catch_with(module, STRICT)
    assert headline(made) == "your tests catch 3 of 3 wrong versions, but fail 1 of 2 right ones"
    assert list(invented_lines(made)) == [
        "`test_takes_a_second` (prove.py:15) fails a right version: slow",
        "The contract does not promise it. This version differs: It answers at once. Until the test allows that, it catches nothing.",
    ]
    assert not made.is_complete
    only_strict = STRICT.replace("async def test_each", "async def each").replace("@pytest.mark.parametrize", "#", 1)
    made = catch_with(module, only_strict)
    assert (len(made.caught), len(made.escaped)) == (0, 3)


@pytest.mark.slow
def test_no_word_of_a_version_is_shown(module):
    text = HEAD + "@pytest.mark.explore\nasync def test_it():\n    await twice('a') + 1\n"
    made = catch_with(module, text)
    [(test, _)] = made.invented
    assert "TypeError" in test.text
    assert test.line == 8
    hidden = GOOD.replace("import twice", "import absent")
    assert (
        catch_with(module, hidden).fault
        == "prove.py: ImportError: cannot import name 'absent' from 'subject' (in the version)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def test_it(:\n    pass\n", "prove.py, line 1: it is not Python: "),
        ("from subject import twice\n", "prove.py has no test yet: write a function whose name begins with `test_`"),
        ("def outer():\n    def test_inner(): pass\n", "prove.py has no test yet"),
        (
            "import nobody_has_this\ndef test_it(): pass\n",
            "prove.py: ModuleNotFoundError: No module named 'nobody_has_this'",
        ),
        ("import pytest\n@pytest.mark.explore\ndef test_it(): pass\n", "explore takes async tests: write `async def`"),
    ],
)
def test_tests_that_cannot_be_played_are_said_in_a_line(module, text, said):
    assert said in catch_with(module, text).fault


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_test_that_hangs_is_told_so(module, monkeypatch):
    text = NAIVE + "    assert anyio.run(twice, 3) == 6\n    assert anyio.run(twice, 0) == 0\n"
    monkeypatch.setattr(catching, "LEAST", 1.0)
    monkeypatch.setattr(catching, "FACTOR", 3)
    made = catch_with(module, text)
    assert [test.name for version, test in made.caught if test.hung] == ["test_two"]
    assert "`test_two` does not end; with `@pytest.mark.explore`" in "".join(catching.caught_lines(made))
    monkeypatch.setattr(catching, "LIMIT", 5.0)
    endless = NAIVE + "    anyio.run(anyio.sleep_forever)\n"
    assert catch_with(module, endless).fault.startswith("`test_two` does not end with a right version")


@pytest.mark.slow
def test_the_best_score_is_kept_and_shown(module, capsys):
    words = ["--root", str(module.root), "prove", "m01"]
    own_tests(module).write_text(GOOD)
    assert main(words) == 0
    assert "m01 ✓ your tests catch 3 of 3 wrong versions and pass all 2 right ones" in capsys.readouterr().out
    assert progress.read(module.root).of(module.slug).caught == (3, 3)
    own_tests(module).write_text(NAIVE)
    assert main(words) == 1
    assert "Your best so far: 3 of 3." in capsys.readouterr().out
    assert progress.read(module.root).of(module.slug).caught == (3, 3)
    progress.reach(module.root, module.slug, "core")
    assert progress.read(module.root).of(module.slug).caught == (3, 3)
    main(["--root", str(module.root), "progress"])
    assert "wrong versions that your tests catch: m01 3 of 3" in capsys.readouterr().out


@pytest.mark.slow
def test_a_bundle_has_them_packed_and_a_card_shows_them(module):
    versions = versions_of(module)
    place = pack_place(module.root, module.slug)
    place.parent.mkdir(parents=True)
    place.write_bytes(pack_versions(versions))
    assert b"number" not in place.read_bytes()
    shutil.rmtree(module.root / "solutions")
    assert versions_of(module) == versions
    card = CatchCard(catch_with(module, STRICT))
    assert card.caught == 3
    assert not card.passed
    assert "It answers at once." in str(card)
    assert "<li>Twice is four. (`test_each`)</li>" in card._repr_html_()
    place.write_bytes(b"?")
    with pytest.raises(CourseError, match="unpack the bundle again"):
        versions_of(module)


def test_a_module_without_versions_says_who_has_some(tiny, capsys):
    assert main(["--root", str(tiny.root), "prove", "m01"]) == 2
    assert "m01_tiny has no tests to write" in capsys.readouterr().err


@pytest.mark.slow
def test_a_version_that_no_test_fails_and_a_right_one_that_fails_are_found(module):
    folder = versions_folder(module)
    (folder / "wrong" / "fine.py").write_text(VERSION.format("Twice is plus itself.", "return number + number"))
    (folder / "wrong" / "silent.py").write_text("async def twice(number):\n    return 0\n")
    found = [f"{finding.where}: {finding.text}" for finding in version_flaws(module)]
    assert any("wrong/silent.py: its docstring is not one sentence" in line for line in found)
    assert any("wrong/fine.py: no test in tests.py fails it" in line for line in found)
    (folder / "right" / "bad.py").write_text(VERSION.format("It is wrong.", "return 7"))
    found = [f"{finding.where}: {finding.text}" for finding in version_flaws(module)]
    assert any("test_each must pass right/bad, but: assert 7 == " in line for line in found)


def test_each_subject_of_the_course_has_three_right_versions_and_six_wrong_ones(checkout):
    having = {module.short: versions_of(module) for module in Course(checkout) if versions_folder(module).is_dir()}
    assert {name: (len(each.right), len(each.wrong)) for name, each in having.items()} == dict.fromkeys(having, (3, 6))
    assert "m09" in having


def test_what_learners_write_tests_in_is_not_taken_for_their_exercise(tmp_path):
    folder = tmp_path / "m01_tiny"
    folder.mkdir()
    for name in ("scene.py", "test_tiny.py", "prove.py", "my_tiny.py"):
        (folder / name).write_text("")
    assert hand_in.work_of(folder, "m01_tiny") == folder / "my_tiny.py"
    assert [path.name for path in folder.iterdir() if origin._is_work(path.name)] == ["my_tiny.py"]
