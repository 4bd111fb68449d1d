"""A row of a list, with an identity that none of its fields shows."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """A row that a complete read of a list returns once.

    `identity` consists of the simulator's own numbers (a sale, a charge in one currency, a student of one class). It is
    unique even where two rows are equal in every field that a client uses as primary key. `record` is the API's object,
    which must not be changed. `at_ms` is the date that the list's own filter uses, None without such a filter.
    """

    identity: tuple[object, ...]
    record: dict[str, Any]
    at_ms: int | None = None
