"""A wrong solution holds what differs; merged with its base it is a whole program, and a program becomes such a file."""

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.authoring.adopt import adopt, difference, override_of
from grader.authoring.flaws import flaws
from grader.authoring.proof import prove
from grader.course import CourseError
from grader.course.overrides import merge, whole_program

BASE = '''\
"""The base."""

import math
from dataclasses import dataclass

LIMIT = 3  # at most


class Late(Exception): ...


@dataclass(frozen=True)
class Given:
    """Says more here."""

    number: int = 0
    name: str = ""


# Stays above what it speaks of.
class Pool(Protocol):
    size = 1

    # how many are free
    @property
    def free(self):
        return self.size

    @free.setter
    def free(self, value):
        self.size = value

    def close(self):
        """Close it."""
        self.size = 0


def first():
    return math.inf


# -- a part ---


def second():
    return 2
'''


def merged(override):
    """The lines that BASE with an override has in other places than BASE."""
    text = merge(BASE, '"""Wrong."""\n' + override)
    ast.parse(text)
    return text


def replaced(*pairs):
    text = BASE.replace("The base.", "Wrong.")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


RULES = {
    "a function": ("def first():\n    return 1\n", [("return math.inf", "return 1")]),
    "a function of another kind": (
        "async def first():\n    return 1\n",
        [("def first():\n    return math.inf", "async def first():\n    return 1")],
    ),
    "a member": (
        "class Pool:\n    def close(self):\n        pass\n",
        [('        """Close it."""\n        self.size = 0', "        pass")],
    ),
    "a property with its setter": (
        "class Pool:\n    @property\n    def free(self):\n        return 0\n",
        [
            ("    # how many are free\n", ""),
            (
                "        return self.size\n\n    @free.setter\n    def free(self, value):\n        self.size = value",
                "        return 0",
            ),
        ],
    ),
    "a member is new": (
        "class Pool:\n    waiting = 0\n\n    def close(self):\n        pass\n\n    def last(self): ...\n",
        [
            (
                '    def close(self):\n        """Close it."""\n        self.size = 0',
                "    waiting = 0\n\n    def close(self):\n        pass\n\n    def last(self): ...",
            )
        ],
    ),
    "a member is gone": (
        "class Pool:\n    del free, size\n",
        [(BASE[BASE.index("    size = 1") : BASE.index("    def close")], "")],
    ),
    "all members are gone": ("class Given:\n    del number, name, __doc__\n", None),
    "a docstring of a class": ('class Given:\n    """Less."""\n', [("Says more here.", "Less.")]),
    "a field": (
        "class Given:\n    number: int = 1\n    more: int = 2\n",
        [("number: int = 0", "number: int = 1"), ('name: str = ""', 'name: str = ""\n    more: int = 2')],
    ),
    "other bases": (
        "class Pool(ABC): ...\n",
        [("# Stays above what it speaks of.\nclass Pool(Protocol)", "class Pool(ABC)")],
    ),
    "another decorator": ("@dataclass\nclass Given: ...\n", [("@dataclass(frozen=True)", "@dataclass")]),
    "no decorator": (
        'del Given\n\n\nclass Given:\n    number: int = 0\n    name: str = ""\n',
        [('@dataclass(frozen=True)\nclass Given:\n    """Says more here."""\n\n', "class Given:\n")],
    ),
    "a class in one line": (
        "class Late:\n    why = 1\n",
        [("class Late(Exception): ...", "class Late(Exception):\n    why = 1")],
    ),
    "an assignment": ("LIMIT: int = 4\n", [("LIMIT = 3  # at most", "LIMIT: int = 4")]),
    "a function is gone": ("del second\n", [("\n\n\n# -- a part ---\n\n\ndef second():\n    return 2\n", "\n")]),
    "a function is new": (
        "def before():\n    pass\n\n\ndef second():\n    return 3\n\n\ndef after():\n    pass\n",
        [
            (
                "# -- a part ---\n\n\ndef second():\n    return 2",
                "def before():\n    pass\n\n\n# -- a part ---\n\n\ndef second():\n    return 3\n\n\ndef after():\n    pass",
            )
        ],
    ),
    "an import": ("import math\nimport time\n", [("import dataclass\n", "import dataclass\nimport time\n")]),
    "an import from the future": (
        "from __future__ import annotations\n",
        [("\nimport math", "\nfrom __future__ import annotations\n\nimport math")],
    ),
    "nothing but words": ("...\n", []),
}


@pytest.mark.parametrize(("override", "changes"), RULES.values(), ids=RULES)
def test_what_an_override_says_takes_the_place_of_what_the_base_says(override, changes):
    if changes is None:
        assert "class Given:\n    pass\n" in merged(override)
    else:
        assert merged(override) == replaced(*changes)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "if LIMIT:\n    pass\n",
            "line 2: beside a base there are imports, definitions, assignments to a name and `del`",
        ),
        ("first.limit = 3\n", "line 2: beside a base"),
        ("class Pool:\n    import math\n", "line 3: beside a base"),
        ("del third\n", "line 2: the base has no third that could be dropped: take it out of `del`"),
        ("class Pool:\n    del open\n", "line 3: the base has no open"),
        ("def first(:\n", "line 2: is not Python: invalid syntax"),
    ],
)
def test_what_cannot_be_merged_is_an_error_in_one_line(override, said):
    with pytest.raises(CourseError) as raised:
        merged(override)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_lines_and_columns_are_those_of_the_syntax_tree():
    base = BASE.replace('name: str = ""', 'name: str = "a\u2028b"').replace("class Late(", "class Später(")
    text = merge(base, '"""Wrong."""\n\n\nclass Später:\n    why = 1\n\n\ndef first():\n    return "\f"\n')
    assert "class Später(Exception):\n    why = 1\n" in text
    assert 'def first():\n    return "\f"\n\n\n# -- a part' in text


# -- bases ----------------------------------------------------------------------------------------------------------
OVERRIDE = '''\
"""No delay.

Breaks: R2
"""


async def later(value: int, *, delay: float) -> int:
    """Give `value` after `delay` seconds."""
    await anyio.sleep(0)
    return value
'''


WHOLE = OVERRIDE.replace(
    "async def",
    """import anyio
from dataclasses import dataclass


@dataclass
class Given:
    number: int = 0


async def""",
)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def wrong(tiny):
    """Write a wrong solution of the tiny module, and read the program that it stands for."""

    def write(text, name="quick"):
        path = tiny.root / f"solutions/m01_tiny/wrong/{name}.py"
        path.write_text(text, encoding="utf-8")
        return whole_program(tiny.module("m01"), path)

    return write


@pytest.fixture
def plain(tiny, texts):
    """Another right solution, which differs from the reference in a name."""
    tiny.module("m01").right_folder.mkdir(parents=True)
    (tiny.module("m01").right_folder / "plain.py").write_text(
        texts["right"].replace("number: int = 0", "number: int = 5")
    )


def test_the_base_is_the_reference_unless_another_is_named(wrong, plain, texts):
    assert wrong(OVERRIDE) == texts["at_once"].replace("Give a value later.", "No delay.\n\nBreaks: R2\n")
    assert "number: int = 5" in wrong(OVERRIDE.replace("Breaks", "Base: right/plain\nBreaks"))
    assert wrong(alone := OVERRIDE.replace("Breaks", "Base: none\nBreaks")) == alone


def test_a_file_in_which_nothing_is_missing_stands_alone(wrong, texts):
    assert wrong(texts["no_value"]) == texts["no_value"]
    assert wrong(part := texts["no_value"].replace("import anyio\n", "")) != part
    assert wrong(part := texts["no_value"].replace("class Given", "class Other")) != part
    matches = "\n\ndef pick(x):\n    match x:\n        case [a, *b] | {'a': a, **b}:\n            return a, b\n"
    assert wrong(whole := texts["no_value"] + matches) == whole


@pytest.mark.parametrize("name", ["right/nothing", "tiny", "", "right/plain.py", "right/plain\nBase: none"])
def test_an_unknown_base_is_an_error_in_one_line(wrong, plain, name):
    with pytest.raises(CourseError, match=r"^there is no base .*: name a file such as right/plain, or write none$"):
        wrong(OVERRIDE.replace("Breaks", f"Base: {name}\nBreaks"))


def test_the_proof_grades_the_whole_program_and_finds_a_file_that_cannot_be_merged(tiny, wrong, threads):
    wrong(OVERRIDE.replace("R2\n", "R2\nAlso: G3\n"), "at_once")
    [proof] = prove(tiny, ["m01"], executor=threads)
    assert proof.findings == ()
    wrong(OVERRIDE)
    (tiny.root / "solutions/m01_tiny/wrong/quick.py").write_text(OVERRIDE + "\n\nlater()\n")
    [proof] = prove(tiny, ["m01"], executor=threads)
    [finding] = proof.findings
    assert finding.where == "solutions/m01_tiny/wrong/quick.py"
    assert finding.text.startswith("line 13: beside a base")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OVERRIDE, ""),
        (WHOLE, "is a whole program: `grader wrong m01 --adopt solutions/m01_tiny/wrong/quick.py` keeps what differs"),
        (WHOLE.replace("Breaks", "Base: none\nBreaks"), ""),
        (
            OVERRIDE + "\n\n# There is much to say.\n" * 10,
            "is as long as the whole program: `grader wrong m01",
        ),
    ],
)
def test_a_wrong_solution_that_holds_more_than_what_differs_is_found(tiny, wrong, text, said):
    wrong(text)
    findings = [finding for finding in flaws(tiny.module("m01")) if finding.where.endswith("wrong/quick.py")]
    assert [finding.text[: len(said)] for finding in findings] == ([said] if said else [])


# -- the other way round --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("override", "changes"), RULES.values(), ids=RULES)
def test_a_program_becomes_an_override_that_stands_for_it(override, changes):
    program = merged(override)
    made = override_of(BASE, program)
    assert difference(merge(BASE, made), program) == ""
    assert len(made.splitlines()) <= len(program.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("return 2", "return 3", "second"),
        ("self.size = 0", "self.size = 1", "Pool"),
        ("(frozen=True)", "", "Given"),
        ("LIMIT = 3", "LIMIT = 4", "an assignment"),
        ("import math\n", "", "an import"),
        ('    number: int = 0\n    name: str = ""\n', '    name: str = ""\n    number: int = 0\n', "Given"),
        ("def second", "async def second", "second"),
    ],
)
def test_programs_that_differ_are_told_apart(old, new, name):
    assert BASE.count(old) == 1
    assert difference(BASE, BASE.replace(old, new)) == name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('        """Close it."""\n', ""),
        ("# -- a part ---\n", ""),
        ("import math\n", "import math\nimport time\n"),
        ("class Late(Exception): ...", 'class Late(Exception):\n    """Late."""'),
        ("def second():\n    return 2\n", ""),
    ],
)
def test_docstrings_comments_unused_imports_and_order_make_no_difference(old, new):
    assert BASE.count(old) == 1
    changed = BASE.replace(old, new)
    assert (
        difference(BASE, changed if "second" not in old else changed.replace("def first", old + "\n\ndef first")) == ""
    )


def test_the_nearest_base_is_chosen(tiny, plain, texts):
    module, head = tiny.module("m01"), '"""Wrong.\n\nBase: right/other\nBreaks: R1\n"""\n'
    near = head + texts["no_value"].partition('"""\n')[2]
    assert adopt(module, near).base == module.solution
    made = adopt(module, near.replace("number: int = 0", "number: int = 5"))
    assert made.base == module.right[0]
    assert made.text.startswith('"""Wrong.\n\nBase: right/plain\nBreaks: R1\n"""\n')
    assert "class Given" not in made.text
    far = head + texts["no_value"].partition('"""\n')[2].replace("Given", "Other")
    assert adopt(module, far).base is None
    assert "\nBase: none\nBreaks: R1\n" in adopt(module, far).text
    with pytest.raises(CourseError, match="its docstring must have one line"):
        adopt(module, texts["no_value"])
