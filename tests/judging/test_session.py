"""Everything that can go wrong between the judge and a child: whose doing is it?"""

from contextlib import nullcontext

import pytest

from grader.checks.rule import NotRun
from grader.judging.answers import Hung, Late, TimeLimits
from grader.judging.session import MAX_RUNAWAYS, SHORT, SUSPECT_SECONDS, Session
from grader.judging.submission import examine
from grader.sandbox import LinkClosed
from tests.records import note, record, span

LOADED = {"loaded": True}
PLAN = {"value": 7, "delay": 1}
ONCE = {"backend": "trio", "plan": PLAN, "search": {"kind": "once"}}
ORDERS = {
    "backend": "trio",
    "plan": PLAN,
    "search": {"kind": "orders", "runs": [{"seed": n, "order": "pos"} for n in (3, 5)]},
}
QUICK = TimeLimits(total=5, silence=0.05, cpu=1)


def trace(seed=0, kind="done", **changes):
    end = {"kind": kind, "text": "said", "waiting": [{"line": 7}] if kind in ("stuck", "runaway") else []}
    run = {"seed": seed, "order": "pos" if seed else "fifo"}
    return {"trace": record(**{**run, "time": 0.0, "end": end, **changes})}


@pytest.fixture
def session(tiny, scripts, texts):
    def make(*children, limits=QUICK):
        module = tiny.module("m01")
        return Session(module, examine(module, texts["right"].encode()), scripts(*children), limits)

    return make


def ends(session, request):
    return [(t["seed"], t["end"]["kind"], t["end"]["text"]) for t in session.play(request)]


def test_a_child_is_loaded_once_and_reused(session, script):
    child = script([LOADED, trace(), {"done": 1}, trace(), {"done": 1}])
    with session(child) as held:
        assert held.load() is None
        assert ends(held, ONCE) == ends(held, ONCE) == [(0, "done", "said")]
        assert [message["op"] for message in child.sent] == ["load", "play", "play"]
        assert child.sent[0]["names"] == {"later": "async", "Given": "class"}
        assert not child.closed
    assert child.closed


def test_what_the_worker_says_about_loading_is_the_fault(session, script):
    problem = {"kind": "missing", "text": "`later` is not defined in the file", "line": None, "detail": ""}
    with session(script([{"loaded": False, "problem": problem}])) as held:
        fault = held.load()
    assert (fault.kind, fault.text.partition(":")[0]) == ("missing", "`later` is not defined in the file")


@pytest.mark.parametrize(
    ("answers", "cpu", "kind", "said"),
    [
        ([LinkClosed("exited with 3")], 0, "exit", "importing the file ends the interpreter (exited with 3)"),
        (["silence"], 0.6, "hang", "importing the file does not end (used 1 s of processor time"),
    ],
)
def test_a_file_that_kills_or_hangs_its_child_while_it_is_loaded(session, script, answers, cpu, kind, said):
    with session(script(answers, cpu)) as held:
        fault = held.load()
    assert fault.kind == kind
    assert fault.text.startswith(said)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["silence"], Late),
        ([LinkClosed("wrote something that is not a message")], NotRun),
        ([{"trace": {}}], NotRun),
        ([{"loaded": "yes"}], NotRun),
        ([{"loaded": False, "problem": "?"}], NotRun),
    ],
)
def test_loading_without_an_answer_that_means_anything_is_not_run(session, script, answers, error):
    child = script(answers)
    with pytest.raises(error), session(child) as held:
        held.load()
    assert child.closed


def test_orders_come_in_order(session, script):
    with session(script([LOADED, trace(3), trace(5), {"done": 2, "discard": False}])) as held:
        assert [seed for seed, _, _ in ends(held, ORDERS)] == [3, 5]


def test_a_search_that_nobody_listens_to_any_more_is_stopped(session, script):
    child = script([LOADED, trace(3), trace(5), {"done": 2}, trace(), {"done": 1}])
    with session(child) as held:
        next(iter(held.play(ORDERS)))
        held.settle()
        assert ends(held, ONCE) == [(0, "done", "said")]
    assert [message["op"] for message in child.sent] == ["load", "play", "stop", "play"]


def test_a_new_plan_ends_the_search_before_it(session, script):
    child = script([LOADED, trace(3), {"done": 1}, trace(), {"done": 1}])
    with session(child) as held:
        kept = held.play(ORDERS)
        next(kept)
        assert ends(held, ONCE) == [(0, "done", "said")]
        assert list(kept) == []


def test_a_child_with_leftovers_is_replaced_and_the_other_orders_are_played(session, script):
    first = script([LOADED, trace(3), {"done": 1, "discard": True}])
    second = script([LOADED, trace(5), {"done": 1}])
    with session(first, second) as held:
        assert [seed for seed, _, _ in ends(held, ORDERS)] == [3, 5]
        assert first.closed
        assert [run["seed"] for run in second.sent[1]["runs"]] == [5]


def test_a_child_that_dies_gives_a_trace_that_says_so(session, script):
    first = script([LOADED, trace(3), LinkClosed("was killed by signal 11 (segmentation fault)")])
    second = script([LOADED, LinkClosed("exited with 3")])
    with session(first, second) as held:
        assert ends(held, ORDERS) == [
            (3, "done", "said"),
            (5, "exit", "the interpreter was killed by signal 11 (segmentation fault)"),
        ]
        assert ends(held, ONCE) == [(0, "exit", "the interpreter exited with 3")]


def test_last_words_of_a_stuck_child_are_its_end(session, script):
    with session(script([LOADED, trace(kind="stuck"), LinkClosed("exited with 0")])) as held:
        assert ends(held, ONCE) == [(0, "stuck", "said")]
        assert held.given_up("trio") is None


def test_processor_time_without_an_answer_is_a_hang(session, script):
    child = script([LOADED, "silence"], cpu=0.6)
    with session(child) as held:
        [(_, kind, text)] = ends(held, ONCE)
    assert (kind, text[:30]) == ("stuck", "the run used 1 s of processor ")
    assert child.closed


def test_after_two_hangs_the_rest_fails_on_that_backend_alone(session, script):
    children = [script([LOADED, trace(kind="stuck"), LinkClosed("exited with 0")]) for _ in range(2)]
    with session(*children) as held:
        ends(held, ONCE)
        ends(held, ONCE)
        assert held.given_up("trio") == "hung earlier, line 7"
        assert held.given_up("asyncio") is None


def test_a_file_whose_runs_do_not_end_gets_shorter_ones_and_then_none_on_that_backend(session, script):
    child = script([LOADED, *[message for _ in range(4) for message in (trace(kind="runaway"), {"done": 1})]])
    with session(child) as held:
        for _ in range(MAX_RUNAWAYS):
            assert held.given_up("trio") is None
            assert ends(held, ONCE) == [(0, "runaway", "said")]
        assert held.given_up("trio") == "an earlier run did not end, line 7"
        assert held.given_up("asyncio") is None
    assert [message.get("steps") for message in child.sent[1:]] == [None, SHORT, SHORT, SHORT]


def test_a_file_that_hung_gets_less_processor_time_for_a_step(session, script):
    children = [script([LOADED, trace(kind="stuck"), LinkClosed("exited with 0")]) for _ in range(2)]
    with session(*children) as held:
        ends(held, ONCE)
        ends(held, ONCE)
    assert [child.sent[1].get("step_seconds") for child in children] == [None, SUSPECT_SECONDS]


def test_a_call_that_blocks_is_seen_once(session, script):
    stuck = trace(kind="stuck")
    stuck["trace"]["end"]["text"] = "line 7 blocks the event loop"
    with session(script([LOADED, stuck, LinkClosed("exited with 0")])) as held:
        ends(held, ONCE)
        assert held.given_up("trio") == "hung earlier, line 7"


def test_silence_without_processor_time_is_nobodys_fault(session, script):
    with session(script([LOADED, "silence"])) as held, pytest.raises(Late, match="no answer"):
        list(held.play(ONCE))


def test_a_child_whose_answer_comes_too_late_is_not_asked_again(session, script):
    """Its answer to loading would be taken for the one to loading the canary, and that one for a trace."""
    late, fresh = script(["silence", LOADED, LOADED]), script([LOADED, trace(), {"done": 1}])
    with session(late, fresh) as held:
        with pytest.raises(Late):
            held.load()
        with session() as guest:
            assert not guest.take_child(held)
        assert ends(held, ONCE) == [(0, "done", "said")]


def test_the_time_for_all_checks_is_one_deadline(session, script):
    short = TimeLimits(total=0.1, silence=9, cpu=9)
    with session(script([LOADED, "silence"]), limits=short) as held, pytest.raises(Late, match="longer than 0 s"):
        list(held.play(ONCE))
    with session(script([LOADED, "silence"], cpu=0.1), limits=short) as held:
        assert [kind for _, kind, _ in ends(held, ONCE)] == ["stuck"]


@pytest.mark.parametrize(
    ("used", "spent", "error"),
    [
        (50, 60, Hung),
        (20, 60, None),  # the machine has too much to do
        (3, 60, Late),
        (40, 299, None),
        (49, 200, Hung),
        (40, 301, Late),
    ],
)
def test_a_child_that_gets_its_turn_seldom_has_more_time(used, spent, error):
    with nullcontext() if error is None else pytest.raises(error):
        TimeLimits(total=60).look(used=used, spent=spent)


@pytest.mark.parametrize(
    "answers",
    [
        [{"trace": "?"}],
        [{"trace": {"end": "done"}}],
        [trace(backend="asyncio"), {"done": 1}],
        [{"done": 0}],
        [{"done": 1}],
        [trace(), {"done": 2}],
        [trace(), {"done": True}],
        [trace(), {"loaded": True}],
        [LinkClosed("wrote something that is not a message")],
    ],
    ids=str,
)
def test_answers_that_mean_nothing_are_not_run(session, script, answers):
    child = script([LOADED, *answers])
    with session(child) as held, pytest.raises(NotRun):
        list(held.play(ONCE))
    assert child.closed


@pytest.mark.parametrize(
    "answers",
    [
        [trace(5), {"done": 1}],
        [trace(3), {"done": 1}],
        [trace(3), trace(5), trace(7), {"done": 3}],
    ],
    ids=["another seed", "one too few", "one too many"],
)
def test_traces_of_other_runs_than_asked_for_are_not_run(session, script, answers):
    with session(script([LOADED, *answers])) as held, pytest.raises(NotRun):
        list(held.play(ORDERS))


# -- sweeps ---------------------------------------------------------------------------------------------------------
SWEEP = {"backend": "trio", "plan": PLAN, "search": {"kind": "cancel", "who": "caller", "limit": 120}}


def undisturbed(steps):
    """The run that counts the steps of one call."""
    return after(-1, steps, sweep_steps=steps, sweep_at=[[1, 0.5]] * steps, notes=[])


def after(moment, steps=1, **changes):
    """A run that is cancelled inside the call."""
    inside = {"end": 1.0, "steps": steps}
    spans = [
        span(0, None, "actor", order=[0, 100], **inside),
        span(1, 0, "later", order=[1, 99], subject=True, **inside),
    ]
    changes = {"spans": spans, "notes": [note(2)], **changes}
    return trace(cancel={"who": "caller", "after": moment}, fault=None, **changes)


def test_a_sweep_whose_child_is_discarded_goes_on_in_fresh_ones(session, script):
    first = script([LOADED, undisturbed(3), {"done": 1, "discard": True}])
    rest = [script([LOADED, after(moment), {"done": 1, "discard": True}]) for moment in (1, 2, 3)]
    with session(first, *rest) as held:
        assert [t["cancel"]["after"] for t in held.play(SWEEP)] == [-1, 1, 2, 3]
    assert [[run["cancel"]["after"] for run in child.sent[1]["runs"]] for child in rest] == [[1, 2, 3], [2, 3], [3]]


def test_a_sweep_that_a_good_child_cuts_short_is_not_run(session, script):
    child = script([LOADED, undisturbed(3), {"done": 1}, after(1), {"done": 1}])
    with session(child) as held, pytest.raises(NotRun, match="fewer traces than there were runs"):
        list(held.play(SWEEP))


def test_many_moments_that_are_left_are_spread(session, script):
    first = script([LOADED, undisturbed(100), {"done": 1, "discard": True}])

    class Echo(script):
        def send(self, obj):
            super().send(obj)
            if obj["op"] == "play":
                self.answers = [after(obj["runs"][0]["cancel"]["after"]), {"done": 1, "discard": True}]

    with session(first, *(Echo([LOADED]) for _ in range(16))) as held:
        moments = [t["cancel"]["after"] for t in held.play(SWEEP)]
    assert (len(moments), moments[:2], moments[-1]) == (17, [-1, 1], 100)


def test_an_answer_to_another_moment_is_not_run(session, script):
    first = script([LOADED, undisturbed(1), {"done": 1, "discard": True}])
    with (
        session(first, script([LOADED, after(7), {"done": 1}])) as held,
        pytest.raises(NotRun, match="nobody asked for"),
    ):
        list(held.play(SWEEP))
