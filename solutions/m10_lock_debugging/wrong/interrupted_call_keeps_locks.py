"""Calls the audit in one `try` and awaits it in another: if the call itself is interrupted, the locks stay taken.

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
    except BaseException:
        unlock(taken)
        raise
    try:
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        checked = audit(source, target, amount)
    except Exception:
        unlock(taken)
        raise
    try:
        await checked
        source.balance -= amount
        target.balance += amount
    finally:
        unlock(taken)


def unlock(accounts: list[Account]) -> None:
    """Give the locks back."""
    for account in accounts:
        account.lock.release()
