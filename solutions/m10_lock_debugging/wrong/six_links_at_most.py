"""Follows a chain of orders for six locks, and no further.

Breaks: R6
"""


def find_path(after: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    """The names on a way from `start` to `goal`, both included, or None."""
    ways = [[start]]
    seen = {start}
    for way in ways:  # grows while we walk along it
        if way[-1] == goal:
            return way
        if len(way) == 6:
            continue
        for name in after.get(way[-1], ()):
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None
