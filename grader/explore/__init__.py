"""Explore: the engine for anybody's anyio tests, as a plugin of pytest; `docs/explore.md` shows it at work.

An ordinary async test runs under virtual time on both backends, in order and in sampled orders; blocks are cancelled
after each step, calls fail in turn, and what is left at the end counts. Nothing of the course is needed or imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.explore.disturbances import Explore
    from grader.explore.engine import ExploreFailure

__all__ = ["Explore", "ExploreFailure"]


def __getattr__(name: str) -> object:
    """Load the engine when somebody asks for it: pytest imports this package in every run of its environment."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from grader.explore import engine

    return getattr(engine, name)  # it uses both
