"""Passes a checkpoint of asyncio's under the locks.

Breaks: G1 on trio
Also: R1 R2 R3 R4 G3 G5 G9 G2 R5 G8
"""

import asyncio


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
        await asyncio.sleep(0)  # lets others have a look
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
