"""One run of a search as a short word, so that it can be asked for again: ``17``, ``0:fifo:cancel:caller:3``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.checks.play import order_of

ORDERS = ("fifo", "uniform", "pos")


def word(run: Mapping[str, Any]) -> str:
    """The word for a run: its seed, and what a seed does not say.

    Args:
        run: ``seed``, ``order``, ``cancel`` and ``fault`` of its trace.
    """
    cancel, fault = run.get("cancel"), run.get("fault")
    parts = [str(run["seed"])]
    if choices := run.get("choices"):
        return ":".join([*parts, run["order"], "choices", ",".join(f"{number}={which}" for number, which in choices)])
    if cancel or fault or run["order"] != order_of(run["seed"])["order"]:
        parts.append(run["order"])
    if cancel:
        parts += ["cancel", cancel["who"], str(cancel["after"])]
    elif fault:
        parts += ["fault", fault["who"], str(fault["call"])]
    return ":".join(parts)


def run_of(text: str) -> dict[str, Any]:
    """The run that a word names.

    Raises:
        ValueError: it names none; the text is one line.
    """
    seed, _, rest = text.partition(":")
    order, _, rest = rest.partition(":")
    kind, _, rest = rest.partition(":")
    if kind == "choices":
        return _run_of_choices(text, seed, order, rest)
    who, _, number = rest.rpartition(":")
    wrong = ValueError(
        f"{text!r} is not a run: write a seed such as 17, or 0:fifo:cancel:caller:3 as a failure shows it"
    )
    if kind not in ("", "cancel", "fault") or order not in ("", *ORDERS):
        raise wrong
    try:
        run: dict[str, Any] = {**order_of(int(seed)), "cancel": None, "fault": None}
        at = int(number) if kind else 0
    except ValueError:
        raise wrong from None
    if order:
        run["order"] = order
    if kind:
        run[kind] = {"who": who, "after" if kind == "cancel" else "call": at}
    return run


def _run_of_choices(text: str, seed: str, order: str, choices: str) -> dict[str, Any]:
    """The run of a word that lists its choices."""
    wrong = ValueError(f"{text!r} is not a run: choices are written like 0:fifo:choices:5=1,9=2")
    if order not in ORDERS:
        raise wrong
    try:
        pairs = [[int(number), int(which)] for number, which in (choice.split("=") for choice in choices.split(","))]
        return {"seed": int(seed), "order": order, "cancel": None, "fault": None, "choices": pairs}
    except ValueError:
        raise wrong from None
