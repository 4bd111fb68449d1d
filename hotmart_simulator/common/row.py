"""A row of a list, with the identity that no field of it shows."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """What a complete read of a list holds once.

    `identity` names what the row is about by numbers of the simulator (a sale, a charge in one currency, a student of
    one class): two rows with one identity never exist, even where every field that a client takes for a key is equal.
    `record` is what the API sends, not to be changed. `at_ms` is the date that the list's own filter goes by, None
    where the list has no such filter.
    """

    identity: tuple[object, ...]
    record: dict[str, Any]
    at_ms: int | None = None
