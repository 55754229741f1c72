"""The world of m11: services that require each other, each with a script, and a caller whose block they run around."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Any

Script = Sequence[Any]


async def scene(
    subject: Any,
    world: Any,
    *,
    services: Mapping[str, Mapping[str, Any]],
    body: Script = (),
    start_timeout: float = 60.0,
    health_interval: float | None = None,
    check_timeout: float | None = None,
    begin: float = 2.9,
    blocks: int = 1,
    form: str = "list",
    actors: Mapping[str, Script] | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Let the actor ``caller`` run a block with the services around it, and pass one checkpoint afterwards.

    A service's ``run``, its steps ``ready`` (it calls ``task_status.started()``) and its ``check`` are spans; so is the
    ``body`` of the caller. Everybody may ask the host::

        ["states"]    → service: what `state` gives now; text says what is there instead of a `State`
        ["health"]    → service: what `healthy` gives now

    Args:
        services: service → ``requires``: names of services, ``run``: what it does, ``check``: what a check of it does,
            or ``checks``: what the first, the second … does, the last one again and again, and ``name``, if that is
            another than the service has in the trace. The subject gets the services in this order.
            ``refuses``: true, if the service makes a `StartError` of its own of whatever its run raises.
        body: what the caller does inside the block.
        start_timeout: what the call gets (virtual s).
        health_interval: the same; by default it is left out.
        check_timeout: the same.
        begin: when the caller enters the block (virtual s).
        blocks: how many blocks the caller runs, one after the other, with the same services.
        form: ``list`` or ``tuple``: what the subject gets the services as, and what each has its `requires` as.
        actors: further actors → what they do.
        others: further actors who run a block of their own → its ``services``, ``body`` and ``begin``.

    Notes:
        final: after each block that began, service → what `state` gives, as the step ``states`` does.
        final health: the same for `healthy`.
    """
    given = {"start_timeout": start_timeout, "health_interval": health_interval, "check_timeout": check_timeout}
    options = {name: value for name, value in given.items() if value is not None}
    kind = tuple if form == "tuple" else list
    running = functools.partial(subject.running, **options)
    serves = {"caller": block_of("caller", services, body, subject, world, running, kind)}
    scripts: dict[str, Script] = {"caller": [["wait", begin], *[["serve", "caller"]] * blocks], **(actors or {})}
    for actor, plan in (others or {}).items():
        serves[actor] = block_of(actor, plan["services"], plan["body"], subject, world, running, list)
        scripts[actor] = [["wait", plan["begin"]], ["serve", actor]]

    async def serve(actor: str) -> None:
        await serves[actor]()

    await world.actors(scripts, {"serve": serve})


def block_of(
    actor: str,
    services: Mapping[str, Mapping[str, Any]],
    body: Script,
    subject: Any,
    world: Any,
    running: Callable[[Any], Any],
    kind: Any,
) -> Callable[[], Awaitable[None]]:
    """Return what runs a block of that actor with services around it; several times, if it is called so often."""
    hosts: list[Any] = []
    called = {who: plan.get("name", who) for who, plan in services.items()}

    def state_of(name: str) -> Any:
        return as_state(hosts[-1].state(name))

    def healthy(name: str) -> Any:
        return hosts[-1].healthy(name)

    async def states() -> dict[str, Any]:
        return {who: state_of(name) for who, name in called.items()}

    async def health() -> dict[str, Any]:
        return {who: healthy(name) for who, name in called.items()}

    verbs = {"states": world.as_call(states), "health": world.as_call(health)}
    made = kind(Service(world, who, called[who], plan, kind, verbs) for who, plan in services.items())
    refuse_some(made, services, subject)
    work = world.job(actor, body, what="body", verbs=verbs)

    async def block() -> None:
        async with running(made) as host:
            hosts.append(host)
            await work()

    async def serve() -> None:
        before = len(hosts)
        try:
            await world.call("running", block)
        finally:
            if len(hosts) > before:
                for what, ask in (("final", state_of), ("final health", healthy)):
                    world.note(what, {who: answer(ask, name) for who, name in called.items()}, who=actor)
        await world.after()

    return serve


def refuse_some(made: Sequence[Any], services: Mapping[str, Mapping[str, Any]], subject: Any) -> None:
    """Let those services that refuse make a `StartError` of their own of what their `run` raises."""
    for service, plan in zip(made, services.values(), strict=True):
        if plan.get("refuses"):
            service.run = functools.partial(refuse, service.run, subject.StartError)


async def refuse(run: Any, start_error: Any, *, task_status: Any) -> None:
    """Run, and make a `StartError` of what is raised."""
    try:
        await run(task_status=task_status)
    except Exception as error:
        raise start_error("something inside did not start") from error


def as_state(state: Any) -> Any:
    """Return a state as it is; of what is not a member of an enum, text that says so."""
    if isinstance(state, Enum):
        return state
    what = f"the text {state!r}" if type(state) is str else f"an object of {type(state).__name__}"
    return f"{what}, which is not a State"


def answer(ask: Any, name: str) -> Any:
    """Return what the host says of a service; the exception if it raises one."""
    try:
        return ask(name)
    except Exception as error:
        return error


class Service:
    """A service whose calls play scripts.

    Args:
        world: records what happens.
        who: how the service appears in the trace.
        name: what it is called.
        plan: ``requires``, ``run``, ``check`` or ``checks``.
        kind: what `requires` is.
        verbs: the scene's own verbs.
    """

    def __init__(self, world: Any, who: str, name: str, plan: Mapping[str, Any], kind: Any, verbs: Any) -> None:
        self.name = name
        self.requires = kind(plan.get("requires", ()))
        self._world, self._who, self._verbs = world, who, verbs
        self._run: Script = plan["run"]
        self._checks: list[Script] = list(plan.get("checks", [plan.get("check", ())]))
        # An `async def` method makes a coroutine; a script may say that the call is another one.
        if is_odd(self._run):
            self.run = self._started  # type: ignore[method-assign]
        if any(is_odd(script) for script in self._checks):
            self.check = self._checked  # type: ignore[method-assign]

    async def run(self, *, task_status: Any) -> None:
        """Start, and work until cancelled."""
        await self._started(task_status=task_status)

    async def check(self) -> None:
        """Raise if unhealthy."""
        await self._checked()

    def _started(self, *, task_status: Any) -> Any:
        async def ready() -> None:
            task_status.started()

        return self._world.job(self._who, self._run, what="run", verbs={**self._verbs, "ready": ready})()

    def _checked(self) -> Any:
        script = self._checks.pop(0) if len(self._checks) > 1 else self._checks[0]
        return self._world.job(self._who, script, what="check", verbs=self._verbs)()


def is_odd(script: Script) -> bool:
    """Whether a script begins with what makes its call no `async def`."""
    return bool(script) and script[0][0] in ("at_once", "awaitable")
