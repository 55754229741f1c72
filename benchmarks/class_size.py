"""Does scoring a class need more memory the more is handed in? `grader class score` over so many copies of one right file.

    python benchmarks/class_size.py [--stubs] [--every 100] [COUNT…]

Takes the small course of the tests, so that 2,000 are scored in minutes; with --stubs files that nobody has written in, which
need no run at all. Prints what the command needs (RSS) and its rate as it goes through them, and at the end: seconds,
submissions a minute, and the most memory that the command itself and any one of its processes had.
"""

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from grader.classroom import class_toml, new_class
from grader.classroom.desk import Desk

ROOT = Path(__file__).resolve().parents[1]
SLUG = "m01_tiny"


def tiny():
    """The small course of the tests."""
    spec = importlib.util.spec_from_file_location("tests_conftest", ROOT / "tests" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def new_class_with(folder: Path, count: int, *, stubs: bool) -> Path:
    """A class to which so many learners have handed in, each a file with a remark of its own; its folder."""
    made = tiny()
    course = made.make_tiny(folder / "course")
    settings = new_class.create(folder / "class", "spring", course, [SLUG])
    toml = settings.folder / "class.toml"
    toml.write_text("unsafe_no_sandbox = true\n" + toml.read_text())
    desk = Desk(class_toml.read(settings.folder))
    desk.release()
    for number in range(count):
        place = folder / "drop" / f"l{number:04}" / SLUG
        place.mkdir(parents=True)
        (place / "tiny.py").write_text(f"{made.STUB if stubs else made.RIGHT}# {number}\n")
    return settings.folder


def memory(pid: int, name: str) -> int:
    """The memory of a process (kB): VmRSS what it has, VmHWM the most that it had."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def measure(count: int, *, every: int, stubs: bool) -> None:
    """Score a class and print what it cost."""
    with tempfile.TemporaryDirectory() as place:
        folder = new_class_with(Path(place), count, stubs=stubs)
        command = [sys.executable, "-m", "grader", "class", "score", "--in", str(folder), "--drop", f"{place}/drop"]
        began = time.monotonic()
        scoring = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        most = 0

        def look() -> None:
            nonlocal most
            told, since = 0, began
            while scoring.returncode is None:
                most = max(most, memory(scoring.pid, "VmHWM"))
                done, now = sum(1 for _ in (folder / "autograded").iterdir()), time.monotonic()
                if done // every > told // every:
                    rate = (done - told) / (now - since) * 60
                    print(
                        f"{done:6} done: {memory(scoring.pid, 'VmRSS') / 1024:.0f} MB, {rate:.0f} a minute", flush=True
                    )
                    told, since = done, now
                time.sleep(0.5)

        watching = threading.Thread(target=look)
        watching.start()
        out = scoring.stdout.read()
        _, status, usage = os.wait4(scoring.pid, 0)
        scoring.returncode = os.waitstatus_to_exitcode(status)
        watching.join()
        seconds = time.monotonic() - began
    assert f"scored {count} submissions" in out, out
    print(
        f"{count:6} submissions {seconds:7.0f} s {count / seconds * 60:6.0f} a minute   "
        f"the command {most / 1024:.0f} MB, its largest process {usage.ru_maxrss / 1024:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    parser = argparse.ArgumentParser(description="Memory and time of scoring a class.")
    parser.add_argument("--stubs", action="store_true", help="files that nobody has written in")
    parser.add_argument("--every", type=int, default=100, help="print a line each so many submissions")
    parser.add_argument("counts", metavar="COUNT", type=int, nargs="*", default=[200, 2000])
    words = parser.parse_args()
    for each in words.counts:
        measure(each, every=words.every, stubs=words.stubs)
