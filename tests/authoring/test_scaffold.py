"""`grader new`: the module that it makes works, and says what its author is to write."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.authoring.proof import prove
from grader.cli import main

SLUG = "m14_second_try"
PLACES = ("course", "exercises", "solutions", "grader/hidden")


def test_a_new_module_works_and_says_what_is_to_be_written(tiny, capsys):
    assert main(["--root", str(tiny.root), "new", SLUG]) == 0
    made = {line for line in capsys.readouterr().out.splitlines() if not line.startswith("next:")}
    folders = [tiny.root / place / SLUG for place in PLACES]
    assert made == {path.relative_to(tiny.root).as_posix() for folder in folders for path in folder.rglob("*.*")}

    with ThreadPoolExecutor(1) as executor:
        [proof] = prove(tiny, [SLUG], executor=executor)
    assert (proof.files, proof.wrong, proof.checks) == (5, 3, 6)
    assert [finding for finding in proof.findings if not finding.text.startswith("says TODO in line")] == []
    assert {finding.where for finding in proof.findings} == {name for name in made if not name.endswith(".ipynb")}


@pytest.mark.parametrize(
    ("slug", "said"),
    [("m01_other", "m01_tiny is there already: take another slug"), ("second_try", "write m and two digits")],
)
def test_a_slug_that_will_not_do(tiny, capsys, slug, said):
    assert main(["--root", str(tiny.root), "new", slug]) == 2
    assert said in capsys.readouterr().err
