"""JupyterLab, laid out for the course: lesson, exercise and terminal side by side.

Settings and layouts are kept in a folder of the course, so that a learner's own JupyterLab stays as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course, CourseError, Module
from grader.learner import progress
from grader.learner.extras import install
from grader.learner.standing import standing

PLACE = ".lab"
NO_ASSIGNMENTS = {"disabledExtensions": {"@jupyter/nbgrader:create-assignment": True}}
"""JupyterLab's page settings for learners: nbgrader's panel for making assignments is for instructors."""

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    # A link to a page of the course opens it as text to read, not as its source.
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"defaultViewers": {"markdown": "Markdown Preview"}},
}
GREETING = "check at each save:  grader check {short} --watch\nstuck?               grader hint {short}"


@dataclass(frozen=True)
class Room:
    """How JupyterLab is to be opened.

    Args:
        lesson: the notebook on the left, relative to the root; None if there is none.
        module: whose exercise is on the right; None if the course has no modules.
    """

    course: Course
    lesson: Path | None
    module: Module | None

    @property
    def folder(self) -> Path:
        """Where settings and layouts are kept."""
        return self.course.root / PLACE

    @property
    def workspace(self) -> str:
        """The name of the layout: each lesson has its own."""
        if self.lesson is None:
            return self.module.slug if self.module else "course"
        return self.lesson.parent.name if self.lesson.name == "lesson.ipynb" else self.lesson.stem


def room(course: Course, name: str | None = None) -> Room:
    """What to open: the named module, else the start page for a beginner, else the first module that is not done.

    Raises:
        CourseError: there is no such module.
    """
    if name is not None:
        module = course.module(name)
        return Room(course, _if_there(course, module.notebook.relative_to(course.root).as_posix()), module)
    known = progress.read(course.root)
    lines = [standing(module, known.of(module.slug)) for module in course]
    to_do = [line.module for line in lines if line.is_open] or [line.module for line in lines]
    start = _if_there(course, "course/start_here.ipynb")
    if not to_do or (start and not known.modules):
        return Room(course, start, to_do[0] if to_do else None)
    module = to_do[0]
    return Room(course, _if_there(course, module.notebook.relative_to(course.root).as_posix()), module)


def _if_there(course: Course, name: str) -> Path | None:
    return Path(name) if (course.root / name).is_file() else None


def layout(room: Room) -> dict[str, Any]:
    """The layout as JupyterLab keeps it: the lesson on the left; the exercise above the terminal on the right."""
    widgets: dict[str, Any] = {}
    columns: list[dict[str, Any]] = []
    if room.lesson is not None:
        path = room.lesson.as_posix()
        widgets[f"notebook:{path}"] = {"data": {"path": path, "factory": "Notebook"}}
        columns.append(_tabs(f"notebook:{path}"))
    right: list[dict[str, Any]] = []
    if room.module is not None:
        path = room.module.stub.relative_to(room.course.root).as_posix()
        widgets[f"editor:{path}"] = {"data": {"path": path, "factory": "Editor"}}
        right.append(_tabs(f"editor:{path}"))
    widgets["terminal:1"] = {"data": {"name": "1"}}
    right.append(_tabs("terminal:1"))
    columns.append(_split("vertical", right, [0.6, 0.4]))
    main = {"dock": _split("horizontal", columns, [0.5, 0.5]), "current": next(iter(widgets))}
    restorer = {
        "main": main,
        "down": {"size": 0, "widgets": []},
        "left": {"collapsed": True, "visible": True, "widgets": ["filebrowser", "jp-running-sessions"]},
        "right": {"collapsed": True, "visible": True, "widgets": []},
        "relativeSizes": [0, 1, 0],
        "top": {"simpleVisibility": True},
    }
    return {"data": {"layout-restorer:data": restorer, **widgets}, "metadata": {"id": room.workspace}}


def _tabs(widget: str) -> dict[str, Any]:
    return {"type": "tab-area", "currentIndex": 0, "widgets": [widget]}


def _split(orientation: str, children: list[dict[str, Any]], sizes: list[float]) -> dict[str, Any]:
    if len(children) == 1:
        return children[0]
    return {"type": "split-area", "orientation": orientation, "sizes": sizes, "children": children}


def furnish(room: Room, *, fresh: bool = False) -> None:
    """Write settings and layout. A layout that the learner has changed stays, unless `fresh`.

    Raises:
        CourseError: JupyterLab is not installed, or the files cannot be written.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError(f"JupyterLab is not installed: {install('lab', room.course.root)}")
    workspaces = importlib.import_module("jupyterlab_server.workspaces_handler").WorkspacesManager(
        str(room.folder / "workspaces")
    )
    try:
        for name, settings in SETTINGS.items():
            path = room.folder / "settings" / name
            if not path.is_file():  # the learner may change them
                _write(path, settings)
        _write(room.folder / "config" / "labconfig" / "page_config.json", NO_ASSIGNMENTS)
        known = workspaces.load(room.workspace)["data"]
        if fresh or not known:
            workspaces.save(room.workspace, json.dumps(layout(room)))
    except (OSError, ValueError) as error:
        why = ((error.strerror if isinstance(error, OSError) else None) or str(error) or "error").lower()
        said = f"{room.folder}, where the layout of JupyterLab is kept, cannot be written ({why})"
        raise CourseError(
            f"{said}: copy the folder of the course to a place where you can write, and work there"
        ) from error


def _write(path: Path, plain: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def command(room: Room, *, browser: bool = True, port: int | None = None, root: bool = False) -> list[str]:
    """What to run: JupyterLab of this Python, with the course's settings.

    Args:
        browser: whether a browser is opened.
        port: JupyterLab's; a free one if not given.
        root: whether the superuser may run it, as in many containers.
    """
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={room.course.root}",
        f"--LabApp.user_settings_dir={room.folder / 'settings'}",
        f"--LabApp.workspaces_dir={room.folder / 'workspaces'}",
        f"--LabApp.default_url=/lab/workspaces/{room.workspace}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if os.name == "posix" and room.module is not None:
        said = GREETING.format(short=room.module.short)
        shell = ["sh", "-c", f'echo "{said}"; exec "${{SHELL:-sh}}"']
        words.append(f"--ServerApp.terminado_settings={{'shell_command': {shell!r}}}")
    if not browser:
        words.append("--no-browser")
    if root:
        words.append("--allow-root")
    if port is not None:
        words.append(f"--port={port}")
    return words


def environment(room: Room) -> dict[str, str]:
    """The environment to run it in: this Python's commands come first, so that terminals know `grader`."""
    own = dict(os.environ)
    paths = [str(room.folder / "config"), own.get("JUPYTER_CONFIG_PATH", "")]
    own["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", "")])
    return own
