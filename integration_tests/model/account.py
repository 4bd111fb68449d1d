"""A snapshot of Hotmart's rows in some streams, to find later changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from hotmart_simulator import World
from tools.rows import STALE_FIELDS, key_of, sent, without


class Held(NamedTuple):
    """A row, and its content without the fields that change with age."""

    record: Mapping[str, Any]
    content: bytes


Rows = dict[Any, Held]
"""The rows of a stream by primary key."""


class Account(dict[str, Rows]):
    """The rows of each stream."""

    def changed(self, stream: str, before: Account) -> set[Any]:
        """Return the keys of rows that are new or have different content."""
        old = before.get(stream, {})
        return {key for key, row in self[stream].items() if key not in old or old[key].content != row.content}

    def added(self, stream: str, before: Account) -> set[Any]:
        """Return the keys of rows that are new."""
        return self[stream].keys() - before.get(stream, {}).keys()


def account(world: World, streams: Iterable[str]) -> Account:
    """Return a snapshot of Hotmart's current rows."""
    with world.lock:
        return Account({stream: _rows(world, stream) for stream in streams})


def _rows(world: World, stream: str) -> Rows:
    rows: Rows = {}
    for row in world.iter_expected(stream):
        record = sent(stream, row)
        shown = record
        for path in STALE_FIELDS.get(stream, ()):
            shown = without(shown, path)
        rows[key_of(stream, record)] = Held(record, orjson.dumps(shown, option=orjson.OPT_SORT_KEYS))
    return rows
