"""How long a confined child takes: `python benchmarks/spawn.py [LEVEL…]`. Prints milliseconds, one line a level.

cold     from nothing to the first answer of a first child
child    `ForkServer.child()`: forked and behind its walls
answer   the same, up to its first answer
close    killed, gone and waited for
Median of the children and, in brackets, the slowest.
"""

import statistics
import sys
import time

from grader.sandbox import ForkServer, IsolationRefused

CHILDREN = 60
ANSWERED_S = 30
LOAD = {
    "op": "load",
    "name": "empty",
    "source": "async def nothing(): ...",
    "scene": "async def scene(subject, world): ...",
    "names": {"nothing": "async"},
}


def milliseconds(since):
    return (time.perf_counter() - since) * 1000


def spawn(server):
    """Return the three times of one child."""
    start = time.perf_counter()
    child = server.child()
    ready = milliseconds(start)
    child.send(LOAD)
    assert child.receive(time.monotonic() + ANSWERED_S)["loaded"], "the empty subject must load"
    answered = milliseconds(start)
    closing = time.perf_counter()
    child.close()
    return ready, answered, milliseconds(closing)


def measure(level):
    start = time.perf_counter()
    with ForkServer(level, walls=level != "none") as server:
        spawn(server)
        cold = milliseconds(start)
        columns = zip(*(spawn(server) for _ in range(CHILDREN)), strict=True)
        shown = [f"{statistics.median(column):6.1f} ({max(column):5.1f})" for column in columns]
    print(f"{level:12}{cold:8.0f}  {'  '.join(shown)}")


def main():
    print(f"{'':12}{'cold':>8}  {'child':>14}  {'answer':>14}  {'close':>14}")
    for level in sys.argv[1:] or ("bubblewrap", "namespaces", "none"):
        try:
            measure(level)
        except IsolationRefused as refused:
            print(f"{level:12}{refused}")


if __name__ == "__main__":
    main()
