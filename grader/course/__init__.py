"""What the folders hold: modules and their clauses."""

from .modules import (
    ASPECTS,
    BACKENDS,
    Clause,
    Course,
    CourseError,
    Module,
    is_root,
    read_module,
)

DISTRIBUTION = "checkpoint-course"
"""The name under which pip knows the engine."""

__all__ = [
    "ASPECTS",
    "BACKENDS",
    "DISTRIBUTION",
    "Clause",
    "Course",
    "CourseError",
    "Module",
    "is_root",
    "read_module",
]
