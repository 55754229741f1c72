"""How many orders of ready tasks each policy needs until a wrong solution that passes first in, first out fails.

`python benchmarks/orders.py m05 m09 --keep found.jsonl` plays the hidden checks that grading would, on the wrong solutions of those
modules (all modules if none is named), with each policy in place of the sampled orders, in batches of the budget of grading;
`--table found.jsonl` prints the table of what was kept. Every wrong solution is played in a process of its own, without walls.
"""

from __future__ import annotations

import argparse
import functools
import inspect
import json
import math
import multiprocessing
import random
import statistics
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from grader.authoring.proof import claim_of  # noqa: E402 - the checkout comes first
from grader.checks.collect import Check, checks_of  # noqa: E402
from grader.checks.play import ORDERS, Play  # noqa: E402
from grader.checks.rule import NotRun  # noqa: E402
from grader.course import BACKENDS, Course, CourseError, Module  # noqa: E402
from grader.course.key import SELF_CHECK_KEY  # noqa: E402
from grader.course.overrides import whole_program  # noqa: E402
from grader.judging.run_check import plan_key  # noqa: E402
from grader.judging.searches import plain_run, play_search  # noqa: E402
from grader.judging.submission import examine  # noqa: E402
from grader.worker.loops.control import Control, TaskInfo  # noqa: E402
from grader.worker.loops.orders import Order, sampled_order  # noqa: E402
from grader.worker.loops.waits import coroutine_of, where  # noqa: E402
from grader.worker.process import player as playing  # noqa: E402
from grader.worker.process.alarm import Alarm  # noqa: E402
from grader.worker.scene.subject import Subject  # noqa: E402
from grader.worker.watch import probes  # noqa: E402

BUDGET = ORDERS // 2
"""Orders of one plan that grading plays on each backend."""
LONGEST = 900.0
"""Seconds that one file may take."""
Signature = tuple[int, ...]


# -- what is known of a plan from its run in order ---------------------------------------------------------------------
@dataclass
class Profile:
    """The run of a plan in order.

    Args:
        steps: how many there are.
        choices: how many of them had several ready tasks.
        counts: task → how many steps it makes.
        places: task and place that a step goes on from → how many of them.
    """

    steps: int = 0
    choices: int = 0
    counts: Counter[Signature] = field(default_factory=Counter)
    places: Counter[tuple[Signature, Hashable]] = field(default_factory=Counter)


class PolicyOrder(Order):
    """An order that is asked at each step, and sees the tasks."""

    wants_profile = True

    def __init__(self, seed: int, profile: Profile) -> None:
        super().__init__("fifo", seed)
        self.name = "pos"  # the loops ask for a choice also where one task alone is ready
        self.profile = profile
        self.control: Any = None
        self.file = ""
        self._random = random.Random(f"{type(self).__name__}-{seed}")
        self._signatures: dict[int, Signature] = {}
        self._children: Counter[Signature] = Counter()
        self._where: dict[int, Hashable] = {}

    def signatures(self) -> dict[int, Signature]:
        """Number of each task → which child of which child of the first it is, the same in runs of another order."""
        for info in self.control.every[len(self._signatures) :]:
            parent = self._signatures.get(info.parent.serial, ()) if info.parent is not None else ()
            self._signatures[info.serial] = mine = (*parent, self._children[parent])
            self._children[parent] += 1
            self.on_spawn(mine)
        return self._signatures

    def on_spawn(self, task: Signature) -> None:
        """A task was started."""

    def place(self, serial: int) -> Hashable:
        """Where a task goes on: a line of the file, or the name of the function that begins or that waits elsewhere."""
        if serial not in self._where:
            info: TaskInfo = self.control.every[serial]
            coro = coroutine_of(info.task)
            line = where(coro, self.file)
            self._where[serial] = getattr(coro, "__qualname__", "?") if line is None or not info.steps else line
        return self._where[serial]

    def _pick(self, ready: Sequence[Hashable]) -> int:
        serials = [int(serial) for serial in ready]  # type: ignore[call-overload]
        if max(serials) not in self.signatures():
            return 0  # the loop's own task, between two runs
        index = self.choose(serials)
        self._where.pop(serials[index], None)
        return index

    def choose(self, ready: Sequence[int]) -> int:
        """Which of the ready tasks goes next."""
        raise NotImplementedError


class InOrder(PolicyOrder):
    """First in, first out; writes the profile."""

    def choose(self, ready: Sequence[int]) -> int:
        mine = self._signatures[ready[0]]
        self.profile.steps += 1
        self.profile.choices += len(ready) > 1
        self.profile.counts[mine] += 1
        self.profile.places[mine, self.place(ready[0])] += 1
        return 0


# -- policies ----------------------------------------------------------------------------------------------------------
class Deviations(PolicyOrder):
    """First in, first out, but for some choices, each equally likely, which take one of the others."""

    def __init__(self, seed: int, profile: Profile, deviations: int) -> None:
        super().__init__(seed, profile)
        numbers = range(profile.choices)
        self._apart = set(self._random.sample(numbers, min(deviations, len(numbers))))

    def choose(self, ready: Sequence[int]) -> int:
        if len(ready) == 1 or self._count + 1 not in self._apart:
            return 0
        return self._random.randrange(1, len(ready))


class Pct(PolicyOrder):
    """Probabilistic concurrency testing: the ready task of the highest priority goes next; at `depth` - 1 steps, drawn beforehand,
    that task gets a priority below all others (Burckhardt, Kothari, Musuvathi, Nagarakatte: ASPLOS 2010)."""

    def __init__(self, seed: int, profile: Profile, depth: int) -> None:
        super().__init__(seed, profile)
        steps = range(max(profile.steps, depth - 1))
        self._changes = {step: -number for number, step in enumerate(self._random.sample(steps, depth - 1), 1)}
        self._priority: dict[Hashable, float] = {}
        self._steps = 0

    def choose(self, ready: Sequence[int]) -> int:
        priority = self._priority
        for task in ready:
            if task not in priority:
                priority[task] = self._random.random()
        best = max(range(len(ready)), key=lambda each: priority[ready[each]])
        if self._steps in self._changes:
            priority[ready[best]] = self._changes[self._steps]
            best = max(range(len(ready)), key=lambda each: priority[ready[each]])
        self._steps += 1
        return best


class Weighted(PolicyOrder):
    """Uniform random walk (URW): a ready task goes next with a probability in proportion to the steps that it and its tasks that are
    not started yet still make, as the run in order has counted them (Zhao, Wolff, Mathur, Roychoudhury: ASPLOS 2025)."""

    def __init__(self, seed: int, profile: Profile) -> None:
        super().__init__(seed, profile)
        self.left = self.subtrees(profile.counts)
        self._whole = dict(self.left)

    @staticmethod
    def subtrees(counts: Mapping[Signature, int]) -> Counter[Signature]:
        """Task → what it and all below it count."""
        whole: Counter[Signature] = Counter()
        for task, count in counts.items():
            for length in range(1, len(task) + 1):
                whole[task[:length]] += count
        return whole

    def on_spawn(self, task: Signature) -> None:
        if len(task) > 1:
            self.left[task[:-1]] -= self._whole.get(task, 0)

    def choose(self, ready: Sequence[int]) -> int:
        names = [self._signatures[serial] for serial in ready]
        index = self._random.choices(range(len(ready)), [max(1, self.left[name]) for name in names])[0]
        self.left[names[index]] -= 1
        return index


class Selective(Weighted):
    """The same for some steps only (SURW): those that go on from one place, drawn for each run. Which task makes the next of them is
    drawn in proportion to how many each still makes; until it does, all others go in any order, but for such steps of theirs."""

    def __init__(self, seed: int, profile: Profile) -> None:
        super().__init__(seed, profile)
        tasks_at: dict[Hashable, set[Signature]] = defaultdict(set)
        for task, place in profile.places:
            tasks_at[place].add(task)
        known = sorted((place for place, tasks in tasks_at.items() if len(tasks) > 1), key=str)
        self._chosen = self._random.choice(known or sorted(tasks_at, key=str) or [None])
        counts = {task: count for (task, place), count in profile.places.items() if place == self._chosen}
        self.left = self.subtrees(counts)
        self._whole = dict(self.left)
        self._next: Signature | None = None

    def on_spawn(self, task: Signature) -> None:
        super().on_spawn(task)
        if self._next == task[:-1]:
            self._next = None

    def choose(self, ready: Sequence[int]) -> int:
        names = [self._signatures[serial] for serial in ready]
        if self._next is None or self.left[self._next] <= 0:
            self._draw([self._signatures[info.serial] for info in self.control.open.values()])
        chosen = [self.place(serial) == self._chosen for serial in ready]
        free = [index for index, name in enumerate(names) if not chosen[index] or name == self._next]
        index = self._random.choice(free or range(len(ready)))
        if chosen[index]:
            self.left[names[index]] -= 1
            self._next = None
        return index

    def _draw(self, tasks: Sequence[Signature]) -> None:
        weights = [max(0, self.left[task]) for task in tasks]
        self._next = self._random.choices(tasks, weights)[0] if any(weights) else None


def _plain(name: Callable[[int], str]) -> Callable[[int, Profile], Order]:
    return lambda seed, _: Order(name(seed), seed)


#: Name → an order from a seed and a profile.
POLICIES: dict[str, Callable[[int, Profile], Order]] = {
    "today: uniform and POS in turn": _plain(sampled_order),
    "uniform": _plain(lambda _: "uniform"),
    "POS": _plain(lambda _: "pos"),
    "PCT, depth 2": functools.partial(Pct, depth=2),
    "PCT, depth 3": functools.partial(Pct, depth=3),
    "URW": Weighted,
    "SURW, one place": Selective,
    "in order but for 1 choice": functools.partial(Deviations, deviations=1),
    "in order but for 2 choices": functools.partial(Deviations, deviations=2),
    "in order but for 3 choices": functools.partial(Deviations, deviations=3),
    "uniform and 2 choices in turn": lambda seed, profile: (
        Deviations(seed, profile, deviations=2) if seed % 2 else Order("uniform", seed)
    ),
}


SCOUTS = ("today: uniform and POS in turn", "in order but for 2 choices")
"""Policies that look which checks a file can fail at all; only those are played with each policy."""
SCOUTED = 1_000_000
"""The first seed of theirs."""


# -- plays a file ------------------------------------------------------------------------------------------------------
class _SeeingControl(Control):
    """Shows the tasks to an order that looks at them."""

    def __init__(self, order: Order, **options: Any) -> None:
        super().__init__(order, **options)
        if isinstance(order, PolicyOrder):
            order.control = self


class PolicyPlayer:
    """Plays what a check asks for in this process, with orders of a policy: a `grader.checks.play.TraceSource`."""

    def __init__(self, module: Module, source: str) -> None:
        self._name, self._source, self._scene = module.name, source, module.scene.read_text(encoding="utf-8")
        self._subject = Subject(self._name, source, dict(module.names))
        self._player: playing.RunPlayer | None = None
        self._profiles: dict[str, Profile] = {}
        self.policy: Callable[[int, Profile], Order] | None = None  # None: in order
        self.first = 0
        self.asked = False  # for orders
        self.seed = 0
        self.runs, self.seconds = 0, 0.0
        probes.install(blocking_calls=False)

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Play a request."""
        search = request["search"]
        if search["kind"] != "orders" or len(search["runs"]) == 1:
            return play_search(search, functools.partial(self._play_runs, request))
        self.asked = True
        return self._play_orders(request)

    def _play_runs(self, request: dict[str, Any], runs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for run in runs:
            yield self._play(request, run, Order)

    def _play_orders(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        key = json.dumps([request["backend"], request["plan"], request["outside"]], sort_keys=True, default=str)
        if self.policy is None or key not in self._profiles:
            self._profiles[key] = Profile()
            in_order = self._play(request, plain_run(), lambda *_: InOrder(0, self._profiles[key]))
            if self.policy is None:
                yield in_order
                return
        profile = self._profiles[key]
        for number in range(BUDGET):
            seed = self.first + number
            self.seed = number + 1
            began = time.process_time()
            trace = self._play(request, plain_run(seed, "fifo"), lambda *_, seed=seed: self.policy(seed, profile))
            self.runs, self.seconds = self.runs + 1, self.seconds + time.process_time() - began
            yield trace

    def _play(self, request: dict[str, Any], run: dict[str, Any], make: Callable[..., Order]) -> dict[str, Any]:
        if self._player is None or self._player.dirty:
            self._player = playing.RunPlayer(self._subject, self._scene, alarm=Alarm(lambda _: None))

        def order(*arguments: Any) -> Order:
            made = make(*arguments)
            if isinstance(made, PolicyOrder):
                made.file = self._subject.file
            return made

        playing.Order, playing.Control = order, _SeeingControl  # type: ignore[assignment, misc, attr-defined]
        traces: list[dict[str, Any]] = []
        self._player.play({**request, "runs": [run], "debugger": False}, traces.append)
        return traces[0]


def _fails(check: Check, backend: str, player: PolicyPlayer, key: bytes) -> bool:
    play = Play(player, backend=backend, key=key)
    try:
        check.function(play)
    except NotRun:
        return False
    except Exception:  # noqa: BLE001 - what a check raises about what it saw counts as a failure
        return True
    return False


def play_file(module: Module, path: Path, batches: int) -> dict[str, Any] | None:
    """What came of one wrong file; None if it is not one that needs an order to fail the clause that it breaks."""
    text = whole_program(module, path)
    submission = examine(module, text.encode())
    breaks = claim_of(path, module).breaks
    checks = [check for check in checks_of(module, "hidden") if check.clause == breaks]
    checks.sort(key=lambda check: not asks_for_orders(check))
    if not checks or not asks_for_orders(checks[0]):
        return None
    player = PolicyPlayer(module, text)
    pairs = []
    for check in checks:
        player.asked = False
        key = plan_key(SELF_CHECK_KEY, submission.sha256, check.id)
        if any(_fails(check, backend, player, key) for backend in BACKENDS):
            return None
        pairs += [(check, backend, key) for backend in BACKENDS if player.asked]
    pairs = [pair for pair in pairs if _can_fail(player, *pair)]
    if not pairs:
        return None
    entry = {"module": module.short, "file": path.stem, "breaks": breaks, "checks": len(pairs)}
    return {**entry, "policies": _play_policies(player, pairs, batches)}


def _play_policies(player: PolicyPlayer, pairs: Sequence[tuple[Check, str, bytes]], batches: int) -> dict[str, Any]:
    """Name of each policy → the orders needed in each batch, None if they were not enough, and what they took."""
    found: dict[str, Any] = {}
    for name, policy in POLICIES.items():
        player.policy, player.runs, player.seconds = policy, 0, 0.0
        needed: list[int | None] = []
        for batch in range(batches):
            player.first = batch * BUDGET
            # Grading plays both backends and all checks of the clause: any of them will do.
            first = [player.seed for check, backend, key in pairs if _fails(check, backend, player, key)]
            needed.append(min(first, default=None))
        found[name] = {"needed": needed, "runs": player.runs, "seconds": player.seconds}
    return found


def asks_for_orders(check: Check) -> bool:
    """Whether a check asks for orders, as its text says."""
    return ".orders(" in inspect.getsource(check.function)


def _can_fail(player: PolicyPlayer, check: Check, backend: str, key: bytes) -> bool:
    """Whether a check fails in some orders, which are not those that count later."""
    player.first = SCOUTED
    for name in SCOUTS:
        player.policy = POLICIES[name]
        if _fails(check, backend, player, key):
            return True
    return False


def _child(module: Module, path: Path, batches: int, pipe: Any) -> None:
    warnings.simplefilter("ignore")  # what a wrong file never awaits
    pipe.send(play_file(module, path, batches))


def play_alone(module: Module, path: Path, batches: int) -> dict[str, Any] | None:
    """The same in a process of its own, which may hang."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(module, path, batches, theirs))
    child.start()
    theirs.close()
    found: dict[str, Any] | None = None
    try:
        if ours.poll(LONGEST):
            found = ours.recv()
    except EOFError:
        sys.stderr.write(f"{module.short} {path.stem}: no answer\n")
    child.kill()
    child.join()
    return found


# -- the table ---------------------------------------------------------------------------------------------------------
def print_table(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """A row a policy: over all files, how many are found and how soon."""
    title = f"{len(files)} wrong solutions that fail in some orders only; {BUDGET} orders of a plan on each backend"
    columns = ("policy", "found", "least found", "always found", "median", "mean", "> 5", "ms a run")
    table = Table(*columns, title=title)
    for name in POLICIES:
        each = [file["policies"][name] for file in files]
        shares = [sum(number is not None for number in one["needed"]) / len(one["needed"]) for one in each]
        medians = [statistics.median(_numbers(one["needed"])) for one in each]
        numbers = [number for one in each for number in _numbers(one["needed"])]
        runs, seconds = sum(one["runs"] for one in each), sum(one["seconds"] for one in each)
        table.add_row(
            name,
            f"{100 * statistics.mean(shares):.1f} %",
            f"{100 * min(shares):.0f} %",
            f"{sum(share == 1 for share in shares)}",
            f"{statistics.median(medians):g}",
            f"{statistics.mean(min(number, BUDGET + 1) for number in numbers):.2f}",
            f"{sum(median > 5 for median in medians)}",
            f"{1000 * seconds / runs:.2f}",
        )
    console.print(table)


def _numbers(needed: Sequence[int | None]) -> list[float]:
    """Orders that were needed; more than there were where the file was not found."""
    return [math.inf if number is None else number for number in needed]


def print_rare(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """The files that some policy misses in some batch."""
    table = Table(
        "file", *(name.replace("in order but for", "±") for name in POLICIES), title="Found in so many batches"
    )
    for file in files:
        counts = [sum(number is not None for number in file["policies"][name]["needed"]) for name in POLICIES]
        if min(counts) < len(file["policies"][next(iter(POLICIES))]["needed"]):
            table.add_row(f"{file['module']} {file['file']}", *map(str, counts))
    console.print(table)


def main() -> None:
    """Play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*")
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="FILE", help="names of wrong solutions; all if none is named"
    )
    parser.add_argument("--batches", type=int, default=5, help="of the budget of grading, for each file and policy")
    parser.add_argument("--keep", type=Path, help="a file for what was found, a line for each wrong solution")
    parser.add_argument("--table", type=Path, help="print the table of such a file, and play nothing")
    given = parser.parse_args()
    console = Console(width=150)
    files = [json.loads(line) for line in given.table.read_text().splitlines()] if given.table else []
    for module in [] if given.table else Course(CHECKOUT).modules(given.modules):
        began = time.monotonic()
        count = 0
        for path in module.wrong:
            if given.only and path.stem not in given.only:
                continue
            try:
                found = play_alone(module, path, given.batches)
            except CourseError as error:
                console.print(f"{path.stem}: {error}")
                continue
            if found is not None:
                files.append(found)
                count += 1
                if given.keep:
                    with given.keep.open("a") as file:
                        file.write(json.dumps(found) + "\n")
        console.print(f"{module.short}: {count} of {len(module.wrong)} files, {time.monotonic() - began:.0f} s")
    if files:
        print_table(console, files)
        print_rare(console, files)


if __name__ == "__main__":
    main()
