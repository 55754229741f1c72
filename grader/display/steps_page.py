"""The page to step through a run of a check: its trace, its file and its verdict."""

from __future__ import annotations

from grader.checks.trace import Trace
from grader.display.run_steps import steps_of
from grader.display.trace_text import heading
from grader.steps.page import PageHead, draw_page


def page(trace: Trace, source: str, *, title: str, file: str, failed: str = "", passed: str = "") -> str:
    """The page of one run.

    Args:
        trace: of a run that was looked at closely.
        source: the file that it is of.
        title: what the page is about.
        file: name of the file.
        failed: how the check failed; empty if it did not.
        passed: what to say if it passed.

    Raises:
        ValueError: the run was not looked at closely, or has no step to show.
    """
    steps, left_out = steps_of(trace)
    if not steps:
        raise ValueError("the run has no step to show: nothing of the file ran")
    notes = [heading(trace)]
    if left_out:
        notes.append(f"{left_out} step{'s' if left_out > 1 else ''} of the scene, without anything to see, left out")
    return draw_page(steps, {file: source}, PageHead(title, tuple(notes), failed, passed))
