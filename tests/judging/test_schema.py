"""Traces that are not believed."""

import copy

import pytest

from grader.checks.rule import NotRun
from grader.judging.trusted_trace import believe, complaints, known_words, words_of
from tests.records import note, record, span

SPAN = span(order=[0, 3])
TRACE = record(
    SPAN,
    span(1, 0, "run", who="job 7", start=1.0, order=[1, 2]),
    notes=[note(4, "take lock", who="any task", t=1.0)],
)
REQUEST = {"backend": "trio", "plan": {"jobs": {"job": []}}}
SCENE = "async def scene(subject, world): world.actors({'caller': []}); world.job('x', [], what='run')"
KNOWN = known_words(REQUEST["plan"], words_of(SCENE))


def test_a_whole_trace_is_believed():
    assert complaints(TRACE, REQUEST, KNOWN) == ""


NOT_FORMAT, BACKWARDS = "not format 1", "time runs backwards"
OUT_OF_PLACE, ENDS_EARLY = "a span out of place", "a span that ends before it begins"
NEITHER = "a span that is neither open nor ended"
STRANGER = "a name that neither plan nor scene knows: "


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.update(format=2), NOT_FORMAT),
        (lambda t: t.pop("notes"), NOT_FORMAT),
        (lambda t: t.update(backend="asyncio"), "another backend"),
        (lambda t: t["end"].update(kind="fine"), "an unknown end"),
        (lambda t: t["end"].update(text=7), "an unknown end"),
        (lambda t: t.update(time=float("nan")), "no time"),
        (lambda t: t.update(time=float("inf")), "no time"),
        (lambda t: t.update(time=-1), "no time"),
        (lambda t: t.update(time=True), "no time"),
        (lambda t: t.update(steps="5"), "no time"),
        (lambda t: t["spans"][1].update(how="flew"), OUT_OF_PLACE),
        (lambda t: t["spans"][1].update(id=0), OUT_OF_PLACE),
        (lambda t: t["spans"][1].update(parent=7), OUT_OF_PLACE),
        (lambda t: t["spans"][1].update(parent=1), OUT_OF_PLACE),
        (lambda t: t["spans"][1].update(order=[0, 2]), BACKWARDS),
        (lambda t: t["spans"][0].update(order=[-1, 3]), BACKWARDS),
        (lambda t: t["spans"][1].update(start=float("nan")), BACKWARDS),
        (lambda t: t["spans"][0].update(start=1.5), BACKWARDS),
        (lambda t: t["spans"][1].update(end=0.5), ENDS_EARLY),
        (lambda t: t["spans"][1].update(end=float("inf")), ENDS_EARLY),
        (lambda t: t["spans"][1].update(order=[1, 1]), ENDS_EARLY),
        (lambda t: t["spans"][1].update(end=None), NEITHER),
        (lambda t: t["spans"][1].update(how="open"), NEITHER),
        (lambda t: t["spans"][1].update(who="stranger"), f"{STRANGER}stranger"),
        (lambda t: t["spans"][1].update(what="caller stranger"), f"{STRANGER}stranger"),
        (lambda t: t["notes"][0].update(what="forged"), f"{STRANGER}forged"),
        (lambda t: t["notes"].append({**t["notes"][0]}), "notes out of order"),
        (lambda t: t["notes"][0].update(order=-1), "notes out of order"),
        (lambda t: t["notes"][0].update(t=-0.5), "notes out of order"),
        (lambda t: t["notes"][0].update(what=7), "notes out of order"),
        (lambda t: t.update(spans=7), "malformed (TypeError)"),
        (lambda t: t["spans"].insert(0, None), "malformed (TypeError)"),
        (lambda t: t["spans"][0].pop("how"), "malformed (KeyError)"),
    ],
    ids=range(33),
)
def test_what_is_not_believed(change, complaint):
    trace = copy.deepcopy(TRACE)
    change(trace)
    assert complaints(trace, REQUEST, KNOWN) == complaint


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t["spans"][1].update(start=0.0, end=0.0),  # at once, and as early as the one around it
        lambda t: t.update(time=0),
        lambda t: t["spans"][1].update(who=7, what="7"),  # names without words
        lambda t: t.update(more="keys of a newer worker"),
        lambda t: t["notes"].append({**t["notes"][0], "order": 5}),
    ],
    ids=range(5),
)
def test_what_is_unusual_and_believed(change):
    trace = copy.deepcopy(TRACE)
    change(trace)
    assert complaints(trace, REQUEST, KNOWN) == ""


def test_what_is_not_an_object_is_not_a_trace():
    assert complaints([], REQUEST, KNOWN) == complaints(None, REQUEST, KNOWN) == NOT_FORMAT


@pytest.mark.parametrize(("key", "most"), [("spans", 5_000), ("notes", 10_000)])
def test_a_record_has_an_end(key, most):
    trace = copy.deepcopy(TRACE)
    trace["spans"] = [{**SPAN, "id": number, "order": [number, most + 9]} for number in range(most * (key == "spans"))]
    trace["notes"] = [{**TRACE["notes"][0], "order": number} for number in range(most * (key == "notes"))]
    assert complaints(trace, REQUEST, KNOWN) == ""
    trace[key].append({**trace[key][-1], "id": most, "order": [most, most + 9] if key == "spans" else most})
    assert complaints(trace, REQUEST, KNOWN) == "too long"


PROBES = {
    "made by": lambda line: {"unawaited_lines": [3, line]},
    "blocks": lambda line: {"blocking": [{"line": line}]},
    "raised": lambda line: {"observed": {"raised": [{"line": line}]}},
    "counted": lambda line: {"observed": {"lines": [[line, 4]]}},
    "walked": lambda line: {"observed": {"path": [["task", line]]}},
}


@pytest.mark.parametrize("probe", PROBES)
def test_evidence_names_lines_by_number(probe):
    def said(line):
        return complaints({**copy.deepcopy(TRACE), "probes": PROBES[probe](line)}, REQUEST, KNOWN)

    assert [said(line) for line in (None, 0, 1, 20_000)] == [""] * 4
    assert {said(line) for line in (-1, 20_001, "7", 7.5, True, [7])} == {"a line that is not a number"}


# -- the trace of the run that is due -------------------------------------------------------------------------------
RUN = {"seed": 0, "order": "fifo", "cancel": None, "fault": None}
ASKED = {**REQUEST, "runs": [{**RUN, "seed": 9}, RUN]}


def test_the_trace_of_the_run_that_is_due_is_believed():
    trace = copy.deepcopy(TRACE)
    assert believe(trace, ASKED, 1, KNOWN) is trace


@pytest.mark.parametrize(
    ("data", "number", "said"),
    [
        ([], 1, "something that is not a trace"),
        ({}, 1, "something that is not a trace"),
        ({**TRACE, "end": "done"}, 1, "something that is not a trace"),
        ({**TRACE, "end": {"kind": 7}}, 1, "something that is not a trace"),
        (TRACE, 2, "more traces than there were runs"),
        (TRACE, 0, "a trace that nobody asked for"),
        ({**TRACE, "backend": "asyncio"}, 1, "a trace that nobody asked for"),
        ({**TRACE, "cancel": {"who": "caller", "after": 3}}, 1, "a trace that nobody asked for"),
        ({key: value for key, value in TRACE.items() if key != "fault"}, 1, "a trace that nobody asked for"),
        ({**TRACE, "format": 2}, 1, "the run's record is not valid: not format 1"),
    ],
    ids=range(10),
)
def test_any_other_answer_is_not_run(data, number, said):
    with pytest.raises(NotRun, match=said):
        believe(data, ASKED, number, KNOWN)


def test_what_a_task_without_a_caller_leaves_open_is_believed():
    """A task of trio's own, which nobody started in an actor's name, may be at a job still when the run ends."""
    trace = copy.deepcopy(TRACE)
    trace["spans"][1].update(parent=None, end=None, order=[1, None], how="open")
    assert complaints(trace, REQUEST, KNOWN) == ""
    trace["spans"][0].update(end=None, order=[0, None], how="open")
    assert "without an end" in complaints(trace, REQUEST, KNOWN)


@pytest.mark.parametrize(
    ("kind", "call_ended", "subject", "complaint"),
    [
        ("done", True, True, ""),  # a task that the call left behind
        ("done", False, True, "a span without an end in a run that ended"),
        ("done", True, False, "a span without an end in a run that ended"),  # of the actor's own
        ("deadlock", False, True, ""),
    ],
)
def test_what_a_call_of_the_subject_leaves_open_is_believed(kind, call_ended, subject, complaint):
    trace = copy.deepcopy(TRACE)
    still = {"end": None, "how": "open"}
    call = {**trace["spans"][1], "subject": subject, **({} if call_ended else {**still, "order": [1, None]})}
    job = {**call, **still, "id": 2, "parent": 1, "order": [2, None], "subject": False}
    call["order"][1] = 9 if call_ended else None
    trace["spans"] = [
        {**SPAN, "subject": False, "order": [0, 10]},
        call,
        job,
        {**job, "id": 3, "parent": 2, "order": [3, None]},
    ]
    trace["end"]["kind"] = kind
    assert complaints(trace, REQUEST, KNOWN) == complaint
