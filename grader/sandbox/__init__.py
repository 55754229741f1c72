"""The sandbox, trusted side: starts confined children and holds the line to each of them.

Two rings of walls. The *outer* ones are around a fork server (`view.py`, `outer.py`, `namespaces.py`): what can be
seen, no network. The *inner* ones are around each child it forks (`grader/worker/process/walls.py`): own process ids, own
temporary folder, limits, allowed system calls.
"""

from grader.sandbox.endings import Ending
from grader.sandbox.limits import Limits
from grader.sandbox.link import IsolationRefused, Link, LinkClosed, LinkTimeout
from grader.sandbox.outer import Level
from grader.sandbox.probe import describe, level
from grader.sandbox.server import ForkServer

__all__ = [
    "Ending",
    "ForkServer",
    "IsolationRefused",
    "Level",
    "Limits",
    "Link",
    "LinkClosed",
    "LinkTimeout",
    "describe",
    "level",
]
