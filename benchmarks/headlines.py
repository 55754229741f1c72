"""The first sentence that the learner of each wrong solution reads: to be read from top to bottom, as they would.

`python benchmarks/headlines.py m01 m05` plays the public checks of those modules on their wrong solutions (all modules if none is
named), `--hidden` the hidden ones, `--slips` the natural slips of `tests/judging/attempts.py`. One line a file: what it breaks, the
clause of the check that shows the cause, the kind, the sentence. A star marks a plain cause, which must be so: nothing in a wrong
solution that keeps to Python is a slip, unless it is what the solution is about.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from grader.checks.collect import Kind  # noqa: E402 - the checkout comes first
from grader.course import Course, Module  # noqa: E402
from grader.course.overrides import whole_program  # noqa: E402
from grader.display.story import headline  # noqa: E402
from grader.judging.judge import How, grade  # noqa: E402
from grader.judging.report import Report  # noqa: E402
from grader.sandbox import ForkServer  # noqa: E402
from tests.judging.attempts import ATTEMPTS  # noqa: E402

BREAKS = re.compile(r"^[ \t]*Breaks:[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def wrong_files(module: Module) -> Iterator[tuple[str, str, str]]:
    """Name, what it breaks, and whole text of each wrong solution."""
    for path in sorted(module.solution.with_name("wrong").glob("*.py")):
        breaks = BREAKS.search(path.read_text(encoding="utf-8"))
        yield path.stem, breaks[1] if breaks else "?", whole_program(module, path)


def slips(module: Module) -> Iterator[tuple[str, str, str]]:
    """Name, kind and whole text of each natural slip."""
    reference = module.solution.read_text(encoding="utf-8")
    for attempt in ATTEMPTS:
        if attempt.module == module.short:
            yield attempt.name, attempt.kind, attempt.text(reference)


def line_of(name: str, breaks: str, report: Report) -> str:
    """The line of one file."""
    cause = report.cause
    if cause is None:
        return f"  {name:34} {breaks:18} passes"
    star = " " if cause.kind == "concept" else "*"
    clause = (cause.clause or "").rpartition(".")[2]
    return f"{star} {name:34} {breaks:18} {clause:4} {cause.kind:14} {headline(cause, texts=True)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--hidden", action="store_true", help="the hidden checks")
    parser.add_argument("--slips", action="store_true", help="the natural slips in place of the wrong solutions")
    parser.add_argument("--keep", type=Path, help="a folder for the reports")
    given = parser.parse_args()
    kind: Kind = "hidden" if given.hidden else "public"
    with ForkServer(walls=False) as forks:
        for module in Course(CHECKOUT).modules(given.modules):
            print(f"\n{module.slug}")
            for name, breaks, text in (slips if given.slips else wrong_files)(module):
                report = grade(module, text.encode(), forks=forks, how=How(kind))
                print(line_of(name, breaks, report), flush=True)
                if given.keep:
                    place = given.keep / module.slug / f"{name}.json"
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(report.json(breaks=breaks), encoding="utf-8")


if __name__ == "__main__":
    main()
