"""The language of a check: what it plays, how it reads a trace, and where checks are found."""
