from types import SimpleNamespace

import pytest

from grader.course import BACKENDS, Clause
from grader.judging.points import clause_score, gaps, score
from grader.judging.report import Row, Score, verdict_of


def rows(*parts, clause="m01.R1"):
    """Rows of one clause: ("core" or "stretch", verdict on asyncio, verdict on trio) each."""
    words = {"+": "passed", "-": "failed", "?": "not run"}
    return [
        Row(f"test_{n}", clause, "result", backend, words[verdict], "says", core=part == "core")
        for n, (part, *verdicts) in enumerate(parts)
        for backend, verdict in zip(BACKENDS, verdicts, strict=True)
    ]


CLAUSE = Clause("R1", "result", core=9, stretch=5)


@pytest.mark.parametrize(
    ("parts", "points"),
    [
        ([("core", "+", "+"), ("stretch", "+", "+")], 14),
        ([("core", "+", "-"), ("stretch", "+", "+")], 4 + 5),
        ([("core", "+", "-"), ("stretch", "-", "+")], 4 + 2),
        ([("core", "+", "-"), ("core", "-", "+"), ("stretch", "+", "+")], 5),
        ([("core", "-", "-"), ("stretch", "+", "+")], 5),
        ([("core", "+", "+"), ("stretch", "-", "-")], 9),
        ([("core", "+", "?"), ("stretch", "+", "+")], None),
        ([("core", "+", "+")], None),
        ([], None),
    ],
)
def test_what_a_clause_earns(parts, points):
    assert clause_score(CLAUSE, rows(*parts)) == Score(points, 14)


def test_a_part_without_points_still_has_to_be_run():
    clause = Clause("G6", "result", core=9, stretch=0)
    assert clause_score(clause, rows(("core", "+", "+"), ("stretch", "-", "-"))) == Score(9, 9)
    assert clause_score(clause, rows(("core", "+", "+"), ("stretch", "?", "+"))) == Score(None, 9)


def test_blank_is_neither_zero_nor_full():
    assert Score(3, 5) + Score(None, 5) == Score(None, 10)


def test_rows_add_up_to_their_clause(tiny):
    module = tiny.module("m01")
    given = [
        *rows(("core", "+", "+"), ("core", "+", "+"), ("core", "+", "+")),
        *rows(("core", "+", "-"), ("stretch", "+", "+"), clause="m01.R2"),
        *rows(("core", "?", "+"), clause="m01.G3"),
    ]
    clauses, aspects, scored = score(module, given)
    assert clauses == {"m01.R1": Score(61, 61), "m01.R2": Score(16, 24), "m01.G3": Score(None, 15)}
    assert aspects == {"result": Score(61, 61), "timeout": Score(16, 24), "leak": Score(None, 15)}
    for id_ in ("m01.R1", "m01.R2"):
        assert sum(row.points for row in scored if row.clause == id_) == clauses[id_].points
    assert {row.points for row in scored if row.clause == "m01.G3"} == {None}


def test_points_that_no_check_can_earn_are_named(tiny):
    module = tiny.module("m01")

    class Fake:
        def __init__(self, clause, core):
            self.clause, self.core = clause, core

    assert gaps(module, [Fake("R1", True), Fake("R2", True), Fake("R2", False), Fake("G3", True)]) is None
    said = gaps(module, [Fake("R1", True), Fake("R2", True)])
    assert said.startswith("no hidden check for R2 (stretch), G3 (core) of m01_tiny")


@pytest.mark.parametrize(("core", "named"), [(None, True), (True, False), (False, False)])
def test_a_clause_without_points_needs_some_check_too(tiny, core, named):
    toml = tiny.root / "course/m01_tiny/module.toml"
    text = toml.read_text().replace("core = 15, stretch = 0", "core = 0, stretch = 0").replace("core = 61", "core = 76")
    toml.write_text(text)
    checks = [SimpleNamespace(clause=id_, core=True) for id_ in ("R1", "R2")]
    checks.append(SimpleNamespace(clause="R2", core=False))
    if core is not None:
        checks.append(SimpleNamespace(clause="G3", core=core))
    said = gaps(tiny.module("m01"), checks)
    assert (said is not None and said.startswith("no hidden check for G3 of m01_tiny")) is named


def test_the_verdict_over_rows():
    assert verdict_of(rows(("core", "+", "+"))) == "passed"
    assert verdict_of(rows(("core", "+", "-"))) == "failed"
    assert verdict_of(rows(("core", "-", "?"))) == "not run"
    assert verdict_of([]) is None
