"""Keeps services by name: the second of a name replaces the first.

Breaks: R2
Also: G8
"""


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _Life(service) for service in services}
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()
    return lives
