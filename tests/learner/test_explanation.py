"""`grader explain`: what is on the page, and what is not in the form for an assistant."""

import pytest

from grader.learner.explanation import RULES, explanation, prompt
from grader.learner.selfcheck import self_check


@pytest.fixture
def checked(tiny, texts):
    def make(text):
        module = tiny.module("m01")
        module.stub.write_text(text, encoding="utf-8")
        return self_check(module, keep=False)

    return make


def test_a_page_has_cause_run_belief_reading_and_command(checked, texts):
    page = explanation(checked(texts["right"].replace("return value", "return undefined_name")))
    assert page.startswith("m01_tiny: core: ")
    for part in (
        "Why it fails\n",
        "NameError: name 'undefined_name'",
        "line ",
        "The check that shows it\n",
        "The run that shows it",
        "To see it again",
    ):
        assert part in page
    assert page.index("Why it fails") < page.index("The check that shows it") < page.index("To see it again")
    assert max(map(len, page.splitlines())) <= 80


def test_a_concept_says_what_to_read(checked, texts):
    page = explanation(checked(texts["right"].replace("return value", "return [value]")))
    assert "What to read\n" in page
    assert "step “Sleep”" in page
    assert "“nothing need be waited for”" in page


def test_nothing_to_explain(checked, texts):
    assert "there is nothing to explain" in explanation(checked(texts["right"]))
    assert "not started" in explanation(checked(texts["stub"]))


def test_a_prompt_forbids_code_and_holds_no_hidden_check_and_no_reference(checked, tiny, texts):
    said = prompt(checked(texts["no_value"]))
    assert said.startswith(RULES.strip())
    assert "Do not write code for them" in said
    assert "# The learner's file, tiny.py" in said
    module = tiny.module("m01")
    assert module.solution.read_text(encoding="utf-8").strip() not in said
    hidden = "".join(path.read_text(encoding="utf-8") for path in module.hidden_checks)
    for line in hidden.splitlines():
        assert (
            len(line) < 25
            or line.strip().strip('"') not in said
            or line in module.public_checks.read_text(encoding="utf-8")
        )
