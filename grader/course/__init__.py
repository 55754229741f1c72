"""What the folders hold: modules and their clauses."""

from .course import Course, is_root
from .module_toml import read_module
from .modules import ASPECTS, BACKENDS, Clause, CourseError, Module

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
