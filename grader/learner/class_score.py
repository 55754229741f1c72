"""What the class has scored of a learner's work: told by the feedback page, on the exchange or fetched from there.

Nothing of nbgrader is needed to read it, so `grader progress` and the start page are as quick as without a class.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from grader.course.safe_files import alone, read_object, write
from grader.learner.due import FILE

RECORD = Path(".lab") / "handed_in.json"
"""Slug → the hand-ins over the exchange, the oldest first: time, the file's sha256, and the name that the page will have."""

KEPT = 20
"""How many hand-ins of an exercise are remembered."""

HEAD = 4_000
"""How many bytes of a page hold what is read here; nothing of a learner's is among them."""


@dataclass(frozen=True)
class ClassScore:
    """The score of one exercise in the class.

    Args:
        text: such as ``69 of 100``; ``? of 100`` while something of it could not be checked.
        page: the feedback page.
        newer: whether a newer file was handed in since.
    """

    text: str
    page: Path
    newer: bool = False

    @property
    def words(self) -> str:
        """The score, and whether it is that of the newest file."""
        return f"{self.text}, newer file waits" if self.newer else self.text


def note_hand_in(root: Path, slug: str, *, time: str, sha256: str | None, page: str) -> None:
    """Note a hand-in, so that its page is found later. A place that cannot be written keeps nobody from handing in.

    Args:
        root: of the learner's course.
        time: when, as nbgrader writes it.
        sha256: of the file; None if there is none.
        page: name of the page that the class will publish.
    """
    with contextlib.suppress(OSError), alone(root):
        (root / RECORD).parent.mkdir(exist_ok=True)
        entry = {"time": time, "sha256": sha256 or "", "page": page}
        before = read_object(root / RECORD)
        known = {**before, slug: [*_hand_ins(before, slug), entry][-KEPT:]}
        write(root / RECORD, (json.dumps(known, indent=1) + "\n").encode())


def class_score(root: Path, slug: str) -> ClassScore | None:
    """The newest score that the learner can see; None if there is none.

    Args:
        root: of the learner's course.
    """
    handed_in = _hand_ins(read_object(root / RECORD), slug)
    newest = str(handed_in[-1].get("sha256", "")) if handed_in else ""
    for page in _pages(root, slug, handed_in):
        facts = _facts(page)
        if "score" in facts:
            return ClassScore(facts["score"], page, newer=bool(newest) and facts.get("sha256") != newest)
    return None


def _hand_ins(record: Mapping[str, Any], slug: str) -> list[Mapping[str, Any]]:
    """What is remembered of an exercise, the oldest first."""
    known = record.get(slug)
    return [each for each in known if isinstance(each, dict)] if isinstance(known, list) else []


def _pages(root: Path, slug: str, handed_in: list[Mapping[str, Any]]) -> list[Path]:
    """Where the page may be, the newest first: on the exchange, else what was fetched."""
    course = read_object(root / FILE)
    exchange = Path(str(course.get("exchange", ""))) / str(course.get("name", "")) / "feedback"
    fetched = (root / "exercises" / slug / "feedback").glob(f"*/{slug}.html")
    return [
        *(exchange / str(each.get("page", "")) for each in reversed(handed_in)),
        *sorted(fetched, key=lambda path: path.parent.name, reverse=True),
    ]


class _Facts(HTMLParser):
    """Reads what a page says for programs, whatever the order of its attributes."""

    PREFIX = "checkpoint-"

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a `meta` of ours; the first of a name counts."""
        known = dict(attrs)
        name = known.get("name") or ""
        if tag == "meta" and name.startswith(self.PREFIX):
            self.found.setdefault(name.removeprefix(self.PREFIX), known.get("content") or "")


def _facts(page: Path) -> dict[str, str]:
    try:
        with page.open("rb") as file:
            text = file.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return {}
    reader = _Facts()
    reader.feed(text)
    return reader.found
