"""`progress`: how far the learner has come in every module, as a table."""

from __future__ import annotations

from html import escape

from grader.display.show import text_of
from grader.learner.recall import due_line
from grader.learner.standing import Standing, pages_line, standings, table, tests_line
from grader.notebook.cards import own_course


class ProgressTable:
    """A line per module, as a table in a notebook and as text elsewhere.

    Args:
        lines: one for each module.
        said: lines about questions that are due, the file if it could not be used, and pages of the class.
    """

    def __init__(self, lines: list[Standing], said: str = "") -> None:
        self._lines, self._said = lines, said

    def __str__(self) -> str:
        return "\n".join(filter(None, [text_of(table(self._lines)), self._said]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = "text-align:left;padding:2px 14px 2px 0"
        names = ["module", "", "state", "since", "hints"]
        names += ["class"] if any(line.score for line in self._lines) else []
        head = "".join(f'<th scope="col" style="{style}">{name}</th>' for name in names)
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="{style}">{cell}</td>'
                for cell in (
                    f"<b>{escape(line.module.short)}</b>",
                    escape(line.module.title),
                    escape(line.state),
                    escape(line.since),
                    escape(line.hints),
                    *([escape(line.score.words if line.score else "")] if "class" in names else []),
                )
            )
            + "</tr>"
            for line in self._lines
        )
        said = "".join(f"<p>{escape(line)}</p>" for line in self._said.splitlines())
        return (
            '<table style="border-collapse:collapse;color:var(--jp-ui-font-color1,inherit);'
            'font-family:var(--jp-ui-font-family,sans-serif);font-size:13px">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}"
        )


def progress() -> ProgressTable:
    """How far you have come in every module of the course around the notebook."""
    course = own_course()
    lines, said = standings(course)
    more = [" ".join(filter(None, [said, due_line(course)])), tests_line(lines), pages_line(lines)]
    return ProgressTable(lines, "\n".join(filter(None, more)))
