"""The report, format 1: all verdicts of one submission as plain JSON.

Its form is fixed. Points are whole numbers and belong to clauses; a clause, an aspect
or a sum that could not be checked is blank (None), which is neither zero nor full.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FORMAT = 1

Verdict = Literal["passed", "failed", "not run"]


UNTRIED = "the run ends"
"""What is expected in the rows of checks that are no longer tried, since earlier runs did not end."""


@dataclass(frozen=True)
class Score:
    """Points earned, or None if they could not be checked, out of `max`."""

    points: int | None
    max: int

    def __add__(self, other: Score) -> Score:
        blank = self.points is None or other.points is None
        return Score(None if blank else (self.points or 0) + (other.points or 0), self.max + other.max)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"points": self.points, "max": self.max}


@dataclass(frozen=True)
class Row:
    """The verdict of one check on one backend.

    Args:
        id: the check's name.
        clause: such as ``m05.R3``.
        aspect: what it counts under.
        backend: ``asyncio`` or ``trio``.
        verdict: ``passed``, ``failed`` or ``not run``.
        message: the check's sentence; when not run, the reason.
        core: whether it is a core check.
        misconception: id of the wrong idea it catches, or None.
        step: id of the lesson step that treats it, or None.
        points: its part of what the clause earned; the rows of a clause add up to the clause. None if blank.
        seed: the number that brings the failing run back.
        what: what was looked at, such as "the list".
        expected: what should have been seen.
        actual: what was seen.
        part: the part of the check's sentence that does not hold, as a sentence, where a check says it.
        happened: what happened in the scene, in a sentence, where a check says it.
        where: file, line and time, if known.
        run: the failing run: its seed, order, cancellation and fault, as `grader.checks.play.Play` replays it.
        smallest: which choices of the order it takes to fail, in a sentence; only in the row that shows the cause.
        differs: what a passing run of the same plan does otherwise, in a sentence; only in that row.
        shown: the run as a page shows it, of `grader.judging.shown_run`; only in that row.
        detail: texts of the subject's exceptions; for the instructor, never for a learner whose file is graded.
        late: whether there was no answer and nobody to blame; not part of the format.
        wide: whether its check fails whenever something simpler does; not part of the format.
    """

    id: str
    clause: str
    aspect: str
    backend: str
    verdict: Verdict
    message: str
    core: bool = True
    misconception: str | None = None
    step: str | None = None
    points: int | None = None
    seed: int | None = None
    what: str | None = None
    expected: str | None = None
    actual: str | None = None
    part: str | None = None
    happened: str | None = None
    where: str | None = None
    run: Mapping[str, Any] | None = None
    smallest: str | None = None
    differs: str | None = None
    shown: Mapping[str, Any] | None = None
    detail: str | None = None
    late: bool = field(default=False, compare=False)
    wide: bool = field(default=False, compare=False)

    @property
    def clause_name(self) -> str:
        """The clause within its module, such as ``R3``."""
        return self.clause.rpartition(".")[2]

    @property
    def sentence(self) -> str:
        """What does not hold: the part that a check names, or its whole sentence."""
        return self.part or self.message

    @property
    def untried(self) -> bool:
        """Whether it failed without being tried, because earlier runs of the file did not end."""
        return self.verdict == "failed" and self.what is None and self.expected == UNTRIED

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, in the order of the format; what is not known is left out."""
        always = ("id", "clause", "aspect", "backend", "verdict", "points", "message", "core", "misconception", "step")
        known = (
            "seed",
            "part",
            "what",
            "happened",
            "expected",
            "actual",
            "where",
            "run",
            "smallest",
            "differs",
            "shown",
            "detail",
        )
        plain = {key: getattr(self, key) for key in always}
        return plain | {key: value for key in known if (value := getattr(self, key)) is not None}


@dataclass(frozen=True)
class Cause:
    """Why a file fails, in one sentence for its learner: `docs/causes.md` has the kinds and their evidence.

    Args:
        kind: such as ``exception``, ``never awaited`` or ``concept``.
        text: the sentence. No text of an exception is in it, nor anything else that running code chose.
        line: of the file to look at, if there is one.
        clause: of the check that shows it, such as ``m05.R3``; None if the file as a whole is not usable.
        code: what is written in that line.
        said: the text of the exception; for the instructor and for the self-check, never for a learner whose file is graded.
        check: id of the check that shows it.
        backend: on which it does.
        same: ids of the other checks that fail for the same cause.
    """

    kind: str
    text: str
    line: int | None = None
    clause: str | None = None
    code: str = ""
    said: str | None = None
    check: str | None = None
    backend: str | None = None
    same: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, in the order of the format; what is not known is left out."""
        plain: dict[str, Any] = {"kind": self.kind, "text": self.text, "line": self.line, "clause": self.clause}
        known = {key: getattr(self, key) for key in ("code", "said", "check", "backend", "same")}
        return plain | {key: list(value) if key == "same" else value for key, value in known.items() if value}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Cause:
        """Read one back."""
        return cls(**{**data, "same": tuple(data.get("same", ()))})


@dataclass(frozen=True)
class Report:
    """All verdicts of one submission.

    Args:
        module: slug.
        verdict: over everything.
        core: over the core checks; None if one of them was not run.
        points: the sum, or None if any clause is blank.
        max_points: what the clauses are worth together.
        clauses: id such as ``m05.R3`` → score.
        aspects: aspect → score.
        isolation: ``bubblewrap``, ``namespaces`` or ``none``.
        checks: one row per check and backend.
        grader: versions of the engine, anyio and trio, and sha256 of checks, scene and ``module.toml``.
        sha256: of the submitted file; None if it was not read.
        seconds: how long it took.
        reason: why the file was not run, or why it failed as a whole.
        flags: why a person should look at the file, one sentence each; they change no verdict and no points, and are for
            the instructor only.
        cause: why the file fails; None if nothing failed.
        notes: what the learner should know of a file that passes, one sentence each; they change no verdict and no points.
        late: whether a row had no answer and nobody to blame, so that one more try alone is worth it; not part of
            the format.
    """

    module: str
    verdict: Verdict
    core: Verdict | None
    points: int | None
    max_points: int
    clauses: Mapping[str, Score] = field(default_factory=dict)
    aspects: Mapping[str, Score] = field(default_factory=dict)
    isolation: str = "none"
    checks: tuple[Row, ...] = ()
    grader: Mapping[str, str | None] = field(default_factory=dict)
    sha256: str | None = None
    seconds: float = 0.0
    reason: str | None = None
    flags: tuple[str, ...] = ()
    cause: Cause | None = None
    notes: tuple[str, ...] = ()
    late: bool = field(default=False, compare=False)

    @property
    def short(self) -> str:
        """The module's short name, such as ``m05``."""
        return self.module.partition("_")[0]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, in the order of the format."""
        plain: dict[str, Any] = {
            "format": FORMAT,
            "module": self.module,
            "verdict": self.verdict,
            "points": self.points,
            "max_points": self.max_points,
            "core": self.core,
            "clauses": {id_: score.plain() for id_, score in self.clauses.items()},
            "aspects": {aspect: score.plain() for aspect, score in self.aspects.items()},
            "isolation": self.isolation,
            "checks": [row.plain() for row in self.checks],
            "grader": dict(self.grader),
            "submission": {"sha256": self.sha256},
            "seconds": round(self.seconds, 3),
        }
        known: dict[str, Any] = {"reason": self.reason} if self.reason is not None else {}
        known |= {"cause": self.cause.plain()} if self.cause is not None else {}
        known |= {"notes": list(self.notes)} if self.notes else {}
        return plain | known | ({"flags": list(self.flags)} if self.flags else {})

    def row_of(self, cause: Cause) -> Row | None:
        """The row that shows a cause; None if the file failed as a whole."""
        return next((row for row in self.checks if (row.id, row.backend) == (cause.check, cause.backend)), None)

    def json(self, **extra: str) -> str:
        """Return it as one line of JSON, with `extra` keys in front (such as the learner).

        The line is pure ASCII: a learner's folder may have a name that no encoding can print.
        """
        return json.dumps({**extra, **self.plain()})

    def count(self, verdict: Verdict) -> int:
        """How many rows have a verdict."""
        return sum(row.verdict == verdict for row in self.checks)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Report:
        """Read one back.

        Raises:
            ValueError: the data is not a report of this format.
        """
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"report format {data['format']!r} is unknown: this engine reads format {FORMAT}")
            return cls(
                module=data["module"],
                verdict=data["verdict"],
                core=data["core"],
                points=data["points"],
                max_points=data["max_points"],
                clauses={id_: Score(**score) for id_, score in data["clauses"].items()},
                aspects={aspect: Score(**score) for aspect, score in data["aspects"].items()},
                isolation=data["isolation"],
                checks=tuple(Row(**row) for row in data["checks"]),
                grader=data["grader"],
                sha256=data["submission"]["sha256"],
                seconds=data["seconds"],
                reason=data.get("reason"),
                flags=tuple(data.get("flags", ())),
                notes=tuple(data.get("notes", ())),
                cause=Cause.from_plain(data["cause"]) if "cause" in data else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not a report of format {FORMAT}: {error}") from error


def verdict_of(rows: list[Row] | tuple[Row, ...]) -> Verdict | None:
    """The verdict over some rows: not run if any is, else failed if any is; None if there are no rows."""
    verdicts = {row.verdict for row in rows}
    order: tuple[Verdict, ...] = ("not run", "failed", "passed")
    return next((verdict for verdict in order if verdict in verdicts), None)
