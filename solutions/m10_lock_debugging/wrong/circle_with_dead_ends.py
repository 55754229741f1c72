"""All locks that the search has seen belong to the circle.

Breaks: R6
"""


def find_path(after: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    """The names met on the way from `start` to `goal`, or None."""
    met = [start]
    for name in met:
        if name == goal:
            return met
        met.extend(later for later in after.get(name, ()) if later not in met)
    return None
