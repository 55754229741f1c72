"""Files that spin and poll are given up: a backend pays for a few runs that do not end, not for one in each check."""

from pathlib import Path

import pytest

from grader.course import BACKENDS, Course
from grader.judging.judge import How, grade
from grader.judging.pool import fork_server
from grader.judging.session import MAX_KILLS, MAX_RUNAWAYS

COURSE = Course(Path(__file__).parents[2])
WAIT = """\
            while (missing := tokens - self.available) > 0:  # noqa: ASYNC110
                await sleep(missing / self._rate)
"""
POLL = "            while tokens > self.available:\n                {}\n"
SLEEPS = "\n\nimport anyio\n\nasync def fan_in(*args, **options):\n    await anyio.sleep_forever()\n"
SPINS = "\n\nasync def fan_in(*args, **options):\n    while True: pass\n"
FILES = {
    "m02 goes round without taking anything out": ("m02", "            place += 1\n", ""),
    "m07 spins": ("m07", WAIT, POLL.format("pass")),
    "m07 polls at once": ("m07", WAIT, POLL.format("await sleep(0)")),
    "m07 polls with a pause": ("m07", WAIT, POLL.format("await sleep(0.01)")),
    "m12 spins": ("m12", None, SPINS),
    "m12 sleeps": ("m12", None, SLEEPS),
}
#: In these some public checks see no run without end.
ENDS = ("m12 sleeps", "m07 polls with a pause")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["public", "hidden"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_whose_runs_do_not_end_is_given_up(name, kind):
    short, before, after = FILES[name]
    module = COURSE.module(COURSE.slug(short))
    text = module.solution.read_text(encoding="utf-8")
    assert before is None or before in text
    text = text + after if before is None else text.replace(before, after)
    report = grade(module, text.encode(), forks=fork_server(None, walls=False), how=How(kind))
    assert report.verdict == "failed"
    for backend in BACKENDS:
        rows = [row for row in report.checks if row.backend == backend and row.verdict == "failed"]
        assert sum(row.what == "the event loop stands still" for row in rows) <= MAX_KILLS
        assert sum(row.what == "the run does not end" for row in rows) <= MAX_RUNAWAYS
        assert all("line " in row.actual for row in rows if row.untried)
    if name not in ENDS:
        assert any(row.untried for row in report.checks)
