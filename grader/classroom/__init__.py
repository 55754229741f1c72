"""The class: nbgrader hands out, collects and keeps the book; the verdicts come from outside its kernel.

Nothing else of the engine imports nbgrader. `desk` is the way in; `config` makes the ``nbgrader`` command line and
formgrader's buttons do the same as it does.
"""

import sys

# Whatever reads a notebook imports jsonschema, and that a parser of IRIs, if there is one: to build it takes more than a
# second, longer than all else that a command does. No schema of a notebook asks for it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
