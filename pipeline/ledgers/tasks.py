"""The write tasks of a run, by name: each leaves a receipt of its name (dataset/staging.py).

articles-3     the partitions of key 3 of the shuffle
ledgers-17     shard 17 of both ledgers of records
rejected-17    shard 17 of the ledger of rejects
"""

from collections.abc import Iterator

from dateline.pipeline.config import Config
from dateline.pipeline.ledgers.shards import SHARDS


def articles_task(key: int) -> str:
    """The task that writes the partitions of a key."""
    return f"articles-{key}"


def ledgers_task(shard: int) -> str:
    """The task that writes a shard of both ledgers of records."""
    return f"ledgers-{shard}"


def rejects_task(shard: int) -> str:
    """The task that writes a shard of the ledger of rejects."""
    return f"rejected-{shard}"


def tasks_of(config: Config) -> Iterator[str]:
    """The names of all write tasks that a run may have; of one that gets nothing there is no receipt."""
    yield from map(articles_task, range(config.shuffle_keys))
    yield from map(ledgers_task, range(SHARDS))
    yield from map(rejects_task, range(SHARDS))
