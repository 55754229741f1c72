"""The pytest face, in processes of its own: as a learner, an author and somebody who has nothing to do with us see it."""

import subprocess
import sys

import pytest


@pytest.fixture
def run(tiny):
    def pytest_in(*arguments, cwd=None):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=cwd or tiny.root, capture_output=True, text=True, timeout=60, check=False)
        assert "INTERNALERROR" not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    return pytest_in


def hand_in(tiny, text):
    tiny.module("m01").stub.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "where",
    [
        "exercises",
        *(pytest.param(f"exercises/m01_tiny{rest}", marks=pytest.mark.slow) for rest in ("", "/test_tiny.py")),
    ],
)
def test_untouched_stubs_are_a_line_and_exit_1(run, where):
    code, said = run(where)
    assert code == 1
    assert "m01_tiny  not started  → open exercises/m01_tiny/tiny.py and write in it" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 20


def test_a_right_file_passes_on_both_backends(run, tiny, texts):
    hand_in(tiny, texts["right"])
    code, said = run("exercises", "-v")
    assert code == 0
    assert "8 passed" in said
    assert "test_value[asyncio] PASSED" in said
    assert "test_value[trio] PASSED" in said


def test_public_and_hidden_files_of_one_name_run_together(run, tiny):
    code, said = run("exercises", "grader/hidden", "--solutions", "--backend", "trio")
    assert (code, "8 passed" in said) == (0, True)


def test_a_failed_check_is_a_card_and_no_traceback(run, tiny, texts):
    hand_in(tiny, texts["no_value"].replace("return None", "print('hello'); return None"))
    code, said = run("exercises", "-k", "value and trio")
    assert code == 1
    card = said.partition("test_value[trio] ____")[2]
    assert "✗ The value comes back." in card
    assert "look at  the value\n" in card
    assert "expected  7\n" in card
    assert "seen  None\n" in card
    assert "again  pytest 'exercises/m01_tiny/test_tiny.py::test_value[trio]' --seed 1" in card
    assert "caller actor" in card  # the timeline
    assert "your file printed, at the end:\n  hello" in card
    assert "t.expect" not in said
    assert "def test_value" not in said


@pytest.mark.slow
def test_what_the_card_says_brings_the_run_back(run, tiny, texts):
    hand_in(tiny, texts["swallows"])
    _, said = run("exercises", "-k", "cancelled")
    word = said.partition("[trio]' --seed ")[2].split()[0]
    assert word.startswith("0:fifo:cancel:caller:")
    code, said = run("exercises/m01_tiny/test_tiny.py::test_cancelled[trio]", "--seed", word)
    assert code == 1
    assert "caller cancelled after its step" in said


def test_a_run_that_is_no_run_is_bad_usage(run):
    code, said = run("exercises", "--seed", "yesterday")
    assert code == 4
    assert "'yesterday' is not a run: write a seed such as 17" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", "m01_tiny  failed  → tiny.py: line 1, column 7: Python cannot read this"),
        pytest.param(
            "import nobody_has_this\n",
            "m01_tiny  failed  → tiny.py: line 1: importing the file raises ModuleNotFoundError",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "x = 1\n", "m01_tiny  failed  → tiny.py: `later` is not defined in the file", marks=pytest.mark.slow
        ),
    ],
    ids=["syntax", "import", "name"],
)
def test_a_file_that_cannot_be_loaded_is_a_line(run, tiny, text, said):
    hand_in(tiny, text)
    code, output = run("exercises")
    assert (code, said in output) == (1, True)
    assert "Traceback" not in output


@pytest.mark.slow
def test_a_hang_ends_and_is_not_tried_for_ever(run, tiny, texts):
    hand_in(tiny, texts["right"].replace("    return value", "    while True: pass"))
    code, said = run("exercises", "--backend", "trio")
    assert code == 1
    assert "the event loop stands still" in said
    assert "not tried on trio: hung earlier, line 19" in said


@pytest.mark.slow
def test_another_file_may_be_judged(run, tiny):
    path = "solutions/m01_tiny/wrong/no_value.py"
    code, said = run("grader/hidden", "--subject", path)
    assert (code, "2 failed, 6 passed" in said) == (1, True)
    assert run("grader/hidden", "--subject", "solutions/m01_tiny/tiny.py")[0] == 0
    code, said = run("grader/hidden", "--subject", "absent.py")
    assert code == 4
    assert "absent.py cannot be read" in said


@pytest.mark.slow
def test_checks_that_prove_nothing_are_not_run(run, tiny, texts):
    hand_in(tiny, texts["right"])
    path = tiny.module("m01").public_checks
    head = path.read_text().partition('@check("R2"')[0]
    path.write_text(
        head + '@check("R2", misconception="no-wait", step="sleep")\ndef test_x(play):\n    """It waits."""\n'
    )
    code, said = run("exercises")
    assert code == 1
    assert "not run: the check looked at no trace" in said


def test_a_broken_module_toml_is_one_line(run, tiny):
    tiny.module("m01").toml.write_text("title = 1")
    code, said = run("exercises")
    assert code != 0
    assert "course/m01_tiny/module.toml: level: is missing: write a text" in said
    assert "Traceback" not in said


def test_others_are_not_disturbed(run, tmp_path):
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "test_x.py").write_text(
        "import pytest\n@pytest.fixture\ndef play(): return 1\ndef test_x(play): assert play == 1\n"
    )
    (place / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--seed')\n")
    code, said = run("--seed", "abc", cwd=place)
    assert (code, "1 passed" in said) == (0, True)
    _, said = run("--help", cwd=place)
    assert "--subject" not in said


@pytest.mark.slow
def test_several_processes_have_no_effect_and_it_is_said(run, tiny, texts):
    (tiny.root / "exercises/m01_tiny/tiny.py").write_text(texts["right"])
    code, said = run("-n", "2", "exercises")
    assert code == 0, said
    assert "8 passed" in said
    assert "the checks of exercises run in one process: `-n` has no effect here" in said


def test_other_tests_of_a_course_run_as_they_are(run, tiny):
    (tiny.root / "tests").mkdir()
    (tiny.root / "tests" / "test_x.py").write_text("def test_x(): assert 1 == 2\n")
    code, said = run("tests")
    assert code == 1
    assert "assert 1 == 2" in said
    assert "not started" not in said
