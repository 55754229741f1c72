"""The command line: one file a command.

Bad usage is one line and exit code 2; nobody but an author with ``--debug`` sees a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

import click

from grader.course import DISTRIBUTION, CourseError
from grader.sandbox import IsolationRefused
from grader.sandbox.limits import collect_rarely

HERE = Path(__file__).parent
SUFFIX = "_command"
USAGE = 2
NOT_RUN = 3
STOPPED = 130
"""What a shell says of a command that was stopped by Ctrl-C."""


class Commands(click.Group):
    """Each command is in the file of its name, `<command>_command.py`, which is imported when it is wanted.

    What shows a learner's progress need not wait until all that grades is loaded.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """The names of all commands, in the order of the alphabet."""
        return sorted(path.stem.removesuffix(SUFFIX).replace("_", "-") for path in HERE.glob(f"*{SUFFIX}.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        found: click.Command = getattr(
            import_module(f"{__name__}.{name}{SUFFIX}"), f"{name}_" if iskeyword(name) else name
        )
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=DISTRIBUTION, prog_name="grader")
@click.option("--root", type=click.Path(), help="The course's folder, if the working folder is not in it.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, root: str | None) -> None:
    """Check, grade and prove exercises in structured concurrency."""
    context.obj = root


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        args: the arguments; those of the process if not given.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    if args is None:
        collect_rarely()
        signal.signal(signal.SIGTERM, _interrupt)
    code = _run(arguments)
    if args is None:
        _flush()
        sys.exit(code)
    return code


def _run(arguments: list[str]) -> int:
    try:
        return int(cli.main(arguments, prog_name="grader", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message())
        return USAGE
    except (click.ClickException, CourseError, IsolationRefused) as error:
        return _complain(error.format_message() if isinstance(error, click.ClickException) else str(error), USAGE)
    except (KeyboardInterrupt, click.Abort):
        return _complain("stopped", STOPPED)
    except BrokenPipeError:
        return _leave_quietly()
    except Exception as error:
        if "--debug" in arguments:
            raise
        said = " ".join(str(error).split())
        return _complain(f"it failed itself: {type(error).__name__}: {said} (--debug shows where)", NOT_RUN)


def _interrupt(*_: object) -> None:
    """Leave as after Ctrl-C, so that all that was started is ended."""
    raise KeyboardInterrupt


def _complain(text: str, code: int) -> int:
    """Say one line on standard error."""
    line = " ".join(text.split()).encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode(errors="replace")
    click.echo(f"grader: {line}", err=True)
    return code


def _leave_quietly() -> int:
    """Leave without a word: the reader of our output is gone, as ``head`` is after its last line."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return STOPPED


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()
