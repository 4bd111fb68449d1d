"""The lists of subscriptions and of their charges, answered from memory as `replay.py` answers the sales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from hotmart_simulator import World
from tools.bench.templates import SEED, order_dates
from tools.rows import by_key

LONGEST_PAGE: Final = 500
RECORDED: Final = 1_000
DAY_MS: Final = 86_400_000
CHARGED_DAYS: Final = 100
"""All charges were updated so recently that they lie in one date range."""
SUBSCRIPTIONS_PATH: Final = "/payments/api/v1/subscriptions"
CHARGES_PATH: Final = "/payments/api/v1/subscriptions/transactions"
_CODE, _DATE, _TRANSACTION = "@code@", "@date@", "@transaction@"


class Lists:
    """An account with a given number of subscriptions, each with one charge."""

    def __init__(self, count: int, now_ms: int, span_ms: int) -> None:
        self._count = count
        world = World(seed=SEED, sales=RECORDED, subscriptions=RECORDED)
        self._rows = {
            SUBSCRIPTIONS_PATH: [_cut(_subscription(raw)) for raw in _recorded(world, "subscriptions")],
            CHARGES_PATH: [_cut(_charge(raw)) for raw in _recorded(world, "subscription_transactions")],
        }
        self._dates = {
            SUBSCRIPTIONS_PATH: order_dates(count, now_ms - span_ms, now_ms - DAY_MS),
            CHARGES_PATH: order_dates(count, now_ms - CHARGED_DAYS * DAY_MS, now_ms - DAY_MS),
        }

    def knows(self, path: str) -> bool:
        """Whether the path is one of the two lists."""
        return path in self._rows

    def page(self, path: str, query: dict[str, list[str]]) -> bytes:
        """Return the answer to a query, newest first. Charges have no total, as at Hotmart."""
        numbers = self._numbers(path, query)
        rows = min(LONGEST_PAGE, int(query.get("max_results", ["10"])[0]))
        first = int(query.get("page_token", ["0"])[0])
        items = [self._row(path, number) for number in numbers[first : first + rows]]
        info: dict[str, Any] = {"results_per_page": len(items)}
        if path == SUBSCRIPTIONS_PATH:
            info["total_results"] = len(numbers)
        if first + rows < len(numbers):
            info["next_page_token"] = str(first + rows)
        return b'{"items":[%b],"page_info":%b}' % (b",".join(items), orjson.dumps(info))

    def _numbers(self, path: str, query: dict[str, list[str]]) -> Sequence[int]:
        """Return the numbers of the requested rows.

        The connector uses some filters only to check whether they hide rows. These filters match no row.
        """
        every = range(self._count - 1, -1, -1)
        if path == CHARGES_PATH:
            start_ms, end_ms = int(query["transaction_date"][0]), int(query["end_transaction_date"][0])
            if "subscriber_code" in query:
                every = range((number := int(query["subscriber_code"][0][1:])), number - 1, -1)
            dates = self._dates[path]
            if every and dates[every[-1]] >= start_ms and dates[every[0]] <= end_ms:
                return every
            return [number for number in every if start_ms <= dates[number] <= end_ms]
        is_filtered = {"cancelation_date", "date_next_charge"} & query.keys() or len(query.get("status", [""] * 9)) < 8
        return range(0) if is_filtered else every

    def _row(self, path: str, number: int) -> bytes:
        templates = self._rows[path]
        values = {_CODE: b"S%09d" % number, _TRANSACTION: b"HP%010d" % number, _DATE: b"%d" % self._dates[path][number]}
        return b"".join(values[part] if isinstance(part, str) else part for part in templates[number % len(templates)])


def _recorded(world: World, stream: str) -> list[dict[str, Any]]:
    return [orjson.loads(orjson.dumps(raw)) for raw in by_key(stream, world.iter_expected(stream)).values()]


def _subscription(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "subscriber_code": _CODE, "accession_date": _DATE, "transaction": _TRANSACTION}


def _charge(raw: dict[str, Any]) -> dict[str, Any]:
    raw["purchase"]["transaction"] = _TRANSACTION
    return {**raw, "subscriber_code": _CODE, "last_update": _DATE}


def _cut(row: dict[str, Any]) -> list[bytes | str]:
    """Return the JSON of a row, cut at its code, transaction and date."""
    parts: list[bytes | str] = [orjson.dumps(row)]
    for mark, written in ((_CODE, _CODE), (_TRANSACTION, _TRANSACTION), (_DATE, f'"{_DATE}"')):
        for at, part in enumerate(parts):
            if isinstance(part, bytes) and written.encode() in part:
                before, _, after = part.partition(written.encode())
                parts[at : at + 1] = [before, mark, after]
                break
    return parts
