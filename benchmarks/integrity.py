"""What it costs to see a cheat: right files graded with all that is for it, and without.

    python benchmarks/integrity.py [--pairs 5] [--files 3] [--instructions] [MODULE…]

Without it is a copy of the checkout in which `WITHOUT` is undone: flags by reading, the canary with the comparison at the end, the
proof of sweeps, the look at equal runs, audit events, opaque functions, doors, spans by task, and what was saved for it. A pair is so many gradings of the
reference solution in each copy, one after the other, in turns; of each side the one counts that took the fewest processor seconds,
which a busy machine disturbs least. What the fork server itself needs is left out. Prints for each module the ratio of the
smallest, and the median ratio of the pairs.

With `--instructions` valgrind counts those of the worker's part instead, which do not depend on what else the machine does: some
of the runs that a grading asks for, none of them the canary's, are played again in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLANS, RUNS = 10, 6  # of those that valgrind counts, at most
MODULES = ("m01", "m05", "m09", "m10", "m12")

#: File → what is put at its end: names that are looked up when they are used have no effect any more.
WITHOUT = {
    "grader/judging/judge.py": """
flags_by_reading = lambda text: ()
Canary = lambda session: None
plan_is_unsteady = lambda session: False
""",
    "grader/judging/searches.py": """
check_undisturbed = lambda first, who: None
is_as_due = lambda first, trace: True
""",
    # Lines of a coroutine's origin that were kept before: fewer of them make up for some of the rest.
    "grader/worker/watch/probes.py": """
ORIGIN = 3
""",
    "grader/worker/opaque.py": """
opaque = nameless = opaque_methods = lambda thing: thing
""",
    "grader/worker/watch/blocking.py": """
def _on_audit(event, args):
    if event in _EVENTS and _watch is not None:
        _watch.note_call(event)
""",
    "grader/worker/scene/doors.py": """
SceneWorld = lambda world, scene, file: world
def async_door(act, name, module):
    async def job(*args):
        return await act(*args)
    job.__qualname__, job.__module__ = name, module
    return job
def door(act):
    def job(*args):
        return act(*args)
    return job
""",
    "grader/worker/loops/span_of_task.py": """
class ByContext:
    def __init__(self):
        self._span = ContextVar("span", default=None)
        self.get = self.of_maker = self._span.get
        self.set, self.reset = self._span.set, self._span.reset
    def of(self, context):
        return context.get(self._span)
    def outside(self):
        pass
    def begin(self, current):
        pass
    def work_for(self, span):
        pass
current_span = ByContext()
""",
}
#: File → what is written another way, as there is no name for it.
CHANGED = {
    "grader/worker/loops/control.py": (
        ("info.inner", "current_span.of(info.context)"),
        (
            """        has_maker = parent is not None or self.current_info() is not None
        born = current_span.of_maker() if has_maker else current_span.of(context)
        info = TaskInfo(self.next_serial, task, context, born, parent, self.now, inner=born)
""",
            """        info = TaskInfo(self.next_serial, task, context, current_span.of(context), parent, self.now)
""",
        ),
    ),
    "grader/worker/process/player.py": (("info.inner", "current_span.of(info.context)"),),
}


def copy_checkout(place: Path, *, everything: bool) -> Path:
    """A copy of the checkout with everything that is for cheats, or without it."""
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.ipynb", "tests", "docs")
    shutil.copytree(ROOT, place, ignore=ignored, symlinks=True)
    if everything:
        return place
    for name, changes in CHANGED.items():
        text = (place / name).read_text("utf-8")
        for before, after in changes:
            if before not in text:
                raise SystemExit(f"{name} has changed, and CHANGED has not: there is no {before!r}")
            text = text.replace(before, after)
        (place / name).write_text(text, "utf-8")
    for name, text in WITHOUT.items():
        with (place / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return place


def grade(slug: str, count: int) -> float:
    """Grade a reference solution so often, after a first time; the least processor seconds that it took, judge and children."""
    from grader.course import Course
    from grader.judging.judge import grade as graded
    from grader.sandbox import ForkServer
    from grader.sandbox.link import Link

    module = Course(Path.cwd()).module(slug)
    data = module.solution.read_bytes()
    of_children: list[float] = []
    close = Link.close

    def note(self: Link, *how: str) -> None:
        of_children.append(0.0 if self._gone else self.cpu_seconds())
        close(self, *how)

    Link.close = note  # type: ignore[method-assign]
    seconds = []
    with ForkServer(walls=False) as forks:
        for _ in range(1 + count):
            of_children.clear()
            begun = time.process_time()
            report = graded(module, data, forks=forks)
            seconds.append(time.process_time() - begun + sum(of_children))
            if report.verdict != "passed" or report.flags:
                raise SystemExit(f"{slug}: {report.verdict}, {report.reason}, {report.flags}")
    return min(seconds[1:])


def note_requests(slug: str) -> list[dict[str, Any]]:
    """What the judge says to the children of one grading."""
    from grader.course import Course
    from grader.judging.judge import grade as graded
    from grader.sandbox import ForkServer
    from grader.sandbox.link import Link

    said: list[dict[str, Any]] = []
    send = Link.send

    def note(self: Link, message: dict[str, Any]) -> None:
        said.append(message)
        send(self, message)

    Link.send = note  # type: ignore[method-assign]
    module = Course(Path.cwd()).module(slug)
    with ForkServer(walls=False) as forks:
        graded(module, module.solution.read_bytes(), forks=forks)
    return [message for message in said if message["op"] in ("load", "play")]


def play_requests(messages: Sequence[dict[str, Any]]) -> None:
    """Play what was noted, in this process, and then once more while valgrind counts."""
    from grader.worker.process import serve
    from grader.worker.process.alarm import Alarm
    from grader.worker.process.player import RunPlayer
    from grader.worker.scene.subject import Subject
    from grader.worker.watch import reach

    serve.prepare()
    reach.watch(lambda *_: None)
    (loaded,) = [message for message in messages if message["op"] == "load"]
    reach.watch_file(f"{loaded['name']}.py")
    subject = Subject(loaded["name"], loaded["source"], loaded["names"])
    session = RunPlayer(subject, loaded["scene"], alarm=Alarm(lambda _: None))

    def play() -> None:
        for message in messages:
            if message["op"] == "play":
                session.play(message, json.dumps)  # type: ignore[arg-type]

    play()
    subprocess.run(["callgrind_control", "-i", "on", str(os.getpid())], check=True, capture_output=True)
    play()
    os._exit(0)


def fewer(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The file, and some runs of some plans: valgrind needs seconds for a dozen of them."""
    plays = [message for message in messages if message["op"] == "play"]
    some = plays[:: max(1, len(plays) // PLANS)]
    return [messages[0], *({**message, "runs": message["runs"][:RUNS]} for message in some)]


def run(copy: Path, words: Sequence[str], before: Sequence[str] = (), said: str = "") -> str:
    """Start this file in a copy; what it prints."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(copy)}
    command = [*before, sys.executable, str(copy / "benchmarks" / "integrity.py"), *words]
    done = subprocess.run(command, cwd=copy, env=environment, check=True, input=said, stdout=subprocess.PIPE, text=True)
    return done.stdout


def instructions(copy: Path, messages: Sequence[dict[str, Any]]) -> int:
    """How many instructions the worker needs to play some messages."""
    with tempfile.TemporaryDirectory(prefix="integrity-") as place:
        kept = Path(place) / "counted"
        options = ["--tool=callgrind", "--instr-atstart=no", f"--log-file={place}/log", f"--callgrind-out-file={kept}"]
        run(copy, ["--play"], ["valgrind", *options], json.dumps(messages))
        return int(re.findall(r"^totals: (\d+)", kept.read_text("utf-8"), re.MULTILINE)[0])


def compare(copies: Mapping[bool, Path], slug: str, options: argparse.Namespace) -> None:
    """Print what a module costs with and without."""
    if options.instructions:
        messages = json.loads(run(copies[False], ["--note", slug]))
        messages = fewer(messages)
        runs = sum(len(message.get("runs", ())) for message in messages)
        counts = [instructions(copies[mode], messages) / 1e6 for mode in (True, False)]
        print(
            f"{slug}  {counts[0]:,.0f} and {counts[1]:,.0f} million instructions, {runs} runs: {counts[0] / counts[1]:.3f}",
            flush=True,
        )
        return
    pairs = []
    for number in range(options.pairs):
        modes = (True, False) if number % 2 else (False, True)
        seconds = {mode: float(run(copies[mode], ["--grade", str(options.files), slug])) for mode in modes}
        pairs.append((seconds[True], seconds[False]))
    with_, without = (min(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(
        f"{slug}  {with_:.2f} and {without:.2f} s of processor time at least: {with_ / without:.3f}; median of pairs {ratio:.3f}",
        flush=True,
    )


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=list(MODULES), metavar="MODULE")
    parser.add_argument("--pairs", type=int, default=5, metavar="N")
    parser.add_argument("--files", type=int, default=3, metavar="N", help="gradings of each side of a pair")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--grade", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--note", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.grade is not None:
        print(grade(options.modules[0], options.grade))
        return
    if options.note:
        print(json.dumps(note_requests(options.modules[0])))
        return
    if options.play:
        play_requests(json.load(sys.stdin))
        return
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="integrity-")))
        copies = {mode: copy_checkout(place / str(mode), everything=mode) for mode in (True, False)}
        for slug in options.modules:
            compare(copies, slug, options)


if __name__ == "__main__":
    main()
