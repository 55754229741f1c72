"""The page to step through a run: what it shows, that it loads nothing, and that no text of a submission becomes markup."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys

import pytest

from grader.checks.trace import Trace
from grader.display.run_steps import steps_of
from grader.display.steps_page import page
from grader.steps.page import lines_of

SOURCE = "async def main(lock):\n    async with lock:\n        await x()  # </script><img src=q onerror=alert(1)>\n"
HOSTILE = "</script><script>alert(1)</script>`<b>"


def move(task, t, path, *, line, over=False, ready=(), held=(), tick=-1, who=None, call="", of=""):
    return {
        "task": task,
        "who": who or f"t{task}",
        "span": None,
        "t": t,
        "ready": list(ready),
        "path": path,
        "tick": tick,
        "over": over,
        "line": line,
        "call": call,
        "of": of,
        "held": [list(each) for each in held],
    }


def run_of(moves, path, notes=()):
    return Trace(
        {
            "format": 1,
            "backend": "trio",
            "seed": 3,
            "order": "pos",
            "cancel": None,
            "fault": None,
            "spans": [],
            "notes": list(notes),
            "steps": len(moves),
            "time": 1.0,
            "end": {"kind": "done", "text": "", "waiting": []},
            "tasks": [{"name": "t0"}, {"name": HOSTILE}],
            "probes": {"observed": {"moves": moves, "path": path, "lines": [], "raised": []}},
        }
    )


@pytest.fixture
def trace():
    moves = [
        move(0, 0, 2, line=3, ready=[1], held=[["lock", 0]], call="sleep"),
        move(1, 0, 3, line=2, who=HOSTILE, held=[["lock", 0]], call="Lock.acquire", of="lock"),
        move(0, 1, 3, line=None, over=True),  # nothing of the file, and nothing happened
        move(1, 1, 4, line=None, over=True, who=HOSTILE, tick=0),
    ]
    path = [["t0#0", 2], ["t0#0", 3], [f"{HOSTILE}#1", 2], [f"{HOSTILE}#1", 3]]
    note = {"t": 1, "order": 0, "who": HOSTILE, "what": "put", "value": HOSTILE, "span": None}
    return run_of(moves, path, [note])


def page_of(trace):
    return page(trace, SOURCE, title=f"R1 {HOSTILE}", file="x.py", failed=HOSTILE)


def test_steps_say_who_ran_what_others_wait_for_and_what_is_held(trace):
    steps, left_out = steps_of(trace)
    assert left_out == 1
    assert [(step.number, step.who, step.lines, step.time) for step in steps] == [
        (1, "t0", (2, 3), "0"),
        (2, HOSTILE, (2,), "0"),
        (4, HOSTILE, (3,), "1"),
    ]
    first, second, last = steps
    assert [(task.name, task.state) for task in first.tasks] == [("t0", "ran"), (HOSTILE, "ready")]
    assert [(task.state, task.words) for task in second.tasks] == [
        ("waits", "waits in line 3, in `sleep`"),
        ("ran", "waits in line 2, in `Lock.acquire` of `lock`"),
    ]
    assert second.held == ("`lock` is held by `t0`",)
    assert last.happened == (f"`{HOSTILE}`: put {HOSTILE}",)
    assert [task.name for task in last.tasks] == [HOSTILE]  # the other one has ended before


def test_a_run_that_nobody_looked_at_has_no_steps(trace):
    trace.data["probes"].pop("observed")
    with pytest.raises(ValueError, match="not looked at closely"):
        page_of(trace)


def test_a_run_that_got_stuck_in_a_step_shows_its_last_lines(trace):
    observed = trace.data["probes"]["observed"]
    observed["path"] += [["t0#0", 1]]
    trace.data["end"].update(kind="stuck", text="it blocks")
    last = steps_of(trace)[0][-1]
    assert (last.who, last.lines, last.then) == ("t0", (1,), "stuck: it blocks")


def test_no_text_of_a_submission_becomes_markup(trace):
    text = page_of(trace)
    assert text.count("<script") == text.count("</script>") == 2  # the data and the page's own
    assert "<img" not in text
    assert "<b>" not in text
    assert "<script>alert" not in text


def test_the_page_loads_nothing_and_runs_only_its_own_script(trace):
    text = page_of(trace)
    assert not re.search(r"https?:|\bsrc=|@import|url\(|\bhref=", text.replace("&lt;img src=q", ""))
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    for part in (script, style):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" in text
    assert "innerHTML" not in script


def test_without_javascript_there_is_a_table_of_all_steps(trace):
    text = page_of(trace)
    body = re.search(r"<tbody>\n(.*?)\n</tbody>", text, re.DOTALL)[1]
    rows = body.split("\n")
    assert len(rows) == 3
    assert "<code>t0</code> waits in line 3, in <code>sleep</code>" in rows[1]
    assert '<details id="all" open>' in text
    assert '<main id="player" hidden>' in text


def test_lines_are_counted_as_python_counts_them(trace):
    text = page(trace, "a = 1\f\n\tb = 2\r\nc = 3", title="", file="x.py", passed="")
    numbers = re.findall(
        r'<span class="no">(\d+)</span><span class="sign"></span><span class="code">(.*?)</span>', text
    )
    assert [number for number, _ in numbers] == ["1", "2", "3"]
    assert numbers[1][1] == "    b = 2"


def test_the_data_is_that_of_the_steps(trace):
    data = json.loads(re.search(r'id="run">(.*?)</script>', page_of(trace))[1])
    assert [step["who"] for step in data["steps"]] == ["t0", HOSTILE, HOSTILE]


@pytest.mark.parametrize(
    ("lines", "words"),
    [([4], "line 4"), ([4, 4, 5, 6, 9], "lines 4-6, 9"), ([7, 3], "lines 3, 7")],
)
def test_lines_in_words(lines, words):
    assert lines_of(lines) == words


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
def test_a_browser_shows_the_step_that_is_asked_for(trace, tmp_path):
    (tmp_path / "run.html").write_text(page_of(trace), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"--user-data-dir={tmp_path}/p"]
    done = subprocess.run(
        [*command, f"file://{tmp_path}/run.html#step-2"], capture_output=True, text=True, check=False, timeout=100
    )
    dom = html.unescape(done.stdout)
    sys.stdout.write(done.stderr[-500:])
    assert "Step 2 of 3 · 0 s" in dom
    assert 'aria-valuetext="step 2 of 3, 0 seconds' in dom
    assert '<div class="at" aria-current="step"><span class="no">2</span><span class="sign">▶</span>' in dom
    assert '<main id="player">' in dom
