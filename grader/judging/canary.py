"""Whether the submission's process still records what happens: a file with known faults is played there too.

The same runs of the same file are played in a fresh process. A difference means that something in the submission's process
was changed. What to play is chosen again each time, from what the checks have asked for, and so is when.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from grader.checks.play import order_of
from grader.checks.rule import NotRun
from grader.course import BACKENDS
from grader.judging.answers import Late
from grader.judging.canary_file import behind, canary_text
from grader.judging.searches import plain_run
from grader.judging.session import Session
from grader.judging.submission import Submission

Trace = Mapping[str, Any]

MOMENTS = ((1, 4), (5, 12))
"""A cancellation comes after one of these steps of the canary: while its tasks run, and later."""

SEEDS = 1 << 20

ENDS = ("done", "error")
"""How a run of the canary ends that is compared; it may be cut, as it does not do what the scene waits for."""

IMPORT = 1e-3
"""A run that begins this many virtual seconds later does so because the file before the canary blocks while it is imported."""

SAID = "a file with known faults, played in the same process, leaves another record there than in a fresh process"
CHANGED = "functions of the engine are not the same in the file's process as in a fresh process"


@dataclass(frozen=True)
class _Look:
    """What one look has seen.

    Args:
        asked: the requests and their runs.
        traces: what the canary gave, one list for each request.
        lines: how many lines of the submission stood before the canary.
        refused: why the answers mean nothing, or empty.
        seal: the number of the worker's code there, if it was asked for.
    """

    asked: Sequence[tuple[Mapping[str, Any], list[dict[str, Any]]]]
    traces: Sequence[Sequence[Trace]]
    lines: int
    refused: str = ""
    seal: str | None = None


class Canary:
    """The canary of one grading.

    Args:
        session: of the submission.
        chance: chooses what is played and when; nobody can foresee it.
    """

    def __init__(self, session: Session, chance: random.Random | None = None) -> None:
        self._session = session
        self._chance = chance or random.SystemRandom()
        self._text = canary_text(session.module.names)
        self._alone = self._chance.random() < 0.5  # noqa: PLR2004 - whether it is without the submission's text first
        # Still to be looked at; of the moments each look takes one.
        self._backends = self._chance.sample(BACKENDS, len(BACKENDS))
        self._moments = cycle(self._chance.sample(MOMENTS, len(MOMENTS)))
        self._word = f"{self._chance.random()}"  # a seal that was prepared beforehand is of no use
        self._looks: list[_Look] = []

    def moment(self, count: int) -> int:
        """After which of `count` checks to look for the first time: nobody can foresee it. Half of them are on each backend."""
        first = count // 4 if self._backends[0] == BACKENDS[0] else count // 2
        return self._chance.randrange(first, count) if count else 0

    def look(self, *, last: bool = False) -> None:
        """Play the canary in the submission's child, if there is one.

        Args:
            last: the child is not needed any more.
        """
        played = {request["backend"] for request in self._session.requests}
        text, lines = (self._text, 0) if self._alone else behind(self._session.submission.text, self._text)
        backends = self._backends if last else [each for each in self._backends if each in played][:1]
        asked = [asked for backend in backends for asked in self._requests(backend)]
        guest = self._guest(text)
        try:
            if last and not self._looks:
                self._revive()
            if not guest.take_child(self._session):
                return
            traces = [guest.play_runs(request, runs) for request, runs in asked]
            self._looks.append(_Look(asked, traces, lines, seal=guest.seal(self._word) if last else None))
            self._alone = not self._alone
            self._backends = [each for each in self._backends if each not in backends]
            if not last:
                self._session.take_child(guest)
        except Late:  # the machine has too much to do: that says nothing
            return
        except NotRun as error:
            self._looks.append(_Look(asked, [], lines, refused=str(error)))
        finally:
            guest.close()

    def _revive(self) -> None:
        """Have a child in which the submission was loaded and has played, if each of them was discarded so far."""
        if self._session.load() is None and self._session.requests:
            request = self._chance.choice(self._session.requests)
            self._session.play_runs(without_search(request), [plain_run()])
            self._session.load()

    def flags(self) -> list[str]:
        """Why a person should look at the file, after a last look: at most one sentence. The child is not needed any more."""
        self.look(last=True)
        return list(self._differences())

    def _differences(self) -> Iterator[str]:
        with self._guest(self._text) as fresh:
            for look in self._looks:
                try:
                    said = self._difference(look, fresh)
                except (NotRun, OSError):  # where nobody changed anything, the canary cannot be played either
                    continue
                if said:
                    yield said
                    return

    def _difference(self, look: _Look, fresh: Session) -> str:
        """What differs between a look and a fresh process, in a sentence; empty if nothing does."""
        found = ""
        for number, (request, runs) in enumerate(look.asked):
            fresh.load()
            traces = fresh.play_runs(request, runs)
            places = [place for place, trace in enumerate(traces) if trace["end"]["kind"] in ENDS]
            if not look.refused and not found:
                seen = [trace for place, trace in enumerate(look.traces[number]) if place in places]
                found = first_difference([traces[place] for place in places], seen, look.lines)
                found = f"{SAID} ({found}, on {request['backend']})" if found else ""
        if look.refused:
            return f"{SAID}: {look.refused}"
        if not found and look.seal is not None:
            fresh.load()
            found = CHANGED if fresh.seal(self._word) not in (None, look.seal) else ""
        return found

    def _guest(self, text: str) -> Session:
        session = self._session
        submission = Submission(session.submission.name, hashlib.sha256(text.encode()).hexdigest(), text)
        return Session(session.module, submission, session.forks, session.limits)

    def _requests(self, backend: str) -> Iterator[tuple[Mapping[str, Any], list[dict[str, Any]]]]:
        """One request of those that were played on a backend, with other runs; none if none was."""
        played = [request for request in self._session.requests if request["backend"] == backend]
        if not played:
            return
        request = self._chance.choice(played)
        runs = [plain_run(**order_of(self._chance.randrange(SEEDS)))]
        if actors := [each["search"]["who"] for each in played if each["search"]["kind"] == "cancel"]:
            who, step = self._chance.choice(actors), self._chance.randint(*next(self._moments))
            runs.append(plain_run(cancel={"who": who, "after": step}))
        yield without_search(request), self._chance.sample(runs, len(runs))


def without_search(request: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, apart from the runs."""
    return {key: value for key, value in request.items() if key != "search"}


def first_difference(wanted: Sequence[Trace], seen: Sequence[Trace], lines: int = 0) -> str:
    """What differs first between the traces of the canary alone and those of the canary behind a file; empty if nothing.

    Args:
        wanted: its traces in a fresh process.
        seen: its traces in the submission's.
        lines: how many lines stood before it there.
    """
    if len(wanted) != len(seen):
        return "a run is missing"
    for one, other in zip(wanted, seen, strict=True):
        if lines and _began(other) - _began(one) > IMPORT:
            continue  # importing the file took time that passes in the run
        parts = essence(one), essence(other, lines)
        for name, part in parts[0].items():
            if part != parts[1][name]:
                return f"`{name}` of a run"
    return ""


def essence(trace: Trace, lines: int = 0) -> dict[str, Any]:
    """What the canary alone has to do with: what importing the file before it leaves in the record is left out.

    Args:
        trace: of a run of the canary.
        lines: how many lines of a file stood before it.
    """
    notes = [note for note in trace["notes"] if note["span"] is not None or note["what"] == "cancel"]
    places = sorted(
        [
            *(note["order"] for note in notes),
            *(place for span in trace["spans"] for place in span["order"] if place is not None),
        ]
    )
    rank: dict[Any, int | None] = {place: number for number, place in enumerate(places)}
    rank[None] = None
    own = {key: trace[key] for key in ("seed", "order", "cancel", "fault", "steps", "time")}
    return {
        **own,
        "end": trace["end"]["kind"],
        "notes": [{**note, "order": rank[note["order"]]} for note in notes],
        "spans": [
            {**span, "order": [rank[place] for place in span["order"]], "line": _line(span["line"], lines)}
            for span in trace["spans"]
        ],
        "tasks": [task for task in trace["tasks"] if task["span"] is not None],
        "blocking": [
            {**call, "line": call["line"] - lines} for call in trace["probes"]["blocking"] if call["line"] > lines
        ],
    }


def _began(trace: Trace) -> float:
    return float(trace["spans"][0]["start"]) if trace["spans"] else 0.0


def _line(line: int | None, before: int) -> int | None:
    return None if line is None else line - before
