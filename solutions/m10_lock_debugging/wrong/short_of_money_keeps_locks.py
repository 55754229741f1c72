"""Look at the balance first, then `try` what can fail.

Breaks: G2
Also: R3
"""


async def lock_all(accounts: list[Account]) -> None:
    """Take all the locks, or none if it is cancelled."""
    async with AsyncExitStack() as locks:
        for account in accounts:
            await account.lock.acquire()
            locks.callback(account.lock.release)
        locks.pop_all()


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
    await lock_all(accounts)
    if source.balance < amount:
        raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
    try:
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
    finally:
        for account in accounts:
            account.lock.release()
