"""The sandbox, trusted side: starts confined children and holds the line to each of them.

Two rings of walls. The *outer* ones stand around a fork server (`view.py`, `outer.py`, `namespaces.py`): what can be
seen, no network. The *inner* ones stand around each child it forks (`grader/worker/walls.py`): own process ids, own
temporary folder, limits, allowed system calls.
"""

from .endings import Ending
from .limits import Limits
from .link import IsolationRefused, Link, LinkClosed, LinkTimeout
from .outer import Level
from .probe import describe, level
from .server import ForkServer

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
