"""The course as a static site: pictures in place, answers folded, proofs left out, every link checked, no script."""

import re

import pytest

from grader.authoring.site import build_site
from grader.course import Course, CourseError

LESSON = """\
# Tiny

See [a task](../glossary.md#task), **well**.

**Predict:** what is printed?

```python {#first}
import anyio
from grader.notebook import record


async def main():
    await anyio.sleep(2)
    print("a < b")


record(main, backend="asyncio")
```
```output {#first}
a < b
```
```verify {#first}
assert round(_.seconds) == 2
```

<details><summary>Answer</summary>

Two `seconds`.

</details>

```python {#second}
1 / 0
```
"""


@pytest.fixture
def course(tiny):
    folder = tiny.root / "course"
    (folder / "m01_tiny/lesson.md").write_text(LESSON)
    (folder / "glossary.md").write_text("# Glossary\n\n## Task\n\nA call.\n")
    return Course(tiny.root)


def test_a_page_shows_what_its_cells_show(course, tmp_path):
    files = build_site(course, tmp_path / "site")
    assert {path.relative_to(tmp_path / "site").as_posix() for path in files} == {
        "index.html",
        "course/glossary.html",
        "course/m01_tiny/lesson.html",
    }
    page = (tmp_path / "site/course/m01_tiny/lesson.html").read_text()
    assert '<a href="../glossary.html#task" title="A call.">a task</a>' in page
    assert '<pre class="out">a &lt; b\n</pre><figure>' in page
    assert "<svg" in page
    assert "ZeroDivisionError" in page
    assert re.search(r"<details><summary>Answer</summary>\s*<p>Two <code>seconds</code>", page)
    assert not any(word in page for word in ("assert round", "<script", "{#"))
    index = (tmp_path / "site/index.html").read_text()
    assert 'href="course/m01_tiny/lesson.html"' in index


@pytest.mark.parametrize("link", ["../none.md", "../glossary.md#none", "#none", "../../README.md"])
def test_a_link_that_leads_nowhere_is_said(course, tmp_path, link):
    path = course.root / "course/m01_tiny/lesson.md"
    path.write_text(LESSON.replace("../glossary.md#task", link))
    with pytest.raises(CourseError, match=r"m01_tiny/lesson\.html: .* leads to no"):
        build_site(course, tmp_path / "site", run=False)
    assert not (tmp_path / "site").exists()


def test_every_link_of_this_course_leads_somewhere(checkout, tmp_path):
    course = Course(checkout)
    files = build_site(course, tmp_path, run=False)
    assert len(files) == len(course.slugs) + len(list((checkout / "course").glob("*.md"))) + 1
    assert not [path.name for path in files if "<script" in path.read_text(encoding="utf-8")]
