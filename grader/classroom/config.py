"""nbgrader's settings, made from ``class.toml``: for the desk, the command line and formgrader alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbgrader
from nbgrader.preprocessors import AssignLatePenalties, GetGrades
from traitlets.config import Config

from grader.classroom import autograding, class_toml, collecting, dates, feedback, table, verdicts
from grader.classroom.settings import Settings

CONFIG_FILE = "nbgrader_config.py"
CONFIG_TEXT = """\
# Made by `grader class new`: what `nbgrader` and formgrader do here is set in class.toml.
from grader.classroom.config import configure
configure(get_config(), __file__)
"""
TEMPLATES = Path(__file__).with_name("templates")
IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.html"]
"""What nbgrader never copies. A page in a submission would be published with the feedback."""


def renew(folder: Path) -> None:
    """Write the three lines again where an older engine wrote them: its parts had other names.

    Args:
        folder: of the class.
    """
    path = folder / CONFIG_FILE
    if path.is_file() and path.read_text("utf-8") == CONFIG_TEXT.replace("grader.classroom", "grader.gradebook"):
        path.write_text(CONFIG_TEXT, "utf-8")
        sys.stderr.write(f"{path} was written by an older version: it is up to date now\n")


def configure(config: Config, file: str) -> None:
    """Fill the settings of an ``nbgrader_config.py``.

    Args:
        config: what nbgrader's ``get_config()`` gives.
        file: the path of that file; ``class.toml`` lies beside it.

    Raises:
        CourseError: ``class.toml`` is wrong.
    """
    config.merge(settings_of(class_toml.read(Path(file).resolve().parent)))


def settings_of(settings: Settings, run: verdicts.ScoringRun | None = None) -> Config:
    """Make nbgrader's settings for a class.

    Args:
        run: what carries verdicts to where nbgrader writes them; a new one if not given.
    """
    put_tools_on_path()
    config = Config()
    config.CourseDirectory.root = str(settings.folder)
    config.CourseDirectory.course_id = settings.name
    config.CourseDirectory.db_url = settings.db_url
    config.CourseDirectory.ignore = IGNORED
    config.Exchange.root = str(settings.exchange)
    config.ExchangeFactory.collect = collecting.Collect
    config.ExchangeFactory.release_feedback = feedback.ReleaseFeedback
    config.ExchangeCollect.check_owner = settings.check_owner
    config.Autograde.sanitize_preprocessors = [autograding.TakeRelease]
    config.Autograde.autograde_preprocessors = [autograding.WriteVerdict, AssignLatePenalties]
    config.Autograde.pre_convert_hook = run or verdicts.ScoringRun()
    # What the learner wrote is the submission: the stub in source/ must not be put over it.
    config.Autograde.exclude_overwriting = {module.slug: [f"{module.name}.py"] for module in settings.modules()}
    config.AssignLatePenalties.plugin_class = dates.LatePenalty
    config.GenerateFeedback.preprocessors = [GetGrades, feedback.TellTheLearner]
    # nbgrader's own templates stay: formgrader has its page there.
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), nbgrader_templates()]
    config.ExportApp.plugin_class = table.AspectCsv
    return config


def nbgrader_templates() -> str:
    """The folder of nbgrader's own pages."""
    return str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates")


def put_tools_on_path() -> None:
    """A new book runs `alembic` by name: it lies beside this Python."""
    tools = str(Path(sys.executable).parent)
    if tools not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = tools + os.pathsep + os.environ.get("PATH", os.defpath)
