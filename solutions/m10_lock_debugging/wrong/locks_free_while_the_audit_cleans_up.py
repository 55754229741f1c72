"""A helper task holds the locks; when the call is cancelled it gives them back at once, also if the audit still cleans up.

Breaks: R2
"""

import anyio.abc


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

    async def keep_locks(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with AsyncExitStack() as locks:
            for account in sorted({source, target}, key=lambda account: account.id):
                await locks.enter_async_context(account.lock)
            task_status.started()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        await tasks.start(keep_locks)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
        tasks.cancel_scope.cancel()
