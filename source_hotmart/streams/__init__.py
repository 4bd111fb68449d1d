"""The streams: one file per resource, and base classes for all, for dated and for child streams.

A new stream is a class in the file of its resource and a file in `schemas/`.
"""

from __future__ import annotations

from typing import Final

from source_hotmart.streams import events, members_area, products, sales, subscriptions
from source_hotmart.streams.base import HotmartStream

STREAMS: Final[tuple[type[HotmartStream], ...]] = tuple(
    item
    for resource in (sales, subscriptions, products, members_area, events)
    for item in vars(resource).values()
    if isinstance(item, type) and item.__module__ == resource.__name__ and hasattr(item, "cost_note")
)
"""All streams, in the order of `discover`: by file, then by class."""
