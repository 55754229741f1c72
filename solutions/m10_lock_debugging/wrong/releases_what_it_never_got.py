"""One `finally` that releases both locks is enough.

Breaks: R5
Also: G3
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
    accounts = sorted({source, target}, key=lambda account: account.id)
    try:
        for account in accounts:
            await account.lock.acquire()
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
    finally:
        for account in reversed(accounts):
            account.lock.release()
