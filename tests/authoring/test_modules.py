"""The proof of the modules: what is right passes, what is wrong fails where it says.

The whole proof, in which each wrong solution meets every check, takes three times as long as the quick one: it is run for
one module whose own files changed lately, and for one more, both picked by the commit, so that all have their turn; the others
have the quick one. `grader verify --whole` proves everything.
"""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import Course

ROOT = Path(__file__).resolve().parents[2]
LATELY = 24 * 60 * 60  # seconds before the last commit
MOST_CHANGED, PICKED = 1, 1  # modules: each takes four to five minutes of two processors


def git(*words: str, root: Path = ROOT) -> list[str]:
    """The lines that git prints; none where there is no git, or no history."""
    ended = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return ended.stdout.splitlines() if ended.returncode == 0 else []


def changed_lately(slugs: list[str], root: Path = ROOT) -> list[str]:
    """The modules with a file that differs from what it was a day before the last commit; all where nobody knows."""
    if not (dates := git("log", "-1", "--format=%ct", root=root)):
        return slugs
    before = git("rev-list", "-1", f"--before={int(dates[0]) - LATELY}", "HEAD", root=root)
    names = git("diff", "--name-only", before[0], "HEAD", root=root) if before else []
    return [slug for slug in slugs if not before or any(slug in Path(name).parts for name in names)]


def proven_whole(slugs: list[str], root: Path = ROOT) -> list[str]:
    """The modules whose whole proof is due."""
    pick = random.Random("".join(git("rev-parse", "HEAD", root=root)))
    changed = changed_lately(slugs, root)
    due = sorted(pick.sample(changed, min(MOST_CHANGED, len(changed))))
    others = [slug for slug in slugs if slug not in due]
    return due + sorted(pick.sample(others, min(PICKED, len(others))))


def verify(*words: str) -> None:
    command = [sys.executable, "-m", "grader", "verify", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stdout + ended.stderr


SLUGS = Course(ROOT).slugs
WHOLE = proven_whole(SLUGS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_other_module_has_its_quick_proof():
    verify(*(slug for slug in SLUGS if slug not in WHOLE))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("slug", WHOLE)
def test_everything_that_must_hold_of_a_module_holds(slug):
    verify("--whole", slug)


def commit(folder: Path, date: str, **files: str) -> None:
    for name, text in files.items():
        path = folder / "solutions" / name / "answer.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", ".", root=folder)
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(
        ["git", *who, "commit", "-qm", "files", f"--date={date}"],
        cwd=folder,
        check=True,
        env={"GIT_COMMITTER_DATE": date, "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder)},
    )


def test_the_whole_proof_is_due_for_what_changed_and_for_one_more(tmp_path):
    slugs = [f"m0{number}_x" for number in range(1, 8)]
    git("init", "-q", root=tmp_path)
    commit(tmp_path, "2026-01-01T00:00:00+00:00", **dict.fromkeys(slugs, "1\n"))
    assert changed_lately(slugs, tmp_path) == slugs  # nothing is older
    commit(tmp_path, "2026-01-05T00:00:00+00:00", m03_x="2\n")
    commit(tmp_path, "2026-01-05T01:00:00+00:00", m05_x="2\n")
    assert changed_lately(slugs, tmp_path) == ["m03_x", "m05_x"]
    due = proven_whole(slugs, tmp_path)
    assert due[0] in {"m03_x", "m05_x"}
    assert len(set(due)) == 2
    assert proven_whole(slugs, tmp_path) == due  # the same commit always picks the same


def test_without_a_history_every_module_may_have_changed(tmp_path):
    assert changed_lately(["m01_x", "m02_x"], tmp_path) == ["m01_x", "m02_x"]
