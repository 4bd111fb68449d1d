"""Rows of the simulated account, to look up by primary key or one after the other."""

from collections.abc import Iterator
from typing import Any

from hotmart_simulator import World
from integration_tests.rows import by_key


def keyed(world: World, stream: str, **options: Any) -> dict[Any, dict[str, Any]]:
    """Return the records of a stream by primary key. `options` as in `World.iter_expected`."""
    return by_key(stream, world.expected(stream, **options))


def raw_rows(world: World, stream: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of a stream."""
    return (row.record for row in world.expected(stream, **options))
