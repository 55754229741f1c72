"""Gives the locks back after an error or a cancellation, but not after an `ExceptionGroup`.

Breaks: G2
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
    except ExceptionGroup:
        raise
    except BaseException:
        unlock(taken)
        raise
    unlock(taken)


def unlock(accounts: list[Account]) -> None:
    """Give the locks back."""
    for account in accounts:
        account.lock.release()
