"""What a check saw in place of what it wanted, as a sentence that comes after that of the check."""

from __future__ import annotations

import re

from grader.judging.report import Row

LONGEST = 140
"""Characters of what was wanted and seen together: more is for the card, which has it below the headline."""
HOW_IT_ENDED = re.compile(r"^how (.+) ended$")
RUNS_ON = re.compile(r"\b(?:at|took|after|in|served|granted|started|cancelled|for)$")
"""How words for what was looked at end that go on with the value: *b was refused at 9.5 s*."""
NOBODY = re.compile(r"^(?:nothing|nobody|none)$")
"""How a row says that there was none."""
NOT_TO_SAY = re.compile(
    r"^(?:a|an) (?:text|name) of \d+ characters|\bline \d+|where it should|^not |^never\b|\bnever (?:happened|ended)\b"
)
"""What a sentence of values cannot go on with, or what another sentence says."""


def seen_words(row: Row) -> str:
    """A sentence with what was seen and wanted; empty if another sentence says it, or the values are long.

    What happened in the scene, where a check says it, is on the card.
    """
    what, seen, wanted = row.what or "", row.actual or "", row.expected or ""
    if (
        not wanted
        and " should " in what
        and seen
        and len(what) + len(seen) <= LONGEST
        and "where it should" not in seen
    ):
        return f"Here {what}, but {seen}"
    if not (what and seen and wanted):
        return ""
    if (
        len(what) + len(seen) + len(wanted) > LONGEST
        or "\n" in what + seen + wanted
        or NOT_TO_SAY.search(seen)
        or seen.startswith("[")
    ):
        return ""
    seen = without_common_end(seen, wanted)
    if ended := HOW_IT_ENDED.match(what):
        return f"Here {ended[1]} ended in another way: {seen} instead of {wanted}"
    if NOBODY.match(seen) and what.startswith(("who ", "what leaves ")):
        return f"Here {'nobody' if what[:4] == 'who ' else 'nothing'} {what.split(' ', 1)[1]}, instead of {wanted}"
    if what.startswith("who "):
        what = f"those {what}"
    if what.startswith("what "):
        return f"Here {what} is {seen} instead of {wanted}"
    return f"Here {what}{'' if RUNS_ON.search(what) else ':'} {seen} instead of {wanted}"


def without_common_end(seen: str, wanted: str) -> str:
    """What was seen without a unit of several words that stands after what was wanted, too."""
    one, other = seen.split(), wanted.split()
    count = 0
    while count < min(len(one), len(other)) - 1 and one[-count - 1] == other[-count - 1] and one[-count - 1].isalpha():
        count += 1
    return " ".join(one[:-count]) if count > 1 else seen
