"""``grader play``: be the scheduler of a lesson's program, in the terminal; moves are lines of the standard input."""

from __future__ import annotations

import linecache
import sys
from typing import Any

import click

from grader.cli.options import course_of
from grader.course import BACKENDS, Course, CourseError, Module
from grader.display import show
from grader.lesson.parts import Cell
from grader.lesson.source import read
from grader.notebook.scheduler_game import GO, Game, wrap

BROKEN, RIGHT = "play", "play-right"
"""The cells of a lesson that hold its game: the program that fails, and the right one."""


@click.command()
@click.argument("module")
@click.option("--right", is_flag=True, help="Play the right program, which cannot be made to fail.")
@click.option("--backend", type=click.Choice(BACKENDS), default=BACKENDS[0], help="The backend to play on.")
@click.pass_context
def play(context: click.Context, module: str, right: bool, backend: str) -> int:
    """Be the scheduler: choose which task of MODULE's small program goes next, until it fails."""
    course = course_of(context)
    game, source = game_of(course, course.module(module), right=right, backend=backend)
    for number, line in enumerate(source.splitlines(), 1):
        click.echo(f"{number:4}  {show.clean(line)}".rstrip())
    click.echo("")
    _print_rules(game)
    _show(game)
    while True:
        if sys.stdin.isatty():
            click.echo("> ", nl=False)
        line = sys.stdin.readline()
        words = line.split()
        if not line or words in (["quit"], ["exit"]):
            return 0 if game.failed else 1
        match words:
            case []:
                continue
            case ["help"] | ["?"]:
                _print_rules(game)
            case ["undo"]:
                game.undo()
            case ["again"]:
                game.enter("")
            case _:
                game.move(" ".join(words))
        _show(game)


def _print_rules(game: Game) -> None:
    click.echo("\n".join(game.rules()) + "\n")


def _show(game: Game) -> None:
    """Print how a game stands, and what can be typed."""
    for line in game.lines():
        click.echo(show.clean(line))
    moves = f"{', '.join(game.options)}, {GO} (the rest in order), " if game.options else ""
    click.echo("\n" + "\n".join(wrap(f"Type {moves}undo, again, help, quit; several moves may be on a line.")) + "\n")


def game_of(course: Course, module: Module, *, right: bool = False, backend: str = BACKENDS[0]) -> tuple[Game, str]:
    """The game of a module's lesson, and the source of its program.

    Args:
        right: the right program in the place of the one that fails.
        backend: ``asyncio`` or ``trio``.

    Raises:
        CourseError: its lesson has none.
    """
    path = module.lesson
    cells = {cell.id: cell for cell in read(path).parts if isinstance(cell, Cell)} if path.is_file() else {}
    if BROKEN not in cells or RIGHT not in cells:
        others = [each.short for each in course.modules() if _has_game(each)]
        raise CourseError(f"the lesson of {module.slug} has no game; those of {', '.join(others)} have one")
    asked: list[tuple[Any, dict[str, Any]]] = []
    names: dict[str, Any] = {
        "__name__": "__main__",
        "play": lambda program, **options: asked.append((program, options)),
    }
    for name in (BROKEN, RIGHT):
        text, file = cells[name].text, f"<{module.short}, {name}>"
        # So that the game can quote the lines of a program that is in no file.
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), names)  # noqa: S102 - a cell of the course
    program, options = asked[right]
    source = cells[RIGHT if right else BROKEN].text
    return Game(program, cancel=options.get("cancel", ""), backend=backend), source.rpartition("\nplay(")[0].rstrip()


def _has_game(module: Module) -> bool:
    path = module.lesson
    return path.is_file() and f"{{#{RIGHT}}}" in path.read_text(encoding="utf-8")
