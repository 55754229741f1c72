"""Ignores names that are not there: whoever wrote them will know.

Breaks: R2
Also: G8
"""


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _Life(service) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                continue
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()
    return lives
