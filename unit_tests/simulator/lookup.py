"""Look up rows of the simulated account by primary key, or iterate over them."""

from collections.abc import Iterator
from typing import Any

from hotmart_simulator import World
from tools.rows import by_key

API_KEY_PARTS = {"subscription_transactions": 2, "subscription_purchases": 2, "coupons": 1}
"""Streams whose primary key has more fields than the API's own key."""


def keyed(world: World, stream: str, **options: Any) -> dict[Any, dict[str, Any]]:
    """Return the records of a stream by the API's own key. `options` are those of `World.iter_expected`."""
    length = API_KEY_PARTS.get(stream)
    rows = by_key(stream, world.expected(stream, **options))
    if length is None:
        return rows
    return {key[0] if length == 1 else key[:length]: row for key, row in rows.items()}


def raw_rows(world: World, stream: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of a stream."""
    return (row.record for row in world.expected(stream, **options))
