"""Takes a service that requires itself for one that requires nothing.

Breaks: R2
Also: G8
"""


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _Life(service) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name == life.service.name:
                continue
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    graph = {life.service.name: [other.service.name for other in life.requires] for life in lives.values()}
    TopologicalSorter(graph).prepare()
    return lives
