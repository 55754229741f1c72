"""The few stilted patterns that a machine can see in English prose, each with what to write instead.

It is not an editor: a text without a finding may still read badly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PATTERNS = (
    (r"\bfor ever\b", "forever"),
    (r"\banew\b", "again"),
    (r"\botherwise than\b", "differently from"),
    (r"\b(?:outside|inside) of\b", "outside, inside"),
    (r"\bbelongs? into\b", "belongs in"),
    (r"\b(?:becomes?|became|become) of\b", "happens to"),
    (r"\bsees? to (?:it|that)\b", "makes sure"),
    (r"\bcomes? to (?:its|their|an) end\b", "ends, completes"),
    (r"\bunder way\b", "running, in progress"),
    (r"\b(?:strikes?|struck)\b", "expires, expired"),
    (r"\bgoes on behind\b|\bbehind (?:the|a) (?:shield|block|scope|yield|`yield`|checkpoint|await|`await`)\b", "after"),
    (r"(?<!here )\b(?:is|are|was|were) no (?!longer\b|more\b|one\b|other\b)", "is not a"),
    (r"(?<!here )\b(?:is|are) none\b", "is not one"),
    (r"\bstands still\b", "stops, freezes, hangs"),
    (r"(?:^|[.;:] )Who (?![^.?]*\?)[a-z]+s\b", "give it a noun: a waiting task, a caller that"),
)
"""A pattern, and what to write for it."""

EXCEPTIONS = {
    "that is none of": "`none of them` is plain English",
}
"""What a pattern finds and is right all the same, with the reason."""

REACH = 20
"""Characters around a finding that are compared with the exceptions."""

_COMPILED = [(re.compile(pattern, re.MULTILINE), instead) for pattern, instead in PATTERNS]
_CODE = re.compile(r"^```.*?^```+ *$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def stilted_phrases(text: str) -> Iterator[tuple[int, str]]:
    """Find stilted phrases in Markdown; code in it is left out.

    Yields:
        The line, from 1, and one line that says what was found and what to write.
    """
    prose = _CODE.sub(lambda code: re.sub(r"[^\n]", "x", code[0]), text)
    for pattern, instead in _COMPILED:
        for found in pattern.finditer(prose):
            around = prose[max(found.start() - REACH, 0) : found.end() + REACH]
            if any(phrase in around for phrase in EXCEPTIONS):
                continue
            yield prose.count("\n", 0, found.start()) + 1, f"{found[0].strip(' .;:')!r}: write {instead}"
