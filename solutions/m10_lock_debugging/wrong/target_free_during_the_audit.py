"""A source with plenty of money needs no other lock for the audit: the target's is taken after it.

Breaks: R2
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
    async with AsyncExitStack() as locks:
        first, *second = sorted({source, target}, key=lambda account: account.id)
        await locks.enter_async_context(first.lock)
        if source.balance >= 10 * amount and first is not target:
            await audit(source, target, amount)
            async with target.lock:
                source.balance -= amount
                target.balance += amount
            return
        for account in second:
            await locks.enter_async_context(account.lock)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
