"""How true the engine is to anyio: anyio's own tests of scheduling, under its own runner, in the worker and in a notebook's cell.

`python benchmarks/fidelity.py` fetches anyio's source distribution in the version that constraints.txt pins, runs each async test of
seventeen files three times, and names each that ends differently under the engine, with the reason if it is known. It ends
with 1 if the reason of one is not known, and with 3 if the tests could not be fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

CHECKOUT = Path(__file__).resolve().parents[1]
ENGINE = ("worker", "notebook")
FILES = (
    *(f"streams/test_{name}.py" for name in ("buffered", "memory", "stapled", "text")),
    *(
        f"test_{name}.py"
        for name in [
            "concurrency_utils",
            "contextmanagers",
            "debugging",
            "eventloop",
            "fileio",
            "functools",
            "futures",
            "itertools",
            "lowlevel",
            "signals",
            "synchronization",
            "taskgroups",
            "tempfile",
        ]
    ),
)
#: What anyio's tests import, beside pytest.
NEEDED = ("pytest-mock==3.17.0",)
SETTINGS = """
[pytest]
anyio_mode = auto
xfail_strict = true
addopts = --import-mode=prepend
filterwarnings = error
markers =
    network: marks tests as requiring Internet access
"""
#: conftest.py imports it for the tests of TLS, which are not run.
TRUSTME = "class CA: ...\n"

_REAL_TIME = "it needs time.sleep to move the loop's clock; in a cell time.sleep is the real one, and the clock is not"
_WRONG_EXIT = (
    "it leaves its scopes entered on purpose; the engine's own scope around the test, by which it stops a run, then "
    "cannot be left in order"
)
_KEPT_STREAMS = "the worker keeps each stream, to tell which ones were left open: the collector gets none"
_KEPT_ERRORS = "the recorder keeps what each task raised, for the picture: something refers to the exception"
#: (way, end of the test's name without its backend) → why it ends differently.
KNOWN = {
    ("notebook", "test_fail_after_scope_cancelled_before_timeout"): _REAL_TIME,
    ("worker", "test_cancelscope_wrong_exit_order"): _WRONG_EXIT,
    ("notebook", "test_cancelscope_wrong_exit_order"): _WRONG_EXIT,
    ("worker", "test_not_closed_warning"): _KEPT_STREAMS,
    ("notebook", "test_exception_refcycles_parent_task"): _KEPT_ERRORS,
    ("notebook", "test_exception_refcycles_propagate_cancellation_error"): _KEPT_ERRORS,
}


class Unavailable(Exception):
    """The tests could not be fetched."""


def version() -> str:
    """The version of anyio that constraints.txt pins."""
    found = re.search(r"^anyio==(\S+)$", (CHECKOUT / "constraints.txt").read_text(), re.MULTILINE)
    if found is None:
        raise Unavailable("constraints.txt pins no version of anyio")
    return found[1]


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode != 0:
        raise Unavailable((ended.stderr.strip() or f"pip {words[0]} failed").splitlines()[-1])


def fetch(folder: Path) -> Path:
    """Fetch anyio's source and what its tests import; return the folder of the source."""
    pip("install", "--no-deps", "--no-compile", "--target", str(folder / "needed"), *NEEDED)
    pip("download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), f"anyio=={version()}")
    archive = next(folder.glob("anyio-*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (folder / "needed" / "trustme.py").write_text(TRUSTME)
    (folder / "pytest.ini").write_text(SETTINGS)
    return folder / archive.name.removesuffix(".tar.gz")


def play(source: Path) -> dict[str, dict[str, list[str]]]:
    """Run the tests; return test → way → outcome, and what it raised."""
    folder = source.parent
    plugins = ("anyio.pytest_plugin", "pytest_mock", "fidelity_plugin", "no:cacheprovider")
    paths = (Path(__file__).parent, CHECKOUT, folder / "needed")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-c", folder / "pytest.ini", "--rootdir", source),
            *(word for plugin in plugins for word in ("-p", plugin)),
            *(f"tests/{file}" for file in FILES),
        ],
        cwd=source,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "FIDELITY_OUTCOMES": str(folder / "outcomes.json"),
        },
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if not (folder / "outcomes.json").exists():
        raise SystemExit(ended.stdout + ended.stderr)
    outcomes: dict[str, dict[str, list[str]]] = json.loads((folder / "outcomes.json").read_text())
    return {
        test: ways
        for test, ways in outcomes.items()
        if ways["plain"][0] != "skipped"  # those need another machine, or a package that is not here
    }


def reason(way: str, test: str) -> str | None:
    """Why a test ends differently; None if that is not known."""
    name = test.rpartition("::")[2].partition("[")[0]
    return KNOWN.get((way, name))


def backend(test: str) -> str:
    """The backend that a test runs on."""
    return "trio" if "trio" in test.rpartition("[")[2] else "asyncio"


def report(outcomes: dict[str, dict[str, list[str]]], console: Console) -> int:
    """Print the table, then the tests that differ; return how many do so for an unknown reason."""
    table = Table("file", "tests", "as expected", *ENGINE)
    counts: Counter[tuple[str, str]] = Counter()
    for test, ways in outcomes.items():
        for row in (test.partition("::")[0].removeprefix("tests/"), backend(test), "all"):
            counts[row, "tests"] += 1
            counts[row, "plain"] += ways["plain"][0] != "failed"
            for way in ENGINE:
                counts[row, way] += ways[way][0] == ways["plain"][0]
    for row in (*FILES, "asyncio", "trio", "all"):
        table.add_row(row, *(str(counts[row, column]) for column in ("tests", "plain", *ENGINE)))
    console.print(table)
    unknown = 0
    for test, ways in outcomes.items():
        for way in ENGINE:
            if ways[way][0] != ways["plain"][0]:
                why = reason(way, test)
                unknown += why is None
                said = why or f"NOT KNOWN; {ways['plain'][0]} as it should be, here {': '.join(ways[way])}"
                console.print(f"{way}: {test}: {said}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{counts['all', 'tests']:,} tests, as under anyio's own runner: "
        + ", ".join(f"{counts['all', way]:,} in the {way}" for way in ENGINE)
    )
    return unknown


def main() -> int:
    """Fetch, run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="a folder for what is fetched, used again next time")
    keep = parser.parse_args().keep
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep.resolve() if keep else Path(temporary)
        source = folder / f"anyio-{version()}"
        try:
            source = source if (folder / "pytest.ini").exists() and source.exists() else fetch(folder)
        except Unavailable as why:
            print(f"anyio's tests could not be fetched: {why}", file=sys.stderr)
            return 3
        unknown = report(play(source), console)
    console.print(f"{platform.platform()}, Python {platform.python_version()}, anyio {version()}")
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main())
