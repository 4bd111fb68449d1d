"""Rows recorded from the simulator, which serve as templates for any number of distinct sales at a low cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson

from hotmart_simulator import World
from tools.rows import by_key

RECORDED: Final = 5_000
"""Number of recorded sales. A larger account repeats them, each with its own transaction and date."""
SEED: Final = 7
PATHS: Final = {
    "/payments/api/v1/sales/history": "sales_history",
    "/payments/api/v1/sales/users": "sales_users",
    "/payments/api/v1/sales/commissions": "sales_commissions",
    "/payments/api/v1/sales/price/details": "sales_price_details",
}
_TRANSACTION, _DATE = "@transaction@", "@date@"


@dataclass(frozen=True)
class Template:
    """A row as JSON, cut at its transaction and order date."""

    before: bytes
    between: bytes
    after: bytes | None
    """`None` for the streams whose rows have no order date."""

    def row(self, transaction: bytes, order_ms: int) -> bytes:
        """Return the row of one sale."""
        if self.after is None:
            return self.before + transaction + self.between
        return b"%b%b%b%d%b" % (self.before, transaction, self.between, order_ms, self.after)


class Templates:
    """The rows of each of the four views of a sale. Sale number n uses template n, modulo their number."""

    def __init__(self) -> None:
        self._world = World(seed=SEED, sales=RECORDED, subscriptions=RECORDED // 5)
        self.by_path: dict[str, list[Template]] = {
            path: [self._template(number, raw) for number, raw in enumerate(self._raw(stream))]
            for path, stream in PATHS.items()
        }

    @cached_property
    def statuses(self) -> list[str]:
        """Return the status of each recorded sale."""
        return [raw["purchase"]["status"] for raw in self._raw("sales_history")]

    @cached_property
    def mean_bytes(self) -> dict[str, float]:
        """Return the mean size of a row in each stream, as JSON without blanks."""
        return {
            PATHS[path]: sum(len(item.row(transaction(0), 1_700_000_000_000)) for item in templates) / len(templates)
            for path, templates in self.by_path.items()
        }

    def _raw(self, stream: str) -> Iterator[dict[str, Any]]:
        """Yield the rows in the order of sales_history. A view that leaves a sale out repeats its last row."""
        rows = by_key(stream, self._world.iter_expected(stream))
        last = next(iter(rows.values()))
        for key in by_key("sales_history", self._world.iter_expected("sales_history")):
            last = rows.get(key, last)
            yield last

    @staticmethod
    def _template(number: int, raw: dict[str, Any]) -> Template:
        row = orjson.loads(orjson.dumps(raw))
        if "purchase" in row:
            row["purchase"].update(transaction=_TRANSACTION, order_date=_DATE, tracking=_tracking(number))
        else:
            row["transaction"] = _TRANSACTION
        before, _, rest = orjson.dumps(row).partition(_TRANSACTION.encode())
        between, found, after = rest.partition(f'"{_DATE}"'.encode())
        return Template(before, between, after if found else None)


def transaction(number: int) -> bytes:
    """Return the transaction of a sale by its number. Every sale has a different one."""
    return b"HP%010d" % number


def order_dates(count: int, start_ms: int, end_ms: int) -> Sequence[int]:
    """Return order dates of a number of sales, ascending and evenly spread from start to end."""
    step = (end_ms - start_ms) / max(1, count)
    return [start_ms + int(step * number) for number in range(count)]


def _tracking(number: int) -> dict[str, str]:
    """Return the tracking codes of a sale's link, as an advertising account has them: about 1 KB per row in all."""
    campaign = f"launch-{number % 12:02d}-cold-audience-lookalike-{number % 7}-conversion"
    codes = {
        "utm_source": "facebook-ads",
        "utm_medium": "paid-social-feed",
        "utm_campaign": campaign,
        "utm_content": f"video-{number % 40:03d}-testimonial-square",
        "utm_term": f"adset-{number % 90:04d}-interest-stack",
    }
    return {
        "source": "facebook",
        "source_sck": "|".join(f"{name}={value}" for name, value in codes.items()),
        "external_code": f"click-{number:012d}",
    }
