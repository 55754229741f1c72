"""Set up this checkout and run one command in it: `python3 bootstrap.py demo` or `python3 bootstrap.py test`.

Needs Python 3.11 or later and nothing else. What it installs goes into .venv beside this file; nothing is written
outside this folder. The second time nothing is installed and no network is needed.

The syntax is that of old Pythons on purpose: they must be able to read this file to say that they are too old.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
USAGE = """\
usage: python3 bootstrap.py demo [ARGUMENT...]   set up, then run `grader demo`: the main job, end to end
       python3 bootstrap.py test [ARGUMENT...]   set up, then run the tests with pytest, on all cores
Further arguments are passed on. The set-up is in .venv; delete that folder to start afresh."""

COMMANDS = {
    "demo": ["-m", "grader", "demo"],
    # As many processes as there are cores, up to four: each starts the engine for itself, which takes about 100 MB.
    "test": ["-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"],
}

# What pip says when it cannot reach an index, over its versions.
OFFLINE = ("NewConnectionError", "Failed to establish", "name resolution", "Max retries", "No matching distribution")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Finder = Callable[[str], object]
    # "place": this folder and Python; "wants": hash of the files that say what to install; empty: unfinished
    Stamp = dict[str, object]


class SetupError(Exception):
    """Setting up is not possible; the text is one line: what is wrong, and what to do."""


def main(arguments: "list[str]") -> int:
    """Run the command that `arguments` (a list of words) names; return its exit code, 1 for a failed set-up, 2 for usage."""
    if not arguments or arguments[0] not in COMMANDS:
        asked_for_help = arguments[:1] in (["-h"], ["--help"])
        print(USAGE, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    try:
        check_python()
        with one_at_a_time():
            set_up(ROOT)
    except SetupError as problem:
        print(f"bootstrap: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"bootstrap: {explain(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bootstrap: interrupted; run the same command again, it starts where it must", file=sys.stderr)
        return 130
    return run(ROOT, [*COMMANDS[arguments[0]], *arguments[1:]])


def check_python(version: "tuple[int, ...]" = sys.version_info[:3], find: "Finder" = importlib.util.find_spec) -> None:
    """Raise SetupError if this Python is too old or cannot make virtual environments."""
    name = f"{version[0]}.{version[1]}"
    if tuple(version[:2]) < OLDEST:
        raise SetupError(
            f"Python {name} is too old: install Python 3.11, 3.12 or 3.13 and run this file with it, "
            "for example `python3.12 bootstrap.py demo`"
        )
    if find("venv") is None or find("ensurepip") is None:
        raise SetupError(
            f"this Python {name} has no venv or ensurepip: on Debian or Ubuntu run "
            f"`sudo apt install python{name}-venv`, elsewhere install a complete Python"
        )


def explain(problem: OSError) -> str:
    """One line for an OSError: a full or read-only disk, a missing right."""
    cause = (problem.strerror or str(problem)).lower()
    where = problem.filename or ROOT
    return f"cannot use {where}: {cause}; make room or allow writing there, or copy the checkout to a folder of yours"


@contextlib.contextmanager
def one_at_a_time() -> "Iterator[None]":
    """Let one process set up at a time. The lock is on this very file and ends with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(os.path.join(ROOT, "bootstrap.py"), "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("bootstrap: another set-up is running here, waiting for it", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            pass
        yield


def set_up(root: str) -> None:
    """Make `root`/.venv what pyproject.toml and constraints.txt ask for; do nothing if it is.

    The stamp in .venv says what the environment is. While something changes in it the stamp is an empty one, so that a
    set-up that was killed is never trusted: the next one starts afresh.
    """
    wanted = stamp_of(root)
    found = read_stamp(root)
    usable = os.path.exists(venv_python(root))
    if usable and found == wanted:
        return
    if found is None and usable:
        print("bootstrap: installing into the .venv that is here", file=sys.stderr)
    elif found is not None and usable and found.get("place") == wanted["place"]:
        print("bootstrap: pyproject.toml or constraints.txt has changed, updating .venv", file=sys.stderr)
    else:
        print("bootstrap: setting up .venv (once, one to three minutes)", file=sys.stderr)
        found = None
        make_venv(root)
    write_stamp(root, {})
    try:
        install(root)
    except SetupError:
        # pip gave up in an orderly way and left what was there: if that was sound, keep it for the next try.
        if found:
            write_stamp(root, found)
        raise
    write_stamp(root, wanted)


def stamp_of(root: str) -> "Stamp":
    """The stamp of an environment that is as it should be."""
    content = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(root, name), "rb") as file:
            content.update(file.read())
    return {"place": [os.path.realpath(root), sys.version, sys.base_prefix], "wants": content.hexdigest()}


def read_stamp(root: str) -> "Stamp | None":
    """The stamp in .venv; None if there is none, as in an environment that somebody else made; {} if it was cut short."""
    try:
        with open(stamp_path(root), encoding="utf-8") as file:
            stamp = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(root: str, stamp: "Stamp") -> None:
    """Replace the stamp in one step."""
    draft = stamp_path(root) + ".new"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(stamp, file)
    os.replace(draft, stamp_path(root))


def stamp_path(root: str) -> str:
    """Where the stamp is."""
    return os.path.join(root, ".venv", "bootstrap.json")


def venv_python(root: str) -> str:
    """The interpreter of the environment."""
    if os.name == "nt":
        return os.path.join(root, ".venv", "Scripts", "python.exe")
    return os.path.join(root, ".venv", "bin", "python")


def make_venv(root: str) -> None:
    """Remove what is at .venv and make a new environment there, stamped as unfinished before anything else is in it."""
    import venv

    folder = os.path.join(root, ".venv")
    if os.path.lexists(folder):
        shutil.rmtree(folder)
    os.mkdir(folder)
    write_stamp(root, {})
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError as problem:
        raise SetupError(
            f"pip could not be put into .venv ({last_line(problem.output) or problem}): check that the disk has "
            "700 MB free, then run the same command again"
        ) from None


def install(root: str) -> None:
    """Install the build tool, then this checkout and what the demo and its tests need, in the pinned versions.

    Two steps, because the second builds without isolation: with the pinned build tool, and without the network when
    all is there already.
    """
    pip(root, "hatchling", "editables")
    pip(root, "--no-build-isolation", "--editable", ".[test,class]")


def pip(root: str, *words: str) -> None:
    """Run `pip install` with these words; raise SetupError with the cause and the remedy if it fails."""
    scratch = os.path.join(root, ".venv", "tmp")
    os.makedirs(scratch, exist_ok=True)
    # pip keeps a cache at home and builds in the system's temporary folder: both stay in the checkout.
    environment = dict(os.environ, PIP_NO_CACHE_DIR="1", TMPDIR=scratch, TEMP=scratch, TMP=scratch)
    command = [venv_python(root), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    command += ["--retries", "2", "--constraint", "constraints.txt"]
    ended = subprocess.run(
        command + list(words),
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    shutil.rmtree(scratch, ignore_errors=True)
    if ended.returncode:
        raise SetupError(why_pip_failed(root, ended.stdout))


def why_pip_failed(root: str, output: bytes) -> str:
    """Keep pip's whole output (bytes) in .venv/bootstrap.log and return the line to show."""
    log = os.path.join(root, ".venv", "bootstrap.log")
    with open(log, "wb") as file:
        file.write(output)
    text = output.decode("utf-8", "replace")
    if "No space left" in text:
        return f"the disk is full: free 700 MB, then run the same command again (all that pip said: {log})"
    if any(sign in text for sign in OFFLINE):
        return (
            "the packages could not be downloaded: connect to the network (behind a proxy set HTTPS_PROXY), then run "
            f"the same command again (all that pip said: {log})"
        )
    cause = last_line(output) or "without a word"
    return f"pip failed: {cause}; put that right and run the same command again (all that pip said: {log})"


def last_line(output: "bytes | None") -> str:
    """The last line of `output` (bytes or None) that says something, preferring pip's own errors."""
    lines = [line.strip() for line in (output or b"").decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or [""])[-1]


def run(root: str, words: "list[str]") -> int:
    """Run the environment's Python with these words, in `root`, as if it was activated; return the exit code."""
    python = venv_python(root)
    environment = dict(os.environ, VIRTUAL_ENV=os.path.join(root, ".venv"))
    environment["PATH"] = os.path.dirname(python) + os.pathsep + environment.get("PATH", os.defpath)
    environment.pop("PYTHONHOME", None)
    if os.name != "nt":
        # The command takes the place of this process: signals, terminal and exit code are its own.
        os.chdir(root)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(python, [python, *words], environment)
    return subprocess.call([python, *words], cwd=root, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
