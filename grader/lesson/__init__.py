"""A lesson: read from its Markdown, built as a notebook, run to prove what it says. `docs/lessons.md` has the format."""
