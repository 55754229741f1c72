"""Play the checks that draw their plans on the reference solutions, under many keys: no plan may be one that no file can meet.

    python benchmarks/drawn_plans.py [MODULE…] [--seconds 60]

A file's plans are drawn from the course's key and its bytes, so a plan that is unfair once in hundreds of times meets somebody
in a class. Only the run in order is played of each search: what a plan asks for shows in it. Exit code 1 if a check fails.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grader.authoring.flaws import KINDS
from grader.checks.collect import Check, checks_of
from grader.course import BACKENDS, Course, Module
from grader.judging.answers import TimeLimits
from grader.judging.run_check import Outcome, run_check
from grader.judging.searches import plain_run
from grader.judging.session import Session
from grader.judging.submission import examine
from grader.sandbox import ForkServer

ROOT = Path(__file__).resolve().parents[1]
LIMITS = TimeLimits(total=3600)


def play(
    checks: Sequence[Check], module: Module, forks: ForkServer, number: int
) -> Iterator[tuple[Outcome, list[Any]]]:
    """What comes of checks under a key, on one backend or the other, each with the plans that it played."""
    name = str(number).encode()
    submission = examine(module, module.solution.read_bytes(), hashlib.sha256(name).hexdigest())
    with Session(module, submission, forks, LIMITS) as session:
        for check in checks:
            before = len(session.requests)
            outcome = run_check(check, session, BACKENDS[number % len(BACKENDS)], name, only=plain_run())
            yield outcome, [(request["plan"], request["outside"]) for request in session.requests[before:]]


def those_that_draw(module: Module, forks: ForkServer) -> list[Check]:
    """The checks of a module that play other plans under another key, on the same backend."""
    checks = [check for kind in KINDS for check in checks_of(module, kind)]
    some, others = (play(checks, module, forks, number) for number in (0, len(BACKENDS)))
    return [check for check, (_, one), (_, other) in zip(checks, some, others, strict=True) if one != other]


def play_module(module: Module, forks: ForkServer, seconds: float) -> int:
    """Play a module for some seconds, print what fails, and return how many plans did."""
    checks = those_that_draw(module, forks)
    until, number, failed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        for check, (outcome, plans) in zip(checks, play(checks, module, forks, number), strict=True):
            if why := outcome.failure or outcome.not_run:
                failed += 1
                print(f"{module.short} {check.kind} {check.id}, key {number}: {why}\n    {plans[-1:]}", flush=True)
        number += 1
    print(f"{module.short}: {len(checks)} checks that draw, {number} keys each, {failed} failed", flush=True)
    return failed


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Can every drawn plan be met?")
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--seconds", type=float, default=60, help="for each module")
    asked = parser.parse_args(words)
    with ForkServer(walls=False) as forks:
        failed = [play_module(module, forks, asked.seconds) for module in Course(ROOT).modules(asked.modules)]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
