"""Keeps the lives of services by name for all blocks: the second block finds them running.

Breaks: R1
Also: G6 R3 R4 R7
"""


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _lives.setdefault(id(service), _Life(service)) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()
    return lives


_lives: dict[int, "_Life"] = {}
