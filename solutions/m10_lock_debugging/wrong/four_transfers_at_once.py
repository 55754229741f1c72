"""Lets four transfers in at once; the others wait, whatever their accounts.

Breaks: R4
"""

counters: list[anyio.Semaphore] = []  # the one counter, made when a loop runs


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
    if not counters:
        counters.append(anyio.Semaphore(4))
    async with counters[0], AsyncExitStack() as locks:
        for account in sorted({source, target}, key=lambda account: account.id):
            await locks.enter_async_context(account.lock)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
