"""When a learner's exercises are due: from the course's bundle, or newer from the exchange if it can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.course.safe_files import read_object

FILE = "class.json"
"""In the bundle: the class's name, its exchange, its timezone and its due dates."""

DATES = "dates.json"
"""The same, on the exchange in the class's folder, as of the last release."""

LIMIT = 100_000


@dataclass(frozen=True)
class DueDate:
    """When one exercise is due.

    Args:
        time: in UTC.
        zone: in which people read it.
    """

    time: datetime
    zone: str = "UTC"

    def text(self) -> str:
        """For people, to the minute."""
        try:
            zone: Any = ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):  # Windows has no table of its own
            zone = UTC
        return self.time.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")

    def late_by(self, now: datetime) -> str:
        """How late it is, in words; empty if it is not."""
        minutes = int((now - self.time).total_seconds() // 60)
        if now <= self.time:
            return ""
        days, rest = divmod(minutes, 1440)
        hours, minutes = divmod(rest, 60)
        parts = [(days, "d"), (hours, "h"), (minutes, "min")]
        return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"


def plain(
    name: str, exchange: Path, zone: str, dates: dict[str, datetime | None], *, check_owner: bool
) -> dict[str, Any]:
    """What is written into `FILE` and `DATES`.

    Args:
        exchange: its folder.
        dates: slug → due date in UTC, without a zone as nbgrader keeps it.
        check_owner: whether a hand-in must belong to its learner's account.
    """
    due = {slug: f"{time.isoformat()}Z" for slug, time in dates.items() if time is not None}
    facts = {"format": 1, "name": name, "exchange": str(exchange), "timezone": zone, "check_owner": check_owner}
    return {**facts, "due": due}


def checks_owner(root: Path) -> bool:
    """Whether the class takes a hand-in only from its learner's own account; False if nobody said."""
    return read_object(root / FILE, LIMIT).get("check_owner") is True


def due_of(root: Path, slug: str) -> DueDate | None:
    """When an exercise is due; None if nobody said."""
    known = read_object(root / FILE, LIMIT)
    newer = (
        read_object(Path(str(known.get("exchange", ""))) / str(known.get("name", "")) / DATES, LIMIT) if known else {}
    )
    source = newer or known
    dates = source.get("due")
    try:
        time = datetime.fromisoformat(str(dates[slug] if isinstance(dates, dict) else ""))
    except (KeyError, ValueError):
        return None
    return DueDate(time, str(source.get("timezone", "UTC"))) if time.tzinfo else None
