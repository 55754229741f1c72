"""A failure in words: which run, what order it takes, what differs, and how to see it again."""

from __future__ import annotations

from collections.abc import Mapping

from grader.explore.search import BackendResult, FoundFailure


def card(found: FoundFailure, results: Mapping[str, BackendResult], command: str, page: str) -> str:
    """What is shown under the traceback of a failing test.

    Args:
        found: the run that the card is about.
        results: of each backend that was played.
        command: what the shell gets to play a run again, but for the run.
        page: what is said of the page to step through.
    """
    said = [f"fails on {found.run.backend}{_disturbance(found)}"]
    if not found.again:
        said.append(
            "The same run passed when it was played again: something in the test or its code is different each time, such as "
            "random, id(), the wall clock, or a module's state that outlives a run."
        )
    if found.order:
        said.append(found.order)
    if found.differs:
        said.append(found.differs)
    said += [_of_backend(backend, result, found) for backend, result in results.items()]
    said.append(f"again: {command} --explore={found.run}")
    said.append(f"step by step: {page}")
    return "\n".join(said)


def _disturbance(found: FoundFailure) -> str:
    run = found.run
    if run.cancel is not None:
        block, step = run.cancel
        which = "" if block == 1 else f" in block {block}"
        at = found.outcome.cancelled_at
        if found.outcome.unheard:
            return f" when cancelled after step {step}{which}; the block ended as if it was not"
        return f" when cancelled after step {step}{which}" + (
            "" if at is None else f"; the cancellation arrives at {at.quoted}"
        )
    if run.fails is not None:
        return f" when call {run.fails} of explore.fails raises"
    return ""


def _of_backend(backend: str, result: BackendResult, shown: FoundFailure) -> str:
    found = result.found
    if found is None:
        orders = "one order, as nothing was ever to choose" if result.orders == 1 else f"{result.orders} orders"
        return f"{backend}: {result.runs} runs passed, {orders}"
    if found is shown:
        return f"{backend}: run {found.played} was the first to fail"
    return f"{backend}: fails too, --explore={found.run}"
