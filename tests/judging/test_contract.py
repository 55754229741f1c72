import ast
import os
from pathlib import Path

import pytest

from grader.course import Course
from grader.judging.plain_files import open_folder
from grader.judging.submission import MAX_BYTES, Unreadable, examine, load_fault, next_step, read, unwritten


@pytest.fixture
def module(tiny):
    return tiny.module("m01")


def fault(module, data):
    found = examine(module, data).fault
    return found and (found.kind, found.line, found.text)


@pytest.mark.parametrize(
    ("data", "kind", "line", "said"),
    [
        (b"", "empty", None, "the file is empty: write your solution in it"),
        (b" \n\t\n", "empty", None, "the file is empty"),
        (b"\xef\xbb\xbf", "empty", None, "the file is empty"),
        (b"x = 1\ny = '\0'\n", "nul", 2, "line 2: the file holds a NUL byte"),
        (b"# caf\xe9\n", "encoding", 1, "line 1: the file is not UTF-8"),
        ("x = 1".encode("utf-16"), "nul", 1, "NUL byte"),
        (b"#" * (MAX_BYTES + 1), "size", None, "the file is larger than 200 kB"),
        (b"x = 1\ndef f(:\n", "syntax", 2, "line 2, column 7: Python cannot read this"),
        (b"if x:\n\ty\n        z\n", "syntax", 3, "line 3"),
        (b"-" * 150_000 + b"1", "syntax", None, "Python cannot read"),
        (b"(" * 150_000, "syntax", 1, "Python cannot read"),
    ],
)
def test_an_odd_file_fails_with_one_plain_sentence(module, data, kind, line, said):
    found = fault(module, data)
    assert found[:2] == (kind, line) or (kind, found[0]) == ("syntax", "syntax")
    assert said.split(" Python cannot")[0] in found[2]
    assert "\n" not in found[2]
    assert len(found[2]) < 120


def test_a_byte_order_mark_other_line_ends_and_tabs_are_fine(module, texts):
    right = texts["right"].encode()
    for data in (b"\xef\xbb\xbf" + right, right.replace(b"\n", b"\r\n"), right.replace(b"    ", b"\t")):
        assert fault(module, data) is None


def test_a_file_of_exactly_the_limit_is_read(module):
    assert fault(module, b"#" * MAX_BYTES) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda stub: stub,
        lambda stub: stub.replace("\n", "\r\n"),
        lambda stub: stub + "\n# I shall begin tomorrow\n",
        lambda stub: stub.replace("raise NotImplementedError", 'raise NotImplementedError("todo")'),
        lambda stub: stub.replace("async def later", "def _helper():\n    return 1\n\n\nasync def later"),
    ],
    ids=["as it is", "line ends", "a comment", "a text", "a helper"],
)
def test_a_stub_with_nothing_written_is_not_started(module, texts, change):
    kind, _, text = fault(module, change(texts["stub"]).encode())
    assert kind == "not started"
    assert "`later`" in text


def test_a_stub_that_was_begun_is_not_untouched(module, texts):
    assert fault(module, texts["stub"].replace("raise NotImpl", "value += 1\n    raise NotImpl").encode()) is None


def test_a_method_that_only_hands_on_to_an_unwritten_one_is_given():
    source = """
class Pool:
    @property
    def stats(self): raise NotImplementedError
    def lease(self):
        'Lend one.'
        return self._lease()
    async def _lease(self):
        raise NotImplementedError
        yield
class Begun:
    def lease(self): return self._lease()
    def stats(self): return self._stats()
    def _lease(self): raise NotImplementedError
    def _stats(self): return 3
"""
    assert unwritten(ast.parse(source), ["Pool", "Begun"]) == {"Pool"}


def test_every_stub_of_this_course_is_not_started_as_it_is(checkout):
    faults = {found.slug: examine(found, found.stub.read_bytes()).fault for found in Course(checkout)}
    assert [slug for slug, fault in faults.items() if fault is None or fault.kind != "not started"] == []


def test_which_names_are_unwritten():
    source = """
class Half:
    def __init__(self): self.x = 1
    def a(self): raise NotImplementedError
    def b(self): return 1
class Whole:
    def a(self): return 1
class None_:
    def __init__(self): self.x = 1
    def a(self):
        "Say."
        raise NotImplementedError("todo")
class OnlyInit:
    def __init__(self): raise NotImplementedError
async def context():
    raise NotImplementedError
    yield
def twice(): raise NotImplementedError
def twice(): return 1
def other(): raise ValueError
"""
    names = ["Half", "Whole", "None_", "OnlyInit", "context", "twice", "other", "absent"]
    assert unwritten(ast.parse(source), names) == {"None_", "OnlyInit", "context"}


def test_the_line_for_what_is_not_started_says_what_to_do(module):
    assert next_step(module) == "m01_tiny  not started  → open exercises/m01_tiny/tiny.py and write in it"
    module.toml.with_name("lesson.ipynb").write_text("# Tiny\n")
    assert "→ run course/m01_tiny/lesson.ipynb, then open exercises/m01_tiny/tiny.py" in next_step(module)


def test_reading_a_file(tmp_path):
    path = tmp_path / "x.py"
    path.write_bytes(b"x" * (MAX_BYTES + 500))
    data, digest = read(path)
    assert len(data) == MAX_BYTES + 1
    assert len(digest) == 64


def test_a_huge_file_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "x.py"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    data, digest = read(path)
    assert (len(data), digest) == (MAX_BYTES + 1, None)


def test_what_cannot_be_read_is_bad_usage(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "loop.py").symlink_to("loop.py")
    for name, said in [
        ("absent.py", "cannot be read"),
        (".", "not a plain file"),
        ("pipe.py", "not a plain file"),
        ("loop.py", "cannot be read"),
        ("nul\0.py", "is not a path"),
    ]:
        with pytest.raises(Unreadable, match=said):
            read(tmp_path / name)
    with pytest.raises(Unreadable, match="is a link"), open_folder(tmp_path) as folder:
        read(Path("link.py"), folder=folder)
    assert read(tmp_path / "link.py")[0]


def test_what_the_worker_says_about_loading_gets_advice_and_bounds():
    said = load_fault(
        {"kind": "import", "text": "line 3: importing the file raises KeyError", "line": 3, "detail": "x"}
    )
    assert said.text.startswith("line 3: importing the file raises KeyError: run it alone")
    assert (said.line, said.detail) == (3, "x")
    forged = load_fault({"kind": ["?"], "text": "a\nb" * 10_000, "line": True})
    assert (forged.kind, forged.text, forged.line) == ("load", "a", None)


def test_a_learner_who_writes_in_the_stubs_own_place(module, texts):
    for text, started in ((texts["stub"], False), (texts["right"], True)):
        module.stub.write_text(text)
        assert (fault(module, text.encode()) is None) is started
