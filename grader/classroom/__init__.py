"""The class: nbgrader hands out, collects and keeps the book; the verdicts come from outside its kernel.

Nothing else of the engine imports nbgrader. `desk` is the way in; `config` makes the ``nbgrader`` command line and
formgrader's buttons do the same as it does.
"""
