"""A failing order brought back to the order of the queue, as far as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

NO_ORDER = "No special order is needed: it fails when every task runs as soon as it is ready."
#: At most this many choices are named one by one; of more, only the number is given.
NAMED = 2

Choice = Sequence[int]
#: number of a choice, and which of the ready tasks it takes
Choices = list[list[int]]


def fewer_choices(choices: Sequence[Choice], spent: Callable[[], bool]) -> Generator[Choices, bool, Choices]:
    """Leave out whatever is not needed, large parts first (delta debugging).

    Yields choices to try and is sent whether a run with them still fails; returns the fewest found.

    Args:
        choices: of a run that fails.
        spent: tells that no further run is to be tried.
    """
    present: Choices = [list(choice) for choice in choices]
    size = max(1, len(present) // 2)
    while True:
        kept = present
        for start in range(0, len(present), size):
            part = present[start : start + size]
            fewer = [choice for choice in kept if choice not in part]
            if not fewer or len(fewer) == len(kept):
                continue
            if spent():
                return kept
            if (yield fewer):
                kept = fewer
        if size == 1 and len(kept) == len(present):
            return kept
        present, size = kept, max(1, size // 2)


def fewest_choices(
    choices: Sequence[Choice], fails: Callable[[Choices], bool], spent: Callable[[], bool] = lambda: False
) -> Choices:
    """The fewest choices found that still fail.

    Args:
        choices, spent: as for `fewer_choices`.
        fails: plays a run with these choices and tells whether it fails.
    """
    search = fewer_choices(choices, spent)
    try:
        trial = next(search)
        while True:
            trial = search.send(fails(trial))
    except StopIteration as done:
        return list(done.value)


def order_in_words(count: int, ran: Sequence[tuple[str, str, float]]) -> str:
    """Which order a run takes to fail, in one sentence.

    Args:
        count: how many choices are not in order.
        ran: of each: who ran, who was due, when (virtual s).
    """
    if not count:
        return NO_ORDER
    if len(ran) > NAMED or not ran or any(first == due for first, due, _ in ran):
        at = f", the first at {_seconds(ran[0][2])} s" if ran else ""
        return f"It takes {count} step{'s' if count > 1 else ''} out of order{at}; everything else may go in order."
    steps = " and ".join(f"`{first}` runs before `{due}` at {_seconds(when)} s" for first, due, when in ran)
    return f"It fails when {steps}; everything else may go in order."


def _seconds(time: float) -> str:
    return f"{round(time, 4):g}"
