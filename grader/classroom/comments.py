"""What an instructor wrote about a submission in formgrader's one box: Markdown, with a part for each aspect that is named.

A paragraph that begins with an aspect's name and a colon, and all that follows it up to the next such paragraph, stands
beside that aspect's points on the page; what comes before the first stands at the top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
"""A tag is shown as it was typed; a page loads nothing from anywhere. The line breaks of a comment stay."""


@dataclass(frozen=True)
class Comments:
    """A comment as HTML.

    Args:
        whole: about the file as a whole; empty if nothing was said.
        aspects: aspect → about that.
    """

    whole: str = ""
    aspects: dict[str, str] = field(default_factory=dict)


def comments(text: str, aspects: Iterable[str]) -> Comments:
    """Read a comment.

    Args:
        text: as it was typed.
        aspects: those that the page has a line for; another name before a colon is text like any other.
    """
    names = "|".join(map(re.escape, aspects))
    if not names:
        return Comments(_html(text))
    # The colon may be bold with the name, or after it.
    head = rf"(?:\A|\n[ \t]*\n)[ \t]*\**({names})(?:\*\*:|:\*\*|:)[ \t]*"
    whole, *parts = re.split(head, text.replace("\r\n", "\n"))
    found: dict[str, str] = {}
    for name, said in zip(parts[::2], parts[1::2], strict=True):
        found[name] = f"{found[name]}\n\n{said}" if name in found else said
    return Comments(_html(whole), {name: _html(said) for name, said in found.items() if said.strip()})


def _html(text: str) -> str:
    return MARKDOWN.render(text).strip() if text.strip() else ""
