"""Traces that are not believed."""

import copy

import pytest

from grader.judging.trusted_trace import complaints, known_words, words_of

SPAN = {
    "id": 0,
    "parent": None,
    "who": "caller",
    "what": "actor",
    "start": 0.0,
    "end": 2.0,
    "order": [0, 3],
    "how": "returned",
}
TRACE = {
    "format": 1,
    "backend": "trio",
    "seed": 0,
    "order": "fifo",
    "cancel": None,
    "fault": None,
    "spans": [SPAN, {**SPAN, "id": 1, "parent": 0, "what": "run", "who": "job 7", "start": 1.0, "order": [1, 2]}],
    "notes": [{"t": 1.0, "order": 4, "who": "any task", "what": "take lock"}],
    "steps": 5,
    "time": 2.0,
    "end": {"kind": "done", "text": "", "waiting": []},
    "probes": {},
}
REQUEST = {"backend": "trio", "plan": {"jobs": {"job": []}}}
SCENE = "async def scene(subject, world): world.actors({'caller': []}); world.job('x', [], what='run')"
KNOWN = known_words(REQUEST["plan"], words_of(SCENE))


def test_a_whole_trace_is_believed():
    assert complaints(TRACE, REQUEST, KNOWN) == ""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.update(format=2), "not format 1"),
        (lambda t: t.pop("notes"), "not format 1"),
        (lambda t: t.update(backend="asyncio"), "another backend"),
        (lambda t: t["end"].update(kind="fine"), "an unknown end"),
        (lambda t: t.update(time=float("nan")), "no time"),
        (lambda t: t.update(time=-1), "no time"),
        (lambda t: t.update(spans=[SPAN] * 5001), "too long"),
        (lambda t: t["spans"][1].update(id=0), "out of place"),
        (lambda t: t["spans"][1].update(parent=7), "out of place"),
        (lambda t: t["spans"][1].update(order=[0, 2]), "backwards"),
        (lambda t: t["spans"][1].update(end=0.5), "ends before it begins"),
        (lambda t: t["spans"][1].update(end=None), "neither open nor ended"),
        (lambda t: t["spans"][1].update(who="stranger"), "neither plan nor scene knows: stranger"),
        (lambda t: t["notes"][0].update(what="forged"), "neither plan nor scene knows: forged"),
        (lambda t: t["notes"].append({**t["notes"][0]}), "notes out of order"),
        (lambda t: t.update(spans=7), "malformed"),
        (lambda t: t["spans"].insert(0, None), "malformed"),
    ],
    ids=range(17),
)
def test_what_is_not_believed(change, complaint):
    trace = copy.deepcopy(TRACE)
    change(trace)
    assert complaint in complaints(trace, REQUEST, KNOWN)


def test_what_a_task_without_a_caller_leaves_open_is_believed():
    """A task of trio's own, which nobody started in an actor's name, may be at a job still when the run ends."""
    trace = copy.deepcopy(TRACE)
    trace["spans"][1].update(parent=None, end=None, order=[1, None], how="open")
    assert complaints(trace, REQUEST, KNOWN) == ""
    trace["spans"][0].update(end=None, order=[0, None], how="open")
    assert "without an end" in complaints(trace, REQUEST, KNOWN)
