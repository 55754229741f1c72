"""Every lesson and page of this course: its shape, and that all that it says is true, on both backends."""

import os
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from grader.course import Course
from grader.lesson.execution import copy_course, pages
from grader.lesson.notebook_file import has_cells
from grader.lesson.proving import wrongs
from grader.lesson.shape import shape_faults
from grader.lesson.source import read

COURSE = Course(Path(__file__).resolve().parents[2])
NOTEBOOKS = [path.relative_to(COURSE.root).as_posix() for path in pages(COURSE) if has_cells(path)]
PAGES = [path.relative_to(COURSE.root).as_posix() for path in pages(COURSE)]
SECONDS = 5.0  # of real time for all cells of a lesson, on a machine that does nothing else


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow) if page == "course/testing.md" else page
        for page in PAGES
        if not page.endswith("/lesson.md")
    ],
)
@pytest.mark.timeout(300)
def test_a_page_holds(page):
    """Pages of the whole course; a lesson is proven with its module (`tests/authoring/test_modules.py`)."""
    found = wrongs(COURSE.root / page, COURSE)
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("slug", COURSE.slugs)
def test_a_lesson_has_its_shape(slug):
    module = COURSE.module(slug)
    found = list(shape_faults(read(module.lesson, COURSE.root), module))
    assert not found, "\n" + "\n".join(map(str, found))


def test_every_notebook_is_built_from_a_page(checkout, tracked):
    notebooks = [path for path in tracked if path.suffix == ".ipynb" and path.parts[0] == "course"]
    assert [path for path in notebooks if path.with_suffix(".md").as_posix() not in PAGES] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_notebook_runs_in_a_kernel(page, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    path = (copy_course(COURSE, tmp_path) / page).with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True)
    with client.setup_kernel(cwd=str(path.parent), env=dict(os.environ)):
        began = time.monotonic()
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        seconds = time.monotonic() - began
    errors = {
        cell.id: [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert {id_: said for id_, said in errors.items() if said} == {}
    load = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0
    assert seconds < SECONDS * max(1.0, 2 * load), f"{seconds:.1f} s"
