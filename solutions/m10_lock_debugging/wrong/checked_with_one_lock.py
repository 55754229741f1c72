"""Look at the balance as soon as the first lock is there: no need to wait for the other.

Breaks: R3
Also: R1
"""


async def transfer(
    source: Account,
    target: Account,
    amount: int,
    *,
    audit: Callable[[Account, Account, int], Awaitable[None]],
) -> None:
    """Move `amount` from `source` to `target`; `audit(source, target, amount)` is awaited before anything changes.

    Raises `InsufficientFunds`, or `ValueError` for a negative amount.
    """
    if amount < 0:
        raise ValueError("amount must not be negative")
    first, second = sorted((source, target), key=lambda account: account.id)
    async with AsyncExitStack() as locks:
        await locks.enter_async_context(first.lock)
        if source.balance < amount:
            raise InsufficientFunds
        if second is not first:
            await locks.enter_async_context(second.lock)
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
