"""Debit one line, credit the next, which began as a copy of it.

Breaks: R2
Also: R1 R3 R5
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
        for account in sorted({source, target}, key=lambda account: account.id):
            await locks.enter_async_context(account.lock)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance = source.balance + amount
