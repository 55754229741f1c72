"""What the canary plays and when, and what is made of the answers, without any child."""

import random
from types import SimpleNamespace

import pytest

from grader.checks.rule import NotRun
from grader.course import BACKENDS
from grader.judging import canary as judging
from grader.judging.answers import Late
from grader.judging.canary import CHANGED, IMPORT, SAID, Canary, essence, first_difference, without_search
from grader.judging.canary_file import behind, canary_text
from grader.judging.searches import plain_run
from tests.records import note, record, span

ASYNCIO = {"backend": "asyncio", "plan": {"value": 1}, "search": {"kind": "orders", "runs": []}}
TRIO = {"backend": "trio", "plan": {"value": 2}, "search": {"kind": "once"}}
CANCELLED = {"backend": "asyncio", "plan": {"value": 3}, "search": {"kind": "cancel", "who": "caller"}}
SUBMITTED = "a = 1\nb = 2\n"


def trace_of(request, run, lines=0, **changes):
    """The trace of a run of the canary, which stands behind so many lines."""
    place = {"line": 5 + lines}
    probes = {"blocking": [{**place, "call": "time.sleep"}]}
    return record(span(what="later", **place), **run, backend=request["backend"], probes=probes, **changes)


class Guest:
    """A session whose answers are given.

    Args:
        text: what it has loaded.
        around: the test's `Around`.
    """

    def __init__(self, text, around):
        self.text, self.around = text, around
        self.lines = 0 if text == around.canary_text else around.lines
        self.took, self.played, self.words, self.loads, self.closed = None, [], [], 0, 0

    def take_child(self, other):
        self.took = other
        return self.around.has_child

    def load(self):
        self.loads += 1

    def play_runs(self, request, runs):
        self.played.append((request, runs))
        answer = (self.around.here if self.took else self.around.fresh)(request, runs, self.lines)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def seal(self, word):
        self.words.append(word)
        return self.around.seals[0] if self.took else self.around.seals[1]

    def close(self):
        self.closed += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def plain(request, runs, lines):
    return [trace_of(request, run, lines) for run in runs]


class Around:
    """A canary and what it meets: `here` answers in the submission's child, `fresh` in another one."""

    def __init__(self, module, monkeypatch):
        self.canary_text = canary_text(module.names)
        self.lines = behind(SUBMITTED, self.canary_text)[1]
        self.has_child, self.seals, self.fault = True, ("one", "one"), None
        self.here = self.fresh = plain
        self.guests, self.back, self.loads, self.replayed = [], [], 0, []
        self.session = SimpleNamespace(
            module=module,
            submission=SimpleNamespace(name="tiny.py", text=SUBMITTED),
            forks="forks",
            limits="limits",
            requests=[ASYNCIO, TRIO],
            take_child=self.back.append,
            load=self.load,
            play_runs=lambda *asked: self.replayed.append(asked),
        )
        monkeypatch.setattr(judging, "Session", self.guest)

    def guest(self, module, submission, forks, limits):
        assert (module, submission.name, forks, limits) == (self.session.module, "tiny.py", "forks", "limits")
        self.guests.append(Guest(submission.text, self))
        return self.guests[-1]

    def load(self):
        self.loads += 1
        return self.fault

    def canary(self, seed=0, *, alone=None, backends=None):
        canary = Canary(self.session, random.Random(seed))
        canary._alone = canary._alone if alone is None else alone
        canary._backends = canary._backends if backends is None else [*backends]
        return canary

    def backends(self):
        """On which it was played, guest by guest."""
        return [[request["backend"] for request, _ in guest.played] for guest in self.guests]


@pytest.fixture
def around(tiny, monkeypatch):
    return Around(tiny.module("m01"), monkeypatch)


# -- what is played and when ----------------------------------------------------------------------------------------
def test_the_moment_is_any_but_the_first_ones(around):
    moments = {backend: set() for backend in BACKENDS}
    for canary in map(around.canary, range(400)):
        moments[canary._backends[0]].add(canary.moment(20))
    # Checks are played on asyncio first: what is to be looked at on trio has its moment while they are played there.
    assert moments == {"asyncio": set(range(5, 20)), "trio": set(range(10, 20))}
    assert around.canary().moment(0) == 0


def test_what_is_drawn_is_drawn_from_the_chance_that_is_given(around):
    def drawn(seed):
        canary = around.canary(seed)
        return canary._alone, tuple(canary._backends), canary.moment(20)

    assert [drawn(seed) for seed in range(20)] == [drawn(seed) for seed in range(20)]
    assert {(alone, first) for alone, (first, _), _ in map(drawn, range(40))} == {
        (alone, backend) for alone in (True, False) for backend in BACKENDS
    }
    assert Canary(around.session).moment(1) == 0  # without one, nobody can foresee it


def test_in_the_middle_one_backend_is_looked_at_and_at_the_end_the_other(around):
    canary = around.canary(backends=("trio", "asyncio"))
    canary.look()
    assert (around.guests[0].took, around.back) == (around.session, [around.guests[0]])  # it gets its child back
    assert (around.guests[0].words, around.guests[0].closed) == ([], 1)
    assert canary.flags() == []
    assert around.backends() == [["trio"], ["asyncio"], ["trio", "asyncio"]]
    assert len(around.back) == 1  # at the end nobody needs the child any more
    assert [guest.closed for guest in around.guests] == [1, 1, 1]
    assert around.guests[1].words == around.guests[2].words != []
    assert (around.loads, around.replayed) == (0, [])


def test_what_was_not_played_yet_is_not_looked_at(around):
    around.session.requests = [ASYNCIO]
    canary = around.canary(backends=("trio", "asyncio"))
    canary.look()
    assert canary.flags() == []
    assert around.backends() == [["asyncio"], [], ["asyncio"]]


@pytest.mark.parametrize("alone", [True, False])
def test_of_two_looks_one_is_behind_the_text_of_the_submission(around, alone):
    canary = around.canary(alone=alone)
    canary.look()
    assert canary.flags() == []
    texts = [behind(SUBMITTED, around.canary_text)[0], around.canary_text]
    assert [guest.text for guest in around.guests] == [texts[alone], texts[not alone], around.canary_text]


def test_runs_have_an_order_that_is_drawn_and_a_cancellation_early_and_late(around):
    around.session.requests = [ASYNCIO, CANCELLED]
    seen = []
    for seed in range(150):
        canary = around.canary(seed, backends=("asyncio",))
        canary.look()
        canary._backends = ["asyncio"]
        canary.look()
        played = [guest.played[0] for guest in around.guests[-2:]]
        assert all(request in map(without_search, around.session.requests) for request, _ in played)
        assert all(len(runs) == 2 for _, runs in played)
        cancelled = [run["cancel"] for _, runs in played for run in runs if run["cancel"]]
        assert [cancel["who"] for cancel in cancelled] == ["caller"] * 2
        seen.append(sorted(cancel["after"] for cancel in cancelled))
    assert {after for afters in seen for after in afters} == set(range(1, 13))
    assert all(early <= 4 < late for early, late in seen)


def test_without_a_sweep_there_is_no_cancellation(around):
    canary = around.canary(backends=("trio",))
    canary.look()
    ((request, runs),) = around.guests[0].played
    assert request == {"backend": "trio", "plan": {"value": 2}}
    assert [run["cancel"] for run in runs] == [None]


def test_a_child_that_was_discarded_is_replaced_for_the_last_look(around):
    assert around.canary().flags() == []
    assert around.loads == 2  # before it has played and after
    ((request, runs),) = around.replayed
    assert request in ({"backend": "asyncio", "plan": {"value": 1}}, {"backend": "trio", "plan": {"value": 2}})
    assert runs == [plain_run()]
    assert sorted(around.backends()[0]) == ["asyncio", "trio"]


def test_a_file_that_no_child_can_load_or_has_not_played_is_not_played_again(around):
    around.fault = "it ends the interpreter"
    assert around.canary().flags() == []
    around.fault, around.session.requests = None, []
    assert around.canary().flags() == []
    assert (around.loads, around.replayed) == (2, [])


def test_without_a_child_there_is_no_look(around):
    around.has_child, around.here = False, lambda *_: pytest.fail("played")
    canary = around.canary()
    canary.look()
    assert canary.flags() == []
    assert (around.back, around.backends()[:2]) == ([], [[], []])
    assert all(guest.closed == 1 for guest in around.guests)


# -- what is made of it ---------------------------------------------------------------------------------------------
def changed(which, **changes):
    """Answers as they should be, but for those on one backend."""

    def answer(request, runs, lines):
        return [trace_of(request, run, lines, **(changes if request["backend"] == which else {})) for run in runs]

    return answer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_record_that_differs_is_a_flag_of_one_sentence(around, backend, seed):
    around.here, around.seals = changed(backend, steps=4), ("one", "other")
    found = [f"{SAID} (`steps` of a run, on {backend})"]
    assert around.canary(seed).flags() == found
    canary = around.canary(seed, backends=(backend, *(each for each in BACKENDS if each != backend)))
    canary.look()
    assert canary.flags() == found


def test_a_run_that_is_missing_is_a_flag(around):
    around.here = lambda *_: []
    assert around.canary(backends=("trio", "asyncio")).flags() == [f"{SAID} (a run is missing, on trio)"]


def test_of_two_looks_that_differ_one_is_said(around):
    around.here = lambda request, runs, lines: [trace_of(request, run, lines, steps=4) for run in runs]
    canary = around.canary(backends=("trio", "asyncio"))
    canary.look()
    assert canary.flags() == [f"{SAID} (`steps` of a run, on trio)"]


def test_a_run_that_the_canary_does_not_end_by_itself_is_not_compared(around):
    around.fresh = changed("trio", end={"kind": "stuck", "text": "", "waiting": []})
    around.here = changed("trio", steps=4)
    assert around.canary().flags() == []


def test_answers_that_mean_nothing_are_a_flag_unless_they_do_so_elsewhere(around):
    around.here = lambda *_: NotRun("the worker's record is not valid")
    assert around.canary().flags() == [f"{SAID}: the worker's record is not valid"]
    for error in (NotRun("the worker's record is not valid"), OSError("no more processes")):
        around.fresh = lambda *_, error=error: error
        assert around.canary().flags() == []
    assert all(guest.closed == 1 for guest in around.guests)


def test_a_machine_with_too_much_to_do_is_no_reason(around):
    around.here = lambda *_: Late("no answer")
    around.seals = ("one", "other")
    canary = around.canary()
    canary.look()
    assert canary.flags() == []
    assert around.back == []


@pytest.mark.parametrize(
    ("seals", "flags"),
    [(("one", "other"), [CHANGED]), (("one", "one"), []), (("one", None), []), ((None, "other"), [])],
)
def test_code_that_is_not_that_of_a_fresh_process_is_a_flag(around, seals, flags):
    around.seals = seals
    canary = around.canary()
    canary.look()
    assert canary.flags() == flags
    assert len({word for guest in around.guests for word in guest.words}) == 1


# -- traces ---------------------------------------------------------------------------------------------------------
def test_what_is_asked_for_apart_from_the_runs():
    assert without_search(CANCELLED) == {"backend": "asyncio", "plan": {"value": 3}}


def test_lines_before_the_canary_are_counted_as_python_counts_them():
    text, lines = behind("a = 1\r\nb = 2\rc = '''\n\n'''", "import os\n")
    assert text.splitlines()[lines] == "import os"


RUN = plain_run(seed=1, order="pos")


def test_what_the_file_before_the_canary_leaves_is_left_out():
    alone = trace_of(TRIO, RUN, notes=[note(1, "take", span=0)], tasks=[{"span": 0}])
    mixed = trace_of(
        TRIO,
        RUN,
        10,
        notes=[note(1, "open"), note(2, "take", span=0)],
        tasks=[{"span": None}, {"span": 0}],
    )
    mixed["spans"][0]["order"] = [1, 7]
    alone["spans"][0]["order"] = [0, 2]
    mixed["probes"]["blocking"] += [{"line": 10, "call": "open"}]
    assert essence(mixed, 10) == essence(alone)
    assert first_difference([alone], [mixed], 10) == ""
    assert essence(alone)["spans"][0]["line"] == 5
    assert essence(alone)["blocking"] == [{"line": 5, "call": "time.sleep"}]
    assert essence(alone)["tasks"] == [{"span": 0}]


def test_a_cancellation_and_what_is_open_are_compared():
    one, other = (trace_of(TRIO, RUN, notes=[note(9, span=None)]) for _ in range(2))
    for trace in (one, other):
        trace["spans"][0].update(order=[3, None], line=None)
    assert essence(one)["spans"][0]["order"] == [0, None]
    assert [each["order"] for each in essence(one)["notes"]] == [1]
    assert essence(one, 10)["spans"][0]["line"] is None
    assert first_difference([one], [other]) == ""
    assert first_difference([one], [{**other, "notes": []}]) == "`notes` of a run"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 5}, "`steps` of a run"),
        ({"end": {"kind": "error"}}, "`end` of a run"),
        ({"probes": {"blocking": []}}, "`blocking` of a run"),
        ({"tasks": [{"span": 0}]}, "`tasks` of a run"),
        ({"spans": []}, "`spans` of a run"),
    ],
)
def test_what_differs_is_named(change, said):
    trace = trace_of(TRIO, RUN)
    assert first_difference([trace, trace], [trace, {**trace, **change}]) == said


def test_runs_of_another_number_differ():
    trace = trace_of(TRIO, RUN)
    assert first_difference([trace], []) == first_difference([], [trace]) == "a run is missing"


def test_a_run_that_begins_later_because_the_file_blocks_when_imported_is_not_compared():
    trace, empty = trace_of(TRIO, RUN), {**trace_of(TRIO, RUN), "spans": []}

    def later(seconds):
        return {**trace, "spans": [{**trace["spans"][0], "start": seconds, "line": 15}]}

    assert first_difference([trace], [later(0.5)], 10) == ""
    assert first_difference([empty], [later(0.5)], 10) == ""
    assert first_difference([trace], [later(IMPORT)], 10) == "`spans` of a run"
    assert first_difference([trace], [later(0.5)]) == "`spans` of a run"  # it is alone
