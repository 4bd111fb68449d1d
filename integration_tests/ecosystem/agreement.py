"""Whether a value in a table says what Hotmart sent, by rules of its own: nothing of the connector is used."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

EPOCH_SECONDS_BELOW = 100_000_000_000
"""A time below this counts seconds, above it milliseconds."""


def differences(sent: Any, kept: Any, where: str) -> Iterator[str]:
    """One sentence for each thing that Hotmart sent and the table does not say."""
    if isinstance(sent, Mapping):
        if not isinstance(kept, Mapping):
            yield f"{where}: an object was sent, {kept!r} is kept"
            return
        for name, value in sent.items():
            yield from differences(value, kept.get(name), f"{where}.{name}")
    elif isinstance(sent, list):
        if not isinstance(kept, list) or len(sent) != len(kept):
            yield f"{where}: {len(sent)} items were sent, {kept!r} is kept"
            return
        for index, pair in enumerate(zip(sent, kept, strict=True)):
            yield from differences(*pair, f"{where}[{index}]")
    elif not _says_the_same(sent, kept):
        yield f"{where}: {sent!r} was sent, {kept!r} is kept"


def _says_the_same(sent: Any, kept: Any) -> bool:
    if sent is None or sent == "":
        return kept is None or kept == sent
    if isinstance(kept, bool) and isinstance(sent, str):
        return kept is (sent != "WITHOUT_PLUS_ACCESS")  # of plus_access, which Hotmart says in words
    if isinstance(sent, bool) or isinstance(kept, bool):
        return sent is kept
    if isinstance(kept, datetime):
        return kept == _moment(sent, kept)
    if isinstance(kept, date):
        return kept.isoformat() == sent
    if isinstance(sent, int) and isinstance(kept, str) and kept.endswith("Z"):
        return datetime.fromisoformat(kept) == _moment(sent, datetime.now(UTC))
    if isinstance(kept, Decimal):
        return Decimal(str(sent)) == kept
    if isinstance(sent, float) and isinstance(kept, float):
        # PyAirbyte reads numbers inside objects with pandas, which may miss the nearest one: 1.4100000000000001.
        return math.isclose(sent, kept, rel_tol=1e-15)
    return bool(sent == kept) or str(sent) == kept


def _moment(sent: Any, like: datetime) -> datetime:
    """A sent time in UTC, with a zone where the compared one has a zone."""
    if isinstance(sent, str):
        moment = datetime.fromisoformat(sent).astimezone(UTC)
    else:
        seconds, rest_ms = (sent, 0) if sent < EPOCH_SECONDS_BELOW else divmod(sent, 1000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ms * 1000)
    return moment if like.tzinfo else moment.replace(tzinfo=None)
