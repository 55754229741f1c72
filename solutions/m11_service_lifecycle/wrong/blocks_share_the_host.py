"""Keeps the services in the class `Host`: of two blocks at the same time the first tells the states of the other.

Breaks: R4
"""


class Host:
    _lives: "dict[str, _Life]"

    def __init__(self, lives: "dict[str, _Life]") -> None:
        Host._lives = lives
