"""The learner's progress: kept, carried, never lost, and of no weight for a grade."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest

from grader.display.show import text_of
from grader.learner import progress
from grader.learner.progress import reach, read
from grader.learner.standing import standings
from grader.learner.standing import table as lines_of
from grader.notebook.progress_table import progress as table

FIRST = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_nothing_is_known_at_first(tmp_path):
    assert read(tmp_path).of("m01_tiny").stage is None
    assert list(tmp_path.iterdir()) == []


def test_who_writes_at_the_same_time_loses_nothing(tmp_path):
    slugs = [f"m{number:02}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(partial(reach, tmp_path), slugs, ["started"] * 40)) == {""}
    assert sorted(read(tmp_path).modules) == slugs


def test_what_was_reached_keeps_its_time(tmp_path):
    assert reach(tmp_path, "m01", "started", now=FIRST) == ""
    assert reach(tmp_path, "m01", "started", "core", now=LATER) == ""
    entry = read(tmp_path).of("m01")
    assert entry.when == {"started": "2026-11-01T12:00:00Z", "core": "2026-11-02T12:00:00Z"}
    assert entry.stage == "core"
    plain = json.loads((tmp_path / progress.NAME).read_text())
    assert plain["format"] == 1
    assert list(tmp_path.iterdir()) == [tmp_path / progress.NAME]


def test_hints_only_grow(tmp_path):
    reach(tmp_path, "m01", hints=2)
    reach(tmp_path, "m01", hints=1)
    reach(tmp_path, "m02", "started")
    assert (read(tmp_path).of("m01").hints, read(tmp_path).of("m01").stage) == (2, None)


def test_who_has_seen_the_solution_has_not_done_it(tmp_path):
    reach(tmp_path, "m01", "started", "seen")
    assert read(tmp_path).of("m01").stage == "seen"
    reach(tmp_path, "m01", "core")
    assert read(tmp_path).of("m01").stage == "seen"


def test_nothing_new_writes_nothing(tmp_path):
    reach(tmp_path, "m01", "started")
    before = (tmp_path / progress.NAME).stat().st_mtime_ns
    reach(tmp_path, "m01", "started", now=LATER)
    assert (tmp_path / progress.NAME).stat().st_mtime_ns == before


def test_the_file_carries_to_another_machine(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    reach(tmp_path / "here", "m01", "core")
    (tmp_path / "there" / progress.NAME).write_bytes((tmp_path / "here" / progress.NAME).read_bytes())
    assert read(tmp_path / "there").of("m01").stage == "core"


BROKEN = ["", "{", "[]", "3", '{"format": 1}', '{"format": 1, "modules": []}', '{"format": 1, "modules": {"m01": 3}}',
          '{"format": 1, "modules": {"m01": {"core": 3}}}', '{"format": 1, "modules": {"m01": {"hints": "x"}}}', '{"format": 1, "modules": {"m01": {"files": {"core": 3}}}}']  # fmt: skip


@pytest.mark.parametrize("text", [*BROKEN, '{"format": 2, "modules": {}}'])
def test_a_file_that_cannot_be_used_is_kept_aside(tmp_path, text):
    path = tmp_path / progress.NAME
    path.write_text(text)
    what = "was written by a newer version" if '"format": 2' in text else "is broken"
    assert read(tmp_path).said == f"progress.json {what}"
    assert path.read_text() == text
    said = reach(tmp_path, "m01", "started", now=FIRST)
    assert said == f"progress.json {what}: it is kept as progress.2026-11-01-120000.json, and a new one begun"
    assert (tmp_path / "progress.2026-11-01-120000.json").read_text() == text
    assert read(tmp_path).of("m01").stage == "started"
    path.write_text("{")
    assert "progress.2026-11-01-120000-2.json" in reach(tmp_path, "m01", "core", now=FIRST)


def test_no_place_to_write_is_one_line(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(progress, "write", refuse)
    said = reach(tmp_path, "m01", "started")
    assert said == "your progress is not kept: progress.json cannot be written (permission denied)"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def states(course):
    return [line.state for line in standings(course)[0]]


@pytest.fixture
def write(tiny, texts):
    def hand_in(name):
        tiny.module("m01").stub.write_text(texts[name], encoding="utf-8")

    return hand_in


def test_only_the_file_that_passed_has_passed(tiny, texts, write):
    write("right")
    reach(tiny.root, "m01_tiny", "started", "core", "all", sha256=sha256(texts["right"]))
    assert states(tiny) == ["✓ all passed"]
    write("at_once")
    assert states(tiny) == ["↻ passed before, changed since: check again"]
    reach(tiny.root, "m01_tiny", "started", "core", sha256=sha256(texts["at_once"]))
    assert states(tiny) == ["✓ core passed"]
    write("right")
    assert states(tiny) == ["✓ all passed"]
    write("stub")
    assert states(tiny) == ["· not started"]
    assert standings(tiny)[0][0].is_open


def test_the_solution_seen_says_nothing_of_a_file_that_has_changed(tiny, texts, write):
    write("right")
    reach(tiny.root, "m01_tiny", "seen")
    assert states(tiny) == ["○ solution seen"]
    reach(tiny.root, "m01_tiny", "core", "all", sha256=sha256(texts["right"]))
    assert states(tiny) == ["○ solution seen, then passed"]
    write("at_once")
    assert states(tiny) == ["○ solution seen, then passed, changed since: check again"]


def test_progress_from_before_hashes_is_read_and_asks_for_a_check(tiny, texts, write, monkeypatch):
    monkeypatch.chdir(tiny.root)
    old = '{"format": 1, "modules": {"m01_tiny": {"core": "2026-11-01T12:00:00Z", "hints": 2}}}'
    (tiny.root / progress.NAME).write_text(old)
    assert states(tiny) == ["· not started"]
    write("right")
    assert states(tiny) == ["↻ passed before: check again"]
    assert table()._lines[0].hints == "2 of 3"
    reach(tiny.root, "m01_tiny", "core", sha256=sha256(texts["right"]), now=LATER)
    assert states(tiny) == ["✓ core passed"]
    assert read(tiny.root).of("m01_tiny").when == {"core": "2026-11-01T12:00:00Z"}


def test_a_long_state_takes_two_lines_not_the_title(tiny, texts, write):
    write("right")
    reach(tiny.root, "m01_tiny", "all", sha256="of another file")
    said = text_of(lines_of(standings(tiny)[0]))
    assert "m01      Tiny " in said
    assert "↻ passed before, changed" in said
    assert "since: check again" in said


def test_the_table_has_a_line_for_every_module(tiny, texts, monkeypatch):
    monkeypatch.chdir(tiny.root)
    assert [line.state for line in standings(tiny)[0]] == ["· not started"]
    tiny.module("m01").stub.write_text(texts["right"], encoding="utf-8")
    assert [line.state for line in standings(tiny)[0]] == ["… started"]
    reach(tiny.root, "m01_tiny", "core", hints=2, sha256=sha256(texts["right"]), now=FIRST)
    shown = str(table())
    assert "m01" in shown
    assert "✓ core passed" in shown
    assert "2026-11-01" in shown
    assert "2 of 3" in shown
    html = table()._repr_html_()
    assert "✓ core passed" in html
    assert '<th scope="col"' in html
