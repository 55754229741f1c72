"""Prints a digest of the traces of many orders on both backends: run as a script, on any Python with anyio and trio.

The same seeds must give the same traces whatever the Python, the hash seed and the load of the machine.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from grader.checks.play import order_of  # noqa: E402 - after the path
from grader.judging.searches import Traces, play_search  # noqa: E402
from grader.worker.process.alarm import Alarm  # noqa: E402
from grader.worker.process.player import RunPlayer  # noqa: E402
from grader.worker.scene.subject import Subject  # noqa: E402
from grader.worker.watch import probes  # noqa: E402

JOBS = {
    "a": [["wait", 1], ["give", "A"]],
    "b": [["cleanup", ["wait", 2]], ["hang"]],
    "c": [["checkpoint"], ["give", None]],
    "d": [["wait", 1.5], ["checkpoint"], ["fail", "E"]],
}


def main(slug: str) -> str:
    """Return the digest for the reference solution of a module whose scene takes jobs."""
    name = slug.partition("_")[2]
    source = (CHECKOUT / "solutions" / slug / f"{name}.py").read_text()
    scene = (CHECKOUT / "exercises" / slug / "scene.py").read_text()
    probes.install()
    digest = hashlib.sha256()
    for backend in ("asyncio", "trio"):
        session = RunPlayer(Subject(name, source, {}), scene, alarm=Alarm(lambda _: None))
        for plan in ({"jobs": JOBS, "timeout": 30}, {"jobs": {k: JOBS[k] for k in "abc"}, "timeout": 1.2}):
            for search in (
                {"kind": "orders", "runs": [order_of(seed) for seed in range(40)]},
                {"kind": "cancel", "who": "caller"},
            ):
                traces: list[dict[str, Any]] = []

                def play(runs: list[dict[str, Any]], session: Any = session, asked: Any = (backend, plan)) -> Traces:
                    given: list[dict[str, Any]] = []
                    session.play({"backend": asked[0], "plan": asked[1], "runs": runs}, given.append)
                    yield from given

                traces += play_search(search, play)
                digest.update(json.dumps(traces, sort_keys=True).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(main("m01_parallel_timeout"))
