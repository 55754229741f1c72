"""``grader lab``: JupyterLab, laid out for the course."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from grader.cli.options import own_course
from grader.learner import lab as labs


@click.command()
@click.argument("module", required=False)
@click.option("--no-browser", is_flag=True, help="Open no browser, only print the address.")
@click.option("--port", type=click.IntRange(1, 65535), help="JupyterLab's port; a free one if not given.")
@click.option("--allow-root", is_flag=True, help="Let the superuser run it, as in a container.")
@click.option("--fresh", is_flag=True, help="Restore the layout, whatever you have moved.")
@click.pass_context
def lab(
    context: click.Context, module: str | None, no_browser: bool, port: int | None, allow_root: bool, fresh: bool
) -> int:
    """Open JupyterLab with lesson, exercise and terminal side by side.

    Without MODULE: the start page, later the first module that you have not done.
    """
    room = labs.room(own_course(context), module)
    labs.furnish(room, fresh=fresh)
    command = labs.command(room, browser=not no_browser, port=port, root=allow_root)
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, labs.environment(room))  # Ctrl-C is JupyterLab's from here
    return subprocess.run(command, env=labs.environment(room), check=False).returncode
