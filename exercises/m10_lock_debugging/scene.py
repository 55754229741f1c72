"""The world of m10: accounts with locks between which money moves, and monitors whose locks actors take and drop."""

import contextlib
import functools
import gc
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import anyio

Steps = Sequence[Any]


async def scene(
    subject: Any,
    world: Any,
    *,
    actors: Mapping[str, Steps],
    accounts: Mapping[str, Sequence[int]] | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """Play the actors' scripts, then note what the accounts hold (``balances``) and which are locked (``locked``).

    Steps with accounts (and see `Bank`)::

        ["move", "A", "B", 30, *steps]   call `transfer`; the steps are what `audit` does
        ["hold", ["A"], *steps]          hold the locks of these accounts, as any other code would
        ["add", "A", 5]                  change a balance
        ["look"]                         → account: [balance, whether it is locked]

    Steps with a monitor's locks (and see `Desk`; ``other/x`` is the lock x of the monitor "other")::

        ["take", "x"], ["drop", "x"]     `acquire`, `release`
        ["inside", "x", *steps]          the steps inside `async with`; a note ``out`` if the task goes on after it
        ["holders"], ["locked", "x"]     what the monitor says now; ["holders", "other"] asks another one
        ["same", "x"]                    whether `lock` gives the object that it gave the first time
        ["collect"]                      let go of what nobody refers to

    Other steps::

        ["at", s]                        wait until the virtual time s
        ["spawn", {"child": steps}]      child tasks of the actor's, until all ended

    Args:
        actors: actor → script.
        accounts: account → id, balance.
        names: actor → name of its task, where that is not the actor's name.
    """
    verbs: dict[str, Any] = {}
    play = functools.partial(world.play, verbs=verbs)
    bank, desk = Bank(subject, world, play, accounts or {}), Desk(subject, world, play)
    for act in (bank.move, desk.take, desk.drop, desk.inside, desk.holders, desk.locked, desk.same):
        verbs[act.__name__] = world.as_call(act)
    verbs |= {"hold": bank.hold, "add": bank.add, "look": bank.look, "collect": collect}

    async def spawn(children: Mapping[str, Steps]) -> None:
        await world.actors(children, verbs, names=names)

    verbs |= {"at": anyio.sleep_until, "spawn": spawn}
    await world.actors(actors, verbs, names=names)
    world.note("balances", bank.balances())
    world.note("locked", [name for name, account in bank.accounts.items() if account.lock.locked()])


async def collect() -> None:
    """Let go of what nobody refers to."""
    gc.collect(1)  # what this run made is young; the whole heap would take long


class Bank:
    """Accounts of the subject's class that tell when their balance is written."""

    def __init__(self, subject: Any, world: Any, play: Any, accounts: Mapping[str, Sequence[int]]) -> None:
        self.transfer, self.world, self.play = subject.transfer, world, play
        kind = watched(subject.Account, world) if accounts else None
        self.accounts: dict[str, Any] = {}
        for name, (number, balance) in accounts.items():
            account = kind(id=number, balance=balance, lock=world.lock(name)) if kind else None
            self.accounts[name] = world.token(account, name)

    def balances(self) -> dict[str, int]:
        """Account → balance."""
        return {name: account.balance for name, account in self.accounts.items()}

    async def move(self, source: str, target: str, amount: int, *steps: Any) -> None:
        """Transfer; what the accounts are like is noted when the audit begins (``before``) and ends (``after``)."""
        audited = self.world.job("audit", steps, what="audit")

        @functools.wraps(audited)
        def audit(*args: Any) -> Any:
            made = audited(*args)
            return self._seen(made) if hasattr(made, "cr_await") else made

        await self.transfer(self.accounts[source], self.accounts[target], amount, audit=audit)

    async def _seen(self, audit: Any) -> None:
        self.world.note("before", await self.look())
        try:
            await audit
        finally:
            self.world.note("after", await self.look())

    async def hold(self, names: Sequence[str], *steps: Any) -> None:
        """Hold the locks of some accounts, taken in the order given."""
        async with contextlib.AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(self.accounts[name].lock)
            await self.play(steps)

    async def add(self, name: str, amount: int) -> None:
        """Change a balance."""
        self.accounts[name].balance += amount

    async def look(self) -> dict[str, list[Any]]:
        """Account → balance, and whether it is locked."""
        return {name: [account.balance, account.lock.locked()] for name, account in self.accounts.items()}


def watched(account: Any, world: Any) -> Any:
    """Return a class of accounts derived from `account` that notes each ``write`` of a balance after the first."""

    class Watched(account):  # type: ignore[misc]
        @property
        def balance(self) -> Any:
            return self.__dict__["money"]

        @balance.setter
        def balance(self, value: Any) -> None:
            if "money" in self.__dict__:
                world.note("write", [self, value])
            self.__dict__["money"] = value

    return Watched


class Desk:
    """Monitors, and what the steps do with their locks."""

    def __init__(self, subject: Any, world: Any, play: Any) -> None:
        self.subject, self.world, self.play = subject, world, play
        self.monitors: dict[str, Any] = {}
        self.first: dict[str, Any] = {}

    def monitor(self, name: str) -> Any:
        """Return the monitor of that name; the subject makes a new one for a new name."""
        if name not in self.monitors:
            self.monitors[name] = self.subject.LockMonitor()
        return self.monitors[name]

    @contextlib.contextmanager
    def _cycles(self) -> Iterator[None]:
        """Note the ``cycle`` of what is raised."""
        try:
            yield
        except Exception as error:
            for leaf in leaves(error):
                if isinstance(leaf, self.subject.LockOrderError):
                    cycle = getattr(leaf, "cycle", None)
                    self.world.note("cycle", list(cycle) if isinstance(cycle, (tuple, list)) else cycle)
            raise

    def lock(self, name: str) -> Any:
        """Return the lock of that name, asked for again."""
        monitor, _, name = name.rpartition("/")
        return self.monitor(monitor).lock(name)

    async def take(self, name: str) -> None:
        """Acquire."""
        with self._cycles():
            await self.lock(name).acquire()

    async def drop(self, name: str) -> None:
        """Release."""
        self.lock(name).release()

    async def inside(self, name: str, *steps: Any) -> None:
        """Play the steps inside `async with`."""
        with self._cycles():
            async with self.lock(name):
                self.world.note("in", name)
                await self.play(steps)
                self.world.note("end", name)
        self.world.note("out", name)

    async def holders(self, monitor: str = "") -> dict[str, str]:
        """What `holders` gives now, sorted; it may be the living dictionary."""
        return dict(sorted(self.monitor(monitor).holders().items()))

    async def locked(self, name: str) -> bool:
        """What `locked` gives now."""
        return bool(self.lock(name).locked())

    async def same(self, name: str) -> bool:
        """Whether `lock` gives the same object as the first time."""
        lock = self.lock(name)
        return self.first.setdefault(name, lock) is lock


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions in `error` that are not groups."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for inner in error.exceptions for leaf in leaves(inner)]
