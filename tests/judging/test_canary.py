"""A file with known faults is played in the submission's process: what was changed there shows, what is honest does not."""

import contextlib
from pathlib import Path

import pytest

from grader.checks.collect import checks_of
from grader.checks.play import Play, order_of
from grader.checks.rule import NotRun
from grader.course import BACKENDS, Course
from grader.judging.canary import CHANGED, SAID, Canary, first_difference, without_search
from grader.judging.canary_file import canary_text
from grader.judging.judge import How, grade
from grader.judging.searches import plain_run
from grader.judging.session import Session
from grader.judging.submission import examine

#: What lines appended to a file change in the worker, and which evidence that would hide.
CHANGES = {
    "what is left": "_Player._run.__globals__['Probes'].left_by = lambda *_: {}",
    "what blocks": (
        "_P = _Player._run.__globals__['Probes']\n_plain = _P.plain\n"
        "_P.plain = lambda self: {**_plain(self), 'blocking': []}"
    ),
    "how a call ended": (
        "_end = _World._end\n"
        "def _ended(self, span, how, **more):\n"
        "    cancelled = span.subject and span.outside\n"
        "    _end(self, span, 'cancelled' if cancelled else how, **({} if cancelled else more))\n"
        "_World._end = _ended"
    ),
    "the order of tasks": "_Player._run.__globals__['Order'].pick = lambda *_: 0",
    "the backend": "_sides = _Player._run.__globals__['_SIDES']\n_sides['trio'] = _sides['asyncio']",
    "the clock": (
        "_C = _Player._run.__globals__['Control']\n_step = _C.after_step\n"
        "def _slow(self, task):\n    self.now += 1e-6\n    _step(self, task)\n"
        "_C.after_step = _slow"
    ),
    "only while its own text is there": (
        "import sys\n_own = sys.modules[__name__]\n"
        "_P = _Player._run.__globals__['Probes']\n_left = _P.left_by\n"
        "_P.left_by = lambda *_: {} if hasattr(sys.modules['tiny'], '_reach') else _left(*_)"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_in_the_worker_is_flagged(tiny, forks, texts, forged, change):
    report = grade(tiny.module("m01"), forged(texts["right"], CHANGES[change]).encode(), forks=forks)
    assert [flag for flag in report.flags if flag.startswith((SAID, CHANGED))], (change, report.flags)


#: What only the comparison of the worker's code shows: none of it changes a record.
UNSEEN = {
    "a method": "_left = _World.now.fget\n_World.now = property(lambda self: _left(self))",
    "the code of a method": (
        "def note(self, what, value=None, *, who=None):\n"
        "    span = _spans.get()\n"
        "    self._control.record.note(who or (span.who if span is not None else 'scene'), what, value, span)\n"
        "_World.note.__globals__['_spans'] = _World.note.__globals__['current_span']\n"
        "_World.note.__code__ = note.__code__"
    ),
    "a static method": "_as_call = _World.as_call\n_World.as_call = staticmethod(lambda act: _as_call(act))",
    "a function of a module": "_names = _World._span.__globals__\n_old = _names['leaves']\n_names['leaves'] = lambda e: _old(e)",
    "a class": "_names = _World._span.__globals__\nclass Mine(_names['Passage']): pass\n_names['Passage'] = Mine",
}


@pytest.mark.parametrize("change", UNSEEN)
def test_code_that_was_exchanged_is_flagged(tiny, forks, texts, forged, change):
    report = grade(tiny.module("m01"), forged(texts["right"], UNSEEN[change]).encode(), forks=forks)
    assert report.verdict == "passed", [(row.id, row.message, row.actual) for row in report.checks]
    assert CHANGED in report.flags


def test_the_number_of_the_code_depends_on_the_word_alone(tiny, forks, texts):
    module = tiny.module("m01")
    submission = examine(module, texts["right"].encode())
    with Session(module, submission, forks) as one, Session(module, submission, forks) as other:
        assert one.seal("a") is None
        for session in (one, other):
            session.load()
        list(one.play({"backend": "trio", "plan": {"value": 7, "delay": 1}, "search": {"kind": "once"}}))
        assert one.seal("a") == other.seal("a") != one.seal("b")


HONEST = {
    "nothing else": "",
    "a file kept open": "LOG = open('log.txt', 'w')\n",
    "a stream made when the file is imported": "SEND, RECEIVE = anyio.create_memory_object_stream(1)\n",
    "it sleeps when it is imported": "import time\ntime.sleep(0.01)\n",
    "names that hide those of Python": "list = dict = sorted = type = isinstance = callable = Exception = None\n",
    "warnings that it does not want": "import warnings\nwarnings.simplefilter('ignore')\n",
    "a signal and an exit": "import atexit, signal\nsignal.signal(signal.SIGUSR1, print)\natexit.register(print)\n",
    "other line ends": "\r\n\r\n# Mac and Windows\r\x0c\n",
    "no end of the last line": "_ = 1",
    "logging": "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogging.getLogger(__name__).info('hello')\n",
    "a registry that takes each name once": (
        "import codecs\ncodecs.register(lambda name: None)\nassert not codecs.__dict__.get('_seen')\n"
    ),
}


@pytest.mark.parametrize("habit", HONEST)
def test_an_honest_file_is_not_flagged(tiny, forks, texts, habit):
    for _ in range(2):
        report = grade(tiny.module("m01"), (texts["right"] + HONEST[habit]).encode(), forks=forks)
        assert not [flag for flag in report.flags if flag.startswith((SAID, CHANGED))], report.flags


def test_only_what_counts_has_a_canary(tiny, forks, texts, monkeypatch):
    monkeypatch.setattr(Canary, "look", lambda *_, **__: pytest.fail("the canary was played"))
    grade(tiny.module("m01"), texts["right"].encode(), forks=forks, how=How(kind="public"))


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("slug", [path.parent.name for path in sorted(ROOT.glob("course/m*/module.toml"))])
def test_in_each_module_the_canary_has_something_to_hide_and_repeats_itself(slug, forks):
    """With plans of the module's checks, on both backends, in two processes."""
    module = Course(ROOT).module(slug)
    text = canary_text(module.names).encode()
    with Session(module, examine(module, text), forks) as one, Session(module, examine(module, text), forks) as other:
        for check in checks_of(module, "hidden")[:8]:
            for backend in BACKENDS:
                with contextlib.suppress(Exception):  # it solves nothing
                    check.function(Play(one, backend=backend))
        faults: dict[str, set[str]] = {backend: set() for backend in BACKENDS}
        for request in [*one.requests]:
            traces = []
            for session in (one, other):
                session.settle()
                session.load()
                traces.append(session.play_runs(without_search(request), [plain_run(**order_of(5))]))
            assert first_difference(*traces) == ""
            faults[request["backend"]] |= {fault for trace in traces[0] for fault in faults_in(trace)}
    assert faults == {key: {"blocks", "streams", "locks"} for key in BACKENDS}


def faults_in(trace):
    calls = [span for span in trace["spans"] if span["subject"]]
    return {kind for call in calls for kind in call.get("left", {})} | (
        {"blocks"} if trace["probes"]["blocking"] else set()
    )


def test_the_canary_has_known_faults(forks, checkout):
    module = Course(checkout).module("m01")
    plan = {"jobs": {"A": [["wait", 1.0], ["give", "A"]]}, "timeout": 5.0}
    for backend in BACKENDS:
        with Session(module, examine(module, canary_text(module.names).encode()), forks) as session:
            session.load()
            request = {"backend": backend, "plan": plan, "outside": {}, "debugger": False}
            (trace,) = session.play_runs(request, [{"seed": 3, "order": "uniform", "cancel": None, "fault": None}])
        (call,) = [span for span in trace["spans"] if span["subject"]]
        assert call["left"].keys() == {"streams", "locks"}
        assert [block["call"] for block in trace["probes"]["blocking"]] == ["time.sleep"]


def test_a_canary_that_cannot_be_played_costs_nothing(tiny, forks, texts, monkeypatch):
    """Whatever is wrong with it, the submission's verdict stands, and nobody is accused."""

    def broken(*_):
        raise NotRun("the run's record is not valid")

    monkeypatch.setattr(Session, "play_runs", broken)
    report = grade(tiny.module("m01"), texts["right"].encode(), forks=forks)
    assert (report.verdict, report.flags) == ("passed", ())


def test_names_of_the_plan_are_no_reason_for_a_flag(forks):
    """The canary's record may hold what the plan names, such as an actor of its own."""
    module = Course(ROOT).module("m01")
    report = grade(module, module.solution.read_bytes(), forks=forks)
    assert (report.verdict, report.flags) == ("passed", ())
