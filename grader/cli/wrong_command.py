"""``grader wrong``: a wrong solution as the whole program that it stands for, and the reverse."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from grader.authoring.adopt import adopt
from grader.cli.options import course_of, read_program
from grader.course import CourseError, Module
from grader.course.overrides import base_name, base_of, whole_program


@click.command()
@click.argument("module")
@click.argument("name", required=False)
@click.option("--diff", is_flag=True, help="Print only what it changes in its base.")
@click.option(
    "--adopt",
    "file",
    type=click.Path(path_type=Path),
    help="Make a wrong solution from a whole program, whose docstring says what it Breaks; NAME is that of FILE if not given.",
    metavar="FILE",
)
@click.pass_context
def wrong(context: click.Context, module: str, name: str | None, file: Path | None, *, diff: bool) -> int:
    """Print the whole program that the wrong solution NAME stands for.

    Its file holds only what differs from a right solution, its base.
    """
    found = course_of(context).module(module)
    if file is not None:
        if diff:
            raise click.UsageError("give either --diff or --adopt FILE, not both")
        return _adopt(found, name or file.stem, file)
    if name is None:
        raise click.UsageError("give NAME, the name of a file in wrong/, or --adopt FILE")
    path = _path(found, name)
    print(_diff(found, path) if diff else whole_program(found, path), end="")
    return 0


def _path(module: Module, name: str) -> Path:
    for path in module.wrong:
        if name in (path.stem, path.name):
            return path
    close = difflib.get_close_matches(name, [path.stem for path in module.wrong], n=3, cutoff=0)
    raise CourseError(f"no wrong solution {name!r} in {module.slug}: nearest are {', '.join(close)}")


def _diff(module: Module, path: Path) -> str:
    """What a wrong solution changes in its base, as a unified diff."""
    base = base_of(module, path.read_text(encoding="utf-8"))
    if base is None:
        raise CourseError(f"{path.stem} has no base that it changes: it is a whole program")
    texts = base.read_text(encoding="utf-8"), whole_program(module, path)
    names = base_name(module, base) or base.stem, f"wrong/{path.stem}"
    old, new = (text.splitlines(keepends=True) for text in texts)
    return "".join(difflib.unified_diff(old, new, *names))


def _adopt(module: Module, name: str, file: Path) -> int:
    """Write a program as a wrong solution, also over one that is a whole program."""
    path = module.solution.parent / "wrong" / f"{name}.py"
    program = read_program(module, file)[0].decode()
    if path.exists() and path != file.resolve():
        raise CourseError(f"{path.relative_to(module.root)} is there already: give another NAME")
    made = adopt(module, program)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.text, encoding="utf-8", newline="\n")
    where, lines = path.relative_to(module.root), len(made.text.splitlines())
    if made.base is None:
        print(f"{where}: {lines} lines, whole: it shares too little with any right solution")
    else:
        base = base_name(module, made.base) or "the reference"
        print(f"{where}: {lines} lines instead of {len(program.splitlines())}: the rest is in {base}")
    return 0
