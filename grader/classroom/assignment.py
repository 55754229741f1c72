"""The assignment of a module: a small notebook with one locked cell per aspect, and the learner's ``.py`` beside it.

A stock nbgrader that runs these cells gives nothing: each raises. A cell that did not would score full marks there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.course import ASPECTS, Module

ANSWER = "answer"
"""The cell that shows the learner's file once it is collected; comments belong to it."""

Cell = dict[str, Any]


def notebook(
    module: Module, points: Mapping[str, int], retired: Iterable[str] = (), *, due: str = ""
) -> dict[str, Any]:
    """The notebook of a module, as nbformat 4.5.

    Args:
        points: aspect → points.
        retired: aspects that once had points and no longer do; nbgrader cannot lose a cell that has grades.
        due: when it is due, for people; empty if it is not.
    """
    worth = {aspect: points[aspect] for aspect in ASPECTS if aspect in points}
    worth |= dict.fromkeys(sorted(set(retired) - set(worth)), 0)
    cells = [
        _markdown("about", _about(module, due)),
        # The kernel's own Python: where it was not activated, a shell may know no `grader`.
        _code("see", f'import sys\n\n!"{{sys.executable}}" -m grader check {module.slug}'),
        _code(ANSWER, f"# Your {module.name}.py is shown here when it has been collected.", solution=True),
        *(_code(aspect, _tests_source(module, aspect, number), points=number) for aspect, number in worth.items()),
    ]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(
    module: Module, folder: Path, points: Mapping[str, int], retired: Iterable[str] = (), *, due: str = ""
) -> Path:
    """Write the assignment of a module as ``<folder>/<slug>``: the notebook and the stub, nothing else.

    Returns:
        The notebook.
    """
    place = folder / module.slug
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(module.stub, place / module.stub.name)
    path = place / f"{module.slug}.ipynb"
    path.write_text(text(module, points, retired, due=due), "utf-8")
    return path


def text(module: Module, points: Mapping[str, int], retired: Iterable[str] = (), *, due: str = "") -> str:
    """The notebook as the text of its file."""
    return json.dumps(notebook(module, points, retired, due=due), indent=1, ensure_ascii=False) + "\n"


def _about(module: Module, due: str) -> str:
    return (
        f"# {module.title}\n\n{module.outcome}\n\n"
        + (f"**Due {due}.** What your instructor has agreed with you counts in its place.\n\n" if due else "")
        + f"Write your solution in `{module.name}.py`, beside this notebook; its text says what is wanted. "
        "The next cell checks it as often as you like. Hand in when you are content, or as far as you came: "
        f"only `{module.name}.py` is collected. Leave the cells below as they are: your points appear there."
    )


def _tests_source(module: Module, aspect: str, points: int) -> str:
    said = (
        f"{aspect}: {points} points, given by your instructor's checks; run `grader check {module.slug}` to try yours"
    )
    return f"raise NotImplementedError({said!r})"


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _markdown(name: str, text: str) -> Cell:
    return {"cell_type": "markdown", "id": _id(name), "metadata": {}, "source": text}


def _code(name: str, text: str, *, points: int | None = None, solution: bool = False) -> Cell:
    metadata: dict[str, Any] = {}
    if solution or points is not None:
        grading: dict[str, Any] = {"grade": points is not None, "grade_id": name, "locked": not solution}
        grading |= {"schema_version": 3, "solution": solution, "task": False}
        metadata["nbgrader"] = grading | ({} if points is None else {"points": points})
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": _id(name),
        "metadata": metadata,
        "outputs": [],
        "source": text,
    }
