from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.authoring.claims import Claim, claim_of
from grader.authoring.fitting import misfits
from grader.authoring.proof import prove
from grader.course import BACKENDS, CourseError
from grader.judging.pool import run_all


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def findings(tiny, threads):
    def found(*, whole=False):
        [proof] = prove(tiny, ["m01"], whole=whole, executor=threads)
        return [f"{finding.where}: {finding.text}" for finding in proof.findings]

    return found


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("whole", [False, True])
def test_a_good_course_is_proven(tiny, threads, whole):
    [proof] = prove(tiny, whole=whole, executor=threads)
    assert proof.findings == ()
    assert (proof.files, proof.wrong, proof.checks) == (5, 4, 4)


def test_a_solution_that_fails_is_found(tiny, findings, texts):
    tiny.module("m01").solution.write_text(texts["at_most_a_minute"])
    found = findings()
    assert len(found) == 2  # public and hidden
    assert found[0].startswith("solutions/m01_tiny/tiny.py: must pass ")
    assert "test_long_delay on asyncio and trio, but ended at: expected 1000 s, seen 60 s (seed 0)" in "".join(found)


def test_a_right_build_that_fails_is_found(tiny, findings, texts):
    folder = tiny.root / "solutions/m01_tiny/right"
    folder.mkdir(parents=True)
    (folder / "fine.py").write_text(texts["right"])
    (folder / "broken.py").write_text("import nobody_has_this\n")
    found = findings()
    assert {line.partition(":")[0] for line in found} == {"solutions/m01_tiny/right/broken.py"}
    assert "must pass the hidden checks, but: line 1: importing the file raises ModuleNotFoundError" in "".join(found)


@pytest.mark.parametrize("whole", [False, True])
def test_a_wrong_solution_that_cannot_be_loaded_shows_nothing(tiny, findings, whole):
    path = next(iter(tiny.module("m01").wrong))
    change(path, "import anyio\n", "import anyio\n\nLIMIT = SECONDS\n")
    where = f"solutions/m01_tiny/wrong/{path.name}"
    [line] = {line for line in findings(whole=whole) if line.startswith(where)}
    assert line.startswith(f"{where}: cannot be judged by what it does: line ")
    assert "NameError" in line


@pytest.mark.parametrize(
    ("name", "broken"),
    [("at_most_a_minute", []), ("at_once", ["hidden test_delay", "public test_delay"])],
)
def test_a_solution_of_the_core_alone_passes_the_core(tiny, findings, texts, name, broken):
    core = tiny.module("m01").core_solution
    core.write_text(texts[name])
    found = [line for line in findings() if line.startswith("solutions/m01_tiny/core.py: must pass ")]
    assert sorted(line.split("must pass ")[1].split(" on ")[0] for line in found) == broken, found


def test_a_solution_of_the_core_alone_fits_the_stub(tiny, findings, texts):
    tiny.module("m01").core_solution.write_text(texts["right"].replace("delay: float", "delay: float = 1"))
    assert "solutions/m01_tiny/core.py: `later` has another signature" in "".join(findings())


def test_versions_without_tests_are_found(tiny, findings):
    (tiny.root / "solutions/m01_tiny/versions/wrong").mkdir(parents=True)
    assert findings() == [
        "exercises/m01_tiny/prove.py: is missing: write it",
        "solutions/m01_tiny/versions/tests.py: is missing: write it",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "no_value",
            "Breaks: R1",
            "Breaks: G3",
            "must fail a hidden check of G3, and passes all: sharpen a check or correct `Breaks:`",
        ),
        (
            "no_value",
            "Breaks: R1",
            "Breaks: R2",
            "must fail a hidden check of R2, and passes all: sharpen a check or correct `Breaks:`",
        ),
        ("no_value", "Breaks: R1", "", "its docstring must have one line `Breaks: R3`"),
        ("no_value", "Breaks: R1", "Breaks: R9", "R9 is not a clause of module.toml"),
        ("at_once", "Also: G3", "Also: G3, R8", "R8 is not a clause of module.toml"),
        ("swallows", "Breaks: G3", "Breaks: G3\nBreaks: R1", "its docstring must have one line"),
    ],
)
def test_a_wrong_solution_that_breaks_something_else_than_it_says(tiny, findings, name, old, new, said):
    change(tiny.root / f"solutions/m01_tiny/wrong/{name}.py", old, new)
    assert any(said in line and f"wrong/{name}.py" in line for line in findings())


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("no_value", "Breaks: R1", "Breaks: G3", "fails R1 too (hidden test_value on asyncio: the value: expected 7"),
        ("at_once", "Also: G3\n", "", "fails G3 too"),
    ],
)
def test_the_whole_proof_finds_a_wrong_solution_that_breaks_more_than_it_says(tiny, findings, name, old, new, said):
    if name == "at_once":
        change(tiny.root / "solutions/m01_tiny/wrong/at_once.py", "sleep(0)", "sleep(float('inf'))")
    change(tiny.root / f"solutions/m01_tiny/wrong/{name}.py", old, new)
    assert any(said in line and f"wrong/{name}.py" in line for line in findings(whole=True))


@pytest.fixture
def gradings(tiny, threads, monkeypatch):
    """What is graded: file, kind, ids of the checks, backends, what is read of the report."""
    seen = []

    def noted(tasks, *args, **options):
        def each():
            for task in tasks:
                how = task.how
                seen.append((task.tag.path.stem, how.kind, set(how.only), how.backends, how.wanted))
                yield task

        return run_all(each(), *args, **options)

    def prove_and_list(**options):
        monkeypatch.setattr("grader.authoring.proof.run_all", noted)
        seen.clear()
        [proof] = prove(tiny, executor=threads, jobs=1, **options)
        assert proof.findings == ()
        return seen

    return prove_and_list


def test_a_wrong_solution_meets_what_it_breaks_until_it_fails_and_what_nobody_else_fails(tiny, gradings):
    (tiny.root / "solutions/m01_tiny/wrong/swallows.py").unlink()
    change(tiny.root / "solutions/m01_tiny/wrong/at_once.py", "sleep(0)", "sleep(float('inf'))")
    change(tiny.root / "solutions/m01_tiny/wrong/no_value.py", "Breaks: R1", "Breaks: R1 on trio")
    seen = gradings()
    assert [each for each in seen if each[0] == "tiny"] == [
        ("tiny", kind, set(), BACKENDS, "report") for kind in ("public", "hidden")
    ]
    first = [each for each in seen if each[4] == "failure"]
    assert sorted(first) == [
        ("at_most_a_minute", "hidden", {"test_delay", "test_long_delay"}, BACKENDS, "failure"),
        ("at_once", "hidden", {"test_delay", "test_long_delay"}, BACKENDS, "failure"),
        ("no_value", "hidden", {"test_value"}, ("trio",), "failure"),
    ]
    later = [(name, kind, id_) for name, kind, only, _, wanted in seen if wanted == "verdicts" for id_ in only]
    assert len(set(later)) == len(later)
    assert {("at_once", "hidden", "test_cancelled"), ("at_once", "public", "test_cancelled")} <= set(later)
    assert {(kind, id_) for _, kind, id_ in later} >= {("public", id_) for id_ in ("test_value", "test_delay")}


def test_the_whole_proof_reads_verdicts_and_grades_each_file_once(gradings):
    assert sorted(each[:2] + each[4:] for each in gradings(whole=True)) == sorted(
        (name, kind, "report" if name == "tiny" else "verdicts")
        for name in ("tiny", "no_value", "at_once", "at_most_a_minute", "swallows")
        for kind in ("public", "hidden")
    )


def test_a_check_that_no_wrong_solution_fails_is_needless(tiny, findings):
    (tiny.root / "solutions/m01_tiny/wrong/swallows.py").unlink()
    change(tiny.root / "solutions/m01_tiny/wrong/at_once.py", "Also: G3\n", "")
    assert "hidden test_cancelled of m01_tiny: no wrong solution fails it" in "\n".join(findings())


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_needs_the_check_that_it_fails_alone_in_its_clause(tiny, threads, whole):
    # It never ends, so it fails R1 and G3 too, which only the whole proof sees; that is none of what it says it breaks.
    path = tiny.root / "solutions/m01_tiny/wrong/at_once.py"
    change(path, "sleep(0)", "sleep(float('inf'))")
    change(path, "Also: G3", "Also: G3, R1")
    [proof] = prove(tiny, whole=whole, needs=True, executor=threads, jobs=1)
    assert proof.findings == ()
    assert {each.id: (each.clause, each.failed, each.needed) for each in proof.needs if each.kind == "hidden"} == {
        "test_value": ("R1", 2 if whole else 1, 1),
        "test_delay": ("R2", 1, 0),
        "test_long_delay": ("R2", 2, 1),
        "test_cancelled": ("G3", 2 if whole else 1, 1),
    }


def test_a_claim_for_one_backend_is_held_to_it(tiny, findings):
    path = tiny.root / "solutions/m01_tiny/wrong/on_trio.py"
    wrong = (tiny.root / "solutions/m01_tiny/wrong/no_value.py").read_text()
    path.write_text(wrong.replace("Breaks: R1", "Breaks: R1 on trio"))
    assert findings() == []
    assert claim_of(path, tiny.module("m01")) == Claim("R1", "trio")
    path.write_text(
        path.read_text().replace(
            "return None", "import sniffio; return value if sniffio.current_async_library() == 'trio' else 0"
        )
    )
    assert "must fail a hidden check of R1 on trio, and passes all" in "".join(findings())


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("course/m01_tiny/module.toml", "core = 61", "core = 51", "the points of all clauses sum to 90: make them 100"),
        (
            "course/m01_tiny/module.toml",
            "core = 61, stretch = 0",
            "core = 21, stretch = 40",
            "the core points sum to 51",
        ),
        (
            "course/m01_tiny/module.toml",
            "no-wait =",
            "waits =",
            "misconception 'no-wait' is not in module.toml: add it",
        ),
        ("course/m01_tiny/module.toml", "sleep =", "rest =", "step 'sleep' is not in module.toml: add it"),
        ("course/m01_tiny/module.toml", '= "Sleep"', '= "Sleep (stretch)"', "and step 'sleep' is stretch: name a step"),
        ("course/m01_tiny/module.toml", "nothing need be", "a wait is no task", "'is no': write is not a"),
        (
            "course/m01_tiny/module.toml",
            "core = 15, stretch = 9",
            "core = 24, stretch = 0",
            "R2 has no stretch points: write `core=True` if the check is of the core",
        ),
        ("course/m01_tiny/module.toml", "title", "tilte", "course/m01_tiny/module.toml: title: is missing"),
        ("grader/hidden/m01_tiny/test_tiny.py", '"G3"', '"R1"', "no hidden check for G3 (core) of m01_tiny"),
        ("exercises/m01_tiny/test_tiny.py", '"G3"', '"R1"', "G3 has core points and no public check: write one"),
        ("exercises/m01_tiny/test_tiny.py", '@check("G3"', '@chekc("G3"', "cannot be imported: NameError"),
    ],
)
def test_a_course_that_does_not_fit_together(tiny, findings, file, old, new, said):
    change(tiny.root / file, old, new)
    assert said in "\n".join(findings())


@pytest.mark.parametrize("name", ["scene", "stub", "solution"])
def test_a_missing_file_is_found(tiny, findings, name):
    getattr(tiny.module("m01"), name).unlink()
    assert "is missing: write it" in "\n".join(findings())


def test_a_wrong_file_without_a_docstring_or_syntax_makes_no_claim(tiny):
    path = tiny.root / "solutions/m01_tiny/wrong/x.py"
    for text in ("", "def f(:", '"""Only words."""'):
        path.write_text(text)
        with pytest.raises(CourseError, match="its docstring must have"):
            claim_of(path, tiny.module("m01"))


# -- stubs and solutions --------------------------------------------------------------------------------------------
STUB = '''\
from dataclasses import dataclass
LIMIT = 3


@dataclass
class Given:
    """Says more here."""

    number: int = 0

    def double(self) -> int:
        return 2 * self.number


class Half:
    def __init__(self, *, size: int) -> None:
        raise NotImplementedError

    @property
    def full(self) -> bool:
        raise NotImplementedError


async def work(a: int, *, b: float = 1.0) -> None:
    raise NotImplementedError


def _private() -> None: ...
'''


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("LIMIT = 3", "LIMIT = 4", "`LIMIT` is given in the stub and differs here: copy it"),
        ("number: int = 0", "number: int = 1", "`Given` is given in the stub and differs here: copy it"),
        ("return 2 * self.number", "return 3", "`Given` is given"),
        ("    @property\n", "", "`Half.full` has another signature than in the stub: def full(self) -> bool"),
        ("size: int", "size: float", "`Half.__init__` has another signature"),
        ("class Half:", "class Half(Exception):", "class `Half` has other bases or decorators"),
        ("async def work", "def work", "`work` has another signature than in the stub: async def work(a: int, *, b"),
        ("b: float = 1.0", "b: float = 2.0", "`work` has another signature"),
        ("async def work", "async def wrok", "`work` of the stub is missing: write it"),
        ("def full", "def fall", "`Half.full` of the stub is missing"),
        ("class Half", "Half = 1\nclass _Half", "class `Half` has other bases"),
        ("LIMIT = 3", "LIMIT = = 3", "cannot be read"),
    ],
)
def test_a_solution_that_does_not_fit_its_stub(tmp_path, old, new, said):
    for name, text in (("stub", STUB), ("solution", STUB.replace(old, new))):
        (tmp_path / f"{name}.py").write_text(text)
    found = list(misfits(tmp_path / "stub.py", tmp_path / "solution.py"))
    assert len(found) == 1
    assert said in found[0]


def test_a_solution_may_hold_more_than_its_stub(tmp_path):
    solution = STUB.replace('    """Says more here."""\n\n', "").replace("def _private() -> None: ...\n", "")
    solution = solution.replace("raise NotImplementedError", "self._x = 1").replace(
        "class Half:", "class Half:\n    x: int = 1\n    def more(self): pass\n"
    )
    (tmp_path / "stub.py").write_text(STUB)
    (tmp_path / "solution.py").write_text(solution + "\ndef extra(): pass\n")
    assert list(misfits(tmp_path / "stub.py", tmp_path / "solution.py")) == []
