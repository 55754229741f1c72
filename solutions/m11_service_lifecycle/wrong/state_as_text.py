"""`state` gives the name of the state as text instead of a member of `State`.

Breaks: R4
Also: R6, R7
"""


class Host:
    def state(self, name: str) -> str:
        return self._lives[name].state.name
