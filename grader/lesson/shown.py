"""Run the cells of a page on asyncio and say what each of them shows. A process of its own: its job is on standard input.

It writes one JSON object a cell: its ``id``, what it ``printed``, and its value as ``html`` or as ``text``.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

from grader.lesson.cells import LessonPlayer, error_line, messages
from grader.lesson.parts import Cell
from grader.lesson.source import read


def what_a_value_shows(value: object) -> dict[str, str]:
    """A cell's last value, as a notebook shows it."""
    if value is None:
        return {}
    in_html = getattr(value, "_repr_html_", None)
    return {"html": str(in_html())} if callable(in_html) else {"text": repr(value)}


def main() -> None:
    """Run the page named on standard input."""
    path = Path(json.load(sys.stdin)["path"])
    with contextlib.contextmanager(messages)() as tell:
        player = LessonPlayer(read(path), "asyncio", tell, solved=False)
        for part in player.lesson.parts:
            if not isinstance(part, Cell):
                continue
            printed, shown = io.StringIO(), dict[str, Any]()
            try:
                with contextlib.redirect_stdout(printed):
                    shown = what_a_value_shows(player.run(part.text, part.line, player.namespace))
            except BaseException as error:  # noqa: BLE001 - a page shows what its cell raises
                shown = {"text": error_line(error)}
            tell({"id": part.id, "printed": printed.getvalue(), **shown})


if __name__ == "__main__":
    main()
