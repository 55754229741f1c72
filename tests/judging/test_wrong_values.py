"""Something of another kind than is wanted: what it is and what is wanted, without a word that the file chose."""

import pytest

from grader.judging.learner_code import LearnerCode
from grader.judging.run_evidence import FailingRun
from grader.judging.wrong_values import wrong_kind


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            'states in the body: web: "the text \'RUNNING\', which is not a State", db: "the text \'X\', which is not a State"',
            "States in the body: a text, where a State is wanted",
        ),
        ("what `live()` gives: None, which is not a list of `Leak`s", "What `live()` gives: None, where a list of `Leak`s is wanted"),
        ("main: returned an object of coroutine, which is not a dictionary", "Main: a `coroutine`, where a dictionary is wanted"),
        ("main: returned an object of Secret7, which is not a dictionary", "Main: something else, where a dictionary is wanted"),
        ("raised by `untrack` of the new one, which is not tracked: None", None),
        ("names: [alder]", None),
    ],
)  # fmt: skip
def test_a_check_that_says_what_is_wanted(said, text):
    found = [clue.text for clue in wrong_kind(FailingRun({}, LearnerCode("x = 1\n"), 1, None, said))]
    assert found == ([] if text is None else [text])
