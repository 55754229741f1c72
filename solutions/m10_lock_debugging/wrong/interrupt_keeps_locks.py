"""Errors and cancellation give the locks back.

Breaks: G5
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
    taken: list[Account] = []
    try:
        for account in sorted({source, target}, key=lambda account: account.id):
            await account.lock.acquire()
            taken.append(account)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
    except (Exception, anyio.get_cancelled_exc_class()):
        for account in taken:
            account.lock.release()
        raise
    for account in taken:
        account.lock.release()
