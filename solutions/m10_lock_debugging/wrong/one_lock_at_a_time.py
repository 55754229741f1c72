"""Whoever holds one lock at a time cannot deadlock.

Breaks: R1
Also: R2 R3 R5
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
    async with source.lock:
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        source.balance -= amount
    async with target.lock:
        target.balance += amount
