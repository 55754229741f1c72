import pytest

from grader.course import Course, CourseError


@pytest.mark.parametrize("below", ["", "exercises", "exercises/m01_tiny", "solutions/m01_tiny/wrong"])
def test_the_course_is_found_from_any_folder_in_it(tiny, below):
    assert Course.find(tiny.root / below).root == tiny.root


def test_outside_a_course_one_line_says_what_to_do(tmp_path):
    with pytest.raises(CourseError, match="go to the folder that holds exercises/ and course/, or name it with --root"):
        Course.find(tmp_path)


@pytest.mark.parametrize("name", ["m01_tiny", "m01", "tiny", "exercises/m01_tiny", "course/m01_tiny/", "tiny.py"])
def test_a_module_may_be_called_by_slug_number_or_name(tiny, name):
    assert tiny.module(name.rstrip("/")).slug == "m01_tiny"


def test_a_file_that_would_not_be_read_is_not_taken_for_the_module(tiny, monkeypatch):
    monkeypatch.chdir(tiny.root)
    assert tiny.module("exercises/m01_tiny/tiny.py").slug == "m01_tiny"
    for other in ("solutions/m01_tiny/tiny.py", str(tiny.root / "solutions/m01_tiny/tiny.py")):
        with pytest.raises(
            CourseError, match=r"tiny.py is not an exercise of .*: copy it over the file under exercises/"
        ):
            tiny.module(other)


def test_an_unknown_module_is_answered_with_the_known_ones(tiny):
    with pytest.raises(CourseError, match=r"no module 'm99' in .*: the modules are m01_tiny"):
        tiny.module("m99")


def test_a_name_that_two_modules_share_is_no_guess(tiny):
    (tiny.root / "course/m02_tiny").mkdir()
    (tiny.root / "course/m02_tiny/module.toml").write_text("")
    with pytest.raises(CourseError, match="'tiny' may mean m01_tiny or m02_tiny"):
        tiny.module("tiny")


def test_a_module_knows_its_facts_and_its_files(tiny):
    module = tiny.module("m01")
    assert (module.short, module.name, module.max_points, module.minutes) == ("m01", "tiny", 100, (1, 2))
    assert module.clauses["R2"].points == 24
    assert module.names == {"later": "async", "Given": "class"}
    files = (module.toml, module.stub, module.scene, module.public_checks, *module.hidden_checks, module.solution)
    assert all(path.is_file() for path in files)
    assert [path.stem for path in module.wrong] == ["at_most_a_minute", "at_once", "no_value", "swallows"]
    assert module.right == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Tiny"', "", 'title: is missing: write a text, such as "…"'),
        ('title = "Tiny"', 'title = ""', "title: write a text that is not empty"),
        ("beginner", "easy", "level: write one of beginner, intermediate, advanced"),
        ("[1, 2]", "[1]", r"minutes: write two whole numbers, such as \[20, 30\]"),
        ("core_minutes = 1", "core_minutes = -1", "core_minutes: write a whole number of 0 or more"),
        ("paths = [1]", 'paths = ["1"]', "paths: write a list of whole numbers"),
        ('file = "tiny"', 'file = "Tiny Name"', "file: 'Tiny Name' is not a name for a Python file"),
        ('later = "async"', 'later = "coroutine"', "names.later: write one of async, function"),
        ("R1 = {", "X1 = {", "clauses.X1: name a clause such as R3 or G2"),
        ('"result", core', '"speed", core', "clauses.R1: aspect: write one of result, timeout"),
        ("core = 61, ", "core = 6.1, ", "clauses.R1: core: write a whole number"),
        ("core = 61, stretch", "core = 61, strech", "clauses.R1: strech: is unknown here"),
        ('no-wait = "nothing need be waited for"', "no-wait = 1", "misconceptions.no-wait: write a sentence"),
        ("[names]", "[names", "is not TOML"),
    ],
)
def test_a_wrong_module_toml_is_one_line_with_file_key_and_remedy(tiny, texts, old, new, said):
    assert old in texts["toml"]
    (tiny.root / "course/m01_tiny/module.toml").write_text(texts["toml"].replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError, match=said) as caught:
        tiny.module("m01")
    assert str(caught.value).startswith("course/m01_tiny/module.toml: ")
    assert "\n" not in str(caught.value)


def test_a_new_folder_is_a_new_module(tiny, texts):
    folder = tiny.root / "course/m14_more"
    folder.mkdir()
    (folder / "module.toml").write_text(texts["toml"].replace('"tiny"', '"more"'), encoding="utf-8")
    assert [module.slug for module in tiny] == ["m01_tiny", "m14_more"]
