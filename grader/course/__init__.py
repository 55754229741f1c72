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

__all__ = [
    "ASPECTS",
    "BACKENDS",
    "Clause",
    "Course",
    "CourseError",
    "Module",
    "is_root",
    "read_module",
]
