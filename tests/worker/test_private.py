"""The private names that the worker and the notebook lean on are where they were."""

from grader.worker.loops import private


def test_nothing_has_moved() -> None:
    assert private.missing_names() == []
