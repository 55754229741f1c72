"""Golden reports, one per kind of submission, from real children; UPDATE_GOLDEN=1 writes them anew."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import BACKENDS
from grader.course.key import SELF_CHECK_KEY, course_key
from grader.judging.answers import TimeLimits
from grader.judging.judge import How, grade, report_without_file, stamp
from grader.judging.report import Report
from grader.judging.run_check import plan_key

GOLDEN = Path(__file__).parent / "golden"
SPENT = re.compile(r"used [0-9.]+ s")
QUICK = How(limits=TimeLimits(total=30, silence=10, cpu=5))

KINDS = {
    "right": lambda right: right,
    "returns_nothing": lambda right: right.replace("return value", "return None"),
    "too_early": lambda right: right.replace("sleep(delay)", "sleep(min(delay, 60))"),
    "asyncio_only": lambda right: right.replace("import anyio", "import asyncio as anyio"),
    "raises": lambda right: right.replace("return value", "raise KeyError('a secret')"),
    "swallows_on_trio_only": lambda right: right.replace(
        "    await anyio.sleep(delay)\n",
        "    import trio\n    try:\n        await anyio.sleep(delay)\n    except trio.Cancelled:\n        pass\n",
    ),
    "waits_for_ever": lambda right: right.replace("sleep(delay)", "sleep_forever()"),
    "spins": lambda right: right.replace("    return value", "    while True: pass"),
    "exits": lambda right: right.replace("return value", "import os; os._exit(3)"),
    "not_started": None,
    "syntax_error": lambda right: right + "def f(:\n",
    "import_fails": lambda right: "import nobody_has_this\n" + right.partition("annotations\n")[2],
    "exits_at_import": lambda right: right + "\nimport os; os._exit(0)\n",
    "name_missing": lambda right: right.replace("def later", "def sooner"),
    "not_callable": lambda right: right + "\nlater = 7\n",
    "no_coroutine": lambda right: right.replace("async def", "def").replace("await ", ""),
    "empty": lambda right: "",
}


def plain(report):
    """A report without what changes from day to day."""
    data = report.plain()
    data["seconds"] = 0.0
    data["grader"] = dict.fromkeys(data["grader"], "…")
    for row in data["checks"]:
        row["actual"] = SPENT.sub("used … s", row["actual"]) if "actual" in row else None
    data["submission"] = {"sha256": "…" if data["submission"]["sha256"] else None}
    return data


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind == "spins" else kind for kind in KINDS]
)
def test_the_report_of_each_kind_of_submission(tiny, forks, texts, kind):
    text = texts["stub"] if kind == "not_started" else KINDS[kind](texts["right"])
    report = grade(tiny.module("m01"), text.encode(), forks=forks, how=QUICK)
    found = json.dumps(plain(report), indent=1) + "\n"
    path = GOLDEN / f"{kind}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert json.loads(found) == json.loads(path.read_text(encoding="utf-8"))
    assert Report.from_plain(json.loads(report.json())) == report


def test_the_keys_of_a_report_come_in_one_order(tiny, forks, texts):
    report = json.loads(grade(tiny.module("m01"), texts["right"].encode(), forks=forks).json(learner="ada"))
    assert list(report) == [
        "learner", "format", "module", "verdict", "points", "max_points", "core", "clauses", "aspects", "isolation",
        "checks", "grader", "submission", "seconds",
    ]  # fmt: skip
    assert list(report["grader"]) == ["version", "anyio", "trio", "checks", "scene", "module.toml"]
    assert list(report["checks"][0])[:7] == ["id", "clause", "aspect", "backend", "verdict", "points", "message"]


def test_the_same_file_gets_the_same_report_twice(tiny, forks, texts):
    module, text = tiny.module("m01"), KINDS["returns_nothing"](texts["right"]).encode()
    first, second = (grade(module, text, forks=forks) for _ in range(2))
    assert plain(first) == plain(second)


def test_no_text_of_an_exception_reaches_what_the_learner_reads(tiny, forks, texts):
    report = grade(tiny.module("m01"), KINDS["raises"](texts["right"]).encode(), forks=forks)
    for row in report.checks:
        assert "a secret" not in f"{row.message} {row.what} {row.expected} {row.actual} {row.where}"


def test_leaving_a_task_behind_does_not_hide_what_a_cancellation_does(tiny, forks, texts):
    text = texts["swallows"].replace("import anyio", "import anyio, asyncio")
    leaky = text.replace("    try:", "    asyncio.ensure_future(asyncio.sleep(9999))\n    try:")
    report = grade(tiny.module("m01"), leaky.encode(), forks=forks, how=How(backends=("asyncio",)))
    verdicts = {row.id: row.verdict for row in report.checks}
    assert verdicts["test_cancelled"] == "failed"


# -- a broken course is never the learner's fault -------------------------------------------------------------------
def broken(tiny, forks, texts, hidden):
    module = tiny.module("m01")
    if hidden is None:
        module.hidden_checks[0].unlink()
    else:
        module.hidden_checks[0].write_text(hidden, encoding="utf-8")
    return grade(module, texts["right"].encode(), forks=forks)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: None, "is missing: the hidden checks of m01_tiny belong there"),
        (lambda text: text + "\nimport nobody_has_this\n", "cannot be imported: ModuleNotFoundError"),
        (lambda text: text + "\ndef test_more(play): pass\n", "test_more has no rule"),
        (lambda text: text.replace('"G3"', '"G4"'), "clause G4 is not in course/m01_tiny/module.toml"),
        (lambda text: text.replace("(play)", "(play, other)", 1), "test_value takes other arguments than `play`"),
        (lambda text: text.replace("core=False", "core=True"), "no hidden check for R2 (stretch) of m01_tiny"),
        (lambda text: "", "holds no check"),
        (lambda text: text.replace('step="sleep")', 'step="sleep", aspect="speed")'), "'speed' is not an aspect"),
    ],
    ids=["missing", "import", "no rule", "clause", "arguments", "gap", "empty", "aspect"],
)
def test_broken_checks_leave_everything_blank(tiny, forks, texts, change, said):
    report = broken(tiny, forks, texts, change(texts["hidden"]))
    assert (report.verdict, report.core, report.points) == ("not run", None, None)
    assert said in report.reason
    assert {score.points for score in report.aspects.values()} == {None}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    1 / 0", "the check itself broke: ZeroDivisionError: division by zero (test_tiny.py, line"),
        ("    pass", "the check looked at no trace"),
        ("    assert play(value=7, delay=3).call.end > 99", "the check itself broke: AssertionError"),
        ("    play(value=7, dealy=3).call", "it has no part dealy"),
    ],
    ids=["raises", "looks at nothing", "asserts", "unknown plan"],
)
def test_a_broken_check_blanks_its_clause_alone(tiny, forks, texts, body, said):
    head, _, tail = texts["hidden"].partition(
        '    t = play(value=7, delay=3)\n    t.expect("ended at", t.call.end, near(3))'
    )
    report = broken(tiny, forks, texts, head + body + tail)
    assert report.verdict == "not run"
    assert (report.clauses["m01.R2"].points, report.clauses["m01.R1"].points) == (None, 61)
    assert report.points is None
    assert said in report.reason


def test_a_missing_scene_is_not_run(tiny, forks, texts):
    module = tiny.module("m01")
    module.scene.unlink()
    assert grade(module, texts["right"].encode(), forks=forks).verdict == "not run"


def test_public_checks_need_not_cover_every_clause(tiny, forks, texts):
    module = tiny.module("m01")
    public = texts["hidden"].partition('@check("R2"')[0]
    module.public_checks.write_text(public, encoding="utf-8")
    report = grade(module, texts["right"].encode(), forks=forks, how=How(kind="public", backends=("trio",)))
    assert (report.verdict, len(report.checks)) == ("passed", 1)


def test_a_missing_file_is_failed_with_its_reason(tiny):
    report = report_without_file(tiny.module("m01"), "there is no tiny.py in m01_tiny", "none")
    assert (report.verdict, report.points, report.sha256) == ("failed", 0, None)
    assert report.reason == "there is no tiny.py in m01_tiny"


# -- no answer ------------------------------------------------------------------------------------------------------
class FirstSilent:
    """A fork server whose first children say nothing; those after them are real."""

    level = "none"

    def __init__(self, forks, *silent):
        self.forks, self.silent = forks, list(silent)

    def child(self):
        return self.silent.pop(0) if self.silent else self.forks.child()


@pytest.mark.parametrize("answers", [["silence"], [{"loaded": True}, "silence"]], ids=["at loading", "in a check"])
@pytest.mark.parametrize(("tries", "verdict"), [(2, "passed"), (1, "not run")])
def test_a_file_that_gives_no_answer_is_graded_once_more(tiny, forks, script, texts, answers, tries, verdict):
    how = replace(QUICK, limits=replace(QUICK.limits, silence=0.5), tries=tries)
    report = grade(tiny.module("m01"), texts["right"].encode(), forks=FirstSilent(forks, script(answers)), how=how)
    assert (report.verdict, report.late) == (verdict, verdict == "not run")


# -- keys -----------------------------------------------------------------------------------------------------------
def test_plans_depend_on_key_file_and_check():
    keys = {plan_key(key, sha, check) for key in (b"a", b"b") for sha in ("1", "2") for check in ("x", "y")}
    assert len(keys) == 8
    assert plan_key(b"a", "1", "x") == plan_key(b"a", "1", "x")


def test_the_course_key_is_a_file_at_the_root(tiny):
    assert course_key(tiny.root) == SELF_CHECK_KEY
    (tiny.root / ".course_key").write_text("secret\n")
    assert course_key(tiny.root) == b"secret"


def test_the_stamp_changes_with_each_thing_a_verdict_depends_on(tiny):
    module = tiny.module("m01")
    shared = module.hidden_folder / "plans.py"
    shared.touch()
    files = (
        ("checks", module.hidden_checks[0]),
        ("checks", shared),
        ("scene", module.scene),
        ("module.toml", module.toml),
    )
    before = stamp(module)
    for key, path in files:
        path.write_text(path.read_text() + "\n")
        after = stamp(module)
        assert {name for name in after if after[name] != before[name]} == {key}
        before = after
    assert before["anyio"]
    assert before["trio"]


def test_two_modules_with_equal_names_of_check_files_do_not_meet(tiny, texts):
    from grader.checks.collect import checks_of

    module = tiny.module("m01")
    hidden, public = checks_of(module), checks_of(module, "public")
    assert [check.id for check in hidden] == [check.id for check in public]
    assert all(h.function is not p.function for h, p in zip(hidden, public, strict=True))
    assert len(BACKENDS) == 2


@pytest.mark.parametrize(("kind", "shown"), [("hidden", False), ("public", True)])
def test_a_text_that_the_file_made_is_shown_in_its_own_check_only(tiny, forks, texts, kind, shown):
    """What a hidden plan told the file must not come back on a page."""
    text = texts["right"].replace("return value", "return 'what the ' + 'plan had'")
    report = grade(tiny.module("m01"), text.encode(), forks=forks, how=How(kind, backends=("asyncio",)))
    [row] = [row for row in report.checks if row.verdict == "failed"]
    assert (row.actual == "what the plan had") == shown
