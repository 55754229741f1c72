"""What helps a learner on: hints, the solution, back to the stub, the table of progress."""

import hashlib
import json
import subprocess
import sys

import pytest

from grader import cli
from grader.course.other_ways import other_ways
from grader.judging.submission import examine
from grader.learner.layout import stub_place
from grader.learner.progress import read
from grader.learner.selfcheck import after_pass, self_check
from grader.lesson.hints import next_hint

HINTS = """\
## Hint 1

Think of **waiting**.

## Hint 2

Wait, then return.

## Hint 3

`await anyio.sleep(delay)`

## Question

Why not `time.sleep`?

<details><summary>Answer</summary>

It blocks the loop.

</details>
"""


@pytest.fixture
def grader(tiny, capsys, monkeypatch):
    monkeypatch.chdir(tiny.root)
    (tiny.root / "course/m01_tiny/hints.md").write_text(HINTS, encoding="utf-8")

    def run(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, " ".join(said.out.split()), said.err

    return run


@pytest.fixture
def write(tiny, texts):
    def hand_in(name):
        tiny.module("m01").stub.write_text(texts[name], encoding="utf-8")

    return hand_in


# -- hints -------------------------------------------------------------------------------------------------------------
def test_hints_come_one_after_the_other(grader, tiny):
    said = [grader("hint", "m01")[1] for _ in range(4)]
    assert said[0] == "Hint 1 of 3 Think of waiting. 2 more hints."
    assert said[1] == "Hint 2 of 3 Wait, then return. 1 more hint."
    assert said[2].startswith(
        "Hint 3 of 3 await anyio.sleep(delay) That was the last; `grader solution m01` opens after"
    )
    assert said[3].startswith("All 3 hints are open. `grader hint m01 --again` shows the last one")
    assert read(tiny.root).of("m01_tiny").hints == 3


def test_code_in_a_hint_is_never_wrapped(tiny, monkeypatch, capsys):
    line = "x = 1  # " + "a long remark " * 8 + "end"
    hints = HINTS.replace("Think of **waiting**.", f"Think of waiting.\n\n```python\n{line}\n```\n")
    (tiny.root / "course/m01_tiny/hints.md").write_text(hints, encoding="utf-8")
    monkeypatch.chdir(tiny.root)
    assert cli.main(["hint", "m01"]) == 0
    assert f"    {line}" in capsys.readouterr().out.splitlines()


def test_a_hint_may_be_read_again(grader, tiny):
    code, _, err = grader("hint", "m01", "--again")
    assert (code, err) == (2, "grader: no hint of m01_tiny is open yet: leave out --again\n")
    grader("hint", "m01")
    assert grader("hint", "m01", "--again")[1].startswith("Hint 1 of 3 Think of waiting.")
    assert read(tiny.root).of("m01_tiny").hints == 1


def test_a_module_without_hints_says_so(grader, tiny):
    (tiny.root / "course/m01_tiny/hints.md").unlink()
    code, _, err = grader("hint", "m01")
    assert (code, err) == (2, "grader: m01_tiny has no hints yet: course/m01_tiny/hints.md is missing\n")


# -- solution ----------------------------------------------------------------------------------------------------------
def test_the_solution_opens_after_passing(grader, write, tiny, texts):
    write("right")
    code, said, _ = grader("solution", "m01")
    assert code == 0
    assert said.startswith("solutions/m01_tiny/tiny.py (your file stays as it is)")
    assert "await anyio.sleep(delay)" in said
    assert "Why not time.sleep? Answer. It blocks the loop." in said
    assert tiny.module("m01").stub.read_text() == texts["right"]
    assert read(tiny.root).of("m01_tiny").stage == "all"


@pytest.mark.parametrize(
    ("name", "why"), [("stub", "it is not started"), ("no_value", "2 of its core checks do not pass")]
)
def test_before_that_it_stays_closed(grader, write, name, why):
    write(name)
    code, said, _ = grader("solution", "m01")
    assert code == 1
    assert f"m01_tiny: not open yet, {why}" in said
    assert "`grader hint m01` (0 of 3 opened)" in said
    assert "anyio.sleep" not in said


def test_what_only_the_hidden_checks_see_counts_where_they_are(grader, write, tiny):
    checks = tiny.module("m01").public_checks
    text = checks.read_text().replace("delay=3", "delay=0").replace("near(3)", "near(0)").replace("1000", "0")
    checks.write_text(text, encoding="utf-8")
    write("at_once")
    assert grader("check", "m01")[0] == 0
    assert grader("solution", "m01")[0] == 1
    tiny.module("m01").hidden_checks[0].unlink()
    assert grader("solution", "m01")[0] == 0


def test_it_opens_after_three_hints_and_a_question_and_is_then_seen(grader, write, tiny):
    write("no_value")
    for _ in range(3):
        grader("hint", "m01")
    code, said, _ = grader("solution", "m01", "--answer", " ")
    assert (code, "so it stays closed" in said) == (1, True)
    code, said, _ = grader("solution", "m01", "--answer", "it waits for the wrong thing")
    assert code == 0
    assert "await anyio.sleep(delay)" in said
    assert "It blocks the loop." in said
    assert read(tiny.root).of("m01_tiny").stage == "seen"
    assert grader("solution", "m01")[0] == 0
    assert "○ solution seen" in grader("progress")[1]
    write("right")
    grader("check", "m01")
    assert "○ solution seen, then passed" in grader("progress")[1]


def test_the_question_is_asked_on_a_terminal(grader, write, monkeypatch):
    write("stub")
    for _ in range(3):
        grader("hint", "m01")
    asked = []
    monkeypatch.setattr("click.prompt", lambda *words, **_: asked.append(words) or "because")
    code, said, _ = grader("solution", "m01")
    assert (code, len(asked)) == (0, 1)
    assert said.startswith("Why not time.sleep?")
    assert "It blocks the loop." in said


def test_a_bundle_without_solutions_says_where_they_come_from(grader, write, tiny):
    write("right")
    tiny.module("m01").solution.unlink()
    code, said, _ = grader("solution", "m01")
    assert (code, said) == (1, "m01_tiny: the solution is not in this bundle, it comes with your released feedback.")


# -- reset -------------------------------------------------------------------------------------------------------------
def git(root, *arguments):
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(params=["bundle", "checkout", "committed over"])
def shipped(request, tiny, texts):
    """A course whose stub can be found: in a bundle, in git, or in git under the learner's own commits."""
    if request.param == "bundle":
        kept = stub_place(tiny.root, "m01_tiny", "tiny")
        kept.parent.mkdir(parents=True)
        kept.write_text(texts["stub"], encoding="utf-8")
        return tiny
    git(tiny.root, "init", "-q")
    git(tiny.root, "add", ".")
    git(tiny.root, "commit", "-qm", "the course")
    if request.param == "committed over":
        tiny.module("m01").stub.write_text(texts["no_value"], encoding="utf-8")
        git(tiny.root, "commit", "-qam", "my first try")
    return tiny


def test_back_to_the_stub_and_the_file_is_kept(shipped, grader, write, texts):
    write("right")
    code, said, _ = grader("reset", "m01")
    assert code == 0
    stub = shipped.module("m01").stub
    assert stub.read_text() == texts["stub"]
    assert sorted(path.name for path in stub.parent.iterdir()) == ["scene.py", "test_tiny.py", "tiny.py"]
    (backup,) = (shipped.root / "backups/m01_tiny").iterdir()
    assert backup.read_text() == texts["right"]
    assert str(backup) in said
    assert backup.name.startswith("tiny.2")
    write("no_value")
    grader("reset", "m01")
    assert len(list((shipped.root / "backups/m01_tiny").iterdir())) == 2


def test_a_backup_is_no_test(shipped, grader, write):
    write("right")
    grader("reset", "m01")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", "backups"]
    ended = subprocess.run(command, cwd=shipped.root, capture_output=True, text=True, check=False)
    assert "no tests collected" in ended.stdout


def test_a_file_that_is_gone_comes_back(shipped, grader, texts):
    shipped.module("m01").stub.unlink()
    assert grader("reset", "m01")[1] == "exercises/m01_tiny/tiny.py is the stub again: nothing of yours was in it"
    assert shipped.module("m01").stub.read_text() == texts["stub"]


def test_a_stub_stays_a_stub_without_a_backup(shipped, grader, write):
    write("stub")
    assert "nothing of yours was in it" in grader("reset", "m01")[1]
    assert not (shipped.root / "backups").exists()


def test_without_an_untouched_copy_nothing_is_changed(grader, write, tiny, texts):
    write("right")
    code, _, err = grader("reset", "m01")
    assert code == 2
    assert err.startswith("grader: no untouched copy of exercises/m01_tiny/tiny.py is here")
    assert err.count("\n") == 1
    assert tiny.module("m01").stub.read_text() == texts["right"]


def test_a_stub_with_a_given_type_is_known_as_one(tiny, texts):
    module = tiny.module("m01")
    assert examine(module, texts["stub"].encode()).fault.kind == "not started"


# -- progress ----------------------------------------------------------------------------------------------------------
def test_progress_is_a_table(grader, write):
    assert "m01 Tiny · not started" in grader("progress")[1]
    write("right")
    grader("check", "m01")
    code, said, _ = grader("progress")
    assert (code, "m01 Tiny ✓ all passed 20" in said) == (0, True)
    assert "progress.json: copy that file" in said


def test_one_backend_alone_is_only_a_beginning(grader, write, tiny):
    write("right")
    grader("check", "m01", "--backend", "trio")
    assert read(tiny.root).of("m01_tiny").stage == "started"


def test_a_broken_progress_file_is_said_once_and_kept(grader, write, tiny):
    (tiny.root / "progress.json").write_text("{", encoding="utf-8")
    write("right")
    code, _, err = grader("check", "m01")
    assert code == 0
    assert err.startswith("grader: progress.json is broken: it is kept as progress.2")
    assert grader("check", "m01")[2] == ""


@pytest.mark.parametrize(
    ("name", "more", "stages"),
    [
        ("right", (), {"started", "core", "all"}),
        pytest.param("at_most_a_minute", (), {"started", "core"}, marks=pytest.mark.slow),
        pytest.param("no_value", (), {"started"}, marks=pytest.mark.slow),
        pytest.param("right", ("--backend", "trio"), {"started"}, marks=pytest.mark.slow),
        pytest.param("right", ("-k", "value"), {"started"}, marks=pytest.mark.slow),
        pytest.param("stub", (), None, marks=pytest.mark.slow),
        ("stub", ("--solutions",), None),
        pytest.param("right", ("--seed", "1"), None, marks=pytest.mark.slow),
    ],
)
def test_pytest_keeps_the_progress_too(tiny, write, name, more, stages):
    write(name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "exercises/m01_tiny", *more]
    subprocess.run(command, cwd=tiny.root, capture_output=True, text=True, check=False)
    path = tiny.root / "progress.json"
    if stages is None:
        assert not path.exists()
    else:
        entry = json.loads(path.read_text())["modules"]["m01_tiny"]
        assert set(entry) - {"hints", "files"} == stages
        sha256 = hashlib.sha256(tiny.module("m01").stub.read_bytes()).hexdigest()
        assert entry.get("files", {}) == dict.fromkeys(stages - {"started"}, sha256)


def test_grading_knows_nothing_of_the_progress(grader, write, tiny):
    write("right")
    (tiny.root / "progress.json").write_text("{", encoding="utf-8")
    assert grader("grade", "m01", tiny.module("m01").stub)[0] == 0
    assert (tiny.root / "progress.json").read_text() == "{"


def test_the_first_hint_begins_with_what_the_learner_seems_to_believe(tiny):
    module = tiny.module("m01")
    hints = "# Hints\n\n## Hint 1\n\nGeneral.\n\n### no-wait, other\n\nYou need not wait?\n\n## Hint 2\n\nTwo.\n\n## Hint 3\n\nThree.\n\n## Question\n\nWhy?\n"
    module.toml.with_name("hints.md").write_text(hints, encoding="utf-8")
    assert next_hint(module, 0) == ("Hint 1", "General.")
    assert next_hint(module, 0, "no-wait") == ("Hint 1", "You need not wait?\n\nGeneral.")
    assert next_hint(module, 1, "no-wait") == ("Hint 2", "Two.")
    (module.root / "course" / "hints.md").write_text("# Shared\n\n## shared-one\n\nFor many.\n", encoding="utf-8")
    assert next_hint(module, 0, "shared-one") == ("Hint 1", "For many.\n\nGeneral.")


def test_other_right_ways_are_named_shortest_first(tiny, texts):
    module = tiny.module("m01")
    right = module.solution.with_name("right")
    right.mkdir(exist_ok=True)
    for path in right.glob("*.py"):
        path.unlink()
    for name, lines in (("long", 9), ("short", 1), ("middle", 5), ("longest", 20)):
        (right / f"{name}.py").write_text(f'"""Built {name}."""\n' + "x = 1\n" * lines, encoding="utf-8")
    (right / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert [(path.stem, said) for path, said in other_ways(module)] == [
        ("short", "Built short."),
        ("middle", "Built middle."),
        ("long", "Built long."),
    ]


def test_a_pass_says_where_to_go(tiny, texts):
    module = tiny.module("m01")
    module.stub.write_text(texts["right"], encoding="utf-8")
    said = after_pass(self_check(module, keep=False))
    assert "grader solution m01" in said
    assert "grader check --hidden m01" in said
    module.stub.write_text(texts["no_value"], encoding="utf-8")
    assert after_pass(self_check(module, keep=False)) == ""
