"""A plugin for pytest that marks every async test with `explore`, with as many orders as EXPLORE_ALL says; all but async tests are left out."""

from __future__ import annotations

import inspect
import os
from typing import Any

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Mark them."""
    items[:] = [item for item in items if inspect.iscoroutinefunction(getattr(item, "obj", None))]
    if orders := os.environ.get("EXPLORE_ALL"):
        for item in items:
            item.add_marker(pytest.mark.explore(orders=int(orders)))
