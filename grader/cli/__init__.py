"""The command line: one file a command.

Bad usage is one line and exit code 2; nobody but an author with ``--debug`` sees a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import click

from grader.cli import (
    build_command,
    bundle_command,
    check_command,
    class_command,
    class_view_command,
    demo_command,
    dispute_command,
    doctor_command,
    explain_command,
    grade_command,
    hand_in_command,
    hint_command,
    lab_command,
    new_command,
    progress_command,
    reset_command,
    review_command,
    solution_command,
    trace_command,
    verify_command,
    wrong_command,
)
from grader.course import CourseError
from grader.judging.judge import DISTRIBUTION
from grader.judging.pool import collect_rarely
from grader.sandbox import IsolationRefused

USAGE = 2
NOT_RUN = 3
STOPPED = 130
"""What a shell says of a command that was stopped by Ctrl-C."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=DISTRIBUTION, prog_name="grader")
@click.option("--root", type=click.Path(), help="The course's folder, if it is not around the working folder.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, root: str | None) -> None:
    """Check, grade and prove exercises in structured concurrency."""
    context.obj = root


for command in (
    check_command.check,
    explain_command.explain,
    hint_command.hint,
    solution_command.solution,
    reset_command.reset,
    progress_command.progress,
    review_command.review,
    lab_command.lab,
    grade_command.grade,
    verify_command.verify,
    trace_command.trace,
    wrong_command.wrong,
    doctor_command.doctor,
    demo_command.demo,
    class_command.class_,
    new_command.new,
    build_command.build,
    bundle_command.bundle,
    hand_in_command.hand_in,
    dispute_command.dispute,
):
    cli.add_command(command)
for command in (
    class_view_command.status,
    class_view_command.report,
    class_view_command.explain,
    class_view_command.watch,
    class_view_command.doctor,
    class_view_command.lab,
):
    class_command.class_.add_command(command)


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
