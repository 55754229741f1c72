"""The notebook of a lesson: what is in it, and that it is the same each time."""

import json

import nbformat
import pytest

from grader.lesson.notebook_file import fenced_block, is_stale, notebook, slug, text_of
from grader.lesson.source import parse, read


@pytest.fixture
def lesson(school):
    return read(school.root / "course/m01_tiny/lesson.md", school.root)


def test_it_is_a_valid_notebook_without_outputs(lesson):
    plain = json.loads(text_of(lesson))
    nbformat.validate(nbformat.from_dict(plain))
    assert (plain["nbformat"], plain["nbformat_minor"]) == (4, 5)
    assert plain["metadata"]["kernelspec"]["name"] == "python3"
    assert not [cell for cell in plain["cells"] if cell.get("outputs") or cell.get("execution_count")]


def test_it_is_the_same_bytes_each_time(lesson):
    assert text_of(lesson) == text_of(read(lesson.path, None))


def test_no_cell_holds_two_sections_and_ids_are_the_headings(lesson):
    cells = notebook(lesson)["cells"]
    ids = [cell["id"] for cell in cells]
    begin = ["tiny", "warm-up", "the-broken-program", "setup", "the-broken-program-2", "predict-broken", "broken"]
    assert ids[:7] == begin
    assert len(set(ids)) == len(ids)
    for cell in cells:
        headings = [line for line in cell["source"] if line.startswith("#")]
        assert cell["cell_type"] == "code" or len(headings) <= 1


def test_what_is_for_the_tests_is_not_in_it(lesson):
    text = text_of(lesson)
    for absent in ("assert number", "{#", "fails=", "file=", "instead of"):
        assert absent not in text
    assert "async def test_it" in text


def test_outputs_are_folded_and_labelled(lesson):
    cells = notebook(lesson)["cells"]
    after = "".join(cells[7]["source"])
    assert "<summary>What you should see on asyncio</summary>\n\n```text\non asyncio\n```\n\n</details>" in after
    assert "<summary>What you should see on trio</summary>" in after
    start = next(n for n, cell in enumerate(cells) if cell["id"] == "start")
    assert "<summary>What you should see</summary>\n\n```text\n1\n" in "".join(cells[start + 1]["source"])


def test_a_parsons_problem_is_a_cell_that_prints_it(lesson):
    (cell,) = [cell for cell in notebook(lesson)["cells"] if cell["id"] == "order"]
    assert cell["source"] == ['parsons("order", "")']


def test_a_prediction_has_a_cell_before_the_one_that_answers_it(lesson):
    cells = [cell for cell in notebook(lesson)["cells"] if cell["cell_type"] == "code"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    assert sources["predict-broken"] == 'from grader.notebook import predict\n\npredict("broken", "")'
    asked = [id_ for id_ in sources if id_.startswith("predict-")]
    assert len(asked) > 1
    assert all(sources[id_] == f'predict("{id_[8:]}", "")' for id_ in asked[1:])
    order = list(sources)
    assert all(order[order.index(id_) + 1] == id_[8:] for id_ in asked)
    assert order[-1] == "predictions"


def test_links_lead_to_notebooks_where_there_are_some(lesson):
    text = text_of(lesson)
    assert "(../start_here.ipynb)" in text
    assert "(../start_here.ipynb#top)" in text
    assert "(hints.md)" in text


def test_a_term_of_the_glossary_is_explained_when_pointed_at(school, changed):
    glossary = school.root / "course/glossary.md"
    glossary.write_text(
        '# Glossary\n\n## Cancel scope\n\nA [block](x.md) that\nsays "`stop`". And more.\n\n## Task\n\nA call.\n'
    )
    text = "".join(
        line
        for cell in notebook(changed("Find it.", "A [scope](../glossary.md#cancel-scope), a [b](../glossary.md#b)."))[
            "cells"
        ]
        for line in cell["source"]
    )
    assert "[scope](../glossary.md#Cancel-scope \"A block that says 'stop'.\")" in text
    assert "[b](../glossary.md#b)" in text


def test_a_link_to_a_lesson_that_is_not_written_yet_will_not_be_stale(changed):
    assert "(../m02_later/lesson.ipynb)" in text_of(changed("Find it.", "See [m02](../m02_later/lesson.md)."))


def test_a_stale_notebook_is_noticed(lesson):
    assert is_stale(lesson)
    lesson.notebook.write_text(text_of(lesson), encoding="utf-8")
    assert not is_stale(lesson)
    lesson.notebook.write_text(text_of(lesson).replace("Tiny", "Huge"), encoding="utf-8")
    assert is_stale(lesson)


def test_an_id_of_a_cell_goes_before_one_of_a_heading(tmp_path):
    text = "# broken\n\n```python {#broken}\nx\n```\n\n# broken\n"
    cells = notebook(parse(text, tmp_path / "lesson.md", "lesson.md"))["cells"]
    assert [cell["id"] for cell in cells] == ["broken-2", "broken", "broken-3"]


def test_a_fence_is_longer_than_what_is_in_it():
    assert fenced_block("text", "a\n```\nb") == "````text\na\n```\nb\n````"
    assert fenced_block("text", "a") == "```text\na\n```"


def test_headings_as_ids():
    assert slug("What you *should* see: `run`, später!") == "what-you-should-see-run-spater"
    assert slug("…") == "text"
    assert len(slug("x" * 100)) <= 60


def test_the_cell_of_the_check_runs_alone(changed):
    cells = notebook(changed("Find it.", 'Check.\n\n```python {#check}\ncheck("m01_waiting")\n```'))["cells"]
    assert any("".join(cell["source"]) == 'from grader.notebook import check\n\ncheck("m01_waiting")' for cell in cells)
